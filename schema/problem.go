package schema

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Pos is a place in a file of the user. The zero Pos is no place.
type Pos struct {
	File string // as the user would name it, relative to the working folder
	Line int    // from 1
	Col  int    // from 1, in bytes
}

// IsValid reports whether p is a place.
func (p Pos) IsValid() bool { return p.File != "" }

// String is file:line:col, or file alone where a file has no lines yet.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// A Severity says what a Problem does to the exit code.
type Severity int

const (
	Error   Severity = iota // the spec is not accepted
	Warning                 // accepted; fails only under --strict
	Info                    // worth knowing
)

func (s Severity) String() string { return [...]string{"error", "warning", "information"}[s] }

// A Problem is one thing that is wrong with what the user wrote. Problems are values and are collected: a Go
// error means that devgen could not do its work.
type Problem struct {
	Pos      Pos
	Path     string // the field of the spec: volumes.npm-cache.target
	Text     string // what is wrong; what is allowed
	Hint     string // did you mean …?
	Rule     string // the rule that found it (DG-12), if one did
	Severity Severity
}

// String is the one line that a person reads: file:line:col: severity: path: text (hint) [rule]. What the user wrote can
// hold anything; what cannot be seen, or would end the line or speak to the terminal, is shown as an escape.
func (p Problem) String() string {
	line := p.Words()
	if p.Severity != Error {
		line = p.Severity.String() + ": " + line
	}
	if p.Pos.IsValid() {
		line = OneLine(p.Pos.String()) + ": " + line
	}
	return line
}

// Words are String without the place and the severity.
func (p Problem) Words() string {
	var b strings.Builder
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Text)
	if p.Hint != "" {
		b.WriteString(" (" + p.Hint + ")")
	}
	if p.Rule != "" {
		b.WriteString(" [" + p.Rule + "]")
	}
	return OneLine(b.String())
}

// OneLine is s in one line: every character that cannot be printed is shown as an escape of Go.
func OneLine(s string) string {
	odd := func(r rune) bool { return !unicode.IsPrint(r) }
	if utf8.ValidString(s) && !strings.ContainsFunc(s, odd) {
		return s
	}
	var b strings.Builder
	for rest := s; rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		if r == utf8.RuneError && size == 1 || odd(r) {
			quoted := strconv.Quote(rest[:size])
			b.WriteString(quoted[1 : len(quoted)-1])
		} else {
			b.WriteRune(r)
		}
		rest = rest[size:]
	}
	return b.String()
}

// Section is the top-level field of the spec that the problem is in.
func (p Problem) Section() string {
	end := strings.IndexAny(p.Path, ".[")
	if end < 0 {
		return p.Path
	}
	return p.Path[:end]
}

// Error makes a Problem that ends the reading of a file an error.
func (p Problem) Error() string { return p.String() }

// SortProblems puts problems into the order of the user's files and drops repetitions.
func SortProblems(ps []Problem) []Problem {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(a.Pos.File, b.Pos.File),
			cmp.Compare(a.Pos.Line, b.Pos.Line),
			cmp.Compare(a.Pos.Col, b.Pos.Col),
			cmp.Compare(a.Path, b.Path),
		)
	})
	seen := map[Problem]bool{}
	return slices.DeleteFunc(ps, func(p Problem) bool {
		again := seen[p]
		seen[p] = true
		return again
	})
}

// Nearest is the hint that names the candidate closest to word, or "" if none is close.
func Nearest(word string, candidates []string) string {
	best, least := "", max(1, len(word)/3)+1
	for _, c := range candidates {
		if d := distance(strings.ToLower(word), strings.ToLower(c)); d < least {
			best, least = c, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %s?", best)
}

// distance is the optimal string alignment distance: insertions, deletions, substitutions and swaps of
// neighbours, in bytes.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
