package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/devgen/devgen/generators/plan"
	"github.com/devgen/devgen/schema"
	"github.com/spf13/cobra"
)

func newGenerate(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "generate",
		Short: "Compile the spec and write what changed (the default)",
		Args:  noArguments,
		RunE:  func(c *cobra.Command, _ []string) error { return generate(c, *o) },
	}
}

// generate writes what the spec says. Nothing is written unless everything can be.
func generate(c *cobra.Command, o options) error {
	if !o.dryRun {
		defer lock(c.Context(), c.ErrOrStderr())()
	}
	s, findings, err := look(c.ErrOrStderr(), o)
	if err != nil {
		return err
	}
	defer s.root.Close()
	report(c.ErrOrStderr(), findings)
	if refused := s.refused(); !o.force && len(refused) > 0 {
		for _, f := range refused {
			fmt.Fprintln(c.ErrOrStderr(), s.line(f))
		}
		return &exit{exitDrift, fmt.Errorf("nothing was written")}
	}
	if o.dryRun {
		return s.preview(c.OutOrStdout())
	}
	if err := s.write(c.Context(), manifestHeader(o)); err != nil {
		return err
	}
	s.summary(c.OutOrStdout())
	return o.strictly(findings)
}

// write brings the tree to the survey's wish. From here on ctx ends devgen only between two steps.
func (s *survey) write(ctx context.Context, header string) error {
	if !beginWriting(ctx) {
		return &exit{exitFailed, nil}
	}
	s.sweep()
	if len(s.changed()) == 0 {
		return nil
	}
	if err := s.apply(func() bool { return ctx.Err() != nil }, header); err != nil {
		return &exit{exitFailed, err}
	}
	return nil
}

// look compiles the spec and surveys the tree. Problems of the spec go to w.
func look(w io.Writer, o options) (*survey, []schema.Problem, error) {
	files, findings, err := compile(o, w)
	if err != nil {
		return nil, nil, err
	}
	root, err := os.OpenRoot(".")
	if err != nil {
		return nil, nil, &exit{exitFailed, err}
	}
	s, err := take(root, files, manifestHeader(o))
	if err != nil {
		root.Close()
		return nil, nil, &exit{exitFailed, err}
	}
	return s, findings, nil
}

// line tells what is wrong with a file and what to do about it.
func (s *survey) line(f finding) string {
	if f.path == plan.ManifestPath && s.damage != nil {
		return fmt.Sprintf("%s: %v run devgen --force to write it anew, which keeps it in %s.orig", f.path, joint(s.damage), f.path)
	}
	switch {
	case f.damage != nil:
		return fmt.Sprintf("%s: devgen's lines: %v; %s", f.path, f.damage, f.advice())
	case f.section:
		return fmt.Sprintf("%s: devgen's lines: %s; %s", f.path, f.state, f.advice())
	}
	return fmt.Sprintf("%s: %s; %s", f.path, f.state, f.advice())
}

// joint ends the words on a damaged manifest so that the advice can follow.
func joint(damage error) string {
	if text := damage.Error(); strings.HasSuffix(text, ", or") {
		return text
	}
	return damage.Error() + "; take it back from version control, or"
}

// done is what happened to a file.
func (f finding) done() string {
	switch {
	case f.state == fresh:
		return "unchanged"
	case f.want == nil:
		return "removed"
	}
	return "wrote"
}

// kept tells where the user's version of a file went.
func (f finding) kept() string {
	if f.original == "" {
		return ""
	}
	return " (your version is in " + f.original + ")"
}

func (s *survey) summary(w io.Writer) {
	tally := map[string]int{}
	for _, f := range s.told() {
		done := f.done()
		tally[done]++
		fmt.Fprintf(w, "%-10s %s%s\n", done, f.path, f.kept())
	}
	if s.manifest.original != "" {
		fmt.Fprintf(w, "%-10s %s%s\n", "wrote", s.manifest.path, s.manifest.kept())
	}
	text := fmt.Sprintf("%s: %d wrote, %d unchanged", count(len(s.told()), "file"), tally["wrote"], tally["unchanged"])
	if tally["removed"] > 0 {
		text += fmt.Sprintf(", %d removed", tally["removed"])
	}
	if len(s.changed()) > 0 {
		text += "; commit them"
	}
	fmt.Fprintln(w, text)
}

// preview tells what generate would do. It ends in drift if that is anything.
func (s *survey) preview(w io.Writer) error {
	n := 0
	for _, f := range s.told() {
		id := ""
		if f.want != nil && f.want.ID != "" {
			id = " (" + f.want.ID + ")"
		}
		if f.state != fresh {
			n++
		}
		verb := map[string]string{"unchanged": "unchanged", "removed": "would remove", "wrote": "would write"}[f.done()]
		fmt.Fprintf(w, "%-12s %s%s\n", verb, f.path, id)
	}
	if n == 0 {
		fmt.Fprintf(w, "%s: nothing would change\n", count(len(s.files), "file"))
		return nil
	}
	fmt.Fprintf(w, "%s: %d would change; run devgen\n", count(len(s.told()), "file"), n)
	return &exit{exitDrift, nil}
}
