package schema

import (
	"fmt"
	"slices"
	"strings"

	"cuelang.org/go/cue/ast"
)

// This file tells causes from consequences: a value that is made of another one at fault is at fault too, and only the
// other one is told.

// causes are the findings without those on a value that is made of another one at fault. Of values that are made of each
// other all are kept.
func (s *search) causes() []finding {
	kept := slices.DeleteFunc(slices.Clone(s.all), func(f finding) bool {
		return slices.ContainsFunc(s.all, func(g finding) bool { return f.hangsOn(g) && !g.hangsOn(f) })
	})
	if len(kept) == 0 { // a spec with findings is never taken for a good one
		return s.all
	}
	return kept
}

// hangsOn reports whether the value of f is made of that of g.
func (f finding) hangsOn(g finding) bool {
	return !g.missing && slices.ContainsFunc(f.made, func(path []string) bool { return len(path) > 0 && hasPrefix(g.path, path) })
}

// caused notes what the value at fault is made of, and explains a circle: CUE tells of one in many ways.
func (r reporter) caused(f finding) finding {
	if f.refers != "" || f.unused != "" {
		return f
	}
	f.made = r.madeOf(f.path)
	circle := slices.DeleteFunc(slices.Clone(f.made), func(path []string) bool { return !contains(r.madeOf(path), f.path) })
	if !contains(circle, f.path) {
		return f
	}
	r.inOrder(circle)
	names := make([]string, len(circle))
	for i, path := range circle {
		names[i] = PathString(path)
	}
	pos, _ := r.place(circle[0], nil)
	f.Problem = Problem{Pos: pos, Path: names[0], Text: "is made of itself; give it a value"}
	if len(names) > 1 {
		f.Text = fmt.Sprintf("%s and %s are made of each other; give one of them a value", strings.Join(names[:len(names)-1], ", "), names[len(names)-1])
	}
	f.missing = false
	return f
}

func contains(paths [][]string, path []string) bool {
	return slices.ContainsFunc(paths, func(other []string) bool { return slices.Equal(path, other) })
}

// inOrder sorts paths as they are written.
func (r reporter) inOrder(paths [][]string) {
	order := r.places.sorted()
	slices.SortFunc(paths, func(a, b []string) int { return slices.Index(order, key(a)) - slices.Index(order, key(b)) })
}

// madeOf are the paths that the value at path names, and those that their values name.
func (r reporter) madeOf(path []string) (paths [][]string) {
	seen := map[string]bool{}
	var follow func(path []string)
	follow = func(path []string) {
		for _, next := range r.references(r.places.exprs[key(path)]) {
			if !seen[key(next)] {
				seen[key(next)] = true
				paths = append(paths, next)
				follow(next)
			}
		}
	}
	follow(path)
	return paths
}

// references are the paths that an expression names, directly or through let clauses and hidden fields.
func (r reporter) references(x ast.Expr) (paths [][]string) {
	r.walk(x, map[ast.Node]bool{}, func(path []string) { paths = append(paths, path) })
	return paths
}

// behind are the values of let clauses and hidden fields that an expression names, directly or through others.
func (r reporter) behind(x ast.Expr) map[ast.Node]bool {
	seen := map[ast.Node]bool{}
	r.walk(x, seen, func([]string) {})
	return seen
}

// walk calls named for the paths that n names, and notes in seen through what. A group of fields has findings of its own.
func (r reporter) walk(n ast.Node, seen map[ast.Node]bool, named func(path []string)) {
	if n == nil || seen[n] {
		return
	}
	seen[n] = true
	ast.Walk(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			return false
		case *ast.Ident, *ast.SelectorExpr:
			path, behind := r.reference(n.(ast.Expr))
			if path == nil {
				path = []string{root(n.(ast.Expr))} // of a hidden field
				r.walk(behind, seen, named)
			}
			named(path)
			return false
		}
		return true
	}, nil)
}

// root is the first name in a.b.c, or "".
func root(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return root(x.X)
	}
	return ""
}

// reference is the path that a.b.c names, by CUE's rules of scope, or what is behind a name that is no field of the spec.
func (r reporter) reference(x ast.Expr) (path []string, behind ast.Node) {
	switch x := x.(type) {
	case *ast.Ident:
		switch n := x.Node.(type) {
		case nil:
			return nil, nil
		case *ast.LetClause:
			return nil, n.Expr
		default:
			return r.places.nodes[n], n
		}
	case *ast.SelectorExpr:
		path, behind := r.reference(x.X)
		if name, _, err := ast.LabelName(x.Sel); err == nil && path != nil {
			return append(path[:len(path):len(path)], name), nil
		}
		return nil, behind
	}
	return nil, nil
}
