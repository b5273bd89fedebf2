package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"paytrace-gateway/cmd/gateway/config"
	"paytrace-gateway/sealing"
)

// secretsPath is where the gateway lists and takes sealed secrets.
const secretsPath = "/api/v1/secrets"

// maxAtOnce is how many secrets one change takes.
const maxAtOnce = 8

// secretsCommand is for the person who has the credentials of other systems.
func secretsCommand() *cobra.Command {
	group := &cobra.Command{
		Use: "secrets", Short: "Set and rotate the credentials that are sealed in the ledger", Args: cobra.NoArgs,
		// A group that cannot be run takes a mistyped command for a call for help.
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	group.AddCommand(secretsListCommand(), secretsSetCommand(), secretsRotateCommand(), secretsRemoveCommand(), secretsResealCommand())
	return group
}

// secretSaid is what these commands read of a secret.
type secretSaid struct {
	SecretName, SecretStatus string
	UsedAt                   []string
	ValueCount               int
	LastValueNumber          int64
	SetBy                    string
	SetAt, OldValueUntil     time.Time
	CurrentKey               bool
}

// secretsSaid are all of a merchant's, or those that were changed.
type secretsSaid struct {
	Items        []secretSaid
	SealingKeyID string
}

// secretsAsked is what is done to which secrets, in the contract's words.
type secretsAsked struct {
	Act           sealing.Act   `json:"act"`
	Secrets       []secretDrawn `json:"secrets,omitempty"`
	SealingKeyID  string        `json:"sealingKeyId,omitempty"`
	OldForSeconds int           `json:"oldForSeconds,omitempty"`
	DecidedBy     string        `json:"decidedBy"`
}

type secretDrawn struct {
	SecretName  string `json:"secretName"`
	ValueNumber int64  `json:"valueNumber,omitempty"`
	SealedValue []byte `json:"sealedValue,omitempty"`
}

func secretsListCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List the secrets, where each is used and who set it; never a value", Args: cobra.NoArgs}
	flags := addOperatorFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		d, err := flags.secretsLook(cmd.Context())
		if err != nil {
			return err
		}
		defer d.close()
		list, err := d.list(cmd.Context())
		if err != nil {
			return err
		}
		if err := printSecrets(cmd.OutOrStdout(), d, list); err != nil {
			return err
		}
		if err := d.sealsUnder(cmd.Context(), list.SealingKeyID); err != nil {
			fmt.Fprintf(cmd.ErrOrStderr(), "warning: %v\n", err)
		}
		return nil
	}
	return cmd
}

func printSecrets(w io.Writer, d *secretsDesk, list secretsSaid) error {
	missing := d.missing(list)
	if len(list.Items)+len(missing) == 0 {
		_, err := fmt.Fprintln(w, "the merchant has no sealed secrets; gateway secrets set makes one")
		return err
	}
	t := newTable(w, "SECRET", "STATUS", "VALUES", "UNDER", "USED AS", "SET", "BY")
	for _, s := range list.Items {
		t.row(s.SecretName, s.SecretStatus, s.values(), s.under(), strings.Join(s.UsedAt, " "), moment(s.SetAt), s.SetBy)
	}
	for _, s := range missing {
		t.row(s.Name, "not set", "", "", s.Path, "", "")
	}
	return t.Flush()
}

func (s secretSaid) values() string {
	switch {
	case s.ValueCount == 0:
		return "none"
	case s.ValueCount > 1:
		return "two, the old one until " + moment(s.OldValueUntil)
	}
	return "one"
}

func (s secretSaid) under() string {
	if s.ValueCount == 0 || s.CurrentKey {
		return ""
	}
	return "an older key"
}

// oneOrMoreSecrets is how the commands name what they are done to.
const oneOrMoreSecrets = " NAME..."

func secretsSetCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "set" + oneOrMoreSecrets, Short: "Give secrets their first value, from --file, standard input or a prompt", Args: secretNames,
	}
	return valuedCommand(cmd, sealing.Set)
}

func secretsRotateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "rotate" + oneOrMoreSecrets, Short: "Give secrets a newer value, all at once, or end the one before", Args: secretNames,
	}
	return valuedCommand(cmd, sealing.Rotate)
}

