package schema

import (
	"fmt"
	"strconv"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/errors"
)

// This file tells of definitions of the user that are closed: they leave no room for fields that the language has.

// own reports whether path is about something of the user's own, which is in no section of the spec.
func own(path []string) bool {
	return len(path) > 0 && strings.Trim(path[0][:min(1, len(path[0]))], "_#") == ""
}

// closedField is the finding that a definition of the user, or a close(), leaves no room for the field at path, which the
// user may not have written at all. It is one for each struct.
func (r reporter) closedField(path []string, group []errors.Error) finding {
	last := len(path) - 1
	f := finding{closed: true, path: path[:last], Problem: Problem{Path: PathString(path[:last]), Text: fmt.Sprintf("its definition is closed and lacks %q; end that with ...", path[last])}}
	f.Pos, f.at = r.place(f.path, group)
	for n := last; n >= 0; n-- {
		x := r.closing(path[:n])
		if x == nil {
			continue
		}
		f.path, f.Path = path[:n], PathString(path[:n])
		f.at = x.Pos().Position()
		f.Pos = r.places.pos(f.at)
		name := path[last]
		if n == 0 {
			name = PathString(path)
		}
		f.Text = fmt.Sprintf("%s is closed and lacks %q; end it with ...", r.source(x), name)
		if _, ok := x.(*ast.CallExpr); ok {
			f.Text = fmt.Sprintf("close() leaves no room for %q; remove it", path[last])
		}
		break
	}
	return f
}

// closing is what makes the struct at path closed: a definition that it refers to, or close().
func (r reporter) closing(path []string) (found ast.Expr) {
	for _, root := range r.values(path) {
		ast.Walk(root, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Field, *ast.Comprehension:
				return false
			case *ast.Ident:
				if isDefinition(n) {
					found = n
				}
			case *ast.SelectorExpr:
				if sel, ok := n.Sel.(*ast.Ident); ok && isDefinition(sel) && !fromLanguage(n.X) {
					found = n
				}
				return false
			case *ast.CallExpr:
				if fun, ok := n.Fun.(*ast.Ident); ok && fun.Name == "close" {
					found = n
				}
			}
			return found == nil
		}, nil)
	}
	return found
}

// values are the expressions that the user wrote at path, for the spec itself and for definitions too.
func (r reporter) values(path []string) (nodes []ast.Node) {
	if x, ok := r.places.exprs[key(path)]; ok {
		return []ast.Node{x}
	}
	for _, file := range r.places.roots {
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.EmbedDecl:
				if len(path) == 0 {
					nodes = append(nodes, d)
				}
			case *ast.Field:
				if len(path) == 1 && labelOf(d) == path[0] {
					nodes = append(nodes, d.Value)
				}
			}
		}
	}
	return nodes
}

func isDefinition(id *ast.Ident) bool {
	return strings.HasPrefix(strings.TrimPrefix(id.Name, "_"), "#")
}

// fromLanguage reports whether x is the import of the language, which lacks nothing.
func fromLanguage(x ast.Expr) bool {
	id, ok := x.(*ast.Ident)
	if !ok {
		return false
	}
	spec, ok := id.Node.(*ast.ImportSpec)
	return ok && spec.Path.Value == strconv.Quote(ImportPath)
}
