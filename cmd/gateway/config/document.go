package config

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxFile bounds the configuration file, and every file it refers to.
const maxFile = 256 << 10

// parseDocument turns the text into a tree of nodes. It returns nil after
// recording why it could not.
func (r *reader) parseDocument(data []byte) *yaml.Node {
	if len(data) > maxFile {
		r.faultAt(nil, "", "the file is larger than 256 KiB")
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) || (err == nil && isNull(document.Content[0])) {
		r.faultAt(nil, "", "the file is empty; `gateway config example` prints one to start from")
		return nil
	}
	if err != nil {
		r.syntaxFault(err)
		return nil
	}
	if err := decoder.Decode(&second); err == nil {
		r.faultAt(&second, "", "the file holds a second YAML document; keep everything in one")
	} else if !errors.Is(err, io.EOF) {
		r.syntaxFault(err)
	}
	return document.Content[0]
}

var yamlError = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// syntaxFault translates the parser's error. Its message for an unknown anchor
// quotes the file, and what it quotes may be a secret that begins with a star.
func (r *reader) syntaxFault(err error) {
	fault := Fault{File: r.name, Message: "this is not YAML: " + strings.TrimPrefix(err.Error(), "yaml: ")}
	if m := yamlError.FindStringSubmatch(err.Error()); m != nil {
		fault.Line, _ = strconv.Atoi(m[1])
		fault.Message = "this is not YAML: " + m[2]
	}
	if strings.Contains(err.Error(), "anchor") {
		fault.Message = "a value begins with * (a YAML alias) but names no anchor; put the value in quotes"
	}
	r.faults.List = append(r.faults.List, fault)
}

// isNull reports a member that is named but left empty. It counts as absent, so
// that everything below a member can be commented out.
func isNull(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null"
}
