package main

import (
	"fmt"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"
)

func newDiff(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "diff",
		Short: "Show what generate would change, as a unified diff; exit 1 if anything",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return showDiff(c, *o) },
	}
}

// showDiff prints a diff of every file that would change, new and removed ones included. Files that only --force
// would overwrite are shown too: that is how one sees what it would cost.
func showDiff(c *cobra.Command, o options) error {
	s, _, err := look(c.ErrOrStderr(), o)
	if err != nil {
		return err
	}
	defer s.root.Close()
	changed := s.changed()
	for _, f := range changed {
		old, name := "a/"+f.path, "b/"+f.path
		var want []byte
		if f.want != nil {
			want = f.want.Data
		} else {
			name = "/dev/null"
		}
		if f.have == nil {
			old = "/dev/null"
		}
		if f.state == mode {
			fmt.Fprintf(c.OutOrStdout(), "%s: wrong mode; executable should be %t\n", f.path, f.want.Executable)
			continue
		}
		c.OutOrStdout().Write(diff.Diff(old, f.have, name, want))
	}
	if len(changed) > 0 {
		return &exit{exitDrift, nil}
	}
	return nil
}
