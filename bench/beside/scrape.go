package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// httpPatience bounds what is asked beside the load.
const httpPatience = 15 * time.Second

// samples are the metrics of a gateway, by name with labels.
type samples map[string]float64

// sum adds up the samples of a name whose labels hold all the words.
func (s samples) sum(name string, labels ...string) float64 {
	total := 0.0
	for key, value := range s {
		begin, rest, _ := strings.Cut(key, "{")
		if begin != name {
			continue
		}
		holds := true
		for _, label := range labels {
			holds = holds && strings.Contains(rest, label)
		}
		if holds {
			total += value
		}
	}
	return total
}

// scrape asks a gateway for its metrics.
func scrape(ctx context.Context, address string) (samples, error) {
	ctx, cancel := context.WithTimeout(ctx, httpPatience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the gateway does not tell its metrics: HTTP %d", answer.StatusCode)
	}
	return parseSamples(answer.Body)
}

func parseSamples(r io.Reader) (samples, error) {
	all := samples{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		end := strings.LastIndexByte(line, ' ')
		if end < 0 {
			return nil, fmt.Errorf("a line of the metrics that cannot be read: %.80q", line)
		}
		value, err := strconv.ParseFloat(line[end+1:], 64)
		if err != nil {
			return nil, fmt.Errorf("a line of the metrics that cannot be read: %.80q", line)
		}
		all[line[:end]] = value
	}
	return all, lines.Err()
}
