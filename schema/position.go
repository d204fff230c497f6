package schema

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"
)

// places knows where each field of the spec is written. It reads the syntax, not the values: a value that comes
// through the schema's patterns or definitions reports the schema's place.
type places struct {
	raw   map[string]token.Position // by key
	named map[string]token.Position // where its name is written, by key
	exprs map[string]ast.Expr       // what is written there, by key
	paths [][]string                // in the order of the files, without those that hang on a condition
	twice map[string]token.Position // where a field is written again, by key
	nodes map[ast.Node][]string     // the paths of fields and of their values
	roots []*ast.File               // the user's files
	files map[string]bool           // their names
	mixed bool                      // the whole spec is made of more than literals and the language
	label func(string) string       // how a file is named to the user
	lines []string                  // of the YAML file, once they are asked for
}

// key is the form of a path that places are indexed by.
func key(path []string) string { return strings.Join(path, "\x00") }

func findPlaces(files []*ast.File, label func(string) string) *places {
	p := &places{roots: files, raw: map[string]token.Position{}, named: map[string]token.Position{}, exprs: map[string]ast.Expr{}, twice: map[string]token.Position{}, nodes: map[ast.Node][]string{}, files: map[string]bool{}, label: label}
	for _, f := range files {
		p.files[f.Filename] = true
		p.decls(f.Decls, nil)
	}
	return p
}

func (p *places) decls(decls []ast.Decl, path []string) {
	for _, d := range decls {
		switch d := d.(type) {
		case *ast.Field:
			p.field(d, path)
		case *ast.EmbedDecl:
			p.expr(d.Expr, path)
		case *ast.Comprehension:
			known := p.paths
			p.expr(d.Value, path)
			p.paths = known
		}
	}
}

func (p *places) field(f *ast.Field, path []string) {
	name, _, err := ast.LabelName(f.Label)
	if id, ok := f.Label.(*ast.Ident); err != nil || ok && strings.HasPrefix(strings.TrimPrefix(id.Name, "_"), "#") || ok && strings.HasPrefix(id.Name, "_") {
		return // a pattern, or a definition or hidden field of the user's own
	}
	path = append(path[:len(path):len(path)], name)
	at := f.Pos()
	switch f.Value.(type) {
	case *ast.StructLit, *ast.BinaryExpr: // a group of fields stands where its name stands
	default:
		at = f.Value.Pos()
	}
	p.set(path, at, f.Value)
	p.nodes[f], p.nodes[f.Value] = path, path
	if _, ok := p.named[key(path)]; !ok && f.Pos().IsValid() {
		p.named[key(path)] = f.Pos().Position()
	}
	p.expr(f.Value, path)
}

func (p *places) expr(x ast.Expr, path []string) {
	switch x := x.(type) {
	case *ast.StructLit:
		p.decls(x.Elts, path)
	case *ast.BinaryExpr:
		p.expr(x.X, path)
		p.expr(x.Y, path)
	case *ast.ParenExpr:
		p.expr(x.X, path)
	case *ast.SelectorExpr:
		sel, ok := x.Sel.(*ast.Ident)
		p.mixed = p.mixed || len(path) == 0 && !(ok && strings.HasPrefix(sel.Name, "#"))
	case *ast.Ident:
		p.mixed = p.mixed || len(path) == 0
	case *ast.ListLit:
		for i, e := range x.Elts {
			item := append(path[:len(path):len(path)], strconv.Itoa(i))
			p.set(item, e.Pos(), e)
			p.expr(e, item)
		}
	}
}

func (p *places) set(path []string, at token.Pos, x ast.Expr) {
	k := key(path)
	if !at.IsValid() {
		return
	}
	if _, ok := p.raw[k]; ok {
		if _, ok := p.twice[k]; !ok {
			p.twice[k] = at.Position()
		}
		return
	}
	p.raw[k], p.exprs[k] = at.Position(), x
	p.paths = append(p.paths, path)
}

