package api_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"paytrace-gateway/api"
	"paytrace-gateway/sealing"
)

const secrets = "/api/v1/secrets"

// sealedUses are the places of the house's configuration that take a secret.
var sealedUses = []sealing.Use{
	{MerchantID: "main", Name: "erp-signing", Path: "merchants[0].callbacks.webhooks[0].secret", Overlaps: true, Fits: fitting},
	{MerchantID: "main", Name: "paytrace-password", Path: "merchants[0].paytrace.password", Fits: fitting},
}

func fitting(value string) string {
	if !strings.HasPrefix(value, "fit") {
		return "expected another beginning"
	}
	return ""
}

// sealingKeys are the same in all houses, so that their answers are.
func sealingKeys(t *testing.T) sealing.Keys {
	t.Helper()
	return sealing.Keys{must(sealing.ParseKey(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("k"), 32))))(t)}
}

// valued is a body that gives one secret a value, sealed for its place.
func valued(t *testing.T, act, name, value string, number int64) string {
	t.Helper()
	return sealedFor(t, act, name, sealing.Place{MerchantID: "main", Name: name, Number: number}, value)
}

func sealedFor(t *testing.T, act, name string, place sealing.Place, value string) string {
	t.Helper()
	id, sealed, err := sealingKeys(t).Seal(place, value)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(`{"act":%q,"secrets":[{"secretName":%q,"valueNumber":%d,"sealedValue":%q}],"sealingKeyId":%q,"oldForSeconds":3600,"decidedBy":"Ada Byron"}`,
		act, name, place.Number, base64.StdEncoding.EncodeToString(sealed), id)
}

func TestTheLifeOfASealedSecret(t *testing.T) {
	h := newHouse(t)
	ada := h.operators("main")
	do := func(body string) answer { return h.do(call{as: ada, path: secrets, body: body}) }
	about := func(act, name string) string {
		return fmt.Sprintf(`{"act":%q,"secrets":[{"secretName":%q}],"decidedBy":"Ada Byron"}`, act, name)
	}
	do(valued(t, "set", "erp-signing", "fit "+marker, 1)).expect(200).golden("secret_set")
	do(valued(t, "set", "erp-signing", "fit again "+marker, 2)).refused(422, "secret_exists", "")
	do(valued(t, "rotate", "erp-signing", "fit 2 "+marker, 2)).expect(200).golden("secret_rotated")
	do(valued(t, "rotate", "erp-signing", "fit 3 "+marker, 3)).refused(422, "secret_not_rotatable", "")
	do(about("finish", "erp-signing")).expect(200)
	do(about("remove", "erp-signing")).refused(422, "secret_in_use", "")
	do(valued(t, "set", "unused", marker, 1)).expect(200)
	do(about("remove", "unused")).expect(200).golden("secret_removed")
	do(`{"act":"reseal","decidedBy":"Ada Byron"}`).expect(200)

	do(valued(t, "rotate", "erp-signing", "unfit "+marker, 3)).refused(400, "invalid_request", "")
	do(valued(t, "rotate", "erp-signing", "fit "+marker, 9)).refused(409, "operation_in_progress", "")
	do(valued(t, "rotate", "nobody", marker, 1)).refused(404, "not_found", "")
	do(sealedFor(t, "rotate", "erp-signing", sealing.Place{MerchantID: "other", Name: "erp-signing", Number: 3}, marker)).refused(400, "invalid_request", "")

	listed := h.do(call{as: ada, path: secrets}).expect(200)
	listed.golden("secrets")
	list := string(listed.raw)
	if strings.Contains(list, marker) || strings.Contains(list, "sealedValue") {
		t.Errorf("the list shows a value: %s", list)
	}
	if log := h.log.String(); strings.Count(log, `"secret.changed"`) != 5 {
		t.Errorf("the log names %d changes, want 5", strings.Count(log, `"secret.changed"`))
	}
}

func TestOnlyAnOperatorManagesSecretsAndOnlyOfOneMerchant(t *testing.T) {
	h := newHouse(t)
	ada, bob := h.operators("main"), h.operators("other")
	h.do(call{as: ada, path: secrets, body: valued(t, "set", "erp-signing", "fit", 1)}).expect(200)
	for _, as := range []string{shop, chief} {
		h.do(call{as: as, path: secrets}).refused(403, "insufficient_scope", "")
		h.do(call{as: as, path: secrets, body: valued(t, "rotate", "erp-signing", "fit", 2)}).refused(403, "insufficient_scope", "")
	}
	if list := string(h.do(call{as: bob, path: secrets}).expect(200).raw); strings.Contains(list, "erp-signing") {
		t.Errorf("the other merchant's operator sees %s", list)
	}
	h.do(call{as: bob, path: secrets, body: `{"act":"finish","secrets":[{"secretName":"erp-signing"}],"decidedBy":"Bob"}`}).refused(422, "secret_not_rotatable", "")
	h.do(call{as: bob, path: secrets, body: valued(t, "rotate", "erp-signing", "fit", 2)}).refused(400, "invalid_request", "")
}

func TestABadChangeOfSecretsIsRefused(t *testing.T) {
	h := newHouse(t)
	ada := h.operators("main")
	for field, body := range map[string]string{
		"act":                        `{"act":"show","secrets":[{"secretName":"a"}],"decidedBy":"Ada"}`,
		"secrets":                    `{"act":"remove","decidedBy":"Ada"}`,
		"secrets[0].secretName":      `{"act":"remove","secrets":[{"secretName":"-a"}],"decidedBy":"Ada"}`,
		"decidedBy":                  `{"act":"remove","secrets":[{"secretName":"a"}]}`,
		"sealingKeyId":               `{"act":"remove","secrets":[{"secretName":"a"}],"sealingKeyId":"k","decidedBy":"Ada"}`,
		"secrets[0].value":           `{"act":"set","secrets":[{"secretName":"a","value":"` + marker + `"}],"decidedBy":"Ada"}`,
		"oldForSeconds":              `{"act":"finish","secrets":[{"secretName":"a"}],"oldForSeconds":-1,"decidedBy":"Ada"}`,
		"secrets with value removed": `{"act":"remove","secrets":[{"secretName":"a","valueNumber":1,"sealedValue":"QUJD"}],"decidedBy":"Ada"}`,
		"secrets of a reseal":        `{"act":"reseal","secrets":[{"secretName":"a"}],"decidedBy":"Ada"}`,
	} {
		name, _, _ := strings.Cut(field, " ")
		h.do(call{as: ada, path: secrets, body: body}).refused(400, "invalid_request", name)
	}
	h.do(call{as: ada, path: secrets + "?a=1"}).refused(400, "invalid_request", "a")
}

func TestWithoutASealingKeyNothingIsSealed(t *testing.T) {
	h := newHouse(t, func(c *api.Config) { c.Secrets.Keys = nil })
	h.do(call{as: h.operators("main"), path: secrets, body: valued(t, "set", "erp-signing", "fit", 1)}).refused(422, "sealing_key_missing", "")
}
