package main

import (
	"bytes"
	"fmt"
	"io"
	"runtime"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"
)

func newDiff(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "diff",
		Short: "Show what generate would change, as a unified diff; exit 1 if anything",
		Args:  noArguments,
		RunE:  func(c *cobra.Command, _ []string) error { return showDiff(c, *o) },
	}
}

// showDiff prints a diff of every file that would change, new and removed ones and the manifest included, as git
// would: git apply takes it. Files that only --force would overwrite are shown too: that is how one sees what it
// would cost.
func showDiff(c *cobra.Command, o options) error {
	r := &result{}
	s, err := look(o, r)
	if err != nil {
		return r.print(c, o, err)
	}
	defer s.root.Close()
	if s.damage != nil {
		fmt.Fprintln(c.ErrOrStderr(), s.assess(s.manifest).text())
	}
	changed := s.changed()
	for _, f := range changed {
		s.diff(c.OutOrStdout(), f)
	}
	if len(changed) > 0 {
		return &exit{exitDrift, nil}
	}
	return nil
}

// diff prints one file's part: git's header, and the changed lines if there are any.
func (s *survey) diff(w io.Writer, f surveyedFile) {
	fmt.Fprintf(w, "diff --git a/%s b/%s\n", f.path, f.path)
	old, now := "a/"+f.path, "b/"+f.path
	var want []byte
	switch {
	case f.have == nil:
		old = "/dev/null"
		fmt.Fprintf(w, "new file mode %s\n", gitMode(f.want.Executable))
	case f.want == nil:
		now = "/dev/null"
		fmt.Fprintf(w, "deleted file mode %s\n", gitMode(isExecutable(s.root, f.path)))
	case isExecutable(s.root, f.path) != f.want.Executable && runtime.GOOS != "windows":
		fmt.Fprintf(w, "old mode %s\nnew mode %s\n", gitMode(!f.want.Executable), gitMode(f.want.Executable))
	}
	if f.want != nil {
		want = f.want.Data
	}
	_, lines, _ := bytes.Cut(diff.Diff(old, f.have, now, want), []byte("\n")) // git's header is there already
	w.Write(lines)
}

func gitMode(executable bool) string {
	if executable {
		return "100755"
	}
	return "100644"
}
