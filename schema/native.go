package schema

import (
	"bytes"

	_ "embed"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/encoding/json"
)

//go:embed devcontainer.cue
var devcontainerSource []byte

// A Mismatch is a key that does not have the type that the reference gives it.
type Mismatch struct {
	Path []string // in the file
	Text string
}

// CheckDevcontainer holds a devcontainer.json in the compose form, without comments, against the reference of its
// known keys. The error says that data is not JSON.
func CheckDevcontainer(data []byte) ([]Mismatch, error) {
	data = bytes.ReplaceAll(data, []byte("\ufeff"), []byte(`\ufeff`)) // CUE takes it for a mark at the wrong place
	x, err := json.Extract("devcontainer.json", data)
	if err != nil {
		return nil, err
	}
	instance := build.NewContext().NewInstance(".", nil)
	if err := instance.AddSyntax(&ast.File{Filename: "devcontainer.json", Decls: []ast.Decl{&ast.EmbedDecl{Expr: x}}}); err != nil {
		return nil, err
	}
	_, found := newLanguage("devcontainer.cue", devcontainerSource, "#Devcontainer").check(instance, "devcontainer.json")
	var mismatches []Mismatch
	for _, f := range found {
		path := f.path
		if f.missing {
			path = path[:len(path)-1] // of the struct that lacks it
		}
		mismatches = append(mismatches, Mismatch{path, Problem{Text: f.Text, Hint: f.Hint}.Words()})
	}
	return mismatches, nil
}
