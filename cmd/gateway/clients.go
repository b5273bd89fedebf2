package main

import (
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"paytrace-gateway/api/auth"
)

// clientsPath is where the gateway lists and takes clients.
const clientsPath = "/api/v1/clients"

// clientsCommand is for the person who decides who may call.
func clientsCommand() *cobra.Command {
	group := &cobra.Command{
		Use: "clients", Short: "Add, rotate and revoke those who may call", Args: cobra.NoArgs,
		// A group that cannot be run takes a mistyped command for a call for help.
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	group.AddCommand(clientsListCommand(), clientsAddCommand(), clientsRotateCommand(), clientsRevokeCommand())
	return group
}

// apiClient is what these commands read of the gateway's answers.
type apiClient struct {
	ClientID, ClientStatus, Origin, Channel    string
	Scopes                                     []string
	Quota                                      *quotaSaid
	LiveMode                                   bool
	SecretCount, CertificateCount              int
	AddedBy, RevokedBy                         string
	OldSecretUntil, AddedAt, UsedAt, RevokedAt time.Time
}

// quotaSaid is a client's own limit, in the contract's words.
type quotaSaid struct {
	Requests  int `json:"requests"`
	PerSecond int `json:"perSeconds"`
}

func clientsListCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List who may call, and when each last did", Args: cobra.NoArgs}
	flags := addOperatorFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		o, err := flags.operator()
		if err != nil {
			return err
		}
		var list struct{ Items []apiClient }
		if err := o.call(cmd.Context(), clientsPath, nil, &list); err != nil {
			return err
		}
		return printClients(cmd.OutOrStdout(), list.Items)
	}
	return cmd
}

func printClients(w io.Writer, all []apiClient) error {
	if len(all) == 0 {
		_, err := fmt.Fprintln(w, "the merchant has no clients; gateway clients add makes one")
		return err
	}
	t := newTable(w, "CLIENT", "STATUS", "FROM", "SCOPES", "CHANNEL", "LIMIT", "PROVES ITSELF BY", "LAST USED", "ADDED", "BY")
	for _, c := range all {
		used := moment(c.UsedAt)
		if c.Origin == "ledger" && used == "" {
			used = "never"
		}
		t.row(c.ClientID, c.ClientStatus, c.Origin, strings.Join(c.Scopes, " "), c.Channel, c.limit(), c.proof(),
			used, moment(c.AddedAt), c.AddedBy)
	}
	return t.Flush()
}

func (c apiClient) limit() string {
	if c.Quota == nil {
		return ""
	}
	return fmt.Sprintf("%d in %s", c.Quota.Requests, time.Duration(c.Quota.PerSecond)*time.Second)
}

// proof says what the client can prove itself by.
func (c apiClient) proof() string {
	var proofs []string
	switch {
	case c.ClientStatus == "revoked":
		return "nothing, since " + moment(c.RevokedAt)
	case c.SecretCount > 1:
		proofs = append(proofs, "two secrets, the old one until "+moment(c.OldSecretUntil))
	case c.SecretCount == 1:
		proofs = append(proofs, "a secret")
	}
	if c.CertificateCount > 0 {
		proofs = append(proofs, strconv.Itoa(c.CertificateCount)+" certificate(s)")
	}
	return strings.Join(proofs, " and ")
}

// newClient is what the gateway is told of a client that is added.
type newClient struct {
	ClientID     string     `json:"clientId"`
	Scopes       []string   `json:"scopes"`
	Channel      string     `json:"channel,omitempty"`
	Quota        *quotaSaid `json:"quota,omitempty"`
	SecretHash   string     `json:"secretHash,omitempty"`
	Certificates []string   `json:"certificates,omitempty"`
	DecidedBy    string     `json:"decidedBy"`
}

func clientsAddCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "add" + oneClient, Short: "Let somebody new call, and print the secret once", Args: cobra.ExactArgs(1)}
	flags := addOperatorFlags(cmd)
	var c newClient
	var files []string
	var requests int
	var per time.Duration
	cmd.Flags().StringSliceVar(&c.Scopes, "scope", nil, "what it may do, such as payments:write; may be repeated")
	cmd.Flags().StringVar(&c.Channel, "channel", "", "through what its payments come in, such as magento")
	cmd.Flags().IntVar(&requests, "requests", 0, "how many requests it may make in --per; 0 is without limit")
	cmd.Flags().DurationVar(&per, "per", time.Second, "the period of --requests")
	cmd.Flags().StringSliceVar(&files, "certificate", nil, "a PEM file under which it signs its own tokens, instead of a secret; may be repeated")
	cmd.Flags().StringVar(&c.DecidedBy, "by", userName(), "who decides")
	required(cmd, "scope")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c.ClientID = args[0]
		if requests != 0 {
			c.Quota = &quotaSaid{Requests: requests, PerSecond: int(per / time.Second)}
		}
		var err error
		if c.Certificates, err = readCertificates(files, time.Now()); err != nil {
			return err
		}
		o, key, err := flags.withSecretKey()
		if err != nil {
			return err
		}
		secret := ""
		if len(files) == 0 {
			secret = auth.NewSecret()
			c.SecretHash = key.Hash(secret)
		}
		var after apiClient
		w := cmd.OutOrStdout()
		if err := o.call(cmd.Context(), clientsPath, c, &after); err != nil {
			return showUnsure(w, secret, err)
		}
		fmt.Fprintf(w, "%s may call for merchant %s (%s): %s\n", after.ClientID, o.merchant.ID, environment(after.LiveMode), strings.Join(after.Scopes, " "))
		return printSecret(w, secret)
	}
	return cmd
}

// readCertificates reads each file, in which one certificate stands, so that
// nobody believes a second one to be left out. What else a file says stays here.
func readCertificates(files []string, now time.Time) ([]string, error) {
	var texts []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("--certificate: %w", err)
		}
		found, err := auth.ParseCertificates(text)
		if err != nil || len(found) > 1 {
			return nil, fmt.Errorf("--certificate: %s must hold exactly one certificate in PEM form", file)
		}
		if now.After(found[0].NotAfter) {
			return nil, fmt.Errorf("--certificate: the certificate in %s ended %s", file, moment(found[0].NotAfter))
		}
		texts = append(texts, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: found[0].Raw})))
	}
	return texts, nil
}

// printSecret is the only time that the secret is seen: the gateway is told its
// hash.
func printSecret(w io.Writer, secret string) error {
	if secret == "" {
		_, err := fmt.Fprintln(w, "it proves itself by its certificate")
		return err
	}
	_, err := fmt.Fprintf(w, "\nits secret, which is shown this once and kept nowhere:\n\n%s\n", secret)
	return err
}

// showUnsure shows the secret also where nobody can say whether the gateway has
// taken it: it may be the only one that is good from now on.
func showUnsure(w io.Writer, secret string, err error) error {
	var unsure unsureError
	if secret != "" && errors.As(err, &unsure) {
		fmt.Fprintf(w, "the gateway may have taken this secret, or not; gateway clients list says what is so:\n\n%s\n", secret)
	}
	return err
}

func environment(live bool) string {
	if live {
		return "live"
	}
	return "test"
}

// oneClient names the argument of commands that are about one client.
const oneClient = " CLIENT"

func clientPath(id, what string) string { return clientsPath + "/" + url.PathEscape(id) + "/" + what }
