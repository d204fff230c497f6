package schema

import (
	"maps"
	"slices"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/parser"
)

// This file takes out of a spec what is wrong with it. The rest is a spec too, and what contradicts itself there can be
// told in the same run, if it is no consequence of what is missing now. A section is a top-level field of the spec. A
// mistake takes its whole section out, or in a section of entries the entry: another value there, or another name,
// changes nothing else.

// entrySections are those whose entries stand for themselves: no fact hangs on there being none.
var entrySections = []string{"volumes", "mounts", "services", "requirements"}

// standIns are put in place of required sections, so that the rest is a whole spec. Nothing that is found with one of
// them is told.
var standIns = map[string]string{
	"name":      `name: "x"`,
	"image":     `image: base: "x"`,
	"platforms": `platforms: "linux/amd64": {}`,
}

// A cut is what is taken out of a spec.
type cut struct {
	sections map[string]bool
	entries  map[string]bool // by key of the path
}

func newCut() cut { return cut{map[string]bool{}, map[string]bool{}} }

func (c cut) clone() cut { return cut{maps.Clone(c.sections), maps.Clone(c.entries)} }

// thinned reports whether entries of the section are taken out.
func (c cut) thinned(section string) bool {
	for k := range c.entries {
		if strings.HasPrefix(k, section+"\x00") {
			return true
		}
	}
	return false
}

// take takes out what a mistake makes doubtful. It reports false where that may be anything.
func (c cut) take(l language, p *places, f finding) bool {
	if len(f.path) == 0 {
		return false
	}
	section := f.path[0]
	if slices.Contains(entrySections, section) && len(f.path) > 1 {
		c.entries[key(f.path[:2])] = true
		return true
	}
	c.sections[section] = true
	all := l.fieldNames(nil)
	switch {
	case slices.Contains(all, section):
	case f.meant != "":
		c.sections[f.meant] = true
	default: // whatever was meant is not written under its own name
		for _, name := range all {
			if _, written := p.raw[name]; !written {
				c.sections[name] = true
			}
		}
	}
	return true
}

// An origin is what a Spec was read from.
type origin struct {
	instance *build.Instance
	places   *places
	file     string
}

// sign notes in a Spec what it was read from and what was taken out.
func (o origin) sign(spec *Spec, out cut) {
	spec.File, spec.Copied, spec.origin, spec.out = o.file, copied(o.file), o, out
}

// sound is the spec without what is wrong with it, or nil.
func (o origin) sound(l language, found []finding) *Spec {
	c := newCut()
	for _, f := range found {
		if !c.take(l, o.places, f) {
			return nil
		}
	}
	return o.rest(c)
}

// rest is the spec without what c takes out, and without what cannot stand without that. It is nil if the rest hangs on
// what is missing.
func (o origin) rest(c cut) (spec *Spec) {
	defer onPanicOfCUE(func() { spec = nil })
	const rounds = 4
	l := newLanguage("schema.cue", source, "#Spec")
	root := l.schema.LookupPath(cue.ParsePath(l.root))
	for range rounds {
		if slices.ContainsFunc(o.instance.Files, c.referred) {
			return nil
		}
		files := slices.Clone(o.instance.Files)
		for _, f := range files {
			f.Decls = c.decls(f.Decls, nil)
		}
		user := l.build(o.instance, append(files, c.standIn()))
		value := user.Unify(root)
		found := reporter{l, o.file, user, value, findPlaces(files, label)}.findings()
		if len(found) == 0 {
			spec, err := decoder{value, o.places}.decode()
			if err != nil {
				return nil
			}
			o.sign(spec, c)
			return spec
		}
		for _, f := range found {
			if len(f.path) == 0 || c.sections[f.path[0]] {
				return nil
			}
		}
		for _, f := range found {
			c.sections[f.path[0]] = true
		}
	}
	return nil
}

// standIn is a file with what takes the place of required sections.
func (c cut) standIn() *ast.File {
	var lines []string
	for _, section := range slices.Sorted(maps.Keys(standIns)) {
		if c.sections[section] {
			lines = append(lines, standIns[section])
		}
	}
	f, err := parser.ParseFile("devgen:rest", strings.Join(lines, "\n"))
	if err != nil {
		panic(err) // written above
	}
	return f
}

// decls are the declarations without those that c takes out.
func (c cut) decls(decls []ast.Decl, path []string) []ast.Decl {
	return slices.DeleteFunc(decls, func(d ast.Decl) bool {
		switch d := d.(type) {
		case *ast.Field:
			field := append(path[:len(path):len(path)], labelOf(d))
			if len(field) == 1 && c.sections[field[0]] || c.entries[key(field)] {
				return true
			}
			if len(field) == 1 {
				c.expr(d.Value, field)
			}
		case *ast.EmbedDecl:
			c.expr(d.Expr, path)
		case *ast.Comprehension:
			c.expr(d.Value, path)
		}
		return false
	})
}

func (c cut) expr(x ast.Expr, path []string) {
	switch x := x.(type) {
	case *ast.StructLit:
		x.Elts = c.decls(x.Elts, path)
	case *ast.BinaryExpr:
		c.expr(x.X, path)
		c.expr(x.Y, path)
	case *ast.ParenExpr:
		c.expr(x.X, path)
	}
}

// referred reports whether an expression of the file may refer to what is taken out: it would have another value now.
func (c cut) referred(f *ast.File) (yes bool) {
	names := map[ast.Node]bool{} // of fields, which refer to nothing
	ast.Walk(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			names[n.Label] = true
		case *ast.SelectorExpr:
			names[n.Sel] = true
		case *ast.Ident:
			yes = yes || !names[n] && (c.sections[n.Name] || c.thinned(n.Name))
		}
		return true
	}, nil)
	return yes
}

// Without is the spec without some of its sections, or nil if that cannot be told.
func (s *Spec) Without(sections ...string) *Spec {
	c := s.out.clone()
	for _, section := range sections {
		c.sections[section] = true
	}
	if len(c.sections) == len(s.out.sections) {
		return nil
	}
	return s.origin.rest(c)
}

// Sound reports whether the sections are as the user wrote them, but for entries that were taken out.
func (s *Spec) Sound(sections ...string) bool {
	return !slices.ContainsFunc(sections, func(section string) bool { return s.out.sections[section] })
}

// Intact reports whether the sections are as the user wrote them.
func (s *Spec) Intact(sections ...string) bool {
	return s.Sound(sections...) && !slices.ContainsFunc(sections, s.out.thinned)
}
