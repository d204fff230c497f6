package schema

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/format"
	"github.com/google/go-cmp/cmp"
)

// harmless is why a definition may accept a string of the class: what its value is used for makes it so.
var harmless = map[string]string{
	"#Group with blank":               "is only ever part of a comment",
	"#HostPath with blank":            "folders of the host have blanks; every use is quoted",
	"#HostPath with ..":               "../other is meant",
	"#Cron with blank":                "five fields",
	"#Command with blank":             "several words are meant",
	"#ImageReference with .. inside":  "is judged as a reference when the plan is made",
	"#BranchName with .. inside":      "no branch of git has it",
	"#Branch with .. inside":          "no branch of git has it",
	"#Branch with YAML alias":         "** is meant; YAML strings are quoted where they must be",
	"#Repository of 300 characters":   "is judged as a reference when the plan is made",
	"#SemverPattern with .":           "what it gives is judged as a tag when the plan is made",
	"#SemverPattern with option":      "the same",
	"#SemverPattern with long option": "the same",
	"#LoginName with .":               "is a user name",
	"#PathFilter with blank":          "is a YAML string of the workflow, never a word of a shell",
	"#PathFilter with ..":             "the same, and actionlint judges it",
	"#PathFilter with .. inside":      "the same",
	"#PathFilter with .":              "the same",
	"#PathFilter with option":         "the same",
	"#PathFilter with long option":    "the same",
	"#PathFilter with YAML alias":     "the same",
	"#PathFilter with YAML tag":       "the same; it takes paths out",
}

// hostile are strings that break out of some place, by class. A string definition must refuse all of them.
var hostile = []struct{ class, text string }{
	{"empty", ""},
	{"with newline", "a\nb"},
	{"with newline at its end", "a\n"},
	{"with carriage return", "a\rb"},
	{"with NUL", "a\x00b"},
	{"with escape", "a\x1b[31m"},
	{"with DEL", "a\x7f"},
	{"with tab", "a\tb"},
	{"with double quote", `a"b`},
	{"with backtick", "a`id`"},
	{"with backslash", `a\b`},
	{"with command", "$(id)"},
	{"with variable", "${HOME}"},
	{"with expression", "${{ github.token }}"},
	{"with private character", "a\uf8ff"},
	{"with replacement character", "a\ufffd"},
	{"with line separator", "a\u2028b"},
	{"with next line", "a\u0085b"},
	{"with right-to-left override", "a\u202eb"},
	{"of 300 characters", strings.Repeat("a", 300)},
}

// words are hostile where a string is one word: of a shell, a path, a tag, a key. Only what is harmless may take them.
var words = []struct{ class, text string }{
	{"with blank", "a b"},
	{"with ..", "../.."},
	{"with .. inside", "a/../b"},
	{"with .", "."},
	{"with semicolon", "a;id"},
	{"with pipe", "a|id"},
	{"with ampersand", "a&id"},
	{"with redirection", "a>b"},
	{"with single quote", "a'b"},
	{"with comma", "a,readonly"},
	{"with equals", "a=b"},
	{"with comment", "a #b"},
	{"with colon and blank", "a: b"},
	{"with option", "-rf"},
	{"with long option", "--privileged"},
	{"with YAML alias", "*a"},
	{"with YAML tag", "!a"},
	{"with umlaut", "ä"},
}

// forms are the definitions of schema.cue that are a pattern.
func forms(t *testing.T, l language) (names []string) {
	for _, d := range l.file.Decls {
		if f, ok := d.(*ast.Field); ok && l.errorText(f.Value) != "" {
			names = append(names, labelOf(f))
		}
	}
	if len(names) < 30 {
		t.Fatalf("found only %d definitions with a pattern: %q", len(names), names)
	}
	return names
}

func takes(l language, name, text string) bool {
	return l.schema.LookupPath(cue.ParsePath(name)).Unify(l.ctx.Encode(text)).Validate(cue.Concrete(true)) == nil
}

func TestHostileStrings(t *testing.T) {
	l := newLanguage("schema.cue", source, "#Spec")
	for _, name := range forms(t, l) {
		t.Run(name, func(t *testing.T) {
			for _, h := range hostile {
				if takes(l, name, h.text) && harmless[name+" "+h.class] == "" {
					t.Errorf("takes a string %s: %.40q", h.class, h.text)
				}
			}
			if name == "#Text" {
				return // one line of prose, quoted wherever it goes
			}
			for _, w := range words {
				if takes(l, name, w.text) && harmless[name+" "+w.class] == "" {
					t.Errorf("takes a word %s: %q", w.class, w.text)
				}
			}
		})
	}
}

