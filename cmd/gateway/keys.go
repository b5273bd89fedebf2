package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"paytrace-gateway/api/auth"
	"paytrace-gateway/cmd/gateway/config"
)

// keysCommand is for the person who changes the keys that sign tokens. It works
// on the folder itself, whether a gateway runs or not: whoever may write there
// could do the same by hand.
func keysCommand() *cobra.Command {
	group := &cobra.Command{
		Use: "keys", Short: "List, rotate and retire the keys that sign tokens", Args: cobra.NoArgs,
		// A group that cannot be run takes a mistyped command for a call for help.
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	group.AddCommand(keysListCommand(), keysRotateCommand(), keysRetireCommand())
	return group
}

// keyFolder is where the keys lie that rotate, nil where the configuration names
// them one by one.
func keyFolder(cfg *config.Config, log *slog.Logger) *auth.KeyFolder {
	if len(cfg.SigningKeys) > 0 {
		return nil
	}
	return auth.NewKeyFolder(auth.KeyFolderConfig{
		Path: filepath.Dir(cfg.SigningKeyPath()), Every: time.Duration(cfg.SigningKeyDays) * 24 * time.Hour, Now: time.Now, Log: log,
	})
}

// openKeys reads the signing keys, and makes the first one. A folder of them is
// followed from then on.
func (a *app) openKeys() (*auth.Keys, error) {
	if a.keys = keyFolder(a.cfg, a.log); a.keys == nil {
		return namedKeys(a.cfg)
	}
	a.keys.Trail = a.ledger
	return a.keys.Keys, a.keys.Make()
}

// existingKeys makes no key: one that the running gateway does not have would
// sign nothing that it takes.
func existingKeys(cfg *config.Config) (*auth.Keys, error) {
	folder := keyFolder(cfg, slog.New(slog.DiscardHandler))
	if folder == nil {
		return namedKeys(cfg)
	}
	return folder.Keys, folder.Load()
}

// keysOfCommand reads the folder that the configuration names.
func keysOfCommand(path string) (*auth.KeyFolder, error) {
	cfg, err := config.Load(path, os.LookupEnv)
	if err != nil {
		return nil, err
	}
	folder := keyFolder(cfg, slog.New(slog.DiscardHandler))
	if folder == nil {
		return nil, errors.New("signingKeys names the keys one by one, so they are changed there, as docs/keys.md says; " +
			"name a signingKeyFolder instead, and this command changes them")
	}
	return folder, folder.Load()
}

// oneKey is what a command about one key asks for.
const oneKey = " KEY"

func keysListCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List the keys, and what each is for now", Args: cobra.NoArgs}
	path := configFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		folder, err := keysOfCommand(*path)
		if err != nil {
			return err
		}
		return printKeys(cmd.OutOrStdout(), folder, time.Now())
	}
	return cmd
}

func printKeys(w io.Writer, folder *auth.KeyFolder, now time.Time) error {
	t := newTable(w, "KEY", "STATE", "SIGNS FROM", "KEPT UNTIL", "MADE", "BY", "FILE")
	signer := folder.Signer().ID
	for _, key := range folder.List() {
		state := "kept"
		switch {
		case key.ID == signer:
			state = "signs"
		case now.Before(key.SignsFrom):
			state = "published"
		}
		t.row(key.ID, state, moment(key.SignsFrom), moment(folder.KeptUntil(key.ID)), moment(key.MadeAt), key.MadeBy, filepath.Base(key.File))
	}
	return t.Flush()
}

func keysRotateCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "rotate", Short: "Make a new key, which is published first and signs later", Args: cobra.NoArgs}
	path := configFlag(cmd)
	publishFor := cmd.Flags().Duration("publish-for", auth.PublishFor, "how long the key is known before it signs; 0 only where the old one is lost to others")
	by := cmd.Flags().String("by", userName(), "who decides")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *publishFor < 0 || *publishFor > auth.MaxLifetime {
			return errors.New("--publish-for: expected a time from 0 to 24h")
		}
		folder, err := keysOfCommand(*path)
		if err != nil {
			return err
		}
		old := folder.Signer()
		key, err := folder.Rotate(*by, *publishFor)
		if err != nil {
			return err
		}
		if err := folder.Load(); err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "key %s is published by every gateway on %s within %s, and signs from %s\n"+
			"key %s is kept until %s, when no token of its time is left\n",
			key.ID, folder.Path, auth.FollowEvery, moment(key.SignsFrom), old.ID, moment(folder.KeptUntil(old.ID)))
		return err
	}
	return cmd
}

func keysRetireCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "retire" + oneKey, Short: "Remove a key before its time", Args: cobra.ExactArgs(1),
		Long: "Remove a key before its time. The beginning of what `gateway keys list` shows is enough.",
	}
	path := configFlag(cmd)
	by := cmd.Flags().String("by", userName(), "who decides")
	force := cmd.Flags().Bool("now", false, "also while tokens that it has signed may be in use; they are refused")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		folder, err := keysOfCommand(*path)
		if err != nil {
			return err
		}
		key, err := folder.Retire(args[0], *by, *force)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "key %s is removed; every gateway on %s refuses its tokens within %s\n", key.ID, folder.Path, auth.FollowEvery)
		return err
	}
	return cmd
}