// valuedCommand is one that reads values. They are never an argument, which
// everybody on the machine can see.
func valuedCommand(cmd *cobra.Command, act sealing.Act) *cobra.Command {
	flags := addOperatorFlags(cmd)
	asked := secretsAsked{Act: act}
	files := cmd.Flags().StringSlice("file", nil, "a file that holds the value and nothing else; for several secrets one each, in their order")
	cmd.Flags().StringVar(&asked.DecidedBy, "by", userName(), "who decides")
	oldFor, finish := new(time.Duration), new(bool)
	if act == sealing.Rotate {
		cmd.Flags().DurationVar(oldFor, "old-for", 24*time.Hour, "how long a webhook's old secret signs beside the new one; of other secrets the old one ends at once")
		cmd.Flags().BoolVar(finish, "finish", false, "give no new value, and end the old one now")
		cmd.MarkFlagsMutuallyExclusive("old-for", "finish")
		cmd.MarkFlagsMutuallyExclusive("file", "finish")
	}
	cmd.RunE = func(cmd *cobra.Command, names []string) error {
		d, err := flags.secretsDesk(cmd.Context(), cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		defer d.close()
		switch {
		case *oldFor < 0:
			return errors.New("--old-for: expected a time such as 24h")
		case *finish:
			asked.Act, asked.Secrets = sealing.Finish, named(names)
		default:
			asked.OldForSeconds = int(*oldFor / time.Second)
			values, err := readValues(cmd, names, *files)
			if err != nil {
				return err
			}
			if err := d.draw(cmd.Context(), &asked, names, values); err != nil {
				return err
			}
		}
		after, err := d.change(cmd.Context(), asked)
		if err != nil {
			return err
		}
		return d.printChanged(cmd.OutOrStdout(), asked.Act, after, flags.given())
	}
	return cmd
}

func secretNames(_ *cobra.Command, names []string) error {
	if len(names) == 0 || len(names) > maxAtOnce {
		return fmt.Errorf("expected the names of 1 to %d secrets", maxAtOnce)
	}
	for i, name := range names {
		if !config.IsSecretName(name) {
			// What is no name may be the secret itself.
			return fmt.Errorf("the %s argument is no name of a secret: expected 1 to 64 lower-case letters, digits and dashes, no dash first", ordinal(i))
		}
	}
	return nil
}

func ordinal(i int) string {
	return []string{"first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"}[i]
}

func named(names []string) (all []secretDrawn) {
	for _, name := range names {
		all = append(all, secretDrawn{SecretName: name})
	}
	return all
}

func secretsRemoveCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "remove" + oneOrMoreSecrets, Short: "Forget secrets that no configuration uses", Args: secretNames}
	flags := addOperatorFlags(cmd)
	by := cmd.Flags().String("by", userName(), "who decides")
	cmd.RunE = func(cmd *cobra.Command, names []string) error {
		d, err := flags.secretsDesk(cmd.Context(), cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		defer d.close()
		after, err := d.change(cmd.Context(), secretsAsked{Act: sealing.Remove, Secrets: named(names), DecidedBy: *by})
		if err != nil {
			return err
		}
		return d.printChanged(cmd.OutOrStdout(), sealing.Remove, after, flags.given())
	}
	return cmd
}

func secretsResealCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "reseal", Short: "Seal all secrets of a merchant under the newest master key", Args: cobra.NoArgs,
	}
	flags := addOperatorFlags(cmd)
	by := cmd.Flags().String("by", userName(), "who decides")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		d, err := flags.secretsDesk(cmd.Context(), cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		defer d.close()
		list, err := d.list(cmd.Context())
		if err != nil {
			return err
		}
		if err := d.sealsUnder(cmd.Context(), list.SealingKeyID); err != nil {
			return err
		}
		after, err := d.change(cmd.Context(), secretsAsked{Act: sealing.Reseal, DecidedBy: *by})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d secrets of merchant %s were sealed anew; all are under the master key %s\n",
			len(after.Items), d.merchant.ID, after.SealingKeyID)
		return err
	}
	return cmd
}
