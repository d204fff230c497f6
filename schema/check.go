package schema

import (
	"slices"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/token"
)

// check unifies the user's value with the root of the language. CUE lets one mistake hide another, so the fields at
// fault are taken out and what is left is checked again, until nothing new is found: all mistakes show in one run.
// file is the one that the user named.
func (l language) check(instance *build.Instance, file string) (cue.Value, []finding) {
	const rounds = 8 // mistakes hide each other two or three deep
	root := l.schema.LookupPath(cue.ParsePath(l.root))
	tried := *instance
	s := newSearch()
	for round := range rounds {
		user := l.build(&tried, tried.Files)
		value := user.Unify(root) // in this order: paths then begin at the user's fields
		r := reporter{l, file, user, value, findPlaces(tried.Files, label)}
		found := r.findings()
		if len(found) == 0 && round == 0 {
			return value, nil
		}
		s.add(found, r.places)
		unused := tried.ResolutionErr != nil
		tried.ResolutionErr = nil // of imports, which are told now
		if !s.takeOut(tried.Files, r.places) && !unused {
			break
		}
	}
	return cue.Value{}, s.causes()
}

// A search remembers what was found and what was taken out.
type search struct {
	all    []finding
	taken  map[string]bool         // by key of the path
	meant  map[string]bool         // what was probably meant by a name that was taken out
	at     map[token.Position]bool // places of what is to be taken out
	labels map[string]bool         // names of what was taken out
	inner  map[string]bool         // those of them that stand below a computed name
	idents map[string]bool         // names that were used in what was taken out
}

func newSearch() *search {
	return &search{taken: map[string]bool{}, meant: map[string]bool{}, at: map[token.Position]bool{}, labels: map[string]bool{}, inner: map[string]bool{}, idents: map[string]bool{}}
}

// add keeps what is new and is no consequence of what was taken out.
func (s *search) add(found []finding, p *places) {
	var out []finding
	for _, f := range found {
		if s.follows(f, p) {
			continue
		}
		if !slices.ContainsFunc(s.all, func(g finding) bool { return g.Problem == f.Problem && slices.Equal(g.path, f.path) }) {
			s.all = append(s.all, f)
		}
		if !f.missing {
			s.at[f.at], s.at[f.other] = true, true
			out = append(out, f)
		}
	}
	for _, f := range out {
		s.take(f)
	}
}

// take remembers what goes with the field at fault: of an element the whole list, of a wrong name the right one.
func (s *search) take(f finding) {
	path := f.path
	for i, name := range path {
		if _, ok := index(name); ok {
			path = path[:i]
			break
		}
	}
	s.taken[key(path)] = true
	if f.meant != "" {
		s.meant[key(append(f.path[:len(f.path)-1:len(f.path)-1], f.meant))] = true
	}
}

// follows reports whether a finding comes of taking fields out: of one that is missing or has another value now, of a
// reference to one, or of the last use of a let clause in one.
func (s *search) follows(f finding, p *places) bool {
	switch {
	case f.refers != "":
		return s.labels[f.refers]
	case f.unused != "":
		return s.idents[f.unused]
	case f.missing:
		return s.meant[key(f.path)] || s.around(f.path) || len(f.path) > 0 && s.inner[f.path[len(f.path)-1]]
	}
	_, written := p.raw[key(f.path)]
	return len(f.path) > 0 && !written && s.taken[key(f.path)]
}

// around reports whether path lies in something that was taken out.
func (s *search) around(path []string) bool {
	for n := 1; n <= len(path); n++ {
		if s.taken[key(path[:n])] {
			return true
		}
	}
	return false
}

func problemsOf(found []finding) []Problem {
	ps := make([]Problem, len(found))
	for i, f := range found {
		ps[i] = f.Problem
	}
	return ps
}

func (l language) build(instance *build.Instance, files []*ast.File) cue.Value {
	copied := *instance
	copied.Files = files
	return l.ctx.BuildInstance(&copied)
}

// takeOut takes what stands at the faulty places out of the files. It reports whether anything was there.
func (s *search) takeOut(files []*ast.File, p *places) (some bool) {
	for _, f := range files {
		out := s.atFault(f)
		without := func(decls []ast.Decl) []ast.Decl {
			return slices.DeleteFunc(decls, func(d ast.Decl) bool {
				if out[d] {
					s.forget(d, p)
					some = true
				}
				return out[d]
			})
		}
		ast.Walk(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.File:
				n.Decls = without(n.Decls)
			case *ast.StructLit:
				n.Elts = without(n.Elts)
			}
			return true
		}, nil)
	}
	return some
}

// atFault finds the innermost declarations around the faulty places. What is none cannot be taken out: of an element of a
// list, which would move the others, or a let inside of a comprehension what is around it goes.
func (s *search) atFault(f *ast.File) map[ast.Decl]bool {
	out := map[ast.Decl]bool{}
	declared := map[ast.Node]bool{}
	declare := func(decls []ast.Decl) {
		for _, d := range decls {
			declared[d] = true
		}
	}
	var around []ast.Decl
	ast.Walk(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.File:
			declare(n.Decls)
		case *ast.Field, *ast.LetClause, *ast.Comprehension:
			if declared[n] {
				around = append(around, n.(ast.Decl))
			}
		case *ast.StructLit:
			declare(n.Elts)
			if !n.Lbrace.IsValid() { // it begins where its first field does, and that one is at fault
				return true
			}
		}
		if len(around) > 0 && n.Pos().IsValid() && s.at[n.Pos().Position()] {
			out[around[len(around)-1]] = true
		}
		return true
	}, func(n ast.Node) {
		if last := len(around) - 1; last >= 0 && around[last] == n {
			around = around[:last]
		}
	})
	return out
}

// forget notes what goes with a declaration that is taken out.
func (s *search) forget(d ast.Node, p *places) {
	ast.Walk(d, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			s.labels[labelOf(n)] = true
			if path, ok := p.nodes[n]; ok {
				s.taken[key(path)] = true
			} else {
				s.inner[labelOf(n)] = true
			}
		case *ast.LetClause:
			s.labels[n.Ident.Name] = true
		case *ast.Ident:
			s.idents[n.Name] = true
		}
		return true
	}, nil)
}
