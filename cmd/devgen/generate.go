package main

import (
	"fmt"
	"io"
	"os"

	"github.com/devgen/devgen/schema"
	"github.com/spf13/cobra"
)

func newGenerate(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "generate",
		Short: "Compile the spec and write what changed (the default)",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return generate(c, *o) },
	}
}

// generate writes what the spec says. Nothing is written unless everything can be.
func generate(c *cobra.Command, o options) error {
	s, findings, err := look(c.ErrOrStderr(), o)
	if err != nil {
		return err
	}
	defer s.root.Close()
	report(c.ErrOrStderr(), findings)
	if refused := s.refused(); !o.force && (len(refused) > 0 || s.damage != nil) {
		for _, f := range refused {
			fmt.Fprintf(c.ErrOrStderr(), "%s: %s; %s\n", f.path, f.state, f.state.advice())
		}
		if s.damage != nil {
			fmt.Fprintln(c.ErrOrStderr(), damaged(s))
		}
		return &exit{exitDrift, fmt.Errorf("nothing was written")}
	}
	if o.dryRun {
		return s.preview(c.OutOrStdout())
	}
	if len(s.changed()) > 0 || s.manifest.state != fresh {
		if err := s.apply(c.Context(), manifestHeader(o)); err != nil {
			return &exit{exitFailed, err}
		}
	}
	s.summary(c.OutOrStdout())
	return o.strictly(findings)
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

func damaged(s *survey) string {
	return fmt.Sprintf("%s: %v; take it back from version control, or run devgen --force to write it anew", s.manifest.path, s.damage)
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
	for _, f := range s.files {
		done := f.done()
		tally[done]++
		fmt.Fprintf(w, "%-10s %s%s\n", done, f.path, f.kept())
	}
	text := fmt.Sprintf("%s: %d wrote, %d unchanged", count(len(s.files), "file"), tally["wrote"], tally["unchanged"])
	if tally["removed"] > 0 {
		text += fmt.Sprintf(", %d removed", tally["removed"])
	}
	if tally["wrote"]+tally["removed"] > 0 || s.manifest.state != fresh {
		text += "; commit them"
	}
	fmt.Fprintln(w, text)
}

// preview tells what generate would do. It ends in drift if that is anything.
func (s *survey) preview(w io.Writer) error {
	for _, f := range s.files {
		id := ""
		if f.want != nil {
			id = " (" + f.want.ID + ")"
		}
		verb := map[string]string{"unchanged": "unchanged", "removed": "would remove", "wrote": "would write"}[f.done()]
		fmt.Fprintf(w, "%-12s %s%s\n", verb, f.path, id)
	}
	n := len(s.changed())
	if n == 0 && s.manifest.state == fresh {
		fmt.Fprintf(w, "%s: nothing would change\n", count(len(s.files), "file"))
		return nil
	}
	fmt.Fprintf(w, "%s: %d would change; run devgen\n", count(len(s.files), "file"), n)
	return &exit{exitDrift, nil}
}
