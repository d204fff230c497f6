package schema

import (
	_ "embed"
	"fmt"
	"path/filepath"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/parser"
)

//go:embed schema.cue
var source []byte

// ImportPath is how a spec in the import form names the language: import "…" and then schema.#Spec & {…}.
const ImportPath = "github.com/devgen/devgen/schema"

// DefaultFile is the spec where the user names no other.
const DefaultFile = "devcontainer.cue"

// A UsageError says that the spec was not named in a way that devgen can use.
type UsageError struct{ Text string }

func (e *UsageError) Error() string { return e.Text }

// Load reads the spec in file (CUE, YAML or JSON), checks it against the language and fills in the defaults.
// tags are values for the @tag fields of a CUE file, as key=value. A CUE file with a package clause stands for
// all files of its package in its folder.
//
// Everything wrong with the spec is in problems, and then the Spec is nil. The error is a *UsageError, or says
// that a file could not be read.
func Load(file string, tags []string) (spec *Spec, problems []Problem, err error) {
	spec, problems, err = LoadRest(file, tags)
	if len(problems) > 0 {
		spec = nil
	}
	return spec, problems, err
}

// LoadRest is Load, but of a spec with problems it returns what is left without the sections at fault, to find
// contradictions there: Sound tells of which sections it still speaks. The Spec is nil if nothing can be told.
func LoadRest(file string, tags []string) (spec *Spec, problems []Problem, err error) {
	defer onPanicOfCUE(func() {
		text := "CUE itself fails on this file; write what is unusual in it in another way"
		spec, problems, err = nil, []Problem{{Pos: Pos{label(file), 1, 1}, Text: text}}, nil
	})
	instance, err := syntax(file, tags)
	if err != nil {
		if ps := syntaxProblems(file, err); ps != nil {
			return nil, placed(file, ps), nil
		}
		return nil, nil, err
	}
	l := newLanguage("schema.cue", source, "#Spec")
	o := origin{instance, findPlaces(instance.Files, label), label(file)}
	value, found := l.check(instance, o.file)
	if len(found) > 0 {
		return o.sound(l, found), placed(file, problemsOf(found)), nil
	}
	spec, err = decoder{value, o.places}.decode()
	o.sign(spec, newCut())
	if kinds := kindErrors(err); kinds != nil {
		c := newCut()
		for _, kind := range kinds {
			path := fieldPath(kind.v)
			problems = append(problems, spec.Problem(kind.Error(), path...))
			c.sections[path[0]] = true
		}
		return o.rest(c), placed(file, problems), nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", file, err)
	}
	return spec, nil, nil
}

// A language is a CUE file that says what a value may be: the definition root of it.
type language struct {
	ctx    *cue.Context
	file   *ast.File
	schema cue.Value
	root   string // #Spec
}

func newLanguage(name string, source []byte, root string) language {
	// Without this option CUE_DEBUG in the user's environment could switch off the check for unknown fields.
	ctx := cuecontext.New(cuecontext.CUE_DEBUG(""))
	// No user's file has a name like this one.
	file, err := parser.ParseFile("devgen:"+name, source, parser.ParseComments)
	if err != nil {
		panic(err) // embedded and tested
	}
	value := ctx.BuildFile(file)
	if err := value.Err(); err != nil {
		panic(err)
	}
	return language{ctx: ctx, file: file, schema: value, root: root}
}

// label names a file as the user would: relative to the working folder where that is shorter.
func label(file string) string {
	if !filepath.IsAbs(file) {
		return filepath.ToSlash(file)
	}
	if way, err := From(".", file); err == nil && len(way) < len(file) {
		return way
	}
	return filepath.ToSlash(file)
}
