package schema

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/token"
)

// This file tells of a -t that was forgotten: CUE finds fault with what is made of the field instead.

// tagged are the fields with a @tag attribute that have no value.
func (p *places) tagged() (fields []*ast.Field) {
	for _, file := range p.roots {
		ast.Walk(file, func(n ast.Node) bool {
			if f, ok := n.(*ast.Field); ok && tagName(f) != "" && isOpen(f.Value) {
				fields = append(fields, f)
			}
			return true
		}, nil)
	}
	return fields
}

// tagName is what -t calls a field, or "".
func tagName(f *ast.Field) string {
	for _, a := range f.Attrs {
		if key, body := a.Split(); key == "tag" {
			name, _, _ := strings.Cut(body, ",")
			return strings.TrimSpace(name)
		}
	}
	return ""
}

// isOpen reports whether an expression leaves the value open: a type, a bound, or a choice without a default.
func isOpen(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.Ident:
		return slices.Contains([]string{"string", "bool", "int", "number", "_"}, x.Name)
	case *ast.UnaryExpr:
		return !slices.Contains([]token.Token{token.ADD, token.SUB, token.NOT, token.MUL}, x.Op)
	case *ast.ParenExpr:
		return isOpen(x.X)
	case *ast.BinaryExpr:
		switch x.Op {
		case token.AND:
			return isOpen(x.X) && isOpen(x.Y)
		case token.OR:
			return !slices.ContainsFunc(alternatives(x), func(x ast.Expr) bool { return marked(x) != x })
		}
	}
	return false
}

// untagged is the finding that one of the fields has no value, if that is why there are these errors.
func (r reporter) untagged(f finding, group []errors.Error, fields []*ast.Field) (finding, bool) {
	for _, t := range fields {
		named := func(e errors.Error) bool { return slices.Contains(r.userPositions(e), t.Value.Pos().Position()) }
		if !slices.ContainsFunc(group, named) && !r.uses(f.path, t) {
			continue
		}
		f.Problem = Problem{Pos: r.places.pos(t.Value.Pos().Position()), Path: labelOf(t), Text: "has no value; " + wantTag(t)}
		if path, ok := r.places.nodes[t]; ok {
			f.Path = PathString(path)
		}
		f.missing = false
		return f, true
	}
	return f, false
}

// uses reports whether the value at path is, or is made of, that of a field.
func (r reporter) uses(path []string, field *ast.Field) bool {
	for _, p := range append(r.madeOf(path), path) {
		x := r.places.exprs[key(p)]
		if x == field.Value || x != nil && r.behind(x)[field.Value] {
			return true
		}
	}
	return false
}

// wantTag says how to give a field its value.
func wantTag(f *ast.Field) string {
	var words []string
	for _, x := range alternatives(f.Value) {
		switch x := x.(type) {
		case *ast.BasicLit:
			if word, err := strconv.Unquote(x.Value); err == nil {
				words = append(words, word)
			}
		case *ast.Ident:
			if x.Name == "bool" {
				words = append(words, "true", "false")
			}
		}
	}
	text := fmt.Sprintf("give it with -t %s=…", tagName(f))
	if len(words) == 0 {
		return text
	}
	return fmt.Sprintf("%s (%s)", text, or(words))
}