// What is hostile, or no such thing at all, to one form only.
func TestHostileToForm(t *testing.T) {
	l := newLanguage("schema.cue", source, "#Spec")
	for _, c := range []struct {
		form  string
		texts []string
	}{
		{"#AbsolutePath", []string{"/", "//a", "/a/", "/a/..", "/..", "/a/./b", "/a:b", "/a,b", "/~", "a"}},
		{"#Target", []string{"/", "~", "~/", "~root/a", "a/", "/a/..", "~/..", "a/./b", "/a:ro"}},
		{"#HostPath", []string{"/", "~", "~root/a", "a/", "a/../b", "~/../a", "a:b", " a", "$HOME/a", "//server/a"}},
		{"#RelativePath", []string{"/a", "a/", "./", "..", "../a", "a/..", "a/../..", "a//b", "~/a"}},
		{"#Repository", []string{"A/b", "/a", "a/", "a//b", "a/../b", "-a", "a-", "a:b", "a@b"}},
		{"#Registry", []string{"a", "-a.b", "a.b/c", "a.b:", "a.b:123456", "A.b", "user@a.b", "https://a.b"}},
		{"#ImageReference", []string{"A/b", "/a", "@a", ":a"}},
		{"#Tag", []string{".a", "a/b", "a:b", strings.Repeat("a", 129)}},
		{"#SemverPattern", []string{"{{ github.token }}", "{{nosuch}}", "{{version"}},
		{"#BranchName", []string{"/a", "a*"}},
		{"#GitHubRepository", []string{"a", "a/b/c", "-a/b", "https://github.com/a/b"}},
		{"#KeyPrefix", []string{"/", "a", "//", "/a/"}},
		{"#AccountName", []string{"ab", "my-account", "Acme", "a.b", strings.Repeat("a", 25)}},
		{"#UserName", []string{"0", "a:b", "Root"}},
		{"#URL", []string{"ftp://a", "https://", "https://u:p@a", "javascript:a", "https://a?b"}},
		{"#Cron", []string{"* * * *", "* * * * * *", "@daily"}},
		{"#Size", []string{"GB", "1", "-1GB", "1gb", "1e3B", "1.GB"}},
		{"#Duration", []string{"0s", "s", "1", "1d", "1.5h", "-1s", "1000000h"}},
		{"#Minutes", []string{"0m", "90s", "1"}},
		{"#Command", []string{"A=b devgen", "a  b", "a ", " a", "a b;id", "a b|c", "a >b", "a <b", "a &", "a ~/b", "~/a", "a *", "a ?", "a [b]", "a {b,c}", "a 'b'", "a #b", "a !b", "a (b)", "a ${B}", "a $B", "a ${{ b }}", "../a", "a/../b", "//a", "a/"}},
		{"#Group", []string{"a ", " a", "1a", strings.Repeat("a", 41)}},
		{"#Version", []string{"1.2.3", "v1.2", "latest", "v1.2.3-$(id)"}},
	} {
		for _, text := range c.texts {
			if takes(l, c.form, text) {
				t.Errorf("%s takes %q", c.form, text)
			}
		}
	}
}

// The forms must not shut out what people really write.
func TestFormsTake(t *testing.T) {
	l := newLanguage("schema.cue", source, "#Spec")
	for form, texts := range map[string][]string{
		"#Name":             {"a", "0", "npm-cache", "a.b_c", strings.Repeat("a", 63)},
		"#Text":             {"Don't panic: 50 % (naïve) — ok, #1 & more; it's <fine>", strings.Repeat("ä", 200)},
		"#AbsolutePath":     {"/a", "/workspaces/app", "/opt/.cache/x@1/a+b", "/a/_b"},
		"#Target":           {"~/.npm", "/data", "obj", "a/b/c", ".venv", "node_modules/@scope"},
		"#HostPath":         {"~/.ssh", "/opt/data", "../other", "../../up", "My Files/x", ".env"},
		"#RelativePath":     {".devcontainer/Dockerfile", "Dockerfile", "a/b.c"},
		"#Repository":       {"acme/app", "a", "a/b-c_d/e.f", "a__b"},
		"#Registry":         {"ghcr.io", "localhost:5000", "localhost", "registry.example.org:443", "123456789012.dkr.ecr.eu-central-1.amazonaws.com"},
		"#ImageReference":   {"debian", "debian:12", "mcr.microsoft.com/devcontainers/base:1-bookworm", "localhost:5000/a/b:c", "a@sha256:" + strings.Repeat("0", 64)},
		"#Tag":              {"edge", "1.2.3", "_a", strings.Repeat("a", 128)},
		"#Branch":           {"main", "release/**", "**", "feature/*", "v*", "v1.*"},
		"#BranchName":       {"main", "dev/next", "v1.x"},
		"#PathFilter":       {"**", "src/**", "!docs/**", "*.md", ".github/workflows/a.yml", "Directory.*.props", "a b/c"},
		"#GitHubRepository": {"microsoft/aspire", "a/b.c_d-e", "a/.github"},
		"#Cron":             {"17 2 * * *", "*/5 0-6 1,15 JAN MON-FRI"},
		"#Size":             {"1.5GB", "500MB", "1B", "64TB"},
		"#Command":          {"devgen", "go run ./cmd/devgen", "go tool -modfile=tools.mod devgen", "go run github.com/devgen/devgen/cmd/devgen@v1.2.3", "./tools/devgen", ".bin/devgen", "/opt/devgen", "devgen -t stage=prod -C .."},
		"#Duration":         {"1s", "999999h", "604800s"},
		"#Minutes":          {"45m", "2h"},
		"#URL":              {"https://example.org", "http://localhost:9000", "https://a.blob.core.windows.net/x"},
		"#AccountName":      {"abc", "devstoreaccount1", strings.Repeat("a", 24)},
		"#Group":            {"A", "a", "Node JS", "a_-", strings.Repeat("a", 40)},
		"#KeyPrefix":        {"cache/", "a/b/"},
		"#SemverPattern":    {"{{version}}", "{{major}}.{{minor}}", "v{{major}}"},
	} {
		for _, text := range texts {
			if !takes(l, form, text) {
				t.Errorf("%s refuses %q", form, text)
			}
		}
	}
}

