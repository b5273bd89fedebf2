package config

import (
	"io/fs"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// Env looks a variable of the environment up, as os.LookupEnv does.
type Env = func(name string) (string, bool)

// ReadFile returns a file's contents and the bits that say who may read it.
type ReadFile = func(path string) ([]byte, fs.FileMode, error)

// reader carries what reading needs from everywhere, and gathers the faults.
type reader struct {
	name     string // of the configuration file
	env      Env
	readFile ReadFile
	faults   Faults
	// places are the members that were read, by their paths.
	places map[string]*yaml.Node
	// merchantIDs and clientIDs say where each id was seen first.
	merchantIDs, clientIDs map[string]string
	references             []reference
	// cards says that there is a listener for card data.
	cards bool
	// mutual says that there is one for callers with certificates.
	mutual bool
	// sealed are the places that name a secret in the ledger; the next one is of
	// this merchant.
	sealed     []Sealed
	unsealed   *unsealed
	merchantID string
	liveMode   bool
}

// faultAt records a fault at a node. A nil node stands for the whole file.
func (r *reader) faultAt(node *yaml.Node, path, message string) {
	fault := Fault{File: r.name, Path: path, Message: message}
	if node != nil {
		fault.Line, fault.Column = node.Line, node.Column
	}
	r.faults.List = append(r.faults.List, fault)
}

func (r *reader) environmentFault(variable, message string) {
	r.faults.List = append(r.faults.List, Fault{File: "environment", Path: variable, Message: message})
}

// overrides names the variables that replace a member of the file.
var overrides = map[string]string{
	"listen":          "GATEWAY_LISTEN",
	"operatorListen":  "GATEWAY_OPERATOR_LISTEN",
	"publicURL":       "GATEWAY_PUBLIC_URL",
	"dataDir":         "GATEWAY_DATA_DIR",
	"ledger.sqlite":   "GATEWAY_LEDGER_SQLITE",
	"ledger.postgres": "GATEWAY_LEDGER_POSTGRES",
	"redis.url":       "GATEWAY_REDIS_URL",
	"secret":          "GATEWAY_SECRET",
	"tokenLifetime":   "GATEWAY_TOKEN_LIFETIME",
	"log.level":       "GATEWAY_LOG_LEVEL",
	"log.format":      "GATEWAY_LOG_FORMAT",
	"maxInFlight":     "GATEWAY_MAX_IN_FLIGHT",
	"stopTimeout":     "GATEWAY_STOP_TIMEOUT",
}

// override returns the environment's value for the member at path. A variable
// that is set but empty counts as not set, as container tools write them so.
func (r *reader) override(path string) (variable, text string, ok bool) {
	variable, known := overrides[path]
	if !known {
		return "", "", false
	}
	text, _ = r.env(variable)
	return variable, text, text != ""
}

// inFolder makes a path of the file's absolute or relative to the working
// directory: the file's own relative paths start where the file is.
func (r *reader) inFolder(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(filepath.Dir(r.name), path)
}
