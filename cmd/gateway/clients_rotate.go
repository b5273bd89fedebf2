package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"paytrace-gateway/api/auth"
	"paytrace-gateway/cmd/gateway/config"
)

// rotation is what the gateway is told of a client's secrets.
type rotation struct {
	SecretHash    string `json:"secretHash,omitempty"`
	OldForSeconds int    `json:"oldForSeconds,omitempty"`
	Finish        bool   `json:"finish,omitempty"`
	DecidedBy     string `json:"decidedBy"`
}

func clientsRotateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "rotate" + oneClient, Short: "Make a new secret beside the old one, or end the old one", Args: cobra.ExactArgs(1),
	}
	flags := addOperatorFlags(cmd)
	var r rotation
	oldFor := cmd.Flags().Duration("old-for", 24*time.Hour, "how long the old secret stays good; 0 ends it at once")
	cmd.Flags().BoolVar(&r.Finish, "finish", false, "make no new secret, and end the old one now")
	cmd.Flags().StringVar(&r.DecidedBy, "by", userName(), "who decides")
	cmd.MarkFlagsMutuallyExclusive("old-for", "finish")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o, key, err := flags.withSecretKey()
		if err != nil {
			return err
		}
		secret := ""
		if !r.Finish {
			if *oldFor < 0 {
				return errors.New("--old-for: expected a time such as 24h")
			}
			secret = auth.NewSecret()
			r.SecretHash, r.OldForSeconds = key.Hash(secret), int(*oldFor/time.Second)
		}
		var after apiClient
		if err := o.call(cmd.Context(), clientPath(args[0], "rotate"), r, &after); err != nil {
			return showUnsure(cmd.OutOrStdout(), secret, err)
		}
		return printRotated(cmd, after, secret, flags.given())
	}
	return cmd
}

func printRotated(cmd *cobra.Command, after apiClient, secret, given string) error {
	w := cmd.OutOrStdout()
	if secret == "" {
		_, err := fmt.Fprintf(w, "the old secret of %s has ended\n", after.ClientID)
		return err
	}
	if after.SecretCount > 1 {
		fmt.Fprintf(w, "the old secret of %s is good until %s; once everybody has the new one:\n  gateway clients rotate %s --finish%s\n",
			after.ClientID, moment(after.OldSecretUntil), shellWord(after.ClientID), given)
	} else {
		fmt.Fprintf(w, "the old secret of %s has ended\n", after.ClientID)
	}
	return printSecret(w, secret)
}

func clientsRevokeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "revoke" + oneClient, Short: "Keep a client from calling, at once and for good", Args: cobra.ExactArgs(1),
	}
	flags := addOperatorFlags(cmd)
	by := cmd.Flags().String("by", userName(), "who decides")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o, err := flags.operator()
		if err != nil {
			return err
		}
		var after apiClient
		if err := o.call(cmd.Context(), clientPath(args[0], "revoke"), person{DecidedBy: *by}, &after); err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is revoked: its secrets, certificates and tokens are refused, within 4 seconds by every gateway on this ledger\n",
			after.ClientID)
		return err
	}
	return cmd
}

// withSecretKey is an operator who hashes secrets too: the gateway is never told
// the secret itself.
func (f operatorFlags) withSecretKey() (*operator, auth.SecretKey, error) {
	o, err := f.operator()
	if err != nil {
		return nil, nil, err
	}
	cfg, err := config.Load(*f.config, os.LookupEnv)
	if err != nil {
		return nil, nil, err
	}
	if _, err := os.Stat(cfg.SecretPath()); err != nil && cfg.Secret.IsZero() {
		// One that was made here would not be the gateway's.
		return nil, nil, fmt.Errorf("the gateway's secret cannot be read: %w", err)
	}
	key, err := gatewaySecret(cfg, clientSecretsKey)
	return o, key, err
}

// required panics where there is no such flag: a mistake of ours.
func required(cmd *cobra.Command, flag string) {
	if err := cmd.MarkFlagRequired(flag); err != nil {
		panic(err)
	}
}
