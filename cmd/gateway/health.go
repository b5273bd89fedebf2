package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"
)

// healthCommand is what a container's health check runs, since its image holds
// no other program.
func healthCommand() *cobra.Command {
	address := os.Getenv("GATEWAY_OPERATOR_LISTEN")
	if address == "" {
		address = "127.0.0.1:9090"
	}
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Ask a running gateway whether it is ready; exit 1 when it is not",
		Args:  cobra.NoArgs,
	}
	at := cmd.Flags().String("address", address, "the operator's listener (GATEWAY_OPERATOR_LISTEN)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := askReady(cmd.Context(), *at); err != nil {
			return err
		}
		_, err := fmt.Fprintln(cmd.OutOrStdout(), "ready")
		return err
	}
	return cmd
}

func askReady(ctx context.Context, address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("--address: expected host:port")
	}
	if ip := net.ParseIP(host); host == "" || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("no gateway answers: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the gateway is not ready: %s; its log says why", answer.Status)
	}
	return nil
}
