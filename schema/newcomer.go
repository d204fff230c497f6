package schema

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"slices"
)

// This file explains what people who write their first CUE file bring from other languages. CUE's parser only says what
// it expected.

// A habit is a form of another language, and what to say of it. The place is that of the first group.
var habits = []struct {
	form *regexp.Regexp
	text string // with the group
}{
	{regexp.MustCompile(`(?:^|\s)(#)(?:[\s!#]|$)`), "comments begin with //, not with %s"},
	{regexp.MustCompile(`(?:^|[\s{,])[\w"-]+\s*(=)\s*["\d{[tf]`), "want : instead of %s"},
	{regexp.MustCompile(`(?:^|[\s{,])([\w$]+(?:[-/.@+][\w$]+)+)\s*:`), "%q needs quotes as a name"},
}

var inQuotes = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// newcomer is the problem in the terms of somebody who knows other languages, if one of their habits is on its line, or on
// the line before: what begins a line may be what the one before made unexpected.
func newcomer(file string, p Problem) Problem {
	data, err := os.ReadFile(file)
	if err != nil {
		return p
	}
	lines := bytes.Split(data, []byte("\n"))
	near := []int{p.Pos.Line, p.Pos.Line - 1}
	if n := p.Pos.Line; n <= len(lines) && len(bytes.TrimSpace(lines[n-1][:min(p.Pos.Col-1, len(lines[n-1]))])) == 0 {
		slices.Reverse(near)
	}
	for _, n := range near {
		if n < 1 || n > len(lines) {
			continue
		}
		line := inQuotes.ReplaceAllFunc(lines[n-1], func(s []byte) []byte { return bytes.Repeat([]byte(`"`), len(s)) })
		for _, h := range habits {
			if m := h.form.FindSubmatchIndex(line); m != nil {
				p.Pos.Line, p.Pos.Col = n, m[2]+1
				p.Text = fmt.Sprintf(h.text, line[m[2]:m[3]])
				return p
			}
		}
	}
	return p
}
