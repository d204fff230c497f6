package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newValidate(o *options) *cobra.Command {
	return &cobra.Command{
		Use:     "validate",
		Aliases: []string{"vet"},
		Short:   "Check the spec alone: the language, contradictions, and that every consumer would accept the files",
		Args:    noArguments,
		RunE:    func(c *cobra.Command, _ []string) error { return validate(c, *o) },
	}
}

func validate(c *cobra.Command, o options) error {
	files, findings, err := compile(o, c.OutOrStdout())
	if err != nil {
		return err
	}
	report(c.OutOrStdout(), findings)
	fmt.Fprintf(c.OutOrStdout(), "%s: valid; it stands for %s\n", o.spec, count(len(files), "file"))
	return o.strictly(findings)
}
