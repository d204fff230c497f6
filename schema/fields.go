package schema

import (
	"cmp"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"cuelang.org/go/cue/ast"
)

// This file answers which field is written where, in both directions.

// Written is the place where the user wrote the field at path itself, if anywhere: a default has none.
func (s *Spec) Written(path ...string) (Pos, bool) {
	at, ok := s.places.raw[key(path)]
	return s.places.pos(at), ok
}

// Place is Pos with the file as it is seen from the working folder: the same on every machine, and however the spec
// was named.
func (s *Spec) Place(path ...string) Pos {
	at := s.Pos(path...)
	at.File = FromHere(at.File)
	return at
}

// FileName is the spec that was loaded, as it is seen from the working folder.
func (s *Spec) FileName() string { return FromHere(s.File) }

// FromHere is the way from the working folder to a file, with slashes, or the name of one on another drive of Windows.
func FromHere(file string) string {
	way, err := From(".", file)
	if err != nil {
		return path.Base(filepath.ToSlash(file))
	}
	return way
}

// From is the way from a folder to a file, with slashes. Links on the way to both are followed: one folder may have
// several names. The error is that there is no way, from one drive of Windows to another.
func From(dir, file string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	file, err = filepath.Abs(filepath.FromSlash(file))
	if err != nil {
		return "", err
	}
	way, err := filepath.Rel(unlinked(dir), filepath.Join(unlinked(filepath.Dir(file)), filepath.Base(file)))
	return filepath.ToSlash(way), err
}

// unlinked is dir without symbolic links, also if it is not there yet.
func unlinked(dir string) string {
	if r, err := filepath.EvalSymlinks(dir); err == nil {
		return r
	}
	if parent := filepath.Dir(dir); parent != dir {
		return filepath.Join(unlinked(parent), filepath.Base(dir))
	}
	return dir
}

// Fields are all fields that the user wrote, in the order of the files.
func (s *Spec) Fields() (paths [][]string) {
	for _, k := range s.places.sorted() {
		paths = append(paths, strings.Split(k, "\x00"))
	}
	return paths
}

// Files are the user's files, as they are seen from the working folder, in order.
func (s *Spec) Files() []string {
	return slices.Sorted(maps.Values(s.places.names()))
}

// names are the user's files as they are seen from the working folder, by the name under which they were read.
func (p *places) names() map[string]string {
	names := map[string]string{}
	for file := range p.files {
		names[file] = FromHere(p.label(file))
	}
	return names
}

// FieldsAt are the fields that are written on a line: the outermost ones that begin there, or else the innermost one
// around it.
func (s *Spec) FieldsAt(file string, line int) (found [][]string) {
	var around, last []string
	names := s.places.names()
	for _, k := range s.places.sorted() {
		at, path := s.places.raw[k], strings.Split(k, "\x00")
		switch {
		case at.Line > line || names[at.Filename] != file:
		case at.Line < line:
			if s.places.end(k) >= line {
				around = path
			}
		case s.places.chained(k):
		case last == nil || !hasPrefix(path, last):
			last = path
			found = append(found, path)
		}
	}
	if found == nil && around != nil {
		return [][]string{around}
	}
	return found
}

// chained reports whether the field only leads to the next one on its line: image in image: base: "debian:12".
func (p *places) chained(k string) bool {
	x, ok := p.exprs[k].(*ast.StructLit)
	return ok && !x.Lbrace.IsValid() && len(x.Elts) == 1 && x.Elts[0].Pos().Line() == p.raw[k].Line
}

func hasPrefix(path, prefix []string) bool {
	return len(path) >= len(prefix) && slices.Equal(path[:len(prefix)], prefix)
}

// sorted are the keys of the places, in the order of the files; a field stands before what is in it.
func (p *places) sorted() []string {
	keys := make([]string, 0, len(p.raw))
	for k := range p.raw {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		x, y := p.raw[a], p.raw[b]
		return cmp.Or(cmp.Compare(x.Filename, y.Filename), cmp.Compare(x.Offset, y.Offset), cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
	return keys
}

// end is the last line of the field.
func (p *places) end(k string) int {
	if x := p.exprs[k]; x != nil && x.End().IsValid() {
		return x.End().Line()
	}
	return p.raw[k].Line
}
