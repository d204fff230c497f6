package schema

import (
	"bytes"
	"strings"
	"testing"

	"cuelang.org/go/cue/format"
	"cuelang.org/go/mod/modfile"
	"github.com/google/go-cmp/cmp"
)

const importing = `package devcontainer

import "github.com/devgen/devgen/schema"

schema.#Spec & {
	name: "app"
	image: base: "debian:12"
	platforms: "linux/amd64": {}
}
`

// A copy is refreshed only where devgen wrote it, in the working folder's own module, for a spec that reads it.
func TestCopied(t *testing.T) {
	ours, theirs := copyMark+"\npackage schema\n", "package schema\n"
	plain := strings.NewReplacer("schema.#Spec & ", "", "import \"github.com/devgen/devgen/schema\"\n", "").Replace(importing)
	for _, c := range []struct {
		name  string
		files map[string]string
		want  bool
	}{
		{"devgen's", map[string]string{"spec.cue": importing, ModulePath: Module, CopyPath: ours}, true},
		{"an old one with CRLF", map[string]string{"spec.cue": importing, ModulePath: Module, CopyPath: copyMark + "\r\nold"}, true},
		{"somebody's", map[string]string{"spec.cue": importing, ModulePath: Module, CopyPath: theirs}, false},
		{"none", map[string]string{"spec.cue": importing, ModulePath: Module}, false},
		{"of no module", map[string]string{"spec.cue": importing, CopyPath: ours}, false},
		{"of the plain form", map[string]string{"spec.cue": plain, ModulePath: Module, CopyPath: ours}, false},
		{"of a neighbour that imports it", map[string]string{
			"spec.cue": "package devcontainer\n", "other.cue": importing, ModulePath: Module, CopyPath: ours}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := accept(t, c.files).Copied; got != c.want {
				t.Errorf("Copied is %v, want %v", got, c.want)
			}
		})
	}
}

func TestCopy(t *testing.T) {
	formatted, err := format.Source(Copy())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(formatted), string(Copy())); diff != "" {
		t.Errorf("the copy is not as cue fmt writes it (-formatted +written):\n%s", diff)
	}
	if !bytes.HasSuffix(Copy(), source) {
		t.Error("the copy is not the language")
	}
}

func TestModule(t *testing.T) {
	if _, err := modfile.Parse([]byte(Module), ModulePath); err != nil {
		t.Error(err)
	}
}

func TestCheckModule(t *testing.T) {
	const head = `module: "acme.dev/app@v0", `
	for _, c := range []struct{ name, module, want string }{
		{"good", head + `language: version: "v0.15.0"`, ""},
		{"other dependencies", head + `language: version: "v0.17.0", deps: "acme.dev/other@v0": v: "v0.1.0"`, ""},
		{"the language as a dependency", head + `language: version: "v0.17.0", deps: "github.com/devgen/devgen@v0": v: "v0.1.0"`,
			`1:64: deps."github.com/devgen/devgen@v0": the language comes with devgen and nothing is fetched; remove this dependency`},
		{"old", head + `language: version: "v0.10.0"`, `1:38: language.version: v0.10.0 is too old for the language of the spec; want v0.14.0 or newer`},
		{"new", head + `language: version: "v99.0.0"`, `1:1: language version "v99.0.0" declared in module.cue is too new for current language version "v0.17.1"`},
		{"no version", `module: "acme.dev/app@v0"`, `1:1: language.version: is missing; want a version such as v0.14.0`},
		{"empty", "\n", `1:1: language.version: is missing; want a version such as v0.14.0`},
		{"wrong type", head + `language: version: 3`, `1:47: language.version: cannot determine language version: cannot use value 3 (type int) as string`},
		{"unknown field", head + `language: version: "v0.17.0", nosuch: 1`, `1:58: nosuch: field not allowed`},
		{"no CUE", head + `language: version: "v0.17.0`, `1:47: invalid module file syntax: string literal not terminated`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, lines, err := loadFiles(t, map[string]string{"spec.cue": importing, ModulePath: c.module})
			if err != nil {
				t.Fatal(err)
			}
			problems, err := CheckModule()
			if err != nil {
				t.Fatal(err)
			}
			want := c.want
			if want != "" {
				want = ModulePath + ":" + want
			}
			for i, p := range problems {
				if i >= len(lines) || lines[i] != p.String() {
					t.Errorf("Load tells %q, CheckModule %q", lines, p)
				}
			}
			if got := strings.Join(lines, "\n"); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
	t.Run("none", func(t *testing.T) {
		t.Chdir(t.TempDir())
		if problems, err := CheckModule(); err != nil || problems != nil {
			t.Errorf("%v %v", problems, err)
		}
	})
}
