package schema

import (
	"bytes"
	"regexp"
)

// merged is what git leaves in a file when a merge did not go through.
var merged = regexp.MustCompile(`(?ms)^<{7} .*?^={7}\r?$.*?^>{7} `)

// HasConflict reports whether git left a conflict in a file: all three of its markers. One alone may be text.
func HasConflict(data []byte) bool { return merged.Match(data) }

// conflicts finds what git left in the file; as CUE it would be told three times.
func conflicts(file string, data []byte) (ps problemList) {
	for _, at := range merged.FindAllIndex(data, -1) {
		line := 1 + bytes.Count(data[:at[0]], []byte("\n"))
		ps = append(ps, Problem{Pos: Pos{label(file), line, 1}, Text: "has conflict markers; resolve them first"})
	}
	return ps
}
