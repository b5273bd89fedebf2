package config

import (
	_ "embed"
	"errors"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed example.yaml
var example string

// Example is a documented configuration file with every member in it.
func Example() string { return example }

// Load reads the configuration file at path, and what it refers to. Everything
// is read once, here; env is os.LookupEnv outside of tests. What is wrong comes
// back as *Faults, all of it at once.
func Load(path string, env Env) (*Config, error) {
	data, _, err := readOSFile(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	return Parse(path, data, env, readOSFile)
}

// OperatorListen reads the one member of the file that says where a running
// gateway can be asked how it is. What else is in the file, and the secrets that
// it takes from the environment, are nobody's matter then.
func OperatorListen(path string, env Env) (string, error) {
	data, _, err := readOSFile(path)
	if err != nil {
		return "", unreadable(path, err)
	}
	r := &reader{name: path, env: env, places: map[string]*yaml.Node{}}
	listen := defaultOperatorListen
	if root := r.parseDocument(data); root != nil {
		listen = read(r.object(root, "", "gateway"), "operatorListen", address, defaultOperatorListen)
	}
	if len(r.faults.List) > 0 {
		return "", &r.faults
	}
	return listen, nil
}

func unreadable(path string, err error) *Faults {
	message := "cannot be read: " + reason(err)
	if errors.Is(err, fs.ErrNotExist) {
		message += "; `gateway config example` prints a file to start from"
	}
	return &Faults{List: []Fault{{File: path, Message: message}}}
}

// Parse reads a configuration that is already in memory. name is the file's
// path: faults name it, and relative paths start at its folder.
func Parse(name string, data []byte, env Env, readFile ReadFile) (*Config, error) {
	r := &reader{name: name, env: env, readFile: readFile, unsealed: &unsealed{}, places: map[string]*yaml.Node{},
		merchantIDs: map[string]string{}, clientIDs: map[string]string{}}
	var c *Config
	if root := r.parseDocument(data); root != nil {
		c = r.gateway(root)
		c.file, c.places = name, r.places
		r.keepSecrets()
	}
	if len(r.faults.List) > 0 {
		r.faults.sort()
		return nil, &r.faults
	}
	return c, nil
}

// readOSFile reads a file up to a byte beyond what is allowed, which tells the
// caller that it is too large. Windows has no bits for other users, so none are
// reported there.
func readOSFile(path string) ([]byte, fs.FileMode, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil, 0, err
	}
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if runtime.GOOS == "windows" {
		return data, 0, err
	}
	return data, info.Mode().Perm(), err
}

// Redacted prints the effective configuration as YAML: defaults filled in, the
// environment applied, and of each secret only how long it is and its source.
func (c *Config) Redacted() string {
	var b strings.Builder
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(c); err != nil {
		return "# this configuration cannot be printed: " + err.Error() + "\n"
	}
	if c.Secret.IsZero() {
		b.WriteString("# secret is not set: it is made once, in " + c.SecretPath() + "\n")
	}
	if len(c.SigningKeys) == 0 {
		b.WriteString("# signingKeys is not set: the first one is made in " + c.SigningKeyPath() + "\n")
	}
	return b.String()
}
