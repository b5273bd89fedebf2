package main

import (
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// operatorsPath is where the gateway lists and takes operators.
const operatorsPath = "/api/v1/operators"

// operatorsCommand is for the person who decides who may log in.
func operatorsCommand() *cobra.Command {
	group := &cobra.Command{
		Use: "operators", Short: "Add, assign, reset and disable those who may log in", Args: cobra.NoArgs,
		// A group that cannot be run takes a mistyped command for a call for help.
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	group.AddCommand(operatorsListCommand(), operatorsAddCommand(), operatorsRoleCommand(),
		decidedOnly("reset", &cobra.Command{Use: "reset" + oneOperator, Short: "Let an operator in anew, and print the one-time password"}),
		decidedOnly("disable", &cobra.Command{Use: "disable" + oneOperator, Short: "Keep an operator out, and end all sessions"}))
	return group
}

// account is what these commands read of the gateway's answers.
type account struct {
	OperatorName, OperatorStatus, Role, Origin string
	MerchantIDs                                []string
	AddedBy, DisabledBy, OneTimePassword       string
	AddedAt, DisabledAt, OneTimeUntil          time.Time
}

// assignment is what the gateway is told of an operator.
type assignment struct {
	OperatorName string   `json:"operatorName,omitempty"`
	Role         string   `json:"role,omitempty"`
	MerchantIDs  []string `json:"merchantIds,omitempty"`
	DecidedBy    string   `json:"decidedBy"`
}

func operatorsListCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List who may log in", Args: cobra.NoArgs}
	flags := addOperatorFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		o, err := flags.operator()
		if err != nil {
			return err
		}
		var list struct{ Items []account }
		if err := o.call(cmd.Context(), operatorsPath, nil, &list); err != nil {
			return err
		}
		return printOperators(cmd.OutOrStdout(), list.Items)
	}
	return cmd
}

func printOperators(w io.Writer, all []account) error {
	if len(all) == 0 {
		_, err := fmt.Fprintln(w, "nobody may log in; gateway operators add lets somebody")
		return err
	}
	t := newTable(w, "OPERATOR", "STATUS", "ROLE", "MERCHANTS", "LOGS IN BY", "ADDED", "BY")
	for _, p := range all {
		t.row(p.OperatorName, p.OperatorStatus, p.Role, strings.Join(p.MerchantIDs, " "), p.Origin, moment(p.AddedAt), p.AddedBy)
	}
	return t.Flush()
}

func operatorsAddCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "add" + oneOperator, Short: "Let somebody log in, and print the one-time password", Args: cobra.ExactArgs(1)}
	flags, a := addOperatorFlags(cmd), assignmentFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		a.OperatorName = args[0]
		return flags.changeOperator(operatorsPath, *a)
	}
	return cmd
}

func operatorsRoleCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "role" + oneOperator, Short: "Give an operator another role, or other merchants", Args: cobra.ExactArgs(1)}
	flags, a := addOperatorFlags(cmd), assignmentFlags(cmd)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		return flags.changeOperator(operatorPath(args[0], "role"), *a)
	}
	return cmd
}

// decidedOnly is a command that needs no more than the operator and who decides.
func decidedOnly(verb string, cmd *cobra.Command) *cobra.Command {
	cmd.Args = cobra.ExactArgs(1)
	flags, by := addOperatorFlags(cmd), cmd.Flags().String("by", userName(), "who decides")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		return flags.changeOperator(operatorPath(args[0], verb), assignment{DecidedBy: *by})
	}
	return cmd
}

func assignmentFlags(cmd *cobra.Command) *assignment {
	var a assignment
	cmd.Flags().StringVar(&a.Role, "role", "", "viewer, operator or admin")
	cmd.Flags().StringSliceVar(&a.MerchantIDs, "for", nil, "the merchants that the operator works for; may be repeated (default: that of --merchant, or as before)")
	cmd.Flags().StringVar(&a.DecidedBy, "by", userName(), "who decides")
	_ = cmd.MarkFlagRequired("role")
	return &a
}

// changeOperator tells the gateway, and prints how the operator stands now.
func (f operatorFlags) changeOperator(path string, a assignment) error {
	o, err := f.operator()
	if err != nil {
		return err
	}
	var after account
	if err := o.call(f.cmd.Context(), path, a, &after); err != nil {
		return err
	}
	w := f.cmd.OutOrStdout()
	if after.OperatorStatus == "disabled" {
		_, err = fmt.Fprintf(w, "%s may not log in any more, and every session has ended\n", after.OperatorName)
		return err
	}
	fmt.Fprintf(w, "%s is %s for %s\n", after.OperatorName, after.Role, strings.Join(after.MerchantIDs, ", "))
	if after.OneTimePassword != "" {
		fmt.Fprintf(w, "\nthe one-time password, which is shown this once; with it a password can be chosen until %s:\n\n%s\n", moment(after.OneTimeUntil), after.OneTimePassword)
	}
	return nil
}

// oneOperator names the argument of commands that are about one operator.
const oneOperator = " NAME"

func operatorPath(name, what string) string {
	return operatorsPath + "/" + url.PathEscape(name) + "/" + what
}
