<?php
// verify judges the body as it arrived, file_get_contents('php://input'): parse
// it afterwards. The headers are $_SERVER['HTTP_WEBHOOK_ID'] and so on.
function verify(string $secret, string $id, string $timestamp, string $signatures, string $body, ?int $now = null): bool
{
    if (!ctype_digit($timestamp) || abs(($now ?? time()) - (int) $timestamp) > 300) {
        return false;
    }
    $key = base64_decode(preg_replace('/^whsec_/', '', $secret), true);
    if ($key === false || strlen($key) < 24) {
        return false; // whoever has no key must not take an empty one: anybody signs with that
    }
    $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", $key, true));
    foreach (explode(' ', $signatures) as $signature) {
        if (hash_equals($expected, $signature)) {
            return true;
        }
    }
    return false;
}
