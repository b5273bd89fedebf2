package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var snippet = regexp.MustCompile("(?s)<!-- file: ([a-z.]+) -->\n```[a-z]+\n(.*?)```\n")

// snippets are the files that docs/hosted-fields.md shows whole, by their names.
func snippets(t *testing.T) map[string]string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "hosted-fields.md"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, found := range snippet.FindAllStringSubmatch(string(page), -1) {
		files[found[1]] = found[2]
	}
	if len(files) != 4 {
		t.Fatalf("the page shows %d files, want 4", len(files))
	}
	return files
}

func TestTheScriptInTheDocsIsTheDemos(t *testing.T) {
	ours, err := storefrontFiles.ReadFile("checkout.js")
	if err != nil {
		t.Fatal(err)
	}
	if snippets(t)["checkout.js"] != string(ours) {
		t.Error("docs/hosted-fields.md shows another checkout.js than the demo's shop serves: copy it into the page")
	}
}

// startPHPShop is the shop of docs/hosted-fields.md, as it stands there.
func startPHPShop(t *testing.T, d *demo) (address string) {
	t.Helper()
	if _, err := exec.LookPath("php"); err != nil {
		if os.Getenv("REQUIRE_SERVICES") != "" {
			t.Fatal("php is missing: apt-get install php-cli")
		}
		t.Skip("SKIPPED: php is missing, so the shop in docs/hosted-fields.md was NOT tried (apt-get install php-cli)")
	}
	folder := t.TempDir()
	for name, text := range snippets(t) {
		put(t, filepath.Join(folder, name), []byte(text))
	}
	address = freeAddress(t)
	php := exec.Command("php", "-d", "session.save_path="+t.TempDir(), "-d", "display_errors=stderr", "-S", address, "shop.php")
	php.Dir = folder
	php.Env = append(os.Environ(), "GATEWAY_URL=http://"+d.listen, "GATEWAY_CLIENT="+demoClient, "GATEWAY_SECRET="+demoSecret,
		"SCRIPT_ORIGIN=http://"+d.control, "FRAME_ORIGIN=http://"+d.control)
	p := launch(t, php)
	p.ready("http://" + address + "/")
	t.Cleanup(func() {
		for line := range strings.Lines(p.stderr.String()) {
			if strings.Contains(line, "PHP Warning") || strings.Contains(line, "PHP Fatal") || strings.Contains(line, "PHP Deprecated") {
				t.Error(line)
			}
		}
	})
	return address
}

func TestTheShopInTheDocsTakesAPayment(t *testing.T) {
	b := openBrowser(t)
	d := startDemo(t)
	address := startPHPShop(t, d)
	b.visit("http://" + address + "/")
	b.entersCard("4012000098765439", "12/30", "999")
	b.click("#buy")
	b.reads("#said", "Payment approved")

	// Loaded again it says so, in place of taking another card.
	b.visit("http://" + address + "/")
	b.reads("#said", "Your order is paid")
	if n := d.processor().charged("sale"); n != 1 {
		t.Errorf("%d sales, want 1", n)
	}
	d.stop()
}

// PayTrace takes the money and hangs up. The shopper loads the page again, and
// is not asked to pay again.
func TestTheShopInTheDocsAsksNobodyToPayTwice(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	d := startDemo(t)
	address := startPHPShop(t, d)
	d.processor().misbehave(`{"operation":"sale","kind":"reset_after","count":1}`, `{"operation":"export","kind":"status","status":503}`)
	b.visit("http://" + address + "/")
	b.entersCard("4012000098765439", "12/30", "999")
	b.click("#buy")
	b.reads("#said", "Please do not pay again")
	b.visit("http://" + address + "/")
	b.reads("#said", "still finding out")
	if got := b.says("return document.getElementById('buy').disabled"); got != "true" {
		t.Error("the shopper may pay again")
	}
	d.processor().misbehave()
	eventually(t, "the gateway has found the payment", func() bool {
		b.visit("http://" + address + "/")
		return strings.Contains(b.says("return fetch('/client-key', {method: 'POST'}).then(a => a.text())"), "Your order is paid")
	})
	if n := d.processor().charged("sale"); n != 1 {
		t.Errorf("%d sales, want 1", n)
	}
	d.stop()
}

// A page that was opened and left has begun an attempt that never came.
func TestTheShopInTheDocsBeginsAnewWhereNothingWasSent(t *testing.T) {
	b := openBrowser(t)
	d := startDemo(t)
	address := startPHPShop(t, d)
	b.visit("http://" + address + "/")
	b.present("#buy:enabled")
	b.visit("http://" + address + "/")
	b.entersCard("4012000098765439", "12/30", "999")
	b.click("#buy")
	b.reads("#said", "Payment approved")
	d.stop()
}
