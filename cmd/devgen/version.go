package main

import (
	"fmt"
	"runtime/debug"

	"github.com/devgen/devgen/schema"
	"github.com/spf13/cobra"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of devgen",
		Args:  noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			fmt.Fprintln(c.OutOrStdout(), "devgen", version())
			return nil
		},
	}
}

// version is what Go knows of the binary: the module version of go install, or the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v, commit := info.Main.Version, ""
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			commit = " " + s.Value[:min(12, len(s.Value))]
		}
	}
	return v + commit + " " + info.GoVersion
}

// release is the version of this devgen, so that CI runs the one that wrote the files: "" if it is no release.
func release() string {
	if info, ok := debug.ReadBuildInfo(); ok && schema.Fits("#Version", info.Main.Version) {
		return info.Main.Version
	}
	return ""
}
