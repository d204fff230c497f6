package golden

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const module = "github.com/devgen/devgen"

// TestDependencies guards the set of versions that builds together.
func TestDependencies(t *testing.T) {
	want := map[string]string{
		"github.com/rhysd/actionlint":           "v1.7.12",
		"github.com/compose-spec/compose-go/v2": "v2.10.1",
		"go.yaml.in/yaml/v4":                    "v4.0.0-rc.3",
		"cuelang.org/go":                        "v0.17.1",
	}
	for line := range strings.Lines(goList(t, "-m", "-f", "{{.Path}} {{.Version}} {{with .Replace}}replaced{{end}}", "all")) {
		path, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		version, replaced, _ := strings.Cut(rest, " ")
		if w, ok := want[path]; ok && w != version {
			t.Errorf("%s is %s, want %s.\nThe newest actionlint and compose-go do not build together: actionlint v1.7.12 needs yaml/v4 rc.3, "+
				"compose-go after v2.10.1 needs rc.4.\nTake the set back: go get %s@%s", path, version, w, path, w)
		}
		if replaced != "" {
			t.Errorf("%s is replaced: \"go install %s/cmd/devgen@latest\" refuses a module with a replace", path, module)
		}
	}
}

// TestImports holds the house together: imports only go down, and only one room knows a foreign language.
func TestImports(t *testing.T) {
	allowed := map[string][]string{ // who may import which of our packages
		"cmd/devgen":      {"generators", "generators/plan", "measure", "schema"},
		"generators":      {"generators/plan", "schema", "templates"},
		"generators/plan": {"schema"},
		"measure":         nil,
		"schema":          nil,
		"templates":       nil,
		"golden":          nil,
		"golden/e2e":      {"golden"},
	}
	only := map[string]string{ // which of our packages alone may import a foreign module
		"cuelang.org/go/":                   "schema",
		"github.com/rhysd/actionlint":       "generators",
		"github.com/compose-spec/":          "generators",
		"github.com/spf13/cobra":            "cmd/devgen",
		"github.com/distribution/reference": "generators/plan",
		"gopkg.in/yaml.v3":                  "generators",
		"github.com/santhosh-tekuri/":       "generators",
		"github.com/moby/buildkit/":         "measure",
	}
	seen := map[string]bool{}
	for line := range strings.Lines(goList(t, "-f", "{{.ImportPath}} {{join .Imports \" \"}}", "./...")) {
		fields := strings.Fields(line)
		from := strings.TrimPrefix(fields[0], module+"/")
		seen[from] = true
		if _, ok := allowed[from]; !ok {
			t.Errorf("%s is a new room; give it a sentence in docs/architecture.md and a row here", from)
		}
		for _, to := range fields[1:] {
			if own, ok := strings.CutPrefix(to, module+"/"); ok && !slices.Contains(allowed[from], own) {
				t.Errorf("%s imports %s: imports go cmd → generators → generators/plan → schema, generators → templates and cmd → measure", from, own)
			}
			for prefix, room := range only {
				if strings.HasPrefix(to, prefix) && from != room {
					t.Errorf("%s imports %s: only %s does", from, to, room)
				}
			}
		}
	}
	if diff := cmp.Diff(len(allowed), len(seen)); diff != "" {
		t.Errorf("rooms: %v", seen)
	}
}

func goList(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	return string(out)
}
