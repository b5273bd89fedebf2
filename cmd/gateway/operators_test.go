package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
)

var printedPassword = regexp.MustCompile(`(?m)^[A-Z2-7]{26}$`)

// logIn logs a person in as a program does.
func logIn(t *testing.T, address, name, password, another string) (status int, session string) {
	t.Helper()
	body := fmt.Sprintf(`{"operatorName":%q,"password":%q,"newPassword":%q,"bearer":true}`, name, password, another)
	answer, err := http.Post("http://"+address+"/sessions", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var said struct{ SessionToken string }
	if err := json.NewDecoder(answer.Body).Decode(&said); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, said.SessionToken
}

// sees is the status of the person's look at payments.
func sees(t *testing.T, address, session string) int {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, "http://"+address+"/api/v1/payments", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+session)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

func TestAnOperatorLivesByCommand(t *testing.T) {
	t.Parallel()
	s, _, _ := serve(t)
	run := func(args ...string) string {
		t.Helper()
		f := s.operate(append([]string{"operators"}, args...)...)
		if f.code != 0 {
			t.Fatalf("gateway operators %s: %s%s", strings.Join(args, " "), f.stdout, f.stderr)
		}
		return f.stdout
	}
	const words = "three words of hers"
	oneTime := printedPassword.FindString(run("add", "ada", "--role", "viewer", "--by", "Ada Byron"))
	status, session := logIn(t, s.address, "ada", oneTime, words)
	if status != http.StatusCreated || sees(t, s.address, session) != http.StatusOK {
		t.Fatalf("a log-in with the one-time password: %d", status)
	}
	if list := run("list"); !strings.Contains(list, "ada") || !strings.Contains(list, "active") || !strings.Contains(list, "Ada Byron") {
		t.Errorf("the list is %s", list)
	}

	// What was kept is there after a restart, the session too.
	s.stop()
	s.start()
	if got := sees(t, s.address, session); got != http.StatusOK {
		t.Errorf("after a restart the session is answered %d", got)
	}
	run("role", "ada", "--role", "admin")
	if got := sees(t, s.address, session); got != http.StatusUnauthorized {
		t.Errorf("after another role the session is answered %d", got)
	}
	again := printedPassword.FindString(run("reset", "ada"))
	if status, _ := logIn(t, s.address, "ada", words, ""); status != http.StatusUnauthorized {
		t.Errorf("after a reset the old password is answered %d", status)
	}
	if status, session = logIn(t, s.address, "ada", again, words+" again"); status != http.StatusCreated {
		t.Errorf("the new one-time password is answered %d", status)
	}
	run("disable", "ada")
	if got := sees(t, s.address, session); got != http.StatusUnauthorized {
		t.Errorf("after the end the session is answered %d", got)
	}
	if f := s.operate("operators", "disable", "ada"); f.code != 1 || !strings.Contains(f.stderr, "operator_disabled") {
		t.Errorf("a second end: %+v", f)
	}
	kept, err := os.ReadFile(s.ledger())
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{words, oneTime, again, session} {
		if strings.Contains(string(kept)+s.stderr.String(), secret) {
			t.Errorf("%q stands in the ledger or in the log", secret)
		}
	}
}
