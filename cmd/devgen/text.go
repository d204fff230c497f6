package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/devgen/devgen/schema"
	"github.com/fatih/color"
	"github.com/mattn/go-isatty"
	"github.com/mattn/go-runewidth"
)

// text prints the result for people: a line each, and on a terminal the place in the source below each problem. Results
// go to stdout, objections too if they are what was asked for.
func (r *result) text(stdout, stderr *screen) {
	objections := stderr
	if r.asked {
		objections = stdout
	}
	objections.problems(r.problems)
	for _, t := range r.files {
		switch {
		case t.objected():
			objections.line(schema.OneLine(t.text()))
		case t.line != "":
			stdout.line(schema.OneLine(t.line))
		}
	}
	if r.summary != "" {
		stdout.line(schema.OneLine(r.summary))
	}
}

// A screen is a stream that people read.
type screen struct {
	w      io.Writer
	source bool // show the source line of a problem, and a caret
	colors bool
	files  map[string][]string // lines of the sources that were read
}

// newScreen knows what a stream can show. when is the value of --color; "auto" leaves it to the terminal, NO_COLOR and
// TERM=dumb.
func newScreen(when choice, w io.Writer) *screen {
	s := &screen{w: w, source: isTerminal(w), files: map[string][]string{}}
	switch when.value {
	case "always":
		s.source, s.colors = true, true
	case "auto":
		s.colors = s.source && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	}
	return s
}

func isTerminal(w io.Writer) bool {
	if c, ok := w.(*checked); ok {
		w = c.w
	}
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

func (s *screen) line(text string) { fmt.Fprintln(s.w, text) }

// paint gives text a colour, if the screen has any.
func (s *screen) paint(text string, attributes ...color.Attribute) string {
	if !s.colors || text == "" {
		return text
	}
	c := color.New(attributes...)
	c.EnableColor()
	return c.Sprint(text)
}

func (s *screen) problems(all []schema.Problem) {
	for _, p := range all {
		s.problem(p)
	}
}

// problem prints one problem, and where the screen shows it the line that it is about.
func (s *screen) problem(p schema.Problem) {
	line := p.Words()
	if p.Severity != schema.Error {
		line = s.paint(p.Severity.String()+":", color.FgYellow, color.Bold) + " " + line
	}
	if p.Pos.IsValid() {
		line = s.paint(schema.OneLine(p.Pos.String()), color.Bold) + ": " + line
	}
	s.line(line)
	if s.source {
		s.excerpt(p)
	}
}

// excerpt prints the source line of a problem with a caret below its place.
func (s *screen) excerpt(p schema.Problem) {
	lines := s.read(p.Pos.File)
	if p.Pos.Line < 1 || p.Pos.Line > len(lines) {
		return
	}
	line := lines[p.Pos.Line-1]
	if p.Pos.Col < 1 || p.Pos.Col > len(line)+1 {
		return
	}
	shown, pad := excerpt(line, p.Pos.Col-1)
	number := fmt.Sprint(p.Pos.Line)
	margin := strings.Repeat(" ", len(number))
	caret := color.FgRed
	if p.Severity != schema.Error {
		caret = color.FgYellow
	}
	s.line(s.paint("  "+number+" | ", color.FgBlue) + shown)
	s.line(s.paint("  "+margin+" | ", color.FgBlue) + pad + s.paint("^", caret, color.Bold))
}

// read is the lines of a file; none if it cannot be read.
func (s *screen) read(file string) []string {
	lines, ok := s.files[file]
	if !ok {
		if data, err := os.ReadFile(file); err == nil {
			lines = strings.Split(strings.TrimPrefix(string(data), "\ufeff"), "\n") // the mark counts for no column
		}
		s.files[file] = lines
	}
	return lines
}

// excerptSide is how many characters an excerpt shows on each side of the caret: a JSON spec may be one long line.
const excerptSide = 60

// excerpt is the part of a line around a byte of it, as a terminal can show it, and what to print in front of a caret
// that stands below that byte. Tabs stay tabs in both, whatever their width.
func excerpt(line string, at int) (shown, pad string) {
	before, after := []rune(line[:at]), []rune(strings.TrimSuffix(line[at:], "\r"))
	head, tail := "", ""
	if len(before) > excerptSide {
		head, before = "…", before[len(before)-excerptSide:]
	}
	if len(after) > excerptSide {
		tail, after = "…", after[:excerptSide]
	}
	left := head + printable(before)
	// Whether East Asian ambiguous characters are wide is the terminal's choice; most take one column.
	width := runewidth.Condition{StrictEmojiNeutral: true}
	columns := strings.Split(left, "\t")
	for i, text := range columns {
		columns[i] = strings.Repeat(" ", width.StringWidth(text))
	}
	return left + printable(after) + tail, strings.Join(columns, "\t")
}

// printable shows what would move the cursor or turn the text around as a replacement character.
func printable(text []rune) string {
	shown := func(r rune) rune {
		if r != '\t' && !unicode.IsGraphic(r) {
			return utf8.RuneError
		}
		return r
	}
	return strings.Map(shown, string(text))
}
