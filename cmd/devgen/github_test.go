package main

import (
	"strings"
	"testing"

	"github.com/devgen/devgen/schema"
)

// The summary of a step never outgrows what GitHub takes, and says how much is missing.
func TestMarkdownLimit(t *testing.T) {
	all := make([]annotation, 9000)
	for i := range all {
		all[i] = annotation{"error", schema.Pos{File: "devcontainer.cue", Line: i + 1, Col: 1}, "devgen", strings.Repeat("<|> ", 20)}
	}
	for _, c := range []struct {
		name  string
		limit int
		rows  bool
	}{
		{"an empty summary", summaryLimit, true},
		{"half is taken", summaryLimit / 2, true},
		{"a little is left", 300, false},
		{"nothing is left", 0, false},
		{"too much was there", -5, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := markdown("devgen check", "9000 problems", c.limit, findingsTable(all))
			if len(text) > max(c.limit, 0) {
				t.Errorf("%d bytes, want at most %d", len(text), c.limit)
			}
			if rows := strings.Contains(text, "| error |"); rows != c.rows {
				t.Errorf("rows %t, want %t", rows, c.rows)
			}
			if text != "" && !strings.HasSuffix(text, " more are in the log.\n\n") {
				t.Errorf("it ends in %q", text[max(0, len(text)-60):])
			}
		})
	}
}

// No text is a command to the runner.
func TestPlain(t *testing.T) {
	for text, want := range map[string]string{
		"wrote      a":           "wrote      a",
		"::error::x":             ".::error::x",
		"  ::add-mask::x":        ".  ::add-mask::x",
		"a ##[add-mask]x":        "a ## [add-mask]x",
		"a\n::error::b":          `a\n::error::b`,
		"x ##[##[error]y\u202ez": `x ## [## [error]y\u202ez`,
	} {
		var b strings.Builder
		workflowLog{w: &b}.plain(text)
		if b.String() != want+"\n" {
			t.Errorf("%q is printed as %q, want %q", text, b.String(), want)
		}
	}
}
