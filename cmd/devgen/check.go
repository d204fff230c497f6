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
		RunE:  telling(o, check),
	}
}

// check tells every file that is stale, missing, orphaned, edited by hand or of the wrong mode, and what the rules
// find.
func check(_ *cobra.Command, o options, r *result) error {
	r.asked = true
	s, err := look(o, r)
	if err != nil {
		return err
	}
	defer s.root.Close()
	for _, f := range s.reported() {
		r.files = append(r.files, s.assess(f))
	}
	if n := len(r.objections()); n > 0 {
		r.summary = fmt.Sprintf("%s: %d not as the spec says", count(len(r.files), "file"), n)
		return &exit{exitDrift, nil}
	}
	r.summary = count(len(s.files), "file") + ": all fresh"
	return o.strictly(r)
}

// manifestHeader is the first line of the manifest: that of every other file.
func manifestHeader(o options) string { return generators.Header(o.spec) }
