package main

import (
	"github.com/devgen/devgen/schema"
	"github.com/spf13/cobra"
)

func newSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the language of the spec as CUE, with the mark of the copy that cue vet and editors read",
		Args:  noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			c.OutOrStdout().Write(schema.Copy()) // execute sees what cannot be written
			return nil
		},
	}
}
