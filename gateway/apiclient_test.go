package gateway_test

import (
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var clientNow = time.Date(2026, 3, 2, 15, 4, 5, 0, time.UTC)

func withSecrets(until ...time.Time) gateway.APIClient {
	c := gateway.APIClient{ID: "shop", MerchantID: "main", Version: 1}
	for i, end := range until {
		c.Secrets = append(c.Secrets, gateway.APISecret{Hash: string(rune('a' + i)), Until: end})
	}
	return c
}

func TestTwoSecretsAreGoodDuringARotationAndNeverThree(t *testing.T) {
	var never time.Time
	tomorrow := clientNow.Add(24 * time.Hour)
	first, err := withSecrets(never).Rotate("new", "ada", clientNow, tomorrow)
	if err != nil {
		t.Fatal(err)
	}
	if len(first.Secrets) != 2 || first.Version != 2 || !first.Secrets[0].Until.Equal(tomorrow) || first.Secrets[1].Hash != "new" {
		t.Fatalf("after a rotation: %+v", first)
	}
	if !first.Secrets[0].Good(tomorrow.Add(-1)) || first.Secrets[0].Good(tomorrow) || !first.Secrets[1].Good(tomorrow) {
		t.Error("the old secret does not end when it should, or the new one does")
	}
	if _, err := first.Rotate("third", "ada", clientNow, tomorrow); codeOf(err) != gateway.CodeNotRotatable {
		t.Errorf("a second rotation before the end of the first: %v", err)
	}
	second, err := first.Rotate("third", "ada", tomorrow, tomorrow.Add(time.Hour))
	if err != nil || len(second.Secrets) != 2 || second.Secrets[0].Hash != "new" || second.Secrets[1].Hash != "third" {
		t.Errorf("a second rotation after the end of the first: %+v, %v", second, err)
	}
	if first.Secrets[1].Until != never {
		t.Error("a rotation changed the client that it was made from")
	}
}

func TestARotationIsFinishedOnceAndOnlyWhenThereIsOne(t *testing.T) {
	tomorrow := clientNow.Add(24 * time.Hour)
	finished, err := withSecrets(tomorrow, time.Time{}).FinishRotation(clientNow)
	if err != nil || len(finished.Secrets) != 1 || finished.Secrets[0].Hash != "b" || finished.Version != 2 {
		t.Fatalf("finished: %+v, %v", finished, err)
	}
	for name, c := range map[string]gateway.APIClient{
		"one secret":              finished,
		"an old one that is over": withSecrets(clientNow, time.Time{}),
		"certificates alone":      withSecrets(),
	} {
		if _, err := c.FinishRotation(clientNow); codeOf(err) != gateway.CodeNotRotatable {
			t.Errorf("finishing with %s: %v", name, err)
		}
	}
	if _, err := withSecrets().Rotate("new", "ada", clientNow, tomorrow); codeOf(err) != gateway.CodeNotRotatable {
		t.Errorf("a new secret beside certificates alone: %v", err)
	}
}

func TestARevokedClientStaysRevoked(t *testing.T) {
	revoked, err := withSecrets(time.Time{}).Revoke("ada", clientNow)
	if err != nil || len(revoked.Secrets) != 0 || !revoked.RevokedAt.Equal(clientNow) || revoked.RevokedBy != "ada" || revoked.Version != 2 {
		t.Fatalf("revoked: %+v, %v", revoked, err)
	}
	_, again := revoked.Revoke("bob", clientNow)
	_, rotated := revoked.Rotate("new", "bob", clientNow, clientNow)
	_, finished := revoked.FinishRotation(clientNow)
	for what, err := range map[string]error{"revoked": again, "rotated": rotated, "finished": finished} {
		if codeOf(err) != gateway.CodeClientRevoked {
			t.Errorf("a revoked client was %s: %v", what, err)
		}
	}
}
