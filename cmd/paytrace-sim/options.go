package main

import (
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"syscall"

	"paytrace-gateway/adapters/paytrace/simulator"
)

type options struct {
	listen, control                  string
	stateFile                        string
	username, password, integratorID string
	noAutoSettle, demoCustomers      bool
	seed                             uint64
	tlsCert, tlsKey                  string
	allowAnyAddress, exitWithParent  bool
	quiet                            bool
}

const usage = `paytrace-sim simulates PayTrace's v1 API, with a control port for faults, time and settlement.

Every flag has an environment variable: --exit-with-parent is PAYTRACE_SIM_EXIT_WITH_PARENT.
A flag given on the command line wins.

`

// parse reads flags, and the environment for those that were not given.
func parse(args []string, env func(string) (string, bool), help io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("paytrace-sim", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.listen, "listen", "127.0.0.1:8081", "address of PayTrace's side")
	flags.StringVar(&o.control, "control", "127.0.0.1:8082", "address of the control port")
	flags.StringVar(&o.stateFile, "state", "", "file that keeps the state across restarts")
	flags.StringVar(&o.username, "username", simulator.DefaultUsername, "API user name that gets a token")
	flags.StringVar(&o.password, "password", simulator.DefaultPassword, "its password")
	flags.StringVar(&o.integratorID, "integrator-id", simulator.DefaultIntegratorID, "integrator_id that is valid")
	flags.BoolVar(&o.noAutoSettle, "no-auto-settle", false, "do not settle at 8 p.m. Pacific")
	flags.BoolVar(&o.demoCustomers, "demo-customers", false, "start with the customers demo-visa, demo-mastercard, demo-amex, demo-discover")
	flags.Uint64Var(&o.seed, "seed", 0, "makes the faults' probabilities repeatable")
	flags.StringVar(&o.tlsCert, "tls-cert", "", "PEM certificate: PayTrace's side speaks HTTPS")
	flags.StringVar(&o.tlsKey, "tls-key", "", "PEM key of the certificate")
	flags.BoolVar(&o.allowAnyAddress, "allow-any-address", false, "listen on other addresses than loopback ones too")
	flags.BoolVar(&o.exitWithParent, "exit-with-parent", false, "stop when standard input, a pipe, is closed")
	flags.BoolVar(&o.quiet, "quiet", false, "do not log a line for each request to standard error")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(help, usage)
			flags.SetOutput(help)
			flags.PrintDefaults()
			return o, err
		}
		return o, fmt.Errorf("%w; --help lists the flags", err)
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("%q is no flag; --help lists them", flags.Arg(0))
	}
	if err := fromEnvironment(flags, env); err != nil {
		return o, err
	}
	return o, o.check()
}

// fromEnvironment sets the flags that were not given.
func fromEnvironment(flags *flag.FlagSet, env func(string) (string, bool)) error {
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	var wrong []error
	flags.VisitAll(func(f *flag.Flag) {
		name := "PAYTRACE_SIM_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value, isSet := env(name)
		if !isSet || given[f.Name] {
			return
		}
		if err := flags.Set(f.Name, value); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: its value is not valid for --%s", name, f.Name))
		}
	})
	return errors.Join(wrong...)
}

func (o options) check() error {
	if (o.tlsCert == "") != (o.tlsKey == "") {
		return errors.New("--tls-cert and --tls-key go together")
	}
	if o.username == "" || o.password == "" || o.integratorID == "" {
		return errors.New("--username, --password and --integrator-id must not be empty")
	}
	if o.allowAnyAddress {
		return nil
	}
	for flagName, address := range map[string]string{"--listen": o.listen, "--control": o.control} {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return fmt.Errorf("%s: %q is not host:port", flagName, address)
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return fmt.Errorf("%s: %s is not a loopback address; the control port lets anyone who reaches it move money about, so say --allow-any-address if that is meant", flagName, address)
		}
	}
	return nil
}

func (o options) simulator(logTo io.Writer) (*simulator.Simulator, error) {
	settings := simulator.DefaultSettings()
	settings.AutoSettle = !o.noAutoSettle
	options := simulator.Options{
		Username: o.username, Password: o.password, IntegratorID: o.integratorID,
		StateFile: o.stateFile, DemoCustomers: o.demoCustomers, Settings: &settings, Seed: o.seed,
	}
	level := slog.LevelInfo
	if o.quiet {
		level = slog.LevelWarn
	}
	options.Log = slog.New(slog.NewTextHandler(logTo, &slog.HandlerOptions{Level: level}))
	if o.tlsCert != "" {
		certificate, err := tls.LoadX509KeyPair(o.tlsCert, o.tlsKey)
		if err != nil {
			return nil, fmt.Errorf("cannot read the TLS certificate: %w", err)
		}
		options.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	}
	sim := simulator.New(options)
	return sim, sim.Load()
}

func (o options) scheme() string {
	if o.tlsCert != "" {
		return "https"
	}
	return "http"
}

func (o options) listeners() (api, control net.Listener, err error) {
	if api, err = listen("--listen", o.listen); err != nil {
		return nil, nil, err
	}
	if control, err = listen("--control", o.control); err != nil {
		return nil, nil, errors.Join(err, api.Close())
	}
	return api, control, nil
}

func listen(flagName, address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s: %s is in use; stop what uses it, or choose another with %s 127.0.0.1:PORT", flagName, address, flagName)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: cannot listen on %s: %w", flagName, address, err)
	}
	return listener, nil
}

// parentPipe is standard input if it is a pipe, which closes when the parent
// ends. A terminal or /dev/null says nothing about a parent.
func parentPipe(stdin *os.File) io.Reader {
	info, err := stdin.Stat()
	if err != nil || info.Mode()&(os.ModeNamedPipe|os.ModeSocket) == 0 {
		return nil
	}
	return stdin
}
