package schema

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "", 3},
		{"cache", "cache", 0},
		{"cach", "cache", 1},   // insertion
		{"caches", "cache", 1}, // deletion
		{"cashe", "cache", 1},  // substitution
		{"cahce", "cache", 1},  // a swap of neighbours is one mistake, not two
		{"ac", "cab", 2},       // at the start of the word
		{"kitten", "sitting", 3},
		{"ca", "abc", 3}, // optimal string alignment: nothing is edited twice
	} {
		t.Run(c.a+"/"+c.b, func(t *testing.T) {
			if got := distance(c.a, c.b); got != c.want {
				t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
			}
			if got := distance(c.b, c.a); got != c.want {
				t.Errorf("distance(%q, %q) = %d, want %d: it has no direction", c.b, c.a, got, c.want)
			}
		})
	}
}

func TestNearest(t *testing.T) {
	fields := []string{"name", "image", "volumes", "mounts", "uid", "gid"}
	for _, c := range []struct {
		name, word, want string
		candidates       []string
	}{
		{"typo", "volums", "did you mean volumes?", fields},
		{"case", "Image", "did you mean image?", fields},
		{"far away", "kubernetes", "", fields},
		{"a short word gives little room", "xy", "", fields},
		{"a short word with one mistake", "iud", "did you mean uid?", fields},
		{"no candidates", "name", "", nil},
		{"empty word", "", "", fields},
		{"of two that are as close the first wins", "did", "did you mean uid?", fields},
		{"quotes are part of a value", `"mx"`, `did you mean "max"?`, []string{`"max"`, `"min"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Nearest(c.word, c.candidates); got != c.want {
				t.Errorf("Nearest(%q) = %q, want %q", c.word, got, c.want)
			}
		})
	}
}

func TestSortProblems(t *testing.T) {
	at := func(file string, line, col int, path, text string) Problem {
		return Problem{Pos: Pos{file, line, col}, Path: path, Text: text}
	}
	got := SortProblems([]Problem{
		at("b.cue", 1, 1, "", "other file"),
		at("a.cue", 10, 1, "", "line ten"),
		at("a.cue", 2, 10, "", "column ten"),
		at("a.cue", 2, 9, "z", "path z"),
		at("a.cue", 2, 9, "a", "second of its place"),
		at("a.cue", 2, 9, "a", "first written second"),
		at("a.cue", 2, 9, "z", "path z"), // a repetition
		{Text: "nowhere"},
	})
	want := []Problem{
		{Text: "nowhere"},
		at("a.cue", 2, 9, "a", "second of its place"), // equal places keep their order
		at("a.cue", 2, 9, "a", "first written second"),
		at("a.cue", 2, 9, "z", "path z"),
		at("a.cue", 2, 10, "", "column ten"),
		at("a.cue", 10, 1, "", "line ten"),
		at("b.cue", 1, 1, "", "other file"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("SortProblems (-want +got):\n%s", diff)
	}
}

func TestProblemString(t *testing.T) {
	at := Pos{"a.cue", 3, 7}
	for _, c := range []struct {
		place, words string
		p            Problem
	}{
		{"", "broken", Problem{Text: "broken"}},
		{"a.cue: ", "broken", Problem{Pos: Pos{File: "a.cue"}, Text: "broken"}},
		{"a.cue:3:7: ", "name: broken", Problem{Pos: at, Path: "name", Text: "broken"}},
		{"a.cue:3:7: ", "name: broken (did you mean x?) [DG-12]", Problem{Pos: at, Path: "name", Text: "broken", Hint: "did you mean x?", Rule: "DG-12"}},
		{"a.cue:3:7: warning: ", "name: odd", Problem{Pos: at, Path: "name", Text: "odd", Severity: Warning}},
		{"a.cue:3:7: information: ", "name: so", Problem{Pos: at, Path: "name", Text: "so", Severity: Info}},
		{`a\nb.cue:3:7: `, `a\nb: 'é\x1b[2J\u2028\u202e\xff\ufeff' 🚀`, Problem{Pos: Pos{"a\nb.cue", 3, 7}, Path: "a\nb", Text: "'é\x1b[2J\u2028\u202e\xff\ufeff' 🚀"}},
	} {
		if got := c.p.String(); got != c.place+c.words {
			t.Errorf("got %q, want %q", got, c.place+c.words)
		}
		if got := c.p.Words(); got != c.words {
			t.Errorf("words: got %q, want %q", got, c.words)
		}
	}
}
