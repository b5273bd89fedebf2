package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// controlAction does one thing on the control port, under the simulator's lock,
// and returns what to answer.
type controlAction func(s *Simulator, body []byte) (any, error)

// Control is the side that PayTrace does not have: faults, settings, history,
// clock, settlement, and the things done at PayTrace's own screens.
func (s *Simulator) Control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.controlled(getHealth))
	mux.HandleFunc("GET /faults", s.controlled(getFaults))
	mux.HandleFunc("PUT /faults", s.controlled(putFaults))
	mux.HandleFunc("GET /settings", s.controlled(getSettings))
	mux.HandleFunc("PUT /settings", s.controlled(putSettings))
	mux.HandleFunc("GET /history", s.controlled(getHistory))
	mux.HandleFunc("GET /charges", s.controlled(getCharges))
	mux.HandleFunc("GET /transactions", s.controlled(getTransactions))
	mux.HandleFunc("GET /customers", s.controlled(getCustomers))
	mux.HandleFunc("GET /checks", s.controlled(getChecks))
	mux.HandleFunc("POST /clock", s.controlled(postClock))
	mux.HandleFunc("POST /settle", s.controlled(postSettle))
	mux.HandleFunc("POST /reset", s.controlled(postReset))
	mux.HandleFunc("POST /clerk", s.controlled(postClerk))
	mux.HandleFunc("POST /hosted_fields", s.controlled(postHostedFields))
	mux.HandleFunc("GET /encryption_key", s.controlled(getEncryptionKey))
	s.forBrowsers(mux)
	return mux
}

// controlled reads the body and writes the answer outside the lock, so that a
// slow reader of the control port holds up nobody.
func (s *Simulator) controlled(act controlAction) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := readBody(w, r)
		if err != nil {
			writeControl(w, http.StatusBadRequest, controlError{fmt.Sprintf("the body cannot be read: it may have at most %d bytes", maxBody)})
			return
		}
		s.mu.Lock()
		s.catchUp()
		result, err := act(s, body)
		s.mu.Unlock()
		if err != nil {
			writeControl(w, http.StatusBadRequest, controlError{err.Error()})
			return
		}
		writeControl(w, http.StatusOK, result)
	}
}

type controlError struct {
	Error string `json:"error"`
}

func writeControl(w http.ResponseWriter, status int, body any) {
	if key, isPEM := body.(pemText); isPEM {
		w.Header().Set("Content-Type", "application/x-pem-file")
		_, _ = w.Write(key)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(append(encode(body), '\n'))
}

// readStrictly refuses unknown members: a mistyped one would otherwise be a
// fault that never strikes. No body says nothing, as {} does.
func readStrictly(body []byte, into any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("the body cannot be read: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("one JSON object is wanted, and nothing after it")
	}
	return nil
}

func getHealth(*Simulator, []byte) (any, error) {
	return map[string]string{"status": "ok"}, nil
}

func getFaults(s *Simulator, _ []byte) (any, error) { return s.faults.plan.copied(), nil }

func putFaults(s *Simulator, body []byte) (any, error) {
	var plan FaultPlan
	if err := readStrictly(body, &plan); err != nil {
		return nil, err
	}
	if err := s.setFaults(plan); err != nil {
		return nil, err
	}
	return s.faults.plan.copied(), nil
}

func getSettings(s *Simulator, _ []byte) (any, error) { return s.settings, nil }

// putSettings replaces the settings; a member left out has its start value.
func putSettings(s *Simulator, body []byte) (any, error) {
	settings := s.options.Settings.copied()
	if err := readStrictly(body, &settings); err != nil {
		return nil, err
	}
	if err := s.replaceSettings(settings); err != nil {
		return nil, err
	}
	return settings, nil
}

func getHistory(s *Simulator, _ []byte) (any, error) {
	return map[string]any{"requests": s.history.list()}, nil
}

func getCharges(s *Simulator, _ []byte) (any, error) {
	return map[string]any{"charges": s.chargeRows()}, nil
}

func getTransactions(s *Simulator, _ []byte) (any, error) {
	return map[string]any{"transactions": s.transactionRows()}, nil
}

func getCustomers(s *Simulator, _ []byte) (any, error) {
	return map[string]any{"customers": s.customerRows()}, nil
}

func getChecks(s *Simulator, _ []byte) (any, error) {
	return map[string]any{"checks": s.checkRows()}, nil
}

// maxAdvance keeps the clock's offset within what a duration holds.
const maxAdvance = 10 * 366 * 24 * time.Hour

func postClock(s *Simulator, body []byte) (any, error) {
	var given struct {
		Set            *time.Time `json:"set"`
		AdvanceSeconds *float64   `json:"advanceSeconds"`
	}
	if err := readStrictly(body, &given); err != nil {
		return nil, err
	}
	switch {
	case (given.Set == nil) == (given.AdvanceSeconds == nil):
		return nil, errors.New("give set (RFC 3339) or advanceSeconds, one of them")
	case given.Set != nil && given.Set.Sub(s.options.Now()).Abs() > 10*maxAdvance:
		return nil, errors.New("set must be within a hundred years of the real time")
	case given.Set != nil:
		s.moveClock(*given.Set)
	case *given.AdvanceSeconds < 0 || *given.AdvanceSeconds > maxAdvance.Seconds():
		return nil, errors.New("advanceSeconds must be from 0 to ten years; set can go back")
	default:
		s.moveClock(s.now().Add(time.Duration(*given.AdvanceSeconds * float64(time.Second))))
	}
	return map[string]time.Time{"now": s.now()}, nil
}

func postSettle(s *Simulator, _ []byte) (any, error) {
	b := s.settle(s.now())
	return map[string]int{"batchNumber": b.Number, "transactionCount": len(b.Transactions)}, nil
}

func postReset(s *Simulator, _ []byte) (any, error) {
	s.reset()
	return map[string]bool{"reset": true}, nil
}

// pemText is an answer that is no JSON.
type pemText []byte

func getEncryptionKey(s *Simulator, _ []byte) (any, error) { return pemText(s.publicKeyPEM()), nil }

func postHostedFields(s *Simulator, body []byte) (any, error) {
	var given struct {
		CardNumber      string `json:"cardNumber"`
		CSC             string `json:"csc"`
		ExpirationMonth string `json:"expirationMonth"`
		ExpirationYear  string `json:"expirationYear"`
	}
	if err := readStrictly(body, &given); err != nil {
		return nil, err
	}
	token, fields, err := s.tokenize(given.CardNumber, given.CSC, given.ExpirationMonth, given.ExpirationYear)
	if err != nil {
		return nil, err
	}
	return map[string]string{"hpfToken": token, "encKey": fields.EncKey}, nil
}
