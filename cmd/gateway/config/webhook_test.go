package config

import (
	"strings"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

const hookSecret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

// hooked is the minimal file with webhooks.
func hooked(webhooks string) string {
	return strings.TrimRight(minimal, "\n") + "\n    callbacks:\n      webhooks:\n" + webhooks
}

func hookedWorld() world {
	w := newWorld()
	w.env["HOOK"], w.env["HOOK_OLD"] = hookSecret, hookSecret
	return w
}

func TestAWebhookIsRead(t *testing.T) {
	c := hookedWorld().mustParse(t, hooked(`        - name: erp
          url: https://erp.test/hooks?a=b
          secret: ${HOOK}
          previousSecret: ${HOOK_OLD}
          events: [payment.*, operator.attention]
          allowNetworks: [10.1.0.0/16]
          timeout: 20s
        - name: log
          url: http://127.0.0.1:9000/
          secret: ${HOOK}
`))
	hooks := c.Merchants[0].Callbacks.Webhooks
	first, second := hooks[0], hooks[1]
	if first.Name != "erp" || first.URL != "https://erp.test/hooks?a=b" || first.Secret.Reveal() != hookSecret || len(first.Events) != 2 ||
		first.AllowNetworks[0].String() != "10.1.0.0/16" || first.Timeout != 20*time.Second || first.PreviousSecret.IsZero() {
		t.Errorf("got %+v", first)
	}
	if second.AtOnce != 8 || second.Timeout != 15*time.Second || len(second.Events) != 0 {
		t.Errorf("got %+v", second)
	}
	if strings.Contains(c.Redacted(), "MDEyMzQ1") {
		t.Error("the secret is shown")
	}
}

func TestFaultsOfAWebhook(t *testing.T) {
	const good = "        - {name: erp, url: 'https://erp.test/', secret: '${HOOK}'}\n"
	for _, row := range []struct{ name, hook, want string }{
		{"no secret", "        - {name: erp, url: 'https://erp.test/'}\n", "secret: is missing; expected ${NAME}, {file: path} or {sealed: name}"},
		{"a short secret", "        - {name: erp, url: 'https://erp.test/', secret: '${PASSWORD}'}\n", "secret: expected whsec_ and 24 to 64 random bytes"},
		{"http elsewhere", "        - {name: erp, url: 'http://erp.test/', secret: '${HOOK}'}\n", "url: has to begin with https://"},
		{"file", "        - {name: erp, url: 'file:///etc/passwd', secret: '${HOOK}'}\n", "url: expected an address such as"},
		{"a password in the address", "        - {name: erp, url: 'https://u:p@erp.test/', secret: '${HOOK}'}\n", "url: expected an address such as"},
		{"unknown event", "        - {name: erp, url: 'https://erp.test/', secret: '${HOOK}', events: [payment.paid]}\n", "events[0]: expected a type of event"},
		{"unknown group", "        - {name: erp, url: 'https://erp.test/', secret: '${HOOK}', events: [refund.*]}\n", "events[0]: expected a type of event"},
		{"no network", "        - {name: erp, url: 'https://erp.test/', secret: '${HOOK}', allowNetworks: [10.0.0.1/8]}\n", "allowNetworks[0]: expected a network"},
		{"name twice", good + good, "name: is the name of merchants[0].callbacks.webhooks[0] too"},
		{"unknown member", "        - {name: erp, url: 'https://erp.test/', secret: '${HOOK}', retries: 3}\n", "retries: is not known here; known are name, url"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := hookedWorld().parse(hooked(row.hook))
			if err == nil || !strings.Contains(err.Error(), row.want) || !strings.Contains(err.Error(), "merchants[0].callbacks.webhooks") {
				t.Errorf("got %v, want %s", err, row.want)
			}
		})
	}
}

// What the example shows in comments has to be acceptable once uncommented.
func TestTheExamplesSubscribersAreAccepted(t *testing.T) {
	w := hookedWorld()
	for _, name := range []string{"GATEWAY_SECRET", "PAYTRACE_USERNAME", "PAYTRACE_PASSWORD", "MAGENTO_CLIENT_SECRET"} {
		w.env[name] = strings.Repeat(strings.ToLower(name), 3)
	}
	w.env["PAYTRACE_INTEGRATOR_ID"] = "9655aB"
	w.env["ERP_WEBHOOK_SECRET"], w.env["ERP_WEBHOOK_SECRET_OLD"] = hookSecret, hookSecret
	for _, name := range []string{"MAGENTO_CONSUMER_KEY", "MAGENTO_CONSUMER_SECRET", "MAGENTO_ACCESS_TOKEN", "MAGENTO_ACCESS_TOKEN_SECRET",
		"SALESFORCE_CLIENT_SECRET"} {
		w.env[name] = strings.Repeat("s", 32)
	}
	w.env["SALESFORCE_CLIENT_ID"] = "consumer-key"
	before, block, found := strings.Cut(Example(), "    # callbacks:\n")
	if !found {
		t.Fatal("the example shows no callbacks")
	}
	text := before + "    callbacks:"
	for line := range strings.Lines(block) {
		text += "\n    " + strings.TrimSuffix(strings.TrimPrefix(line, "    # "), "\n")
	}
	c := w.mustParse(t, text+"\n")
	to := c.Merchants[0].Callbacks
	if len(to.Webhooks) != 1 || to.Webhooks[0].Name != "erp" || to.Webhooks[0].AllowHosts[0] != "erp.internal:8443" {
		t.Errorf("got %+v", to.Webhooks)
	}
	if m := to.Magento; m.Way != "core" || m.Stores["default"] != 1 || m.Statuses[gateway.Authorized] != "awaiting_capture" || len(m.AllowNetworks) != 1 || m.AtOnce != 8 {
		t.Errorf("got %+v", m)
	}
	if s := to.Salesforce; s.Fields["PurchaseOrder__c"] != `metadata["po"]` || s.Statuses[gateway.Settled] != "Completed" || s.Timeout != 15*time.Second {
		t.Errorf("got %+v", s)
	}
	if strings.Contains(c.Redacted(), "ssss") {
		t.Errorf("a secret is shown:\n%s", c.Redacted())
	}
}

// A line break inside the base64 is nothing to Go, and no secret to a receiver.
func TestASecretThatSignsIsOneLine(t *testing.T) {
	for _, broken := range []string{hookSecret[:20] + "\n" + hookSecret[20:], hookSecret[:20] + "\r\n" + hookSecret[20:]} {
		if fitsWebhook(broken) == "" {
			t.Errorf("%q fits", broken)
		}
	}
	if fault := fitsWebhook(hookSecret); fault != "" {
		t.Error(fault)
	}
}
