package main

import (
	"fmt"

	"github.com/devgen/devgen/generators"
	"github.com/spf13/cobra"
)

func newCheck(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Fail if a generated file is not what the spec says; writes nothing",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return check(c, *o) },
	}
}

// check tells every file that is stale, missing, orphaned, edited by hand or of the wrong mode, and what the rules
// find.
func check(c *cobra.Command, o options) error {
	s, findings, err := look(c.OutOrStdout(), o)
	if err != nil {
		return err
	}
	defer s.root.Close()
	w := c.OutOrStdout()
	report(w, findings)
	changed := s.changed()
	for _, f := range changed {
		fmt.Fprintf(w, "%s: %s; %s\n", f.path, f.state, f.state.advice())
	}
	switch {
	case s.damage != nil:
		fmt.Fprintln(w, damaged(s))
	case s.manifest.state != fresh:
		fmt.Fprintf(w, "%s: %s; run devgen\n", s.manifest.path, s.manifest.state)
	}
	if len(changed) > 0 || s.manifest.state != fresh {
		fmt.Fprintf(w, "%s: %d not as the spec says\n", count(len(s.files), "file"), len(changed))
		return &exit{exitDrift, nil}
	}
	fmt.Fprintf(w, "%s: all fresh\n", count(len(s.files), "file"))
	return o.strictly(findings)
}

// manifestHeader is the first line of the manifest: that of every other file.
func manifestHeader(o options) string { return generators.Header(o.spec) }
