package schema

import (
	"os"
	"testing"
)

func TestPos(t *testing.T) {
	const plain = `name: "x"
image: {
	base: "debian:12"
}
platforms: "linux/amd64": runner: ["one", "two"]
volumes: {
	a: {target: "/a", persistence: "cache"}
	"b.c": {
		target:      "/b"
		persistence: "cache"
	}
}
workflow: {repository: "acme/app", schedules: [{cron: "17 2 * * *", purpose: "warm"}]}
devcontainer: customizations: vscode: extensions: ["x"]
`
	const head = "import \"github.com/devgen/devgen/schema\"\n\nschema.#Spec & {\n"
	cases := []struct {
		name string
		path []string
		line int // in the plain form; 0 is the beginning of the file
		col  int
	}{
		{"scalar: the value", []string{"name"}, 1, 7},
		{"struct: its name", []string{"image"}, 2, 1},
		{"nested", []string{"image", "base"}, 3, 8},
		{"short form of a struct", []string{"platforms", "linux/amd64"}, 5, 12},
		{"list", []string{"platforms", "linux/amd64", "runner"}, 5, 35},
		{"element", []string{"platforms", "linux/amd64", "runner", "1"}, 5, 43},
		{"entry of a map", []string{"volumes", "a"}, 7, 2},
		{"field of an entry", []string{"volumes", "a", "persistence"}, 7, 33},
		{"a key with a dot is one key", []string{"volumes", "b.c", "target"}, 9, 16},
		{"struct in a list", []string{"workflow", "schedules", "0", "purpose"}, 13, 78},
		{"native", []string{"devcontainer", "customizations", "vscode", "extensions", "0"}, 14, 52},
		{"default: the struct around it", []string{"volumes", "a", "backing"}, 7, 2},
		{"default two levels below", []string{"workflow", "checkout", "fetchDepth"}, 13, 1},
		{"default at the top: the file", []string{"buildkit", "gc", "max"}, 0, 0},
		{"absent: the file", []string{"services", "db"}, 0, 0},
		{"unknown: the struct around it", []string{"image", "nope", "deeper"}, 2, 1},
		{"no path: the file", nil, 0, 0},
	}
	for _, form := range []struct {
		name, text string
		offset     int // lines before the spec
	}{
		{"plain", plain, 0},
		{"import", head + plain + "}\n", 3},
	} {
		t.Run(form.name, func(t *testing.T) {
			spec := accept(t, map[string]string{"spec.cue": form.text})
			for _, c := range cases {
				want := Pos{"spec.cue", c.line + form.offset, c.col}
				if c.line == 0 {
					want = Pos{"spec.cue", 1, 1}
				}
				if got := spec.Pos(c.path...); got != want {
					t.Errorf("%s: Pos(%q) = %v, want %v", c.name, c.path, got, want)
				}
			}
		})
	}
}

// A field that is set in another file of the package is found there.
func TestPosInPackage(t *testing.T) {
	spec := accept(t, map[string]string{
		"spec.cue": "package devcontainer\n\nname: \"x\"\nplatforms: \"linux/amd64\": {}\n",
		"more.cue": "package devcontainer\n\nimage: {\n\tbase: \"debian:12\"\n}\n",
	})
	for _, c := range []struct {
		path []string
		want Pos
	}{
		{[]string{"name"}, Pos{"spec.cue", 3, 7}},
		{[]string{"image", "base"}, Pos{"more.cue", 4, 8}},
		{[]string{"image", "registry"}, Pos{"more.cue", 3, 1}},
		{[]string{"user"}, Pos{"spec.cue", 1, 1}},
	} {
		if got := spec.Pos(c.path...); got != c.want {
			t.Errorf("Pos(%q) = %v, want %v", c.path, got, c.want)
		}
	}
}

func TestSpecProblem(t *testing.T) {
	spec := accept(t, map[string]string{"spec.cue": minimal})
	got := spec.Problem("too old; want a newer one", "image", "base").String()
	if want := `spec.cue:2:14: image.base: too old; want a newer one`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Whatever CUE says, a problem is shown at a place that is there.
func TestPlaced(t *testing.T) {
	t.Chdir(t.TempDir())
	for file, text := range map[string]string{"spec.cue": "name: \"x\"\nimage: {\n", "other.cue": "user: uid: 3"} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name string
		at   Pos
		text string
		want Pos
	}{
		{"there", Pos{"spec.cue", 2, 8}, "x", Pos{"spec.cue", 2, 8}},
		{"in a file of the package", Pos{"other.cue", 1, 12}, "x", Pos{"other.cue", 1, 12}},
		{"at the end of the line", Pos{"spec.cue", 2, 9}, "x", Pos{"spec.cue", 2, 9}},
		{"behind the line", Pos{"spec.cue", 2, 10}, "x", Pos{"spec.cue", 2, 9}},
		{"before the line", Pos{"spec.cue", 2, 0}, "x", Pos{"spec.cue", 2, 1}},
		{"behind the file", Pos{"spec.cue", 4, 1}, "x", Pos{"spec.cue", 1, 1}},
		{"before the file", Pos{"spec.cue", 0, 0}, "x", Pos{"spec.cue", 1, 1}},
		{"nowhere", Pos{}, "x", Pos{"spec.cue", 1, 1}},
		{"in a text without a name", Pos{"", 1, 1}, "x", Pos{"spec.cue", 1, 1}},
		{"in a file that is none", Pos{"gone.cue", 1, 1}, "x", Pos{"spec.cue", 1, 1}},
		{"nowhere, at the end", Pos{}, "expected operand, found the end of the file", Pos{"spec.cue", 3, 1}},
		{"in a text without a name, at the end", Pos{"", 1, 5}, "expected operand, found the end of the file", Pos{"spec.cue", 3, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := placed("spec.cue", []Problem{{Pos: c.at, Text: c.text}})
			if len(got) != 1 || got[0].Pos != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestPathString(t *testing.T) {
	for _, c := range []struct {
		path []string
		want string
	}{
		{nil, ""},
		{[]string{"name"}, "name"},
		{[]string{"volumes", "npm-cache", "target"}, "volumes.npm-cache.target"},
		{[]string{"workflow", "schedules", "0", "cron"}, "workflow.schedules[0].cron"},
		{[]string{"image", "args", "A"}, "image.args.A"},
		{[]string{"requirements", "0755", "title"}, "requirements.0755.title"},
		{[]string{"devcontainer", "-1", "+1", ""}, "devcontainer.-1.+1."},
	} {
		if got := PathString(c.path); got != c.want {
			t.Errorf("PathString(%q) = %q, want %q", c.path, got, c.want)
		}
	}
}
