package golden

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestNoClock holds that no code asks what time it is, of the machine or of a file: a clock that was set back changes nothing.
func TestNoClock(t *testing.T) {
	asks := map[string][]string{
		"time": {"Now", "Since", "Until"},
		"":     {"ModTime", "Chtimes"},
	}
	seen := 0
	for _, room := range []string{"cmd", "generators", "measure", "schema", "templates"} {
		err := filepath.WalkDir(filepath.Join("..", room), func(name string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return err
			}
			seen++
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, name, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				s, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				of, _ := s.X.(*ast.Ident)
				if of != nil && slices.Contains(asks[of.Name], s.Sel.Name) || slices.Contains(asks[""], s.Sel.Name) {
					t.Errorf("%s asks for the time: %s", set.Position(s.Pos()), s.Sel.Name)
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen < 20 {
		t.Errorf("only %d files were read", seen)
	}
}
