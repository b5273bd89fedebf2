package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"paytrace-gateway/internal/load"
)

type options struct {
	load               load.Config
	jsonFile, htmlFile string
	quiet              bool
}

const usage = `loadtest makes payments at a gateway, at a fixed rate, and reports how long its callers waited.
Latencies are counted from when a request was due, so that a slow moment delays nobody unseen.

  loadtest --rate 200 --for 30s --html report.html
  loadtest --ramp 100:10s,500:10s,1000:30s --mix sale=80,by-key=20
  loadtest --drill --target http://127.0.0.1:8080,http://127.0.0.1:8090 --rate 100 --for 60s --timeout 2s

Exit status: 0 when every request got the answer that was expected, 1 when some did not, 2 for wrong flags.
Every flag has an environment variable: --client-secret is LOADTEST_CLIENT_SECRET.
A flag given on the command line wins.

`

// raw are the flags that are read once all are known.
type raw struct {
	target, ramp, mix  string
	customer           string
	rate               int
	drill              bool
	drillSettings      load.Drill
	username, password string
}

func parse(args []string, env func(string) (string, bool), help io.Writer) (options, error) {
	var o options
	var r raw
	flags := declare(&o, &r)
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
	return o, o.complete(r)
}

func declare(o *options, r *raw) *flag.FlagSet {
	flags := flag.NewFlagSet("loadtest", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	c := &o.load
	flags.StringVar(&r.target, "target", "http://127.0.0.1:8080", "base `URL`, or several with commas between them, which are asked in turn")
	flags.StringVar(&r.target, "targets", "http://127.0.0.1:8080", "the same as --target")
	flags.StringVar(&c.As, "as", load.AsGateway, "gateway, or paytrace to make the same sales at PayTrace's simulator")
	flags.StringVar(&c.ClientID, "client-id", "demo", "the gateway's client that gets a token")
	flags.StringVar(&c.Secret, "client-secret", "demo-secret-change-me", "its secret")
	flags.StringVar(&r.username, "username", "simulator@paytrace.test", "with --as paytrace: the API user that gets a token")
	flags.StringVar(&r.password, "password", "simulator-password", "with --as paytrace: its password")
	flags.StringVar(&c.IntegratorID, "integrator-id", "simulator001", "with --as paytrace: the integrator_id")
	flags.StringVar(&r.customer, "customer", "demo-visa", "`customer` of the vault whose card is charged, or several with commas between them, in turn")
	flags.IntVar(&r.rate, "rate", 0, "requests a second, whether or not the earlier ones are answered")
	flags.IntVar(&c.Connections, "connections", 0, "instead of a rate: `connections` that send the next request when the last is answered")
	flags.StringVar(&r.ramp, "ramp", "", "instead of a rate: stages such as 100:10s,500:10s,1000:30s")
	flags.DurationVar(&c.For, "for", 10*time.Second, "how long, with --rate and --connections")
	flags.DurationVar(&c.Warmup, "warmup", 2*time.Second, "time before that, which is not counted")
	flags.StringVar(&r.mix, "mix", "sale=100", "operations and weights: "+strings.Join(load.Operations, ", "))
	flags.DurationVar(&c.Timeout, "timeout", 30*time.Second, "how long one request may take")
	flags.IntVar(&c.MaxInFlight, "max-in-flight", 10_000, "requests under way at once; one more fails as overrun")
	flags.Uint64Var(&c.Seed, "seed", 0, "makes the order of a mix repeatable")
	flags.BoolVar(&r.drill, "drill", false, "repeat what is not answered at the next target, with the same key, and ask in the end what became of every key")
	flags.DurationVar(&r.drillSettings.RepeatFor, "repeat-for", time.Minute, "with --drill: how long after it was due a request is repeated")
	flags.DurationVar(&r.drillSettings.Pause, "repeat-pause", 100*time.Millisecond, "with --drill: wait before each further round through the targets")
	flags.DurationVar(&r.drillSettings.SettleFor, "settle-for", time.Minute, "with --drill: how long to wait in the end for keys that are not decided")
	flags.StringVar(&o.jsonFile, "json", "", "write the report to this `file` as JSON; - is standard output")
	flags.StringVar(&o.htmlFile, "html", "", "write the report to this `file` as a page with plots")
	flags.BoolVar(&o.quiet, "quiet", false, "no progress on standard error")
	flags.BoolVar(&c.AllowAnyAddress, "allow-any-address", false, "targets may be elsewhere than on this machine")
	return flags
}

// fromEnvironment sets the flags that were not given.
func fromEnvironment(flags *flag.FlagSet, env func(string) (string, bool)) error {
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	var wrong []error
	flags.VisitAll(func(f *flag.Flag) {
		name := "LOADTEST_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
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

// complete reads the flags that depend on each other.
func (o *options) complete(r raw) (err error) {
	c := &o.load
	c.Targets, c.Customers = strings.Split(r.target, ","), strings.Split(r.customer, ",")
	if c.Mix, err = load.ParseMix(r.mix); err != nil {
		return fmt.Errorf("--mix: %w", err)
	}
	if c.As == load.AsPayTrace {
		c.ClientID, c.Secret = r.username, r.password
	}
	if r.drill {
		c.Drill = &r.drillSettings
	}
	if r.rate != 0 && r.ramp != "" {
		return errors.New("say either --rate, or --ramp, or --connections")
	}
	if r.rate != 0 {
		c.Stages = []load.Stage{{PerSecond: r.rate, For: c.For}}
	}
	if r.ramp != "" {
		if c.Stages, err = load.ParseRamp(r.ramp); err != nil {
			return fmt.Errorf("--ramp: %w", err)
		}
	}
	return nil
}

// write shows the report in all the ways that were asked for.
func (o *options) write(report load.Report, stdout io.Writer) error {
	if o.jsonFile != "-" {
		writeTable(stdout, report)
	}
	if o.jsonFile != "" {
		encoded, err := json.MarshalIndent(report, "", "  ")
		if err != nil {
			return err
		}
		if err := o.writeFile(o.jsonFile, append(encoded, '\n'), stdout); err != nil {
			return err
		}
	}
	if o.htmlFile == "" {
		return nil
	}
	page, err := report.Page()
	if err != nil {
		return err
	}
	return o.writeFile(o.htmlFile, page, stdout)
}

func (o *options) writeFile(name string, content []byte, stdout io.Writer) error {
	if name == "-" {
		_, err := stdout.Write(content)
		return err
	}
	return os.WriteFile(name, content, 0o644)
}
