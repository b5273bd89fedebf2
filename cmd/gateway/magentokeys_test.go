package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// clicks is a back office whose order is $total refunded already. Each click is a
// refund as docs/magento-module.md makes it.
const clicks = `<?php
declare(strict_types=1);
require __DIR__ . '/keys.php';
[, $base, $token, $tx] = $argv;
$send = function (string $method, string $path, ?string $key = null, string $body = '') use ($base, $token): array {
    $headers = "Authorization: Bearer $token\r\nContent-Type: application/json\r\n" . ($key === null ? '' : "Idempotency-Key: $key\r\n");
    $stream = fopen($base . $path, 'r', false, stream_context_create(['http' => ['method' => $method, 'header' => $headers, 'content' => $body, 'ignore_errors' => true]]));
    preg_match('/ ([0-9]{3})/', stream_get_meta_data($stream)['wrapper_data'][0], $found);
    return [(int) $found[1], json_decode(stream_get_contents($stream), true)];
};
$refund = function (float $total, string|float $amount) use ($send, $tx): string {
    $key = openKey($send, keyFor('de', '000000123', 'refund', $total, $amount));
    [$status, $told] = $send('POST', "/api/v1/transactions/$tx/refund", $key, json_encode(['amount' => number_format((float) $amount, 2, '.', '')]));
    return "$status $key " . ($told['refundPendingAmount'] ?? $told['code']);
};
$said = [];
$said[] = $refund(0.0, '5');    // Its answer is lost, and Magento has booked nothing:
$said[] = $refund(0.0, 5.0);    // the repeat.
$said[] = $refund(5.0, '5.00'); // Magento has booked it; the same amount once more.
$send('POST', '/api/v1/payments/by-key/de-000000123-refund-500-500-1/void', null, '{}');
$said[] = $refund(5.0, '5');    // It was given up, so it may be asked for anew.
$said[] = $refund(10.0, 19);
$said[] = keyFor('b/2c', '9', 'void', null, '0.1');
echo json_encode($said);
`

// A refund that is done again after a lost answer moves no money twice, and
// another one of the same amount does.
func TestTheKeysOfTheMagentoPage(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("php"); err != nil {
		if os.Getenv("REQUIRE_SERVICES") != "" {
			t.Fatal("php is missing: apt-get install php-cli")
		}
		t.Skip("SKIPPED: php is missing, so the keys in docs/magento-module.md were NOT tried (apt-get install php-cli)")
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "magento-module.md"))
	if err != nil {
		t.Fatal(err)
	}
	shown := snippet.FindSubmatch(page)
	if shown == nil || string(shown[1]) != "keys.php" {
		t.Fatal("the page shows no keys.php any more")
	}
	_, paytrace, shop := serve(t)
	sold := shop.pay("sale", "sale", paytrace.hostedFields(), 0)
	want(t, "the sale", sold, "201 approved")

	folder := t.TempDir()
	put(t, filepath.Join(folder, "keys.php"), shown[2])
	put(t, filepath.Join(folder, "clicks.php"), []byte(clicks))
	output, err := exec.Command("php", "-d", "display_errors=stderr", filepath.Join(folder, "clicks.php"), shop.base, shop.token, sold.PaymentID).CombinedOutput()
	var said []string
	if err != nil || json.Unmarshal(output, &said) != nil {
		t.Fatalf("%v: %s", err, output)
	}
	for i, want := range []string{
		"201 de-000000123-refund-0-500-1 5.00",
		"201 de-000000123-refund-0-500-1 5.00",
		"201 de-000000123-refund-500-500-1 10.00",
		"201 de-000000123-refund-500-500-2 10.00",
		"422 de-000000123-refund-1000-1900-1 refund_exceeds_captured",
		"b_2c-9-void-0-10",
	} {
		if i >= len(said) || said[i] != want {
			t.Fatalf("call %d: want %s of\n%s", i+1, want, strings.Join(said, "\n"))
		}
	}
}
