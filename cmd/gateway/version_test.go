package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// linkerFlags are what a file's one command that builds the gateway hands to
// the linker.
var linkerFlags = regexp.MustCompile(`\bbuild .*-ldflags "([^"]*)".*\./cmd/`)

// Both ways of building have to tell the linker of the version, under the name
// of the variable that is printed.
func TestBuildsSayTheirVersion(t *testing.T) {
	for file, variable := range map[string]string{"Makefile": "$(VERSION)", "Dockerfile": "${VERSION}"} {
		t.Run(file, func(t *testing.T) {
			content, err := os.ReadFile(filepath.Join("..", "..", file))
			if err != nil {
				t.Fatal(err)
			}
			flags := linkerFlags.FindStringSubmatch(string(content))
			if flags == nil || !strings.Contains(flags[1], variable) {
				t.Fatalf("no build in %s hands %s to the linker", file, variable)
			}
			program := filepath.Join(t.TempDir(), "gateway")
			build := exec.Command("go", "build", "-trimpath", "-ldflags", strings.Replace(flags[1], variable, "v1.2.3-4-gabcdef", 1), "-o", program, ".")
			build.Env = append(os.Environ(), "CGO_ENABLED=0")
			if output, err := build.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, output)
			}
			if said, err := exec.Command(program, "version").Output(); err != nil || string(said) != "gateway v1.2.3-4-gabcdef\n" {
				t.Errorf("it says %q, %v", said, err)
			}
		})
	}
}

func TestVersionIsDevelopmentWhereNobodyNamesOne(t *testing.T) {
	for file, fallback := range map[string]string{"Makefile": "|| echo development)", "Dockerfile": "ARG VERSION=development\n"} {
		content, err := os.ReadFile(filepath.Join("..", "..", file))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(content), fallback) {
			t.Errorf("%s lacks %q", file, fallback)
		}
	}
	if version != "development" {
		t.Errorf("without the linker's word the version is %q", version)
	}
}
