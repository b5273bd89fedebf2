package gateway

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"
)

// PayTrace counts in days of its own zone, one of which has 23 hours.
func TestNoDayIsLeftOutOfAnExportThatIsReadInParts(t *testing.T) {
	pacific, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	g := &Gateway{log: slog.New(slog.DiscardHandler)}
	forward := time.Date(2026, 3, 8, 0, 0, 0, 0, pacific)
	for hour := range 48 {
		from := forward.Add(time.Duration(hour-36) * time.Hour / 2)
		for length := range 120 {
			to := from.Add(time.Duration(length) * time.Hour / 2)
			var days []string
			cut := func(_ context.Context, from, to time.Time) ([]Record, error) {
				if day := from.In(pacific).Format(time.DateOnly); day == to.In(pacific).Format(time.DateOnly) {
					days = append(days, day)
				}
				return []Record{{}, {}}, nil // as if it had been cut, whatever is asked for
			}
			if _, _, err := g.readParts(t.Context(), Merchant{ExportRowCap: 2}, from, to, cut); err != nil {
				t.Fatal(err)
			}
			for day := from; !day.After(to); day = day.Add(time.Hour) {
				if name := day.In(pacific).Format(time.DateOnly); !slices.Contains(days, name) {
					t.Fatalf("from %s to %s %s is not read", from, to, name)
				}
			}
		}
	}
}
