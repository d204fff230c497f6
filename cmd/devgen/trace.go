package main

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/devgen/devgen/generators"
	"github.com/devgen/devgen/schema"
	"github.com/spf13/cobra"
)

func newTrace(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "trace [TAG|FILE:LINE|SPEC.PATH]",
		Short: "Tell what led to which lines: requirement, field of the spec, output, in both directions",
		Long: `Without an argument: every requirement with its place in the spec, its tags, its tests, and the outputs that it covers
but that carry none. With --strict such an output fails.

  devgen trace PERF-006                                     a requirement: its blocks, the fields that they come from, its tests
  devgen trace TAG-PERF-006-LOGIN                           one tag
  devgen trace TEST-PERF-006-A                              one test
  devgen trace .devcontainer/docker-compose.volumes.yml:30  a line of an output: its field, its block, its requirement
  devgen trace devcontainer.cue:30                          a line of the spec: the lines written for it
  devgen trace volumes.npm-cache                            a field of the spec

A line of an output is told with one field. A field that has a part in the lines of others, as name in the path of the workspace, is
told to have derived lines: change it and see devgen diff.

The spec is compiled in memory; the files that lie in the folder are not read.`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage(c, fmt.Errorf("trace takes one argument, but got %q too", args[1]))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return showTrace(c, *o, args) },
	}
}

func showTrace(c *cobra.Command, o options, args []string) error {
	var r result
	p, err := resolve(o, &r)
	if err != nil {
		return r.print(c, o, err)
	}
	t := tracer{generators.NewTrace(p), p.Spec, c.OutOrStdout()}
	if len(args) == 0 {
		if missing := t.all(); missing > 0 && o.strict {
			return &exit{exitDrift, nil}
		}
		return nil
	}
	if err := t.show(args[0]); err != nil {
		return usage(c, err)
	}
	return nil
}

// A tracer prints a trace, one place a line, as file:line, so that a terminal can follow it.
type tracer struct {
	*generators.Trace
	spec *schema.Spec
	w    io.Writer
}

func (t tracer) line(depth int, format string, args ...any) {
	fmt.Fprintf(t.w, strings.Repeat("  ", depth)+format+"\n", args...)
}

// all tells of every requirement. It returns how many outputs are covered but carry no tag.
func (t tracer) all() (missing int) {
	tags, places := map[string]bool{}, 0
	var unanswered []string
	for _, r := range t.Requirements() {
		t.heading(r)
		for _, b := range t.BlocksOf(r.ID) {
			t.line(1, "%s: %s", b.Place(), b.Tag)
			tags[b.Tag] = true
			places++
		}
		missing += t.missing(r)
		t.tests(r.ID)
		if len(t.BlocksOf(r.ID)) == 0 {
			unanswered = append(unanswered, r.ID)
		}
	}
	text := fmt.Sprintf("%s: %s at %s", count(len(t.Requirements()), "requirement"), count(len(tags), "tag"), count(places, "place"))
	if missing > 0 {
		text += fmt.Sprintf("; without a tag: %s", count(missing, "covered output"))
	}
	if len(unanswered) > 0 {
		text += "; without any output: " + strings.Join(unanswered, ", ")
	}
	t.line(0, "%s", text)
	return missing
}

func (t tracer) heading(r schema.Requirement) {
	t.line(0, "%s %s", r.ID, r.Title)
	t.line(1, "%s", t.field("requirements", r.ID))
}

// missing tells of the outputs that r covers and that carry no tag of it.
func (t tracer) missing(r schema.Requirement) int {
	all := t.Missing(r)
	for _, m := range all {
		t.line(1, "%s: %s", m.ID, m.Why)
	}
	return len(all)
}

// tests tells where a requirement is verified.
func (t tracer) tests(requirement string) {
	for _, test := range t.TestsOf(requirement) {
		t.line(1, "%s: %s", test.Place(), test.ID)
	}
}

// field is a field of the spec with its place.
func (t tracer) field(path ...string) string {
	if _, ok := t.spec.Written(path...); !ok {
		return schema.PathString(path) + ", not said: its default"
	}
	return t.spec.Place(path...).String() + ": " + schema.PathString(path)
}

// fileLine is a place in a file, as devgen's own messages write it: a column and a colon may follow.
var fileLine = regexp.MustCompile(`^(.+?):([0-9]+)(?::[0-9]+)?:?$`)

// show tells of one thing. The error is that there is no such thing.
func (t tracer) show(what string) error {
	name := strings.Trim(what, "[]")
	switch m := fileLine.FindStringSubmatch(what); {
	case t.Requirement(strings.TrimPrefix(name, "TAG-")) != nil:
		t.requirement(*t.Requirement(strings.TrimPrefix(name, "TAG-")))
	case len(t.BlocksOf(name)) > 0:
		t.tag(name)
	case len(t.TestsOf(name)) > 0:
		t.heading(*t.Requirement(t.TestsOf(name)[0].Requirement))
		t.tests(name)
	case m != nil:
		number, err := strconv.Atoi(m[2])
		if err != nil {
			return fmt.Errorf("%s: no file has that many lines", what)
		}
		return t.place(schema.FromHere(m[1]), number)
	default:
		return t.named(what)
	}
	return nil
}

