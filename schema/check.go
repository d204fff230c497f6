package schema

import (
	"slices"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/ast/astutil"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/token"
)

// check unifies the user's value with the root of the language. CUE lets one mistake hide another, so the fields at
// fault are taken out and what is left is checked again, until nothing new is found: all mistakes show in one run.
// file is the one that the user named.
func (l language) check(instance *build.Instance, file string) (cue.Value, []finding) {
	const rounds = 8 // mistakes hide each other two or three deep
	root := l.schema.LookupPath(cue.ParsePath(l.root))
	s := search{taken: map[string]bool{}, meant: map[string]bool{}, at: map[token.Position]bool{}}
	files := instance.Files
	for round := range rounds {
		user := l.build(instance, files)
		value := user.Unify(root) // in this order: paths then begin at the user's fields
		found := reporter{l, file, user, value, findPlaces(files, label)}.findings()
		if len(found) == 0 && round == 0 {
			return value, nil
		}
		s.add(found)
		if files = without(files, s.at); files == nil {
			break
		}
	}
	return cue.Value{}, s.causes()
}

// A search remembers what was found and what was taken out.
type search struct {
	all   []finding
	taken map[string]bool         // by key of the path
	meant map[string]bool         // what was probably meant by a name that was taken out
	at    map[token.Position]bool // places of what is to be taken out
}

// causes are the findings without those on a value that is made of another one at fault.
func (s *search) causes() []finding {
	return slices.DeleteFunc(slices.Clone(s.all), func(f finding) bool {
		return slices.ContainsFunc(s.all, func(g finding) bool {
			return slices.ContainsFunc(f.made, func(path []string) bool {
				return g.Path != f.Path && !g.missing && len(path) > 0 && len(path) <= len(g.path) && slices.Equal(path, g.path[:len(path)])
			})
		})
	})
}

// add keeps what is new and is no consequence of what was taken out.
func (s *search) add(found []finding) {
	var out []finding
	for _, f := range found {
		if s.follows(f) {
			continue
		}
		if !slices.ContainsFunc(s.all, func(g finding) bool { return g.Problem == f.Problem }) {
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

// follows reports whether a finding comes of taking fields out: of one that is missing, or of a reference to one.
func (s *search) follows(f finding) bool {
	if f.refers != "" {
		return s.taken[f.refers]
	}
	if f.missing && s.meant[key(f.path)] {
		return true
	}
	for n := 1; f.missing && n <= len(f.path); n++ {
		if s.taken[key(f.path[:n])] {
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
	return SortProblems(ps)
}

func (l language) build(instance *build.Instance, files []*ast.File) cue.Value {
	copied := *instance
	copied.Files = files
	return l.ctx.BuildInstance(&copied)
}

// without takes the fields that stand at the faulty places out of copies of files. It is nil when nothing was
// there to take out.
func without(files []*ast.File, faulty map[token.Position]bool) []*ast.File {
	taken := 0
	at := func(n ast.Node) bool { return n.Pos().IsValid() && faulty[n.Pos().Position()] }
	rest := make([]*ast.File, len(files))
	for i, f := range files {
		rest[i] = astutil.Apply(f, func(c astutil.Cursor) bool {
			field, ok := c.Node().(*ast.Field)
			if !ok {
				return true
			}
			// An element of a list cannot be taken out without moving the others: the list goes. A struct without
			// braces begins where its first field does, and that one is at fault.
			list, isList := field.Value.(*ast.ListLit)
			_, isStruct := field.Value.(*ast.StructLit)
			if isList && anyAt(list.Elts, at) || at(field) || !isStruct && at(field.Value) {
				c.Delete()
				taken++
				return false
			}
			return true
		}, nil).(*ast.File)
	}
	if taken == 0 {
		return nil
	}
	return rest
}

func anyAt(exprs []ast.Expr, at func(ast.Node) bool) bool {
	for _, x := range exprs {
		if _, ok := x.(*ast.StructLit); !ok && at(x) {
			return true
		}
	}
	return false
}
