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
		RunE:    telling(o, validate),
	}
}

func validate(_ *cobra.Command, o options, r *result) error {
	r.asked = true
	files, err := compile(o, r)
	if err != nil {
		return err
	}
	r.summary = fmt.Sprintf("%s: valid; it stands for %s", o.spec, count(len(files), "file"))
	return o.strictly(r)
}
