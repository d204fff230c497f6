package schema

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// One spec in every form that a spec can have.
const (
	formBody = `name: "forms"
user: name: "dev"
image: {repository: "acme/app", args: {B: "2", A: "1"}}
platforms: {"linux/arm64": {}, "linux/amd64": runner: ["self-hosted", "big"]}
caches: {gha: {}, registry: writers: ["main"]}
tags: {sha: {}, branch: {}, fixed: ["edge"]}
`
	formVolumes = `volumes: {
	z: {target: "~/.z", persistence: "cache"}
	a: {target: "obj", persistence: "build", size: "1.5GB"}
}
workflow: {
	repository: "acme/app"
	schedules: [{cron: "17 2 * * *", purpose: "warm"}]
	steps: before: [{name: "First", run: "make"}]
}
`
	formNative = `devcontainer: {
	waitFor: "onCreateCommand"
	features: {"ghcr.io/z/z:1": {}, "ghcr.io/a/a:1": {version: "1.0", n: 8, on: true, none: null}}
}
services: {db: {image: "postgres:17", ports: [5432]}, cache: image: "valkey:8"}
outputs: {workflow: false, compose: "c.yml"}
lint: ignore: "DG-37": "because"
`
	formYAML = `name: forms
user: {name: dev}
image: {repository: acme/app, args: {B: "2", A: "1"}}
platforms:
  linux/arm64: {}
  linux/amd64: {runner: [self-hosted, big]}
caches: {gha: {}, registry: {writers: [main]}}
tags: {sha: {}, branch: {}, fixed: [edge]}
volumes:
  z: {target: ~/.z, persistence: cache}
  a: {target: obj, persistence: build, size: 1.5GB}
workflow:
  repository: acme/app
  schedules:
    - {cron: 17 2 * * *, purpose: warm}
  steps: {before: [{name: First, run: make}]}
devcontainer:
  waitFor: onCreateCommand
  features:
    ghcr.io/z/z:1: {}
    ghcr.io/a/a:1: {version: "1.0", n: 8, "on": true, none: null}
services:
  db: {image: "postgres:17", ports: [5432]}
  cache: {image: "valkey:8"}
outputs: {workflow: false, compose: c.yml}
lint: {ignore: {DG-37: because}}
`
	formJSON = `{
  "name": "forms", "user": {"name": "dev"},
  "image": {"repository": "acme/app", "args": {"B": "2", "A": "1"}},
  "platforms": {"linux/arm64": {}, "linux/amd64": {"runner": ["self-hosted", "big"]}},
  "caches": {"gha": {}, "registry": {"writers": ["main"]}},
  "tags": {"sha": {}, "branch": {}, "fixed": ["edge"]},
  "volumes": {
    "z": {"target": "~/.z", "persistence": "cache"},
    "a": {"target": "obj", "persistence": "build", "size": "1.5GB"}
  },
  "workflow": {
    "repository": "acme/app",
    "schedules": [{"cron": "17 2 * * *", "purpose": "warm"}],
    "steps": {"before": [{"name": "First", "run": "make"}]}
  },
  "devcontainer": {
    "waitFor": "onCreateCommand",
    "features": {"ghcr.io/z/z:1": {}, "ghcr.io/a/a:1": {"version": "1.0", "n": 8, "on": true, "none": null}}
  },
  "services": {"db": {"image": "postgres:17", "ports": [5432]}, "cache": {"image": "valkey:8"}},
  "outputs": {"workflow": false, "compose": "c.yml"},
  "lint": {"ignore": {"DG-37": "because"}}
}
`
	formText   = formBody + formVolumes + formNative
	importLine = `import "github.com/devgen/devgen/schema"` + "\n"
	importText = importLine + "schema.#Spec & {\n" + formText + "}\n"
	// A copy of the language from an older devgen, in which hardly anything was known.
	staleCopy = "package schema\n\n#Spec: {name!: int, volums?: {...}}\n"
	vendored  = "cue.mod/pkg/github.com/devgen/devgen/schema/schema.cue"
)

var module = map[string]string{"cue.mod/module.cue": "module: \"acme.dev/app@v0\"\nlanguage: version: \"v0.15.0\"\n"}

