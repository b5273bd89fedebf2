package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"
)

// intentSQL finds what the ledger knows of a sale that PayTrace is being asked
// for, by the reference that the request bears.
const intentSQL = `SELECT o.status FROM payments p JOIN operations o ON o.payment_id = p.id WHERE p.reference = `

// witness stands before PayTrace. It looks into the ledger, on a connection of
// its own, while a sale is at the door: the intent has to be there.
type witness struct {
	address string
	ledger  *sql.DB
	query   string
	next    *httputil.ReverseProxy
	server  *http.Server

	mu    sync.Mutex
	seen  int
	fault error
}

// witnessSQLite reads the file that the gateway has open.
func witnessSQLite(payTrace, path string) (*witness, error) {
	place := url.URL{Scheme: "file", Path: path, RawQuery: "mode=ro&_pragma=busy_timeout(5000)&_pragma=query_only(1)"}
	return newWitness(payTrace, "sqlite", place.String(), intentSQL+"?")
}

func witnessPostgres(payTrace, server string) (*witness, error) {
	return newWitness(payTrace, "pgx", server, intentSQL+"$1")
}

func newWitness(payTrace, driver, place, query string) (*witness, error) {
	ledger, err := sql.Open(driver, place) // It connects with the first question.
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, ledger.Close())
	}
	w := &witness{
		address: listener.Addr().String(), ledger: ledger, query: query,
		next: httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: payTrace}),
	}
	w.server = &http.Server{Handler: w, ReadHeaderTimeout: httpPatience}
	go func() { _ = w.server.Serve(listener) }()
	return w, nil
}

func (w *witness) ServeHTTP(answer http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/v1/transactions/sale/") {
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err == nil {
			err = w.look(r.Context(), body)
		}
		w.note(err)
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	w.next.ServeHTTP(answer, r)
}

// look fails unless the intent of the sale is in the ledger, undecided.
func (w *witness) look(ctx context.Context, body []byte) error {
	var sale struct {
		Reference string `json:"customer_reference_id"`
	}
	if err := json.Unmarshal(body, &sale); err != nil || sale.Reference == "" {
		return errors.New("a sale came to PayTrace without the gateway's reference")
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var status string
	err := w.ledger.QueryRowContext(ctx, w.query, sale.Reference).Scan(&status)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("a sale came to PayTrace before its intent was in the ledger (reference %s)", sale.Reference)
	case err == nil && status != "sending":
		return fmt.Errorf("a sale came to PayTrace while the ledger had it %s (reference %s)", status, sale.Reference)
	}
	return err
}

func (w *witness) note(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen++
	if w.fault == nil {
		w.fault = err
	}
}

// testimony is how many sales were looked at, and what was wrong with the
// first that something was wrong with.
func (w *witness) testimony() (seen int, fault error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen, w.fault
}

func (w *witness) stop() error { return errors.Join(w.server.Close(), w.ledger.Close()) }