func (t tracer) requirement(r schema.Requirement) {
	t.heading(r)
	for _, b := range t.BlocksOf(r.ID) {
		t.block(b)
	}
	t.missing(r)
	t.tests(r.ID)
}

func (t tracer) tag(name string) {
	blocks := t.BlocksOf(name)
	t.heading(*t.Requirement(blocks[0].Requirement))
	for _, b := range blocks {
		t.block(b)
	}
}

// block tells where a block stands and which fields its lines come from.
func (t tracer) block(b generators.Block) {
	t.line(1, "%s: %s, to line %d", b.Place(), b.Tag, b.Last)
	for _, f := range t.FieldsOf(b.Span) {
		t.line(2, "%s", t.field(f...))
	}
}

// place tells of a line of an output or of the spec.
func (t tracer) place(file string, line int) error {
	if slices.Contains(t.spec.Files(), file) {
		fields := t.spec.FieldsAt(file, line)
		for _, f := range fields {
			t.specField(f)
		}
		if len(fields) == 0 {
			return fmt.Errorf("%s:%d: no field stands there", file, line)
		}
		return nil
	}
	if !slices.Contains(t.Paths(), file) {
		return fmt.Errorf("%s is neither an output nor the spec%s", file, hint(file, append(t.Paths(), t.spec.Files()...)))
	}
	text, ok := t.Line(file, line)
	if !ok {
		return fmt.Errorf("%s has lines 1 to %d", file, t.Count(file))
	}
	t.line(0, "%s:%d: %s", file, line, strings.TrimSpace(text))
	if f := t.Field(file, line); f != nil {
		t.line(1, "%s", t.field(f...))
	} else {
		t.line(1, "from no single field of the spec")
	}
	blocks := t.BlocksAt(file, line)
	for _, b := range blocks {
		until := fmt.Sprintf("to line %d", b.Last)
		if b.Last < line {
			until = "the whole file"
		}
		t.line(1, "%s: %s, %s", b.Place(), b.Tag, until)
		t.line(1, "%s, %s", t.field("requirements", b.Requirement), t.Requirement(b.Requirement).Title)
	}
	if len(blocks) == 0 {
		t.line(1, "for no requirement")
	}
	return nil
}

// specField tells of a field of the spec and what comes from it.
func (t tracer) specField(field []string) {
	if len(field) > 1 && field[0] == "requirements" {
		t.requirement(*t.Requirement(field[1]))
		return
	}
	t.line(0, "%s", t.field(field...))
	t.linesOf(field)
	if t.Derived(field...) {
		t.line(1, "and lines derived from it, which are not told here: change it and see devgen diff")
	}
}

// linesOf tells of the lines that come from a field; if none comes from it alone, from what is around it.
func (t tracer) linesOf(field []string) {
	for n := len(field); n > 0; n-- {
		spans := t.Lines(field[:n]...)
		if len(spans) == 0 {
			continue
		}
		if n < len(field) {
			t.line(1, "no line comes from it alone; from %s:", schema.PathString(field[:n]))
		}
		for _, s := range spans {
			t.span(s)
		}
		return
	}
	t.line(1, "no line of an output comes from it alone")
}

func (t tracer) span(s generators.Span) {
	text := s.Place() + ":"
	if s.Last > s.First {
		text += fmt.Sprintf(" to line %d", s.Last)
	} else if line, ok := t.Line(s.Path, s.First); ok {
		text += " " + strings.TrimSpace(line)
	}
	for _, b := range t.BlocksAt(s.Path, s.First) {
		text += ", " + b.Tag
	}
	t.line(1, "%s", text)
}

// named tells of a field of the spec, or says that there is nothing of that name.
func (t tracer) named(what string) error {
	if slices.Contains(t.Paths(), schema.FromHere(what)) {
		return fmt.Errorf("%s: want one of its lines, such as %s:1", what, schema.FromHere(what))
	}
	var names []string
	for _, f := range t.Fields() {
		name := schema.PathString(f)
		if name == strings.NewReplacer(`"`, "", `'`, "").Replace(what) {
			t.specField(f)
			return nil
		}
		names = append(names, name)
	}
	for _, r := range t.Requirements() {
		names = append(names, r.ID)
	}
	for _, b := range t.Blocks() {
		names = append(names, b.Tag)
	}
	return fmt.Errorf("%q is no tag, no FILE:LINE and no field of the spec%s", what, hint(what, append(names, t.Paths()...)))
}

// hint is the candidate that was probably meant, in brackets.
func hint(word string, candidates []string) string {
	if near := schema.Nearest(word, candidates); near != "" {
		return " (" + near + ")"
	}
	return ""
}
