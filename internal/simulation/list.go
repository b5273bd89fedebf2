package simulation

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"

	"paytrace-gateway/internal/simulation/history"
)

// list asks the API for every payment there is.
func (w *world) list() ([]history.Payment, error) {
	var all []history.Payment
	for cursor, more := "", true; more; {
		var page struct {
			Items      []paymentShown `json:"items"`
			NextCursor string         `json:"nextCursor"`
			HasMore    bool           `json:"hasMore"`
		}
		path := "/api/v1/payments?pageSize=100"
		if cursor != "" {
			path += "&cursor=" + cursor
		}
		if err := w.get(path, &page); err != nil {
			return nil, err
		}
		for _, item := range page.Items {
			all = append(all, item.payment())
		}
		cursor, more = page.NextCursor, page.HasMore
	}
	return all, nil
}

// unmatched asks the API for every transaction that it knows no payment of.
func (w *world) unmatched() ([]history.Unmatched, error) {
	var all []history.Unmatched
	for cursor, more := "", true; more; {
		var page struct {
			Items []struct {
				TransactionID string `json:"transactionId"`
				OrderID       string `json:"orderId"`
			} `json:"items"`
			NextCursor string `json:"nextCursor"`
			HasMore    bool   `json:"hasMore"`
		}
		path := "/api/v1/unmatched_transactions?pageSize=100"
		if cursor != "" {
			path += "&cursor=" + cursor
		}
		if err := w.get(path, &page); err != nil {
			return nil, err
		}
		for _, item := range page.Items {
			all = append(all, history.Unmatched{ID: item.TransactionID, Order: item.OrderID})
		}
		cursor, more = page.NextCursor, page.HasMore
	}
	return all, nil
}

func (w *world) get(path string, into any) error {
	in := w.slots[0].instance()
	request, err := http.NewRequest(http.MethodGet, "http://gateway.test"+path, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+w.bearer)
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return in.public.dial(ctx) },
	}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers HTTP %d: %s", path, response.StatusCode, body)
	}
	return json.Unmarshal(body, into)
}
