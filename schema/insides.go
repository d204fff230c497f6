package schema

import (
	"cmp"
	"regexp"
	"strings"

	"cuelang.org/go/cue/ast"
)

// This file keeps the language out of what is told: CUE prints the values that an operator or a function did not take, and
// a value of the spec is the user's part of it and the language's.

// inside are the names and the signs that a printed value of the language is made of.
var inside = regexp.MustCompile(`#\w+|\berror\(|_\|_`)

// shows reports whether a text has names of the language, or signs of CUE, that the user did not write.
func (r reporter) shows(text string) bool {
	for _, name := range inside.FindAllString(text, -1) {
		if (name[0] != '#' || r.definition(name) != nil) && !r.wrote(name) {
			return true
		}
	}
	return false
}

// wrote reports whether the user's files have it.
func (r reporter) wrote(name string) (yes bool) {
	for _, f := range r.places.roots {
		ast.Walk(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				yes = yes || n.Name == strings.TrimSuffix(name, "(")
			case *ast.BasicLit:
				yes = yes || strings.Contains(n.Value, name)
			case *ast.BottomLit:
				yes = yes || name == "_|_"
			}
			return !yes
		}, nil)
	}
	return yes
}

// tellable is a finding that says something, and nothing of the language's insides.
func (r reporter) tellable(f finding) finding {
	if f.Text == "" || r.shows(f.Text) {
		f.Text = cmp.Or(r.written(f.path), "this value") + " is not allowed"
	}
	return f
}
