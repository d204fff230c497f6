package schema

import (
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/format"
	"cuelang.org/go/cue/token"
)

// This file reads schema.cue as the reference of the language: what there is, of which type, with which default, and
// what its comment says. Texts hold code in backquotes and name definitions as they are called, #Name.

// A Definition is one definition of the language: a struct with fields, or a form that a value must have.
type Definition struct {
	Name   string // #Volume
	Doc    string
	Fields []Entry // none of a form
	Form   string  // what a value is, in words; "" of a struct
}

// An Entry is one field of a definition, or of a struct inside it: gc.max.
type Entry struct {
	Name     string
	Required bool
	Type     string // in words
	Default  string // code, or "derived" where the comment tells from what; "" if there is none
	Doc      string
}

// Reference is every definition in the order of schema.cue.
func Reference() (all []Definition) {
	l := newLanguage("schema.cue", source, "#Spec")
	for _, d := range l.file.Decls {
		f, ok := d.(*ast.Field)
		if !ok {
			continue
		}
		definition := Definition{Name: labelOf(f), Doc: comment(f)}
		if s, ok := f.Value.(*ast.StructLit); ok {
			definition.Fields = l.described(s, "")
		} else {
			definition.Form = l.words(f.Value)
		}
		all = append(all, definition)
	}
	return all
}

// described are the fields of a struct and of the structs in it. What is embedded counts as written there.
func (l language) described(s ast.Expr, prefix string) (all []Entry) {
	l.fields(s, func(f *ast.Field) bool {
		name := prefix + labelOf(f)
		if isPattern(f) {
			name = prefix + "each " + patternOf(f)
		}
		e := Entry{Name: name, Required: f.Constraint == token.NOT, Type: l.words(f.Value), Doc: comment(f)}
		if f.Constraint == token.ILLEGAL {
			e.Default = l.standard(f.Value)
		}
		all = append(all, e)
		if s, ok := f.Value.(*ast.StructLit); ok && !isMap(s) {
			all = append(all, l.described(s, name+".")...)
		}
		return true
	})
	return all
}

// comment is the doc comment of a field in one line.
func comment(f *ast.Field) string {
	for _, group := range ast.Comments(f) {
		if group.Doc {
			return strings.Join(strings.Fields(group.Text()), " ")
		}
	}
	return ""
}

// isMap reports whether a struct is one pattern: [#Name]: #Volume.
func isMap(s *ast.StructLit) bool {
	if len(s.Elts) != 1 {
		return false
	}
	f, ok := s.Elts[0].(*ast.Field)
	return ok && isPattern(f)
}

// words say what a value is. The text of an error() says it best.
func (l language) words(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.ParenExpr:
		return l.words(x.X)
	case *ast.Ident:
		return identWords(x.Name)
	case *ast.BasicLit:
		return code(x)
	case *ast.StructLit:
		return l.structWords(x)
	case *ast.ListLit:
		return l.listWords(x)
	case *ast.BinaryExpr:
		if x.Op == token.AND {
			return rangeWords(x)
		}
		return l.choiceWords(alternatives(x))
	}
	return code(x)
}

func identWords(name string) string {
	switch name {
	case "bool":
		return "`true` or `false`"
	case "int":
		return "an integer"
	}
	return name
}

func (l language) structWords(s *ast.StructLit) string {
	switch {
	case isMap(s):
		f := s.Elts[0].(*ast.Field)
		return l.words(f.Value) + " for each " + patternOf(f)
	case !l.closed(s):
		return "any fields"
	case len(s.Elts) == 0:
		return "`{}`"
	}
	return "the fields below"
}

// listWords tell [...#X] and [#X, ...#X]. A list that is no default has an element.
func (l language) listWords(list *ast.ListLit) string {
	rest, ok := list.Elts[len(list.Elts)-1].(*ast.Ellipsis)
	if !ok {
		return code(list)
	}
	element := strings.ReplaceAll(l.words(rest.Type), "any fields", "structs of any fields")
	if len(list.Elts) > 1 {
		return "a list of at least one " + element
	}
	return "a list of " + element
}

// rangeWords tell int & >=0 & <=64.
func rangeWords(x *ast.BinaryExpr) string {
	text := code(x)
	for _, bound := range []struct{ sign, word string }{{"int & ", "an integer"}, {">=", " from "}, {" & <=", " to "}} {
		text = strings.Replace(text, bound.sign, bound.word, 1)
	}
	return strings.Trim(text, "`")
}

// alternatives are the parts of a disjunction.
func alternatives(x ast.Expr) []ast.Expr {
	if or, ok := x.(*ast.BinaryExpr); ok && or.Op == token.OR {
		return append(alternatives(or.X), alternatives(or.Y)...)
	}
	return []ast.Expr{x}
}

// choiceWords join alternatives. A default is named only where the others do not say it.
func (l language) choiceWords(all []ast.Expr) string {
	var words []string
	for _, x := range all {
		if call, ok := x.(*ast.CallExpr); ok {
			return strings.TrimPrefix(l.errorText(call), "want ")
		}
		if value := marked(x); value == x || !l.covered(value, all) {
			words = append(words, l.words(value))
		}
	}
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// covered reports whether a default is a value of the other alternatives too. What is no literal always is.
func (l language) covered(value ast.Expr, all []ast.Expr) bool {
	lit, ok := value.(*ast.BasicLit)
	if !ok {
		return true
	}
	text, _ := strconv.Unquote(lit.Value)
	return slices.ContainsFunc(all, func(x ast.Expr) bool {
		switch x := x.(type) {
		case *ast.Ident:
			return x.Name == "bool" || strings.HasPrefix(x.Name, "#") && l.takes(x.Name, text)
		case *ast.ParenExpr: // a range
			return lit.Kind == token.INT
		}
		return false
	})
}

// marked is x without the asterisk of a default.
func marked(x ast.Expr) ast.Expr {
	if u, ok := x.(*ast.UnaryExpr); ok && u.Op == token.MUL {
		return u.X
	}
	return x
}

// standard is the default of a value, that of the definition it refers to included.
func (l language) standard(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.Ident:
		if _, ok := l.definition(x.Name).(*ast.BinaryExpr); ok {
			return l.standard(l.definition(x.Name))
		}
		return ""
	case *ast.ListLit:
		if _, open := x.Elts[len(x.Elts)-1].(*ast.Ellipsis); open && len(x.Elts) == 1 {
			return "`[]`"
		}
		return ""
	}
	all := alternatives(x)
	i := slices.IndexFunc(all, func(x ast.Expr) bool { return marked(x) != x })
	if i < 0 {
		return ""
	}
	switch value := marked(all[i]).(type) {
	case *ast.StructLit, *ast.IndexExpr:
		return "derived"
	default:
		return code(value)
	}
}

// code is an expression as it is written.
func code(x ast.Node) string {
	text, err := format.Node(x)
	if err != nil {
		panic(err) // a part of the embedded language
	}
	return "`" + strings.TrimSpace(string(text)) + "`"
}
