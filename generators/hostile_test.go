package generators

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/devgen/devgen/schema"
)

// hostile are strings that break out of some place, or that some parser takes for something else. native is what the
// places that pass everything through do with them: "" takes them, and otherwise the problem says it.
var hostile = []struct{ name, text string }{
	{"single quote", "it's"}, {"double quote", `say "x"`}, {"newline", "a\nb"}, {"carriage return and newline", "a\r\nb"}, {"carriage return", "a\rb"},
	{"line separator", "a\u2028b"}, {"next line", "a\u0085b"}, {"newline at the end", "a\n"}, {"newline first", "\na"},
	{"expression", "${{ github.token }}"}, {"open expression", "${{"}, {"command", "$(id)"}, {"backticks", "`id`"}, {"variable", "${HOME}"}, {"two dollars", "$$"},
	{"comment", "#1"}, {"comment behind", "a #x"}, {"float", "1.0"}, {"octal", "0755"}, {"yes", "yes"}, {"null", "null"}, {"tilde", "~"}, {"number", "1e3"},
	{"sexagesimal", "1:30"}, {"date", "2026-01-01"}, {"merge", "<<"}, {"mapping", "a: b"}, {"item", "- x"}, {"star", "*"}, {"anchor", "&a"}, {"tag", "!x"},
	{"percent", "%"}, {"braces", "{}"}, {"bracket", "["}, {"document end", "..."}, {"document", "---"},
	{"combining", "e\u0301"}, {"right to left", "a\u202eb"}, {"zero width", "a\u200bb"}, {"byte order mark", "\ufeffa"}, {"emoji", "🚀"}, {"mojibake", "Ã©"}, {"replacement", "a\ufffdb"},
	{"not UTF-8", "a\xffb"}, {"NUL", "a\x00b"}, {"escape", "a\x1b[31mb"}, {"DEL", "a\x7fb"}, {"C1", "a\u009bb"}, {"tab", "a\tb"}, {"300 characters", strings.Repeat("a", 300)},
	{"empty", ""}, {"blank", " "}, {"leading blank", " a"}, {"trailing blank", "a "}, {"parent", ".."}, {"option", "-rf"}, {"long option", "--"},
	{"backslash", `\`}, {"drive", `C:\x`}, {"annotation", "::error::"}, {"heredoc", "EOF"}, {"CDATA", "]]>"}, {"options", "a,b=c"}, {"name and value", "a=b"},
	{"slash", "a/b"}, {"git", ".git"}, {"plain", "a"},
}

// refused are hostile strings that have the form of their place and are refused all the same: by the plan, which knows
// what they mean, or by the judge of the file that they would go to.
var refused = map[string]string{
	"image args *":                   "blank, leading blank, trailing blank", // the build would not get it
	"volumes * target":               "git",
	"mounts * target":                "git",
	"outputs *":                      "git",
	"workflow paths *":               "blank, leading blank, trailing blank, bracket, parent, tag", // a filter that GitHub refuses, or that takes away from nothing
	"services sidecar image":         "expression, open expression, empty",                         // to Compose a dollar begins a variable
	"services sidecar command *":     "expression, open expression",
	"services sidecar labels *":      "expression, open expression",
	"services sidecar labels ~":      "empty",
	"services sidecar x-any *":       "expression, open expression",
	"services sidecar environment *": "expression, open expression",
	"services sidecar environment ~": "empty",
	"services dev environment *":     "expression, open expression",
	"services dev environment ~":     "empty",
	"workflow steps before * name":   "open expression",
	"workflow steps before * run":    "open expression, empty",
	"workflow steps before * env *":  "open expression",
	"workflow steps before * env ~": "open expression, empty, blank, leading blank, trailing blank, double quote, tab, mapping, item, anchor, " +
		"comment behind, options, name and value, merge",
	"workflow steps after * with *": "open expression",
	"drift steps before * run":      "open expression, empty",
}

// takes reports whether a place is to accept a hostile string.
func takes(p place, name, text string) bool {
	switch words, ok := strings.CutPrefix(p.form, "|"); {
	case slices.Contains(strings.Split(refused[p.path], ", "), name):
		return false
	case ok:
		return text != "" && strings.Contains("|"+words, "|"+text+"|")
	case p.form == passes:
		return !slices.Contains([]string{"NUL", "escape", "DEL"}, name)
	}
	return forms()[p.form].MatchString(text) && len(text) < 256
}

// apart are places whose string contradicts the same one in too many others.
var apart = []string{"image base", "drift command", "outputs *"}

// TestHostile puts each hostile string into each place: either it is refused by a problem at the place, or it is
// accepted and comes out as it was said.
func TestHostile(t *testing.T) {
	for _, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			if !utf8.ValidString(h.text) || strings.Contains(h.text, "\ufeff") {
				hostileFile(t, h.text)
				return
			}
			const batches = 5 // two volumes cannot have one target: places beside each other go into different specs
			var good [batches][]place
			var values, names []place // a name that is refused hides what is wrong below it
			for i, p := range places {
				switch formed := p.form != passes && (p.form[0] == '|' || !forms()[p.form].MatchString(h.text)); {
				case strings.HasSuffix(p.path, "**"):
				case slices.Contains(apart, p.path):
					hostileAlone(t, p, h.name, h.text)
				case takes(p, h.name, h.text):
					good[i%batches] = append(good[i%batches], p)
				case !formed:
					hostileAlone(t, p, h.name, h.text)
				case p.first().name:
					names = append(names, p)
				default:
					values = append(values, p)
				}
			}
			for _, together := range good {
				if c := checkSpec(t, everywhere(together, h.text), true); len(c.problems) > 0 {
					t.Errorf("refused: %s", c.problems)
				}
			}
			for _, together := range [][]place{values, names} {
				c := checkSpec(t, everywhere(together, h.text), true)
				for _, p := range together {
					if want := p.at(h.text); !slices.ContainsFunc(c.problems, func(x schema.Problem) bool { return x.Path == want }) {
						t.Errorf("no problem at %q among %q", want, c.problems)
					}
				}
			}
		})
	}
}

// everywhere is whole with the text in all of the places, in names last: they lead to the others.
func everywhere(all []place, text string) schema.Value {
	v := fromJSON(whole)
	for _, names := range []bool{false, true} {
		for _, p := range slices.Backward(all) {
			if s := p.first(); s.name == names {
				v = put(v, s, text)
			}
		}
	}
	return v
}

// at is where a problem about the text in the place is to be.
func (p place) at(text string) string {
	s := p.first()
	path := slices.Clone(s.path)
	if s.name {
		path[len(path)-1] = text
	}
	at := ""
	for i, part := range path {
		if _, err := strconv.Atoi(part); err == nil && !(s.name && i == len(path)-1) {
			at += "[" + part + "]"
			continue
		}
		at += when(i > 0, ".") + part
	}
	return at
}

// hostileFile puts a string that no file may hold into every place: it is one problem of the file.
func hostileFile(t *testing.T, text string) {
	t.Helper()
	for _, p := range places {
		if c := checkSpec(t, put(p.spec(), p.first(), text), p.path != "image base"); len(c.problems) != 1 || c.problems[0].Path != "" {
			t.Errorf("%s: %q", p.path, c.problems)
		}
	}
}

// covers reports whether a field is the one at path, or one around it.
func covers(field, path string) bool {
	rest, ok := strings.CutPrefix(path, field)
	return ok && field != "" && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// hostileAlone puts a string into one place only.
func hostileAlone(t *testing.T, p place, name, text string) {
	t.Helper()
	c := checkSpec(t, put(p.spec(), p.first(), text), p.path != "image base")
	switch want := p.at(text); {
	case takes(p, name, text):
		if len(c.problems) > 0 {
			t.Errorf("refused: %s", c.problems)
		}
	case !slices.ContainsFunc(c.problems, func(x schema.Problem) bool { return covers(x.Path, want) }):
		t.Errorf("no problem at %q among %q", want, c.problems)
	}
}
