package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// browser is a headless Chromium, driven by the WebDriver protocol:
// https://www.w3.org/TR/webdriver2/.
type browser struct {
	t       *testing.T
	session string // the address of its commands
}

// openBrowser skips a test, loudly, where there is no Chromium, but not where
// everything has to be there.
func openBrowser(t *testing.T) *browser {
	t.Helper()
	for _, program := range []string{"chromium", "chromedriver"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("REQUIRE_SERVICES") != "" {
				t.Fatalf("%s is missing: apt-get install chromium chromium-driver", program)
			}
			t.Skipf("SKIPPED: %s is missing, so the demo's page was NOT looked at (apt-get install chromium chromium-driver)", program)
		}
	}
	address := freeAddress(t)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	driver := exec.Command("chromedriver", "--port="+port)
	driver.SysProcAttr = ownGroup()
	if err := driver.Start(); err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t}
	t.Cleanup(func() {
		if b.session != "" {
			b.send(http.MethodDelete, "", nil)
		}
		_ = driver.Process.Kill()
		_ = driver.Wait()
	})
	eventually(t, "chromedriver listens", func() bool { return !refuses(address) })
	b.session = "http://" + address + "/session"
	answer := b.send(http.MethodPost, "", map[string]any{"capabilities": map[string]any{"alwaysMatch": map[string]any{
		"browserName": "chrome",
		"goog:chromeOptions": map[string]any{"binary": "/usr/bin/chromium", "args": []string{
			"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
			"--disable-component-update", "--disable-sync", "--user-data-dir=" + t.TempDir(),
		}},
	}}})
	var opened struct{ SessionID string }
	if err := json.Unmarshal(answer, &opened); err != nil || opened.SessionID == "" {
		b.session = ""
		t.Fatalf("Chromium did not start: %s", answer)
	}
	b.session += "/" + opened.SessionID
	return b
}

// send sends one command and returns the value that it gives.
func (b *browser) send(method, path string, body any) json.RawMessage {
	b.t.Helper()
	value, stale := b.try(method, path, body)
	if stale {
		b.t.Fatalf("%s %s: %s", method, path, value)
	}
	return value
}

// try is send for something about an element, which a page that is drawn anew may
// have thrown away since it was found: then it is stale.
func (b *browser) try(method, path string, body any) (value json.RawMessage, stale bool) {
	b.t.Helper()
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			b.t.Fatal(err)
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequest(method, b.session+path, content)
	if err != nil {
		b.t.Fatal(err)
	}
	response, err := (&http.Client{Timeout: patience}).Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct{ Value json.RawMessage }
	err = json.NewDecoder(response.Body).Decode(&answer)
	stale = response.StatusCode == http.StatusNotFound && bytes.Contains(answer.Value, []byte("stale element reference"))
	if err != nil || (response.StatusCode != http.StatusOK && !stale) {
		b.t.Fatalf("%s %s: HTTP %d %s %v", method, path, response.StatusCode, answer.Value, err)
	}
	return answer.Value, stale
}

func (b *browser) visit(url string) { b.send(http.MethodPost, "/url", map[string]string{"url": url}) }

func (b *browser) find(css string) string {
	b.t.Helper()
	var element map[string]string
	if err := json.Unmarshal(b.send(http.MethodPost, "/element", map[string]string{"using": "css selector", "value": css}), &element); err != nil {
		b.t.Fatal(err)
	}
	for _, id := range element {
		return "/element/" + id
	}
	b.t.Fatalf("the page has no %s", css)
	return ""
}

func (b *browser) click(css string) {
	b.t.Helper()
	eventually(b.t, "a click on "+css, func() bool {
		_, stale := b.try(http.MethodPost, b.find(css)+"/click", map[string]string{})
		return !stale
	})
}

// reads waits until the text of a part of the page has all of the words.
func (b *browser) reads(css string, words ...string) {
	b.t.Helper()
	eventually(b.t, fmt.Sprintf("the page's %s reads %q", css, words), func() bool {
		var text string
		value, stale := b.try(http.MethodGet, b.find(css)+"/text", nil)
		if stale || json.Unmarshal(value, &text) != nil {
			return false
		}
		for _, word := range words {
			if !strings.Contains(text, word) {
				return false
			}
		}
		return true
	})
}

// present waits until the page has such an element.
func (b *browser) present(css string) {
	b.t.Helper()
	eventually(b.t, "the page has "+css, func() bool {
		var found []map[string]string
		err := json.Unmarshal(b.send(http.MethodPost, "/elements", map[string]string{"using": "css selector", "value": css}), &found)
		return err == nil && len(found) > 0
	})
}

func (b *browser) types(css, text string) {
	b.t.Helper()
	b.send(http.MethodPost, b.find(css)+"/clear", map[string]string{})
	b.send(http.MethodPost, b.find(css)+"/value", map[string]string{"text": text})
}

// inFrame does something within a frame of the page.
func (b *browser) inFrame(css string, do func()) {
	b.t.Helper()
	b.present(css)
	id := strings.TrimPrefix(b.find(css), "/element/")
	b.send(http.MethodPost, "/frame", map[string]any{"id": map[string]string{"element-6066-11e4-a52e-4f735466cecf": id}})
	do()
	b.send(http.MethodPost, "/frame", map[string]any{"id": nil})
}

// says is what a script of the page gives.
func (b *browser) says(script string) string {
	b.t.Helper()
	return string(b.send(http.MethodPost, "/execute/sync", map[string]any{"script": script, "args": []any{}}))
}

// entersCard types a card into PayTrace's hosted fields, once they are there.
func (b *browser) entersCard(number, expiration, code string) {
	b.t.Helper()
	b.present("#buy:enabled")
	b.inFrame("#pt_hpf_form iframe", func() {
		b.present("#SECCODE")
		b.types("#CC", number)
		b.types("#EXP", expiration)
		b.types("#SECCODE", code)
	})
}

func TestAShopperBuysAndEverybodyIsShownInABrowser(t *testing.T) {
	b := openBrowser(t)
	d := startDemo(t)
	b.visit("http://" + d.front + "/")
	b.entersCard("4012000098765439", "12/30", "999")
	b.click("#buy")
	b.reads("#said", "Payment approved")
	order := d.page().Orders[0]
	b.reads("#magento", order.OrderID, "processing", "19.99 of 19.99", order.Payment.TransactionID)
	b.reads("#salesforce", order.Payment.PaymentID, "Completed", "5439")
	b.reads("#webhooks", "payment.approved")

	b.click("#orders button:last-of-type") // refund
	b.reads("#orders", "refunded")
	b.reads("#magento", "closed", "credit memo")
	b.reads("#salesforce", "Refunded")
	b.reads("#webhooks", "payment.refunded")
	d.stop()
}