// The strings that cannot be taken back are those that reach a file: each must have a form.
func TestNoFreeStrings(t *testing.T) {
	l := newLanguage("schema.cue", source, "#Spec")
	ast.Walk(l.file, func(n ast.Node) bool {
		f, ok := n.(*ast.Field)
		if !ok {
			return true
		}
		if id, ok := f.Value.(*ast.Ident); ok && id.Name == "string" {
			t.Errorf("%s: %s may be any string", f.Pos(), labelOf(f))
		}
		return true
	}, nil)
}

// The comments of schema.cue are the reference of the language: whatever can be written has one.
func TestSchemaComments(t *testing.T) {
	for _, c := range []struct {
		name   string
		source []byte
		depth  int // of what must be described
	}{
		{"schema.cue", source, 99},
		{"devcontainer.cue", devcontainerSource, 1}, // its fields are described by the reference it is made from
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLanguage(c.name, c.source, "#Spec")
			count := 0
			var walk func(decls []ast.Decl, path string, depth int)
			walk = func(decls []ast.Decl, path string, depth int) {
				for _, d := range decls {
					f, ok := d.(*ast.Field)
					if !ok || depth > c.depth {
						continue
					}
					name := path + cmpLabel(f)
					count++
					if why := badComment(f); why != "" && !isPattern(f) {
						t.Errorf("line %d: %s %s", f.Pos().Line(), name, why)
					}
					if s, ok := f.Value.(*ast.StructLit); ok {
						walk(s.Elts, name+".", depth+1)
					}
				}
			}
			walk(l.file.Decls, "", 1)
			if count < 5 {
				t.Errorf("saw only %d fields", count)
			}
		})
	}
}

func cmpLabel(f *ast.Field) string {
	if isPattern(f) {
		return "[" + patternOf(f) + "]"
	}
	return labelOf(f)
}

var sentence = regexp.MustCompile(`^[#A-Za-z"~].*\.$`)

// badComment is what is wrong with the doc comment of f, or "".
func badComment(f *ast.Field) string {
	for _, group := range ast.Comments(f) {
		if !group.Doc {
			continue
		}
		text := strings.TrimSpace(group.Text())
		if !sentence.MatchString(strings.ReplaceAll(text, "\n", " ")) {
			return "has a comment that is no sentence: " + strconv.Quote(text)
		}
		return ""
	}
	return "has no comment"
}

func TestSchemaFormat(t *testing.T) {
	first, err := os.ReadFile("../templates/init/devcontainer.cue") // its holes are strings and comments of CUE
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"schema.cue": source, "devcontainer.cue": devcontainerSource, "templates/init/devcontainer.cue": first} {
		want, err := format.Source(text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(text)); diff != "" {
			t.Errorf("%s: run cue fmt (-formatted +written):\n%s", name, diff)
		}
	}
}

// Every definition is used, and every one that is used is there.
func TestSchemaDefinitions(t *testing.T) {
	l := newLanguage("schema.cue", source, "#Spec")
	var defined, used []string
	ast.Walk(l.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			if name := labelOf(n); strings.HasPrefix(name, "#") {
				defined = append(defined, name)
			}
			ast.Walk(n.Value, func(m ast.Node) bool {
				if id, ok := m.(*ast.Ident); ok && strings.HasPrefix(id.Name, "#") {
					used = append(used, id.Name)
				}
				return true
			}, nil)
			used = append(used, patternOf(n))
		}
		return true
	}, nil)
	for _, name := range defined {
		if name != "#Spec" && !slices.Contains(used, name) {
			t.Errorf("%s is defined and never used", name)
		}
	}
}
