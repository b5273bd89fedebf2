// Package openapi holds the contract, openapi.yaml, written by hand, and the
// page on which people read and try it.
package openapi

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"

	"go.yaml.in/yaml/v3"
)

//go:embed openapi.yaml
var contract []byte

// YAML is the contract as it was written. Callers must not change the bytes.
func YAML() []byte { return contract }

// JSON is the same contract for tools that read JSON only. It is converted
// once; callers must not change the bytes.
func JSON() []byte { return converted() }

var converted = sync.OnceValue(func() []byte {
	asJSON, err := toJSON(contract)
	if err != nil {
		// The contract is part of the program and its tests read it, so this
		// is a broken build and never a broken installation.
		panic(err)
	}
	return asJSON
})

func toJSON(document []byte) ([]byte, error) {
	var tree map[string]any
	if err := yaml.Unmarshal(document, &tree); err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	asJSON, err := json.MarshalIndent(tree, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("openapi.yaml as JSON: %w", err)
	}
	return asJSON, nil
}