// literal reports whether the value at path has the fields that are written there and surely no others.
func (p *places) literal(path []string) bool {
	for n := 1; n <= len(path); n++ {
		k := key(path[:n])
		if _, ok := p.twice[k]; ok {
			return false
		}
		switch x := p.exprs[k].(type) {
		case *ast.ListLit:
		case *ast.StructLit:
			if slices.ContainsFunc(x.Elts, func(d ast.Decl) bool { return !isNamed(d) }) {
				return false
			}
		default:
			return false
		}
	}
	return len(path) > 0 && !p.mixed
}

// isNamed reports whether a declaration is a field with a name of its own.
func isNamed(d ast.Decl) bool {
	f, ok := d.(*ast.Field)
	return ok && labelOf(f) != ""
}

func (p *places) pos(at token.Position) Pos {
	return Pos{File: p.label(at.Filename), Line: at.Line, Col: p.column(at)}
}

// column counts bytes. The YAML parser counts characters.
func (p *places) column(at token.Position) int {
	if ext := filepath.Ext(at.Filename); ext != ".yaml" && ext != ".yml" {
		return at.Column
	}
	if p.lines == nil {
		p.lines = linesOf(at.Filename)
	}
	if at.Line < 1 || at.Line > len(p.lines) || at.Column < 1 {
		return at.Column
	}
	before := []rune(p.lines[at.Line-1])
	return len(string(before[:min(at.Column-1, len(before))])) + 1
}

// find is the place of path, or of the closest field around it that the user wrote.
func (p *places) find(path []string) Pos {
	for n := len(path); n > 0; n-- {
		if at, ok := p.raw[key(path[:n])]; ok {
			return p.pos(at)
		}
	}
	return Pos{}
}

// placed are problems in the order of the user's files, each at a place that is there. CUE's parser puts the end of a file
// behind it; and where CUE names no place of the user's, the whole file is meant.
func placed(file string, ps []Problem) []Problem {
	read := map[string][]string{}
	lines := func(name string) []string {
		if _, ok := read[name]; !ok {
			read[name] = linesOf(name)
		}
		return read[name]
	}
	for i, p := range ps {
		there, whole := lines(p.Pos.File), lines(file)
		switch {
		case 0 < p.Pos.Line && p.Pos.Line <= len(there):
			ps[i].Pos.Col = min(max(1, p.Pos.Col), len(there[p.Pos.Line-1])+1)
		case strings.HasSuffix(p.Text, atTheEnd) && len(whole) > 0:
			ps[i].Pos = Pos{label(file), len(whole), len(whole[len(whole)-1]) + 1}
		default:
			ps[i].Pos = Pos{label(file), 1, 1}
		}
	}
	return SortProblems(ps)
}

// linesOf are the lines of a file, none if it cannot be read.
func linesOf(file string) []string {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	return strings.Split(string(data), "\n")
}

// order puts the fields below parent into the order in which they were written: of fields that the schema names CUE
// yields them in the schema's.
func (p *places) order(names []string, parent ...string) []string {
	var written []string
	for _, path := range p.paths {
		if last := len(path) - 1; last == len(parent) && slices.Equal(path[:last], parent) && slices.Contains(names, path[last]) {
			written = append(written, path[last])
		}
	}
	for _, name := range names {
		if !slices.Contains(written, name) { // it comes through a reference
			written = append(written, name)
		}
	}
	return written
}

// index is the place in a list that a part of a path stands for. 0755 and -1 are names.
func index(name string) (n int, ok bool) {
	n, err := strconv.Atoi(name)
	return n, err == nil && n >= 0 && strconv.Itoa(n) == name
}

// PathString writes path as the user would: volumes.npm-cache.target, workflow.schedules[0].cron.
func PathString(path []string) string {
	var b strings.Builder
	for i, name := range path {
		if _, ok := index(name); ok {
			b.WriteString("[" + name + "]")
			continue
		}
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(name)
	}
	return b.String()
}
