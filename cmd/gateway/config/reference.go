package config

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

var variableReference = regexp.MustCompile(`^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$`)

// maxSecret bounds a secret in characters.
const maxSecret = 4096

const (
	secretInFile = "a secret must not stand in this file; put it into the environment and write ${NAME} here, " +
		"or into a file of its own and write {file: path}"
	fileExpected = "expected {file: path}"
)

// reference is a place in the file that names a variable of the environment.
type reference struct {
	variable, path string
	node           *yaml.Node
	secret         bool
}

// keepSecrets refuses a variable that is a secret in one place where another
// place would show it.
func (r *reader) keepSecrets() {
	for _, shown := range r.references {
		at := slices.IndexFunc(r.references, func(other reference) bool { return other.secret && other.variable == shown.variable })
		if !shown.secret && at >= 0 {
			r.faultAt(shown.node, shown.path, shown.variable+" is the secret of "+r.references[at].path+", and would be shown here; use another variable")
		}
	}
}

// expand follows ${NAME}. A text that is no reference is returned as it is.
func (r *reader) expand(node *yaml.Node, path string, secret bool) (text string, ok bool) {
	if !strings.Contains(node.Value, "${") {
		return node.Value, true
	}
	match := variableReference.FindStringSubmatch(node.Value)
	if match == nil {
		r.faultAt(node, path, "expected ${NAME} and nothing beside it, the name of letters, digits and underscores")
		return "", false
	}
	r.references = append(r.references, reference{match[1], path, node, secret})
	text, set := r.env(match[1])
	switch {
	case !set:
		r.faultAt(node, path, fmt.Sprintf("the environment has no %s; set it", match[1]))
	case text == "":
		r.faultAt(node, path, fmt.Sprintf("%s is empty in the environment; set it", match[1]))
	}
	return text, text != ""
}

// secret reads a member that may only be a reference. It returns the zero
// Secret when the member is absent, or after recording a fault.
func (o object) secret(name string) Secret {
	secret := o.secretInFile(name)
	if variable, text, ok := o.r.override(join(o.path, name)); ok {
		secret = newSecret(text, "${"+variable+"}")
		o.r.references = append(o.r.references, reference{variable: variable, path: join(o.path, name), secret: true})
	}
	if secret.IsZero() {
		return secret
	}
	if message := unfit(secret.Reveal()); message != "" {
		o.fault(name, message)
		return Secret{}
	}
	return secret
}

func (o object) secretInFile(name string) Secret {
	node, path := o.members[name], join(o.path, name)
	switch {
	case node == nil:
		return Secret{}
	case node.Kind == yaml.MappingNode:
		file, data, ok := o.r.privateFile(node, path)
		if !ok {
			return Secret{}
		}
		return newSecret(strings.TrimRight(string(data), "\r\n"), "file "+file)
	case node.Kind == yaml.ScalarNode && strings.HasPrefix(node.Value, "${"):
		text, ok := o.r.expand(node, path, true)
		if !ok {
			return Secret{}
		}
		return newSecret(text, node.Value)
	default:
		o.r.faultAt(node, path, secretInFile)
		return Secret{}
	}
}

// unfit says why a text cannot be a secret.
func unfit(text string) string {
	switch {
	case text == "":
		return "the secret is empty"
	case utf8.RuneCountInString(text) > maxSecret:
		return fmt.Sprintf("the secret is longer than %d characters", maxSecret)
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		return "the secret is not plain text on one line; write binary data as hex or base64"
	case strings.TrimSpace(text) != text:
		return "the secret begins or ends with a blank; remove it"
	default:
		return ""
	}
}

// privateFile reads what {file: path} names, and refuses what everybody on
// the machine may read. A group is let in, as container tools mount secrets so.
func (r *reader) privateFile(node *yaml.Node, path string) (file string, data []byte, ok bool) {
	file, data, mode, ok := r.referredFile(node, path)
	return file, data, ok && r.closed(node, path, file, mode)
}

// closed records a file that everybody on the machine may read.
func (r *reader) closed(node *yaml.Node, path, file string, mode fs.FileMode) bool {
	if mode&0o007 == 0 {
		return true
	}
	r.faultAt(node, path, fmt.Sprintf("%s is open to everyone (mode %04o); run chmod 0600 on it, or mount it as 0440", file, mode.Perm()))
	return false
}

// referredFile reads what {file: path} names.
func (r *reader) referredFile(node *yaml.Node, path string) (file string, data []byte, mode fs.FileMode, ok bool) {
	if node.Kind != yaml.MappingNode {
		r.faultAt(node, path, fileExpected)
		return "", nil, 0, false
	}
	return r.object(node, path, "file").namedFile("file")
}

// namedFile reads the file that a member names.
func (o object) namedFile(name string) (file string, data []byte, mode fs.FileMode, ok bool) {
	named := require(o, name, pathName)
	if named == "" {
		return "", nil, 0, false
	}
	file = o.r.inFolder(named)
	data, mode, err := o.r.readFile(file)
	if err != nil {
		o.fault(name, fmt.Sprintf("cannot read %s: %s", file, reason(err)))
		return "", nil, 0, false
	}
	if len(data) > maxFile {
		o.fault(name, file+" is larger than 256 KiB")
		return "", nil, 0, false
	}
	return file, data, mode, true
}

// reason says in the operator's words why a file could not be read.
func reason(err error) string {
	var pathError *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file"
	case errors.Is(err, fs.ErrPermission):
		return "this user may not read it"
	case errors.As(err, &pathError):
		return pathError.Err.Error()
	default:
		return err.Error()
	}
}
