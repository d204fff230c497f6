package schema

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
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

// A parsedFile is a file that has mistakes, perhaps in each of its bytes: what takes time is done once for each line.
type parsedFile struct {
	label string
	lines []string
	told  map[int]*Problem // of a habit, by line
}

type parsedFiles map[string]*parsedFile

func (files parsedFiles) named(name string) *parsedFile {
	if files[name] == nil {
		files[name] = &parsedFile{label: label(name), told: map[int]*Problem{}}
		if filepath.Ext(name) == ".cue" {
			files[name].lines = linesOf(name)
		}
	}
	return files[name]
}

// forNewcomers is the problem in the terms of somebody who knows other languages, if one of their habits is on its line, or
// on the line before: what begins a line may be what the one before made unexpected.
func (f *parsedFile) forNewcomers(p Problem) Problem {
	near := []int{p.Pos.Line, p.Pos.Line - 1}
	if n := p.Pos.Line; n <= len(f.lines) && strings.TrimSpace(f.lines[n-1][:min(p.Pos.Col-1, len(f.lines[n-1]))]) == "" {
		slices.Reverse(near)
	}
	for _, n := range near {
		if n < 1 || n > len(f.lines) {
			continue
		}
		if h := f.habit(n); h != nil {
			return *h
		}
	}
	return p
}

// habit is the problem of a habit on line n, or nil.
func (f *parsedFile) habit(n int) *Problem {
	if h, ok := f.told[n]; ok {
		return h
	}
	f.told[n] = nil
	line := inQuotes.ReplaceAllStringFunc(f.lines[n-1], func(s string) string { return strings.Repeat(`"`, len(s)) })
	for _, h := range habits {
		if m := h.form.FindStringSubmatchIndex(line); m != nil {
			f.told[n] = &Problem{Pos: Pos{f.label, n, m[2] + 1}, Text: fmt.Sprintf(h.text, line[m[2]:m[3]])}
			break
		}
	}
	return f.told[n]
}
