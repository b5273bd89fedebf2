package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"paytrace-gateway/cmd/gateway/config"
)

// healthCommand is what a container's health check runs, since its image holds
// no other program.
func healthCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Ask a running gateway whether it is ready; exit 1 when it is not",
		Args:  cobra.NoArgs,
	}
	path := configFlag(cmd)
	at := cmd.Flags().String("address", os.Getenv("GATEWAY_OPERATOR_LISTEN"),
		"the operator's listener (GATEWAY_OPERATOR_LISTEN; default: as configured)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		address := *at
		if address == "" {
			var err error
			if address, err = config.OperatorListen(*path, os.LookupEnv); err != nil {
				return err
			}
		}
		degraded, err := askReady(cmd.Context(), address)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), readiness(degraded))
		return err
	}
	return cmd
}

// readiness says what a gateway that is ready goes on without.
func readiness(degraded []string) string {
	if len(degraded) == 0 {
		return "ready"
	}
	return "ready, without " + strings.Join(degraded, ", ")
}

// askReady returns what a gateway that is ready goes on without.
func askReady(ctx context.Context, address string) (degraded []string, err error) {
	if address, err = reachable(address); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/readyz", nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("no gateway answers: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the gateway is not ready: %s; %s", answer.Status, whyNot(answer.Body))
	}
	var said struct{ Degraded []string }
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxReadiness)).Decode(&said); err != nil {
		return nil, fmt.Errorf("what answers is no gateway: %w", err)
	}
	return said.Degraded, nil
}

// whyNot is what a gateway says that is not ready.
func whyNot(body io.Reader) string {
	var said struct{ Detail string }
	if err := json.NewDecoder(io.LimitReader(body, maxReadiness)).Decode(&said); err != nil || said.Detail == "" {
		return "its log says why"
	}
	return plain(said.Detail)
}

// maxReadiness is more than a gateway ever says of itself.
const maxReadiness = 64 << 10
