package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

func newGenerate(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "generate",
		Short: "Compile the spec and write what changed (the default)",
		Args:  noArguments,
		RunE:  telling(o, generate),
	}
}

// generate writes what the spec says. Nothing is written unless everything can be.
func generate(c *cobra.Command, o options, r *result) error {
	alone := false
	if !o.dryRun {
		unlock, locked := lock(c.Context(), c.ErrOrStderr())
		defer unlock()
		alone = locked
	}
	s, err := look(o, r)
	if err != nil {
		return err
	}
	defer s.root.Close()
	if refused := s.refused(); !o.force && len(refused) > 0 {
		for _, f := range refused {
			r.files = append(r.files, s.assess(f))
		}
		return &exit{exitDrift, fmt.Errorf("nothing was written")}
	}
	if o.dryRun {
		return s.preview(r)
	}
	if err := s.write(c.Context(), manifestHeader(o), alone); err != nil {
		return err
	}
	s.results(r)
	return o.strictly(r)
}

// write brings the tree to the survey's wish. From here on ctx ends devgen only between two steps. alone tells that no
// other devgen writes here.
func (s *survey) write(ctx context.Context, header string, alone bool) error {
	if !beginWriting(ctx) {
		return &exit{exitFailed, nil}
	}
	s.sweep(alone)
	if len(s.changed()) == 0 {
		return nil
	}
	if err := s.apply(func() bool { return ctx.Err() != nil }, header); err != nil {
		return &exit{exitFailed, err}
	}
	return nil
}

// look compiles the spec and surveys the tree.
func look(o options, r *result) (*survey, error) {
	files, err := compile(o, r)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(".")
	if err != nil {
		return nil, &exit{exitFailed, err}
	}
	s, err := take(root, files, manifestHeader(o))
	if err != nil {
		root.Close()
		return nil, &exit{exitFailed, err}
	}
	s.heedOther(o.spec)
	return s, nil
}

// done is what happened to a file.
func (f surveyedFile) done() string {
	switch {
	case f.state == fresh:
		return "unchanged"
	case f.want == nil:
		return "removed"
	}
	return "wrote"
}

// kept tells where the user's version of a file went.
func (f surveyedFile) kept() string {
	if f.original == "" {
		return ""
	}
	return " (your version is in " + f.original + ")"
}

// did tells a file by what generate did, or would do.
func (f surveyedFile) did(action, line string) fileResult {
	t := f.result()
	t.action, t.line = action, line
	return t
}

// results tell what generate did.
func (s *survey) results(r *result) {
	tally := map[string]int{}
	for _, f := range s.reported() {
		done := f.done()
		tally[done]++
		r.files = append(r.files, f.did(done, fmt.Sprintf("%-10s %s%s", done, f.path, f.kept())))
	}
	r.summary = fmt.Sprintf("%s: %d wrote, %d unchanged", count(len(s.reported()), "file"), tally["wrote"], tally["unchanged"])
	if tally["removed"] > 0 {
		r.summary += fmt.Sprintf(", %d removed", tally["removed"])
	}
	if len(s.changed()) > 0 {
		r.summary += "; commit them"
	}
}

// preview tells what generate would do. It ends in drift if that is anything.
func (s *survey) preview(r *result) error {
	n := 0
	for _, f := range s.reported() {
		if f.state != fresh {
			n++
		}
		t := f.did(map[string]string{"unchanged": "unchanged", "removed": "would remove", "wrote": "would write"}[f.done()], "")
		t.line = fmt.Sprintf("%-12s %s", t.action, t.path)
		if t.id != "" {
			t.line += " (" + t.id + ")"
		}
		r.files = append(r.files, t)
	}
	if n == 0 {
		r.summary = count(len(s.files), "file") + ": nothing would change"
		return nil
	}
	r.summary = fmt.Sprintf("%s: %d would change; run devgen", count(len(s.reported()), "file"), n)
	return &exit{exitDrift, nil}
}
