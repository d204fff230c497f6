package schema

import (
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
)

// This file reads schema.cue as a text: which fields a struct has, what their comments say, what form a key
// must have. The evaluated value cannot tell once the user's part of it is in error.

// definition is the value of a definition, or nil.
func (l language) definition(name string) ast.Expr {
	for _, d := range l.file.Decls {
		if f, ok := d.(*ast.Field); ok && labelOf(f) == name {
			return f.Value
		}
	}
	return nil
}

// fields calls yield for every field of the struct that x is or refers to, until it returns false.
func (l language) fields(x ast.Expr, yield func(*ast.Field) bool) bool {
	switch x := x.(type) {
	case *ast.Ident:
		return l.fields(l.definition(x.Name), yield)
	case *ast.StructLit:
		for _, d := range x.Elts {
			switch d := d.(type) {
			case *ast.Field:
				if !yield(d) {
					return false
				}
			case *ast.EmbedDecl:
				if !l.fields(d.Expr, yield) {
					return false
				}
			}
		}
	}
	return true
}

// node is what the language has at path. It is nil where anything goes, and not ok where nothing does.
func (l language) node(path []string) (x ast.Expr, ok bool) {
	x = l.definition(l.root)
	for _, name := range path {
		if x, ok = l.child(x, name); !ok {
			return nil, false
		}
	}
	return x, true
}

// lookup is the field of x called name, or the pattern of x if its form is right.
func (l language) lookup(x ast.Expr, name string) (found *ast.Field) {
	l.fields(x, func(f *ast.Field) bool {
		if !isPattern(f) && labelOf(f) == name || isPattern(f) && l.fits(f, name) {
			found = f
			return false
		}
		return true
	})
	return found
}

// child is the value below x called name. What lies below an open struct or a scalar is nil: anything goes there,
// or CUE has said that nothing does.
func (l language) child(x ast.Expr, name string) (ast.Expr, bool) {
	if list, ok := x.(*ast.ListLit); ok && len(list.Elts) > 0 {
		rest, open := list.Elts[len(list.Elts)-1].(*ast.Ellipsis)
		if _, ok := index(name); ok && open {
			return rest.Type, true
		}
		return nil, true
	}
	if f := l.lookup(x, name); f != nil {
		return f.Value, true
	}
	return nil, !l.closed(x)
}

// closed reports whether x is a struct that takes no other fields.
func (l language) closed(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.Ident:
		return l.closed(l.definition(x.Name))
	case *ast.StructLit:
		return !slices.ContainsFunc(x.Elts, func(d ast.Decl) bool { _, open := d.(*ast.Ellipsis); return open })
	}
	return false
}

// fieldNames are the names that a field below path can have.
func (l language) fieldNames(path []string) (names []string) {
	x, _ := l.node(path)
	l.fields(x, func(f *ast.Field) bool {
		if name := labelOf(f); name != "" {
			names = append(names, name)
		} else if isPattern(f) {
			names = append(names, l.enumeration(patternOf(f))...)
		}
		return true
	})
	return names
}

// keyForm says what keys below path look like, if they have a form: the text of the pattern's error().
func (l language) keyForm(path []string) (want string) {
	x, _ := l.node(path)
	l.fields(x, func(f *ast.Field) bool {
		if isPattern(f) {
			want = l.errorText(l.definition(patternOf(f)))
		}
		return want == ""
	})
	return want
}

// doc is what the comment of the field at path says first.
func (l language) doc(path []string) (doc string) {
	x, _ := l.node(path[:len(path)-1])
	f := l.lookup(x, path[len(path)-1])
	if f == nil {
		return ""
	}
	for _, group := range ast.Comments(f) {
		if group.Doc {
			line, _, _ := strings.Cut(strings.TrimSpace(group.Text()), "\n")
			doc, _, _ = strings.Cut(line, ". ")
		}
	}
	return strings.TrimSuffix(doc, ".")
}

// fits reports whether name has the form of the pattern field f.
func (l language) fits(f *ast.Field, name string) bool {
	pattern := patternOf(f)
	return pattern == "string" || l.takes(pattern, name)
}

// Fits reports whether text is a value of a definition of the language, such as #Name.
func Fits(definition, text string) bool {
	return newLanguage("schema.cue", source, "#Spec").takes(definition, text)
}

func (l language) takes(definition, text string) bool {
	form := l.schema.LookupPath(cue.ParsePath(definition))
	return form.Unify(l.ctx.Encode(text)).Validate() == nil
}

// enumeration are the strings of a definition that is a choice of strings.
func (l language) enumeration(name string) (words []string) {
	var walk func(x ast.Expr)
	walk = func(x ast.Expr) {
		switch x := x.(type) {
		case *ast.BinaryExpr:
			walk(x.X)
			walk(x.Y)
		case *ast.BasicLit:
			if s, err := strconv.Unquote(x.Value); err == nil {
				words = append(words, s)
			}
		}
	}
	walk(l.definition(name))
	return words
}

// labelOf is the name of a field; a pattern has none.
func labelOf(f *ast.Field) string {
	name, _, err := ast.LabelName(f.Label)
	if err != nil {
		return ""
	}
	return name
}

func isPattern(f *ast.Field) bool {
	_, ok := f.Label.(*ast.ListLit)
	return ok
}

// patternOf is the name of the definition in [#Name]: or "".
func patternOf(f *ast.Field) string {
	if list, ok := f.Label.(*ast.ListLit); ok && len(list.Elts) == 1 {
		if id, ok := list.Elts[0].(*ast.Ident); ok {
			return id.Name
		}
	}
	return ""
}

// errorText is the argument of the error() in x or in a definition that x refers to.
func (l language) errorText(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.BinaryExpr:
		if text := l.errorText(x.Y); text != "" {
			return text
		}
		return l.errorText(x.X)
	case *ast.Ident:
		return l.errorText(l.definition(x.Name))
	case *ast.CallExpr:
		if lit, ok := x.Args[0].(*ast.BasicLit); ok {
			text, _ := strconv.Unquote(lit.Value)
			return text
		}
	}
	return ""
}
