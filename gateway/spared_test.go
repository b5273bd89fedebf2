package gateway_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// TestWhatTheRaceDetectorIsSparedIsFoundByItsName is for the second run of these
// tests in the Makefile, without the detector: it has those alone that ask for it,
// and finds their names by a line with the question in the test itself. What asks
// in a function between would be skipped under the detector and run nowhere.
func TestWhatTheRaceDetectorIsSparedIsFoundByItsName(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	spared := 0
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Name.Name == "weeks" || !asksForTheDetector(f) {
				continue
			}
			if spared++; !strings.HasPrefix(f.Name.Name, "Test") || f.Recv != nil {
				t.Errorf("%s: %s asks for the race detector: have the test ask, by weeks(t) or underRace", file, f.Name.Name)
			}
		}
	}
	if spared == 0 {
		t.Error("no test is spared the detector: the second run in the Makefile has nothing to do")
	}
}

func asksForTheDetector(f *ast.FuncDecl) (asks bool) {
	ast.Inspect(f, func(n ast.Node) bool {
		name, ok := n.(*ast.Ident)
		asks = asks || ok && (name.Name == "underRace" || name.Name == "weeks")
		return !asks
	})
	return asks
}
