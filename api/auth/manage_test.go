package auth

import (
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

func TestWhatCannotBeAddedIsRefused(t *testing.T) {
	store := &memory{}
	o := newOffice(t, store, nil).load(t)
	o.add(t, kept("terminal", "its secret"))
	o.add(t, kept("gone", "its secret"))
	if _, err := o.Revoke(t.Context(), "m1", false, "gone", ada); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		spoil func(*gateway.APIClient)
		want  gateway.Code
	}{
		"the id of a configured client": {func(c *gateway.APIClient) { c.ID = "shop" }, gateway.CodeClientConfigured},
		"the id of another":             {func(c *gateway.APIClient) { c.ID = "terminal" }, gateway.CodeClientExists},
		"the id of a revoked one":       {func(c *gateway.APIClient) { c.ID = "gone" }, gateway.CodeClientExists},
		"an operator's id":              {func(c *gateway.APIClient) { c.ID = "operator:ada" }, codeInvalidRequest},
		"a scope that is none":          {func(c *gateway.APIClient) { c.Scopes = []string{"everything"} }, codeInvalidRequest},
		"no scope":                      {func(c *gateway.APIClient) { c.Scopes = nil }, codeInvalidRequest},
		"nothing to prove itself by":    {func(c *gateway.APIClient) { c.Secrets = nil }, codeInvalidRequest},
		"a merchant that is none":       {func(c *gateway.APIClient) { c.MerchantID = "m9" }, codeInvalidRequest},
		"the other environment":         {func(c *gateway.APIClient) { c.LiveMode = true }, codeInvalidRequest},
		"no certificate in PEM":         {func(c *gateway.APIClient) { c.Certificates = []string{"-----"} }, codeInvalidRequest},
		"a hash of another key": {func(c *gateway.APIClient) {
			c.Secrets = []gateway.APISecret{{Hash: SecretKey("another").Hash("its secret")}}
		}, codeInvalidRequest},
		"an unkeyed hash": {func(c *gateway.APIClient) { c.Secrets = []gateway.APISecret{{Hash: HashSecret("its secret")}} }, codeInvalidRequest},
	} {
		client := kept("new", "its secret")
		c.spoil(&client)
		if _, err := o.Add(t.Context(), ada, client); codeOf(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if len(store.clients) != 2 {
		t.Errorf("%d clients are kept, want 2", len(store.clients))
	}
}

func TestClientsOfTheConfigurationAndOfOthersAreNotChangedByCommand(t *testing.T) {
	store := &memory{}
	o := newOffice(t, store, nil).load(t)
	o.add(t, kept("terminal", "its secret"))
	hash, soon := officeKey.Hash("new"), time.Now()
	for name, c := range map[string]struct {
		merchant, id string
		want         gateway.Code
	}{
		"configured":     {"m1", "shop", gateway.CodeClientConfigured},
		"nobody":         {"m1", "nobody", gateway.CodeNotFound},
		"another's":      {"m2", "terminal", gateway.CodeNotFound},
		"another's, too": {"m2", "shop", gateway.CodeNotFound},
	} {
		_, rotated := o.Rotate(t.Context(), c.merchant, false, c.id, hash, ada, soon)
		_, finished := o.FinishRotation(t.Context(), c.merchant, false, c.id, ada)
		_, revoked := o.Revoke(t.Context(), c.merchant, false, c.id, ada)
		for what, err := range map[string]error{"rotated": rotated, "finished": finished, "revoked": revoked} {
			if codeOf(err) != c.want {
				t.Errorf("%s was %s: %v, want %s", name, what, err, c.want)
			}
		}
	}
	if list, err := o.List(t.Context(), "m2", false); err != nil || strings.Contains(strings.Join(ids(list), " "), "terminal") {
		t.Errorf("another merchant sees %v, %v", ids(list), err)
	}
	if list, err := o.List(t.Context(), "m1", true); err != nil || len(list) != 0 {
		t.Errorf("the other environment sees %v, %v", ids(list), err)
	}
}

func ids(list []KnownClient) (ids []string) {
	for _, k := range list {
		ids = append(ids, k.ID)
	}
	return ids
}

func TestAConfigurationWithAnAddedClientsIdDoesNotStart(t *testing.T) {
	store := &memory{clients: []gateway.APIClient{kept("shop", "its secret")}}
	if err := newOffice(t, store, nil).Load(t.Context()); err == nil || !strings.Contains(err.Error(), "client shop stands in the configuration") {
		t.Errorf("it starts: %v", err)
	}
	if err := newOffice(t, &memory{away: errors.New("away")}, nil).Load(t.Context()); err == nil {
		t.Error("it starts without having read who may call")
	}
}

func TestWhoCannotBeServedIsLeftOutAndNamedOnce(t *testing.T) {
	moved, other := kept("moved", "its secret"), kept("other", "its secret")
	moved.MerchantID, other.Secrets[0].Hash = "m9", SecretKey("another").Hash("its secret")
	store := &memory{clients: []gateway.APIClient{moved, other}}
	o := newOffice(t, store, nil).load(t)
	o.add(t, kept("terminal", "its secret")) // everything is read again
	for _, id := range []string{"moved", "other"} {
		if o.token(id, "its secret") != "" {
			t.Errorf("%s has a token", id)
		}
		if n := strings.Count(o.log.String(), "client="+id); n != 1 {
			t.Errorf("the log names %s %d times:\n%s", id, n, o.log)
		}
	}
}

func TestACertificateIsAsGoodAsInTheConfiguration(t *testing.T) {
	o := newOffice(t, &memory{}, nil).load(t)
	c := kept("org2", "")
	c.Secrets = nil
	c.Certificates = []string{string(pem.EncodeToMemory(&pem.Block{
		Type: "CERTIFICATE", Bytes: certificate(t, strangeKey(), today.Add(-time.Hour), today.Add(time.Hour)).Raw,
	}))}
	o.add(t, c)
	token := direct().with(claim("iss", "org2")).with(signed(direct().method, strangeKey())).token(t)
	if who, err := o.verifier.Verify(token); err != nil || who.ClientID != "org2" {
		t.Errorf("its own token: %+v, %v", who, err)
	}
	if _, err := o.Revoke(t.Context(), "m1", false, "org2", ada); err != nil {
		t.Fatal(err)
	}
	if o.lets(token) {
		t.Error("a token signed by a revoked client is taken")
	}
}
