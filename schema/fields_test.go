package schema

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFieldsAt(t *testing.T) {
	const cue = `name: "x"
image: base: "debian:12"
platforms: {
	"linux/amd64": {}
}
volumes: a: {
	target: "/a", persistence: "cache"

}
requirements: "PERF-001": {title: "t", covers: [
	"volumes",
]}
`
	const yaml = `name: x
image:
  base: debian:12
platforms: {linux/amd64: {}}
volumes:
  a:
    target: /a
    persistence: cache
`
	for _, tt := range []struct {
		file, text string
		want       []string // of each line
	}{
		{"spec.cue", cue, []string{"name", "image.base", "platforms", "platforms.linux/amd64", "platforms", "volumes.a",
			"volumes.a.target volumes.a.persistence", "volumes.a", "volumes.a", "requirements.PERF-001", "requirements.PERF-001.covers[0]", "requirements.PERF-001.covers", ""}},
		{"spec.yaml", yaml, []string{"name", "image", "image.base", "platforms", "volumes", "volumes.a", "volumes.a.target", "volumes.a.persistence", ""}},
	} {
		spec := accept(t, map[string]string{tt.file: tt.text})
		for i, want := range tt.want {
			var got []string
			for _, f := range spec.FieldsAt(tt.file, i+1) {
				got = append(got, PathString(f))
			}
			if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
				t.Errorf("%s:%d (-want +got):\n%s", tt.file, i+1, diff)
			}
		}
		if got := spec.FieldsAt("other.cue", 1); got != nil {
			t.Errorf("a file that is not the spec has %v", got)
		}
	}
}

// TestPlace: a place is the same whatever name the spec was given, through links too.
func TestPlace(t *testing.T) {
	dir := t.TempDir()
	real, link := filepath.Join(dir, "real"), filepath.Join(dir, "link")
	if err := os.Mkdir(real, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, link); err != nil {
		t.Skip(err)
	}
	file := filepath.Join(real, "devcontainer.cue")
	if err := os.WriteFile(file, []byte("name: \"x\"\nimage: base: \"debian:12\"\nplatforms: \"linux/amd64\": {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, at := range []struct{ folder, spec, want string }{
		{real, "devcontainer.cue", "devcontainer.cue"},
		{real, "./devcontainer.cue", "devcontainer.cue"},
		{real, file, "devcontainer.cue"},
		{real, filepath.Join(link, "devcontainer.cue"), "devcontainer.cue"},
		{link, file, "devcontainer.cue"},
		{dir, "link/devcontainer.cue", "real/devcontainer.cue"},
		{dir, file, "real/devcontainer.cue"},
	} {
		t.Chdir(at.folder)
		spec, problems, err := Load(at.spec, nil)
		if err != nil || len(problems) > 0 {
			t.Fatal(err, problems)
		}
		if got := spec.Place("image", "base").String(); got != at.want+":2:14" {
			t.Errorf("in %s, --spec %s: %s", at.folder, at.spec, got)
		}
		if got := spec.FileName(); got != at.want {
			t.Errorf("in %s, --spec %s: the file is %s", at.folder, at.spec, got)
		}
		if got := spec.Files(); !slices.Equal(got, []string{at.want}) {
			t.Errorf("in %s, --spec %s: the files are %s", at.folder, at.spec, got)
		}
	}
}

func TestWritten(t *testing.T) {
	spec := accept(t, map[string]string{"spec.cue": "name: \"x\"\nimage: base: \"debian:12\"\nplatforms: \"linux/amd64\": {}\n"})
	if _, ok := spec.Written("image", "base"); !ok {
		t.Error("image.base is written")
	}
	if _, ok := spec.Written("image", "context"); ok {
		t.Error("image.context is a default")
	}
	var fields []string
	for _, f := range spec.Fields() {
		fields = append(fields, PathString(f))
	}
	if diff := cmp.Diff([]string{"name", "image", "image.base", "platforms", "platforms.linux/amd64"}, fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}