func with(files ...map[string]string) map[string]string {
	all := map[string]string{}
	for _, f := range files {
		maps.Copy(all, f)
	}
	return all
}

func TestForms(t *testing.T) {
	want := accept(t, map[string]string{"spec.cue": formText})
	one := func(name, text string) map[string]string { return map[string]string{name: text} }
	for _, c := range []struct {
		name  string
		files map[string]string
	}{
		{"package of one file", one("spec.cue", "package devcontainer\n"+formText)},
		{"package of two files", map[string]string{"spec.cue": "package p\n" + formBody, "a.cue": "package p\n" + formVolumes + formNative}},
		{"other files beside a package", map[string]string{
			"spec.cue":       "package p\n" + formText,
			"other.cue":      "package other\nname: 3\n",
			"plain.cue":      "name: 4\n",
			"spec_test.cue":  "package p\nname: 5\n",
			"spec_tool.cue":  "package p\nname: 6\n",
			"sub/deeper.cue": "package p\nname: 7\n",
		}},
		{"other files beside a plain file", map[string]string{"spec.cue": formText, "a.cue": "name: 3\n", "b.cue": "package p\nname: 3\n"}},
		{"references between the files of a package", map[string]string{
			"spec.cue": "package p\n" + strings.Replace(formBody, `"dev"`, "_login", 1) + formVolumes + formNative, "a.cue": "package p\n_login: \"dev\"\n",
		}},
		{"import", one("spec.cue", importText)},
		{"import with another name", one("spec.cue", strings.NewReplacer("import ", "import d ", "schema.#Spec", "d.#Spec").Replace(importText))},
		{"import, embedded", one("spec.cue", importLine+"{schema.#Spec\n"+formText+"}\n")},
		{"import, embedded at the top", one("spec.cue", importLine+"schema.#Spec\n"+formText)},
		{"import in a module", with(module, one("spec.cue", importText))},
		{"import with a stale copy of the language", with(module, one("spec.cue", importText), one(vendored, staleCopy))},
		{"import in a package of two files", map[string]string{
			"spec.cue": "package p\n" + importLine + "schema.#Spec & {\n" + formBody + "}\n",
			"a.cue":    "package p\n" + importLine + "schema.#Spec & {\n" + formVolumes + formNative + "}\n",
		}},
		{"YAML", one("spec.yaml", formYAML)},
		{"YAML, other extension", one("spec.yml", formYAML)},
		{"YAML with a byte order mark and CRLF", one("spec.yaml", "\ufeff"+strings.ReplaceAll(formYAML, "\n", "\r\n"))},
		{"CUE with a byte order mark and CRLF", one("spec.cue", "\ufeff"+strings.ReplaceAll(formText, "\n", "\r\n"))},
		{"JSON", one("spec.json", formJSON)},
		{"JSON is CUE", one("spec.cue", formJSON)},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := accept(t, c.files)
			if diff := cmp.Diff(want, got, same()); diff != "" {
				t.Errorf("differs from the plain form (-plain +this):\n%s", diff)
			}
		})
	}
}

