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
		Args:  noArguments,
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
	n := 0
	for _, f := range s.told() {
		if f.state != fresh {
			n++
			fmt.Fprintln(w, s.line(f))
		}
	}
	if n > 0 {
		fmt.Fprintf(w, "%s: %d not as the spec says\n", count(len(s.told()), "file"), n)
		return &exit{exitDrift, nil}
	}
	fmt.Fprintf(w, "%s: all fresh\n", count(len(s.files), "file"))
	return o.strictly(findings)
}

// manifestHeader is the first line of the manifest: that of every other file.
func manifestHeader(o options) string { return generators.Header(o.spec) }
