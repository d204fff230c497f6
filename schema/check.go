package schema

import (
	"slices"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/ast/astutil"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/token"
)

// check unifies the user's value with the root of the language. CUE lets one mistake hide another, so the fields at fault are taken
// out and what is left is checked again, until nothing new is found: all mistakes show in one run.
func (l language) check(instance *build.Instance) (cue.Value, []finding) {
	const rounds = 8 // mistakes hide each other two or three deep
	var all []finding
	root := l.schema.LookupPath(cue.ParsePath(l.root))
	files := instance.Files
	for round := range rounds {
		user := l.build(instance, files)
		value := user.Unify(root) // in this order: paths then begin at the user's fields
		r := reporter{language: l, user: user, value: value, places: findPlaces(files, label)}
		found := r.findings()
		if len(found) == 0 && round == 0 {
			return value, nil
		}
		faulty := map[token.Position]bool{}
		for _, f := range found {
			faulty[f.at] = !f.missing || faulty[f.at]
			// What is only missing after fields were taken out came of taking them out.
			if !(f.missing && round > 0) && !slices.ContainsFunc(all, func(g finding) bool { return g.Problem == f.Problem }) {
				all = append(all, f)
			}
		}
		if files = without(files, faulty); files == nil {
			break
		}
	}
	return cue.Value{}, all
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
			// An element of a list cannot be taken out without moving the others: the list goes.
			if list, ok := field.Value.(*ast.ListLit); ok && anyAt(list.Elts, at) || at(field) || at(field.Value) {
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
