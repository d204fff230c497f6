package generators

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/devgen/devgen/generators/plan"
	"github.com/devgen/devgen/schema"
)

// The first spec is accepted as it stands, with nothing to warn of, and the Dockerfile beside it makes every target.
func TestFirst(t *testing.T) {
	for name, start := range map[string]Start{
		"on GitHub":       {"shop", "acme/shop-devcontainer", "Acme/Shop", "trunk", "v1.2.3"},
		"nowhere":         {"shop", "shop-devcontainer", "", "", ""},
		"short and odd":   {"0", "a/b.c_d-devcontainer", "a/.", "a/b", "v10.20.30"},
		"as long as some": {strings.Repeat("a", 63), strings.Repeat("a", 100) + "-devcontainer", strings.Repeat("a", 39) + "/" + strings.Repeat("b", 100), "main", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			var dockerfile string
			for _, f := range First(start, "spec.cue") {
				if err := os.MkdirAll(filepath.Dir(f.Path), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(f.Path, f.Data, 0o666); err != nil {
					t.Fatal(err)
				}
				if f.Path == FirstDockerfile {
					dockerfile = string(f.Data)
				}
			}
			p := resolveFile(t, "spec.cue")
			if findings := plan.Lint(p); len(findings) > 0 {
				t.Errorf("findings: %v", findings)
			}
			if _, problems, err := Generate(p); err != nil || len(problems) > 0 {
				t.Errorf("%v %v", problems, err)
			}
			if p.Image.Dockerfile != FirstDockerfile || len(p.Volumes) != 2 || (p.Workflow != nil) != (start.Repository != "") || (p.Drift != nil) != (start.Version != "") {
				t.Errorf("Dockerfile %s, %d volumes, workflow %v", p.Image.Dockerfile, len(p.Volumes), p.Workflow)
			}
			for _, v := range p.Volumes {
				if strings.Count(dockerfile, " "+v.Target) != 2 {
					t.Errorf("the Dockerfile does not make %s and give it to the user", v.Target)
				}
			}
			if !p.Spec.Copied {
				t.Error("the copy of the language is not found")
			}
		})
	}
}

// The forms that the texts of a Start must have are forms of the language.
func TestFits(t *testing.T) {
	for _, row := range []struct {
		form, text string
		want       bool
	}{
		{"#Name", "shop", true},
		{"#Name", "Shop", false},
		{"#GitHubRepository", "Acme/Shop", true},
		{"#GitHubRepository", "shop", false},
		{"#BranchName", "", false},
	} {
		if got := schema.Fits(row.form, row.text); got != row.want {
			t.Errorf("Fits(%s, %q) = %v", row.form, row.text, got)
		}
	}
}