// Order is the user's, also of fields that the schema names in another one.
func TestFormsOrder(t *testing.T) {
	for file, text := range map[string]string{"spec.cue": formText, "import.cue": importText, "spec.yaml": formYAML, "spec.json": formJSON} {
		t.Run(file, func(t *testing.T) {
			spec := accept(t, map[string]string{file: text})
			got := map[string][]string{"tags": spec.Tags.Order}
			for _, x := range spec.Volumes {
				got["volumes"] = append(got["volumes"], x.Name)
			}
			for _, x := range spec.Platforms {
				got["platforms"] = append(got["platforms"], x.Name)
			}
			for _, x := range spec.Services {
				got["services"] = append(got["services"], x.Name)
			}
			for _, x := range spec.Image.Args {
				got["args"] = append(got["args"], x.Name)
			}
			for _, x := range spec.Outputs {
				got["outputs"] = append(got["outputs"], x.ID)
			}
			for _, x := range spec.Devcontainer.Get("features").Fields {
				got["features"] = append(got["features"], x.Name)
			}
			want := map[string][]string{
				"tags": {"sha", "branch", "fixed"}, "volumes": {"z", "a"}, "platforms": {"linux/arm64", "linux/amd64"}, "services": {"db", "cache"},
				"args": {"B", "A"}, "outputs": {"workflow", "compose"}, "features": {"ghcr.io/z/z:1", "ghcr.io/a/a:1"},
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The module of a spec may lie in a folder above it.
func TestFormImportBelowModule(t *testing.T) {
	want := accept(t, map[string]string{"spec.cue": formText})
	files := with(module, map[string]string{".config/dev/spec.cue": importText, vendored: staleCopy, "spec.cue": minimal})
	accept(t, files) // writes them
	got, problems, err := Load(".config/dev/spec.cue", nil)
	if got == nil {
		t.Fatal(problems, err)
	}
	if diff := cmp.Diff(want, got, same()); diff != "" {
		t.Errorf("differs from the plain form (-plain +this):\n%s", diff)
	}
}

// Every form refuses what the language does not have, whatever CUE itself thinks of the form.
func TestFormsRefuse(t *testing.T) {
	const want = `: volums: unknown field "volums" (did you mean volumes?)`
	for _, c := range []struct {
		name, at string
		files    map[string]string
	}{
		{"plain", "spec.cue:4:1", map[string]string{"spec.cue": minimal + "volums: {}\n"}},
		{"package", "a.cue:2:1", map[string]string{"spec.cue": "package p\n" + minimal, "a.cue": "package p\nvolums: {}\n"}},
		{"import", "spec.cue:6:1", map[string]string{"spec.cue": importLine + "schema.#Spec & {\n" + minimal + "volums: {}\n}\n"}},
		{"embedding", "spec.cue:2:16", map[string]string{"spec.cue": importLine + "{schema.#Spec, volums: {}\n" + minimal + "}\n"}},
		{"embedding at the top", "spec.cue:6:1", map[string]string{"spec.cue": importLine + "schema.#Spec\n" + minimal + "volums: {}\n"}},
		{"stale copy that knows the field", "spec.cue:6:1", with(module, map[string]string{
			"spec.cue": importLine + "schema.#Spec & {\n" + minimal + "volums: {}\n}\n", vendored: staleCopy,
		})},
		{"opened definition", "spec.cue:6:1", map[string]string{"spec.cue": importLine + "schema.#Spec & {...} & {\n" + minimal + "volums: {}\n}\n"}},
		{"YAML", "spec.yaml:4:1", map[string]string{"spec.yaml": "name: x\nimage: {base: \"debian:12\"}\nplatforms: {linux/amd64: {}}\nvolums: {}\n"}},
		{"JSON", "spec.json:3:3", map[string]string{"spec.json": `{"name": "x", "image": {"base": "debian:12"},` + "\n" + ` "platforms": {"linux/amd64": {}},` + "\n" + ` "volums": 1}`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, lines, err := loadFiles(t, c.files)
			if diff := cmp.Diff([]string{c.at + want}, lines); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestTags(t *testing.T) {
	const tagged = `package p
name: *"x" | string @tag(name)
image: base: "debian:12"
platforms: "linux/amd64": {}
_steps: *4 | int @tag(steps,type=int)
buildkit: parallelism: _steps
`
	files := map[string]string{
		"spec.cue": tagged,
		"ci.cue":   "@if(ci)\npackage p\nuser: name: \"ci\"\n",
		"home.cue": "@if(!ci)\npackage p\nuser: name: \"me\"\n",
	}
	for _, c := range []struct {
		name        string
		tags        []string
		spec, login string
		steps       int
	}{
		{"none", nil, "x", "me", 4},
		{"string", []string{"name=y"}, "y", "me", 4},
		{"number", []string{"steps=8"}, "x", "me", 8},
		{"@if", []string{"ci"}, "x", "ci", 4},
		{"all", []string{"name=y", "steps=8", "ci"}, "y", "ci", 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := accept(t, files, c.tags...)
			if s.Name != c.spec || s.User.Name != c.login || s.BuildKit.Parallelism != c.steps {
				t.Errorf("got %s, %s, %d; want %s, %s, %d", s.Name, s.User.Name, s.BuildKit.Parallelism, c.spec, c.login, c.steps)
			}
		})
	}
}

// A tag that the spec does not have is a mistake on the command line, not one in the spec.
func TestTagsUsage(t *testing.T) {
	const text = "name: *\"x\" | string @tag(name)\nimage: base: \"debian:12\"\nplatforms: \"linux/amd64\": {}\nbuildkit: parallelism: *4 | int @tag(steps,type=int)\n"
	for _, c := range []struct{ name, tag, want string }{
		{"unknown", "nosuch=1", "nosuch"},
		{"unknown condition", "nosuch", "nosuch"},
		{"bad number", "steps=many", "steps"},
	} {
		t.Run(c.name, func(t *testing.T) {
			spec, lines, err := loadFiles(t, map[string]string{"spec.cue": text}, c.tag)
			var usage *UsageError
			if spec != nil || !errors.As(err, &usage) {
				t.Fatalf("got %v %q %v, want a UsageError", spec, lines, err)
			}
			if !strings.Contains(usage.Text, c.want) || !strings.Contains(usage.Text, "-t") {
				t.Errorf("%q names neither the flag nor %s", usage.Text, c.want)
			}
		})
	}
}

// The value of a tag is judged like any other, and quoted as it was given.
func TestTagsBadValue(t *testing.T) {
	for _, c := range []struct{ name, field string }{
		{"plain", "string"},
		{"with a default", `*"x" | string`},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := "name: " + c.field + " @tag(name)\nimage: base: \"debian:12\"\nplatforms: \"linux/amd64\": {}\n"
			_, lines, err := loadFiles(t, map[string]string{"spec.cue": text}, "name=UP")
			want := []string{`spec.cue:1: name: "UP" is not allowed; want a name of lower-case letters, digits, - _ and ., beginning with a letter or digit, at most 63 characters`}
			if diff := cmp.Diff(want, trimColumn(lines)); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// trimColumn is lines of problems without their columns.
func trimColumn(lines []string) (trimmed []string) {
	for _, l := range lines {
		place, rest, _ := strings.Cut(l, ": ")
		trimmed = append(trimmed, place[:strings.LastIndex(place, ":")]+": "+rest)
	}
	return trimmed
}

// What is not CUE, YAML or JSON at all is a problem of the spec at its place.
func TestSyntax(t *testing.T) {
	missing := func(file string) []string {
		return []string{
			file + `:1:1: missing required field "name", the name of the dev container: prefix of shared volumes, of the host folder and of cache scopes`,
			file + `:1:1: missing required field "image", the image that is prebuilt and shared`,
			file + `:1:1: missing required field "platforms", the platforms that the image is built for`,
		}
	}
	for _, c := range []struct {
		name, file, text string
		want             []string
	}{
		{"CUE, brace", "spec.cue", "name: \"x\"\nimage: {base: \"debian:12\"\n", []string{`spec.cue:2:26: expected '}', found the end of the file`}},
		{"CUE, brace and a line", "spec.cue", "A: {\n#A\n", []string{"spec.cue:2:3: expected '}', found the end of the file"}},
		{"CUE, quote", "spec.cue", "name: \"x\nimage: {}\n", []string{"spec.cue:1:7: string literal not terminated"}},
		{"CUE, colon", "spec.cue", "name: \"x\"\nimage base: 3\n", []string{"spec.cue:2:7: expected label or ':', found 'IDENT' base"}},
		{"CUE, a neighbour of the package", "spec.cue", "package p\nname: \"x\"\nimage base: 3\n", []string{"spec.cue:3:7: expected label or ':', found 'IDENT' base"}},
		{"CUE, empty", "spec.cue", "", missing("spec.cue")},
		{"CUE, a comment", "spec.cue", "// later\n", missing("spec.cue")},
		{"YAML, empty", "spec.yaml", "", missing("spec.yaml")},
		{"YAML, a comment", "spec.yaml", "# later\n", missing("spec.yaml")},
		{"JSON, no fields", "spec.json", "{}", missing("spec.json")},
		{"YAML, tab", "spec.yaml", "name: x\nimage:\n\tbase: y\n", []string{"spec.yaml:3:1: found character that cannot start any token; YAML is indented with blanks, never with tabs"}},
		{"YAML, alias", "spec.yaml", "name: x\nimage: *y\n", []string{"spec.yaml:1:1: unknown anchor 'y' referenced"}},
		{"YAML, an alias inside itself", "spec.yaml", "name: x\nuser: &u\n  <<: *u\n", []string{"spec.yaml:3:7: *u stands inside of what it stands for"}},
		{"YAML, an alias inside a list", "spec.yaml", "name: &n [a, {b: *n}]\n", []string{"spec.yaml:1:18: *n stands inside of what it stands for"}},
		{"CUE, switched off", "spec.cue", "@if(!ci)\n\npackage p\n", missing("spec.cue")},
		{"CUE, not switched on", "spec.cue", "@if(ci)\n\npackage p\n", []string{"spec.cue:1:1: @if(ci) leaves nothing of the spec; want a tag for which it holds, such as -t name"}},
		{"CUE, an empty @if", "spec.cue", "@if()\n", []string{"spec.cue:1:1: @if() is no condition; want tags joined by && and ||, with ! for not"}},
		{"CUE, half an @if", "spec.cue", "// later\n\n@if(a &&)\n\npackage p\n", []string{"spec.cue:3:1: @if(a &&) is no condition; want tags joined by && and ||, with ! for not"}},
		{"CUE, a number in an @if", "spec.cue", "@if(!(a || 3))\n\nname: \"x\"\n", []string{"spec.cue:1:1: @if(!(a || 3)) is no condition; want tags joined by && and ||, with ! for not"}},
		{"CUE, a sum in an @if", "spec.cue", "@if(a+b)\n", []string{"spec.cue:1:1: @if(a+b) is no condition; want tags joined by && and ||, with ! for not"}},
		{"YAML, a bracket alone", "spec.yaml", "]", []string{"spec.yaml:1:1: did not find expected node content"}},
		{"YAML, an old Macintosh", "spec.yaml", "name: a\rimage: b\r", []string{"spec.yaml:1:8: a carriage return inside a line; want lines that end in a newline"}},
		{"YAML, Windows", "spec.yaml", "name: a\r\nimage: b\r\n", []string{`spec.yaml:1:1: missing required field "platforms", the platforms that the image is built for`, `spec.yaml:2:8: image: "b" is not allowed; want a group of fields`}},
		{"JSON, comma", "spec.json", `{"name": "x",}`, []string{"spec.json:1:14: invalid JSON: invalid character '}' looking for beginning of object key string"}},
		{"JSON, cut off", "spec.json", `{"name": "x"`, []string{"spec.json:1:12: invalid JSON: unexpected end of JSON input"}},
		{"CUE, not UTF-8", "spec.cue", "name: \"x\"\nx: \"a\xffb\"\n", []string{"spec.cue:2:6: byte 0xff is not UTF-8; save the file as UTF-8"}},
		{"CUE, half a character", "spec.cue", "// \xe2\x82", []string{"spec.cue:1:4: byte 0xe2 is not UTF-8; save the file as UTF-8"}},
		{"YAML, not UTF-8", "spec.yaml", "name: \xff\n", []string{"spec.yaml:1:7: byte 0xff is not UTF-8; save the file as UTF-8"}},
		{"JSON, UTF-16", "spec.json", "\xff\xfe{\x00}\x00", []string{"spec.json:1:1: byte 0xff is not UTF-8; save the file as UTF-8"}},
		{"CUE, mark inside", "spec.cue", "\ufeffname: \"\ufeffx\"\n", []string{"spec.cue:1:11: a byte order mark in the middle of the file; write it as \\ufeff"}},
		{"JSON, mark inside", "spec.json", "{\"name\": \"\ufeffx\"}", []string{"spec.json:1:11: a byte order mark in the middle of the file; write it as \\ufeff"}},
		{"CUE, mark first", "spec.cue", "\ufeff", missing("spec.cue")},
		{"JSON, mark first", "spec.json", "\ufeff{}", missing("spec.json")},
		{"YAML, mark first", "spec.yaml", "\ufeff{}", missing("spec.yaml")},
		{"JSON, empty", "spec.json", "", []string{"spec.json:1:1: invalid JSON: unexpected end of JSON input"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, lines, err := loadFiles(t, map[string]string{c.file: c.text})
			if diff := cmp.Diff(c.want, lines); diff != "" || err != nil {
				t.Errorf("error %v (-want +got):\n%s", err, diff)
			}
		})
	}
}
