package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// shop is a caller of the gateway, with a token.
type shop struct {
	t      *testing.T
	base   string
	token  string
	client *http.Client
}

// answer is what these tests read of a payment or a problem.
type answer struct {
	httpStatus int
	took       time.Duration

	PaymentID, TransactionID string
	Status                   any // a payment's is a word, a problem's a number
	Outcome                  string
	CardType, Last4Digits    string
	IdempotentReplay         bool
	storedAnswer
	Operation struct{ OperationKind, OperationStatus, ProcessedAs string }
	// The members of a problem.
	Code, Detail      string
	Retryable         bool
	RetryAfterSeconds int
	Errors            []struct{ Field, Message string }
}

// tells is the answer in one line, for comparing: the HTTP status and either
// the problem's code or what became of the payment.
func (a answer) tells() string {
	if a.Code != "" {
		return fmt.Sprintf("%d %s", a.httpStatus, a.Code)
	}
	return fmt.Sprintf("%d %v", a.httpStatus, a.Status)
}

// openShop gets a token.
func openShop(t *testing.T, address, client, secret string) *shop {
	t.Helper()
	s := &shop{t: t, base: "http://" + address, client: &http.Client{
		Timeout:   patience,
		Transport: &http.Transport{MaxIdleConnsPerHost: 100},
	}}
	t.Cleanup(s.client.CloseIdleConnections)
	request, err := http.NewRequest(http.MethodPost, s.base+"/oauth/token",
		strings.NewReader(url.Values{"grant_type": {"client_credentials"}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(url.QueryEscape(client), url.QueryEscape(secret))
	granted, err := s.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer granted.Body.Close()
	var grant struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(granted.Body).Decode(&grant); err != nil || grant.AccessToken == "" {
		t.Fatalf("no token: status %d, %v", granted.StatusCode, err)
	}
	s.token = grant.AccessToken
	return s
}

// patientBudget is the longest in milliseconds that the gateway takes: whatever it
// knows sooner it says at once.
const patientBudget = 55000

// try sends one request. The budget is in milliseconds; 0 is as long as can be.
func (s *shop) try(method, path, key, body string, budget int) (answer, error) {
	request, err := http.NewRequest(method, s.base+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Authorization", "Bearer "+s.token)
	if method == http.MethodPost || method == http.MethodPatch {
		request.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	if budget == 0 {
		budget = patientBudget
	}
	request.Header.Set("X-Request-Timeout-Ms", fmt.Sprint(budget))
	began := time.Now()
	response, err := s.client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	a := answer{httpStatus: response.StatusCode, took: time.Since(began)}
	if response.StatusCode == http.StatusNoContent {
		return a, err
	}
	return a, errors.Join(err, json.Unmarshal(content, &a))
}

func (s *shop) must(method, path, key, body string, budget int) answer {
	s.t.Helper()
	a, err := s.try(method, path, key, body, budget)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

const paymentsPath = "/api/v1/payments"

// order is the body of a payment. Its order is the key, so that the charge can
// be found at the simulator.
func order(intent, key, method string) string {
	return fmt.Sprintf(`{"intent":%q,"amount":"19.99","orderId":%q,"paymentMethod":%s}`, intent, key, method)
}

// pay asks for a payment and wants an answer of any kind.
func (s *shop) pay(intent, key, method string, budget int) answer {
	s.t.Helper()
	return s.must(http.MethodPost, paymentsPath, key, order(intent, key, method), budget)
}

// operate captures, voids or refunds.
func (s *shop) operate(verb, paymentID, key, body string, budget int) answer {
	s.t.Helper()
	return s.must(http.MethodPost, "/api/v1/transactions/"+paymentID+"/"+verb, key, body, budget)
}

// byKey asks what became of a key.
func (s *shop) byKey(key string) answer {
	s.t.Helper()
	return s.must(http.MethodGet, paymentsPath+"/by-key/"+key, "", "", 0)
}

func want(t *testing.T, what string, a answer, tells string) {
	t.Helper()
	if a.tells() != tells {
		t.Fatalf("%s: %s (%s), want %s", what, a.tells(), a.Detail, tells)
	}
}
