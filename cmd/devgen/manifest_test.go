package main

import (
	"io/fs"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/devgen/devgen/generators/plan"
)

func TestParseManifest(t *testing.T) {
	a, b := strings.Repeat("a", 64), strings.Repeat("0b", 32)
	tests := []struct {
		name, text string
		want       manifest
		err        string
	}{
		{"nothing in it", "format 1\n", nil, ""},
		{"no newline", "format 1", nil, ""},
		{"comments", "# one\nformat 1\n# two\n- " + a + " x\n", manifest{{"x", "-", []string{a}}}, ""},
		{"CRLF", "# one\r\nformat 1\r\n- " + a + " x\r\n", manifest{{"x", "-", []string{a}}}, ""},
		{"modes", "format 1\nx " + a + " a\n- " + b + " b/c\n", manifest{{"a", "x", []string{a}}, {"b/c", "-", []string{b}}}, ""},
		{"a section", "format 1\ns " + a + " .gitattributes\n", manifest{{".gitattributes", "s", []string{a}}}, ""},
		{"two hashes", "format 1\n- " + a + "," + b + " x\n", manifest{{"x", "-", []string{a, b}}}, ""},
		{"a blank in a path", "format 1\n- " + a + " a b\n", manifest{{"a b", "-", []string{a}}}, ""},

		{"empty", "", nil, "is empty"},
		{"only comments", "# x\n", nil, "is empty"},
		{"garbage", "hello\n", nil, `line 1: want "format 1"`},
		{"another format", "# x\nformat 2\n", nil, "line 2: "},
		{"format twice", "format 1\nformat 1\n", nil, "line 2: want kind, hash and path"},
		{"an empty line", "format 1\n\n", nil, "line 2: want kind, hash and path"},
		{"conflict", "format 1\n<<<<<<< a\n=======\n>>>>>>> b\n", nil, "has conflict markers"},
		{"three hashes", "format 1\n- " + a + "," + a + "," + a + " x\n", nil, "line 2: want kind, hash and path"},
		{"upper case", "format 1\n- " + strings.ToUpper(a) + " x\n", nil, "line 2: want kind, hash and path"},
		{"no path", "format 1\n- " + a + " \n", nil, "line 2: want kind, hash and path"},
		{"parent", "format 1\n- " + a + " ../x\n", nil, `line 2: "../x" is not a path inside the repository`},
		{"inner parent", "format 1\n- " + a + " a/../../x\n", nil, `line 2: "a/../../x" is not a path inside the repository`},
		{"absolute", "format 1\n- " + a + " /x\n", nil, `line 2: "/x" is not a path inside the repository`},
		{"backslash", "format 1\n- " + a + " a\\b\n", nil, `line 2: "a\\b" is not a path inside the repository`},
		{"drive", "format 1\n- " + a + " C:x\n", nil, `line 2: "C:x" is not a path inside the repository`},
		{"dot", "format 1\n- " + a + " .\n", nil, `line 2: "." is not a path inside the repository`},
		{"two slashes", "format 1\n- " + a + " a//b\n", nil, `line 2: "a//b" is not a path inside the repository`},
		{"itself", "format 1\n- " + a + " .devcontainer/devgen.manifest\n", nil, `line 2: ".devcontainer/devgen.manifest" is not a path`},
		{"twice", "format 1\n- " + a + " x\n- " + b + " x\n", nil, `line 3: "x" is out of order or there twice`},
		{"unsorted", "format 1\n- " + a + " y\n- " + b + " x\n", nil, `line 3: "x" is out of order or there twice`},
		{"not UTF-8", "format 1\n- " + a + " \xff\n", nil, "is not a path inside the repository"},
		{"a control character", "format 1\n- " + a + " a\x1b[2Jb\n", nil, "is not a path inside the repository"},
		{"binary", "\x00\x01\x02", nil, "line 1: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseManifest([]byte(test.text))
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("error %v, want %q", err, test.err)
				}
				return
			}
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %v and error %v, want %v", got, err, test.want)
			}
		})
	}
}

