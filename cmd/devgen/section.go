package main

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/devgen/devgen/generators"
	"github.com/devgen/devgen/schema"
)

// A section is devgen's part of a file that is the user's: the lines from generators.SectionBegin to SectionEnd. What
// is around it is never touched, and no change of it is devgen's business.
type section struct {
	before, own, after []byte // own is nil if there is none
}

// cutSection finds the section. The error tells what is wrong with its markers.
func cutSection(data []byte) (s section, err error) {
	begin, end, at, number := -1, -1, 0, 0
	for line := range bytes.Lines(data) {
		number++
		switch m := markerOf(line); {
		case m == generators.SectionBegin && begin < 0:
			begin = at + len(line) - len(bytes.TrimPrefix(line, byteOrderMark))
		case m == generators.SectionEnd && begin >= 0 && end < 0:
			end = at + len(line)
		case m != "":
			return s, fmt.Errorf("line %d: %q is out of place", number, strings.TrimRight(m, ": "))
		}
		at += len(line)
	}
	switch {
	case begin < 0:
		return section{before: data}, nil
	case end < 0:
		return s, fmt.Errorf("%q is missing", generators.SectionEnd)
	}
	return section{data[:begin], data[begin:end], data[end:]}, nil
}

var byteOrderMark = []byte("\uFEFF")

// markerOf is the marker that a line is, or "".
func markerOf(line []byte) string {
	text := string(bytes.TrimSpace(bytes.TrimPrefix(line, byteOrderMark)))
	switch {
	case strings.HasPrefix(text, strings.TrimSpace(generators.SectionBegin)):
		return generators.SectionBegin
	case text == generators.SectionEnd:
		return generators.SectionEnd
	}
	return ""
}

// mend is a file with damaged markers, without them, without what devgen would write between them or wrote beside them,
// and without the marks of a conflict that goes through them: of that both sides stay. The section comes to the place of
// the first marker.
func mend(data, own []byte) section {
	lines := slices.Collect(bytes.Lines(data))
	if schema.HasConflict(data) {
		lines = bothSides(lines)
	}
	ours := strings.Split(string(own), "\n")
	s := section{own: []byte{}}
	part := &s.before
	for i, line := range lines {
		if markerOf(line) != "" {
			part = &s.after
			continue
		}
		if text := lineText(line); text == "" || !slices.Contains(ours, text) && !besideMarker(lines, i) {
			*part = append(*part, line...)
		}
	}
	return s
}

func lineText(line []byte) string { return strings.TrimRight(string(line), "\r\n") }

// besideMarker reports whether a line is one of those that devgen wrote behind the first marker or in front of the last.
func besideMarker(lines [][]byte, i int) bool {
	ours := func(line []byte) bool { return generators.IsSectionLine(lineText(line)) }
	begin, end := i, i
	for begin >= 0 && ours(lines[begin]) {
		begin--
	}
	for end < len(lines) && ours(lines[end]) {
		end++
	}
	return begin < i && (begin >= 0 && markerOf(lines[begin]) == generators.SectionBegin || end < len(lines) && markerOf(lines[end]) == generators.SectionEnd)
}

// bothSides are the lines of a file with conflicts, without git's marks and the common ancestor.
func bothSides(lines [][]byte) (kept [][]byte) {
	ancestor := false
	for _, line := range lines {
		switch text := lineText(line); {
		case strings.HasPrefix(text, "|||||||"):
			ancestor = true
		case text == "=======":
			ancestor = false
		case ancestor, strings.HasPrefix(text, "<<<<<<< "), strings.HasPrefix(text, ">>>>>>> "):
		default:
			kept = append(kept, line)
		}
	}
	return kept
}

// lines are devgen's, as it wrote them: with LF and with a line end at the end of the file.
func (s section) lines() []byte {
	if s.own == nil {
		return nil
	}
	return append(bytes.TrimSuffix(withLF(s.own), []byte("\n")), '\n')
}

// with is the file with lines in the section's place, and at its end if there was none: git's last word counts. They
// get the line endings of the file.
func (s section) with(lines []byte) []byte {
	end := []byte("\n")
	first, _, _ := bytes.Cut(slices.Concat(s.before, s.own, s.after), end)
	if bytes.HasSuffix(first, []byte("\r")) {
		end = []byte("\r\n")
		lines = bytes.ReplaceAll(lines, []byte("\n"), end)
	}
	if len(s.before) > 0 && !bytes.HasSuffix(s.before, []byte("\n")) && !bytes.Equal(s.before, byteOrderMark) {
		lines = append(end, lines...)
	}
	return slices.Concat(s.before, lines, s.after)
}

// examineSection finds the state of devgen's lines in a file of the user's. line is what the manifest says of them, or
// nil. What is wanted is the whole file.
func examineSection(root *os.Root, want *generators.File, line *manifestLine) (surveyedFile, error) {
	f := surveyedFile{path: want.Path, section: true}
	var err error
	if f.have, err = read(root, want.Path); err != nil {
		return f, err
	}
	s, damage := cutSection(f.have)
	f.own = s.lines()
	switch f.state = stateOf(f.own, want.Data); {
	case damage != nil:
		f.spoil(damage)
		s = mend(f.have, want.Data)
	case f.state == stale:
		f.state = line.whose(f.own)
	}
	whole := *want
	whole.Executable = isExecutable(root, want.Path)
	if whole.Data = f.have; f.state != fresh {
		whole.Data = s.with(want.Data)
	}
	f.want = &whole
	return f, nil
}

// spoil makes it the finding of a section whose markers are no pair: a conflict goes through them, or they are damaged.
func (f *surveyedFile) spoil(damage error) {
	if schema.HasConflict(f.have) {
		f.state = conflicting
		return
	}
	f.state, f.damage = damaged, damage
}

// examineOrphanSection finds the state of devgen's lines in a file of the user's where none are wanted any more. The
// file goes if there is nothing else in it.
func examineOrphanSection(root *os.Root, line manifestLine) (*surveyedFile, error) {
	have, err := readOrphan(root, line.path)
	if have == nil {
		return nil, err
	}
	f := &surveyedFile{path: line.path, section: true, state: leftover, have: have, line: line}
	s, damage := cutSection(have)
	f.own = s.lines()
	switch {
	case damage != nil:
		f.spoil(damage)
		s = mend(have, nil)
	case f.own == nil:
		return nil, nil
	case line.knows(f.own):
		f.state = orphaned
	}
	if rest := slices.Concat(s.before, s.after); len(rest) > 0 {
		f.want = &generators.File{Path: line.path, Data: rest, Executable: isExecutable(root, line.path)}
	}
	return f, nil
}
