package main

import (
	"strings"
	"testing"

	"github.com/devgen/devgen/schema"
)

// The caret stands below the first column of what is at fault, whatever stands before it.
func TestExcerpt(t *testing.T) {
	long := strings.Repeat("x", 100)
	for _, c := range []struct{ name, before, after, shown, pad string }{
		{"ASCII", "uid: ", "-1}", "uid: -1}", "     "},
		{"the first column", "", "nam: 1", "nam: 1", ""},
		{"the end of the line", "name: ", "", "name: ", "      "},
		{"a tab before", "\tuid: ", "-1", "\tuid: -1", "\t     "},
		{"tabs between", "a\tbc\t", "x", "a\tbc\tx", " \t  \t"},
		{"several bytes", `"é": `, "x", `"é": x`, "     "},
		{"a combining mark", "e\u0301: ", "x", "e\u0301: x", "   "},
		{"wide characters", `"日本": `, "x", `"日本": x`, "        "},
		{"an emoji", `"🚀": `, "x", `"🚀": x`, "      "},
		{"a control character", "\x1b[31m", "x", "\uFFFD[31mx", "     "},
		{"text turned around", "\u202eab", "x", "\uFFFDabx", "   "},
		{"half a character", "\xe6\x97", "x", "\uFFFD\uFFFDx", "  "},
		{"a carriage return", "a: ", "x\r", "a: x", "   "},
		{"a long line", long, "y" + long, "…" + long[:60] + "y" + long[:59] + "…", strings.Repeat(" ", 61)},
	} {
		t.Run(c.name, func(t *testing.T) {
			shown, pad := excerpt(c.before+c.after, len(c.before))
			if shown != c.shown || pad != c.pad {
				t.Errorf("got %q and %q, want %q and %q", shown, pad, c.shown, c.pad)
			}
		})
	}
}

// Of a problem the place and the severity have colours, and nothing that the user wrote.
func TestProblemColors(t *testing.T) {
	for want, p := range map[string]schema.Problem{
		"\x1b[1ma warning: b.cue:1:2\x1b[22m: \x1b[33;1mwarning:\x1b[0;22m x: odd (why) [DG-01]": {Pos: schema.Pos{File: "a warning: b.cue", Line: 1, Col: 2}, Path: "x", Text: "odd", Hint: "why", Rule: "DG-01", Severity: schema.Warning},
		"x: an error: no": {Path: "x", Text: "an error: no"},
	} {
		var b strings.Builder
		s := newScreen(choice{value: "never"}, &b)
		s.colors = true
		s.problem(p)
		if b.String() != want+"\n" {
			t.Errorf("got %q, want %q", b.String(), want)
		}
	}
}