func TestManifestLine(t *testing.T) {
	m := manifest{{path: "a"}, {path: "b"}, {path: "d"}}
	for _, path := range []string{"a", "b", "d"} {
		if l := m.line(path); l == nil || l.path != path {
			t.Errorf("line(%q) = %v", path, l)
		}
	}
	for _, path := range []string{"", "c", "e"} {
		if l := m.line(path); l != nil {
			t.Errorf("line(%q) = %v, want none", path, l)
		}
	}
}

// FuzzManifest: whatever is in a manifest, devgen does not panic; what is accepted comes back from its own text; no path
// leads out of the repository, on any system; and a manifest takes no more memory than its text, by a fixed factor.
func FuzzManifest(f *testing.F) {
	a := strings.Repeat("a", 64)
	for _, seed := range []string{
		"", "\n", "#", "format 1", "format 1\n", "format 2\n",
		"# x\nformat 1\n- " + a + " x\nx " + a + "," + a + " y\n", "format 1\ns " + a + " x\n",
		"format 1\r\n- " + a + " x\r\n",
		"format 1\n- " + a + " ../../etc/passwd\n", "format 1\n- " + a + " /etc/passwd\n",
		"format 1\n- " + a + " a\\..\\b\n", "format 1\n- " + a + " C:/x\n", "format 1\n- " + a + " a/./b\n",
		"format 1\n- " + a + " x\r\n- " + a + " x \n", "format 1\n- " + a + " \x00\n", "format 1\n- " + a + " \xff\n",
		"format 1\n<<<<<<< a\n=======\n>>>>>>> b\n",
		"format 1\n- " + a + " a/../b\n", "format 1\n- " + a + " ..\n", "format 1\n- " + a + " ~/x\n", "format 1\n- " + a + " .git/config\n", "format 1\n- " + a + " x/.GIT/hooks/pre-commit\n",
		"format 1\n- " + a + " \u202ex\n", "format 1\n- " + a + " \\\\server\\x\n", "format 1\n- " + a + " .devcontainer/devgen.manifest\n", "format 1\n- " + a + " CON\n", "format 1\n- " + a + " " + strings.Repeat("x/", 5000) + "x\n",
		"\ufeffformat 1\n", "format 1\n" + strings.Repeat("#\n", 5000), "format 99999999999999999999\n", "format 1\r\n- " + a + " x\r\r\n",
	} {
		f.Add([]byte(seed))
	}
	root := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		m, err := parseManifest(data)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 64<<10+100*uint64(len(data)) {
			t.Errorf("%d bytes took %d bytes of memory", len(data), used)
		}
		if err != nil {
			if text := err.Error(); strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("%q cannot be shown in one line", text)
			}
			if m != nil {
				t.Errorf("a manifest besides the error %v", err)
			}
			return
		}
		for _, l := range m {
			if !fs.ValidPath(l.path) || strings.ContainsAny(l.path, "\\:") || l.path == "." || !utf8.ValidString(l.path) {
				t.Errorf("path %q", l.path)
			}
			if rel, err := filepath.Rel(root, filepath.Join(root, l.path)); err != nil || !filepath.IsLocal(rel) || rel == "." {
				t.Errorf("path %q leads to %q", l.path, rel)
			}
			if parts := strings.Split(strings.ToLower(l.path), "/"); slices.Contains(parts, ".git") || l.path == plan.ManifestPath {
				t.Errorf("path %q is not devgen's", l.path)
			}
			if len(l.hashes) < 1 || len(l.hashes) > 2 {
				t.Errorf("%d hashes", len(l.hashes))
			}
		}
		text := m.format("# header")
		again, err := parseManifest(text)
		if err != nil || !reflect.DeepEqual(m, again) {
			t.Errorf("%q came back as %v (%v), was %v", text, again, err, m)
		}
		if twice := again.format("# header"); string(twice) != string(text) {
			t.Errorf("%q became %q", text, twice)
		}
	})
}
