package plan

import (
	"os"
	"regexp"
	"testing"

	"gopkg.in/yaml.v3"
)

// pre-commit runs a hook only for a commit that changes a file which matches its files: every output does, and so does
// what devgen reads and keeps beside them.
func TestPreCommitFiles(t *testing.T) {
	data, err := os.ReadFile("../../.pre-commit-hooks.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var hooks []struct {
		ID            string
		Files         string
		PassFilenames bool   `yaml:"pass_filenames"`
		Minimum       string `yaml:"minimum_pre_commit_version"`
	}
	if err := yaml.Unmarshal(data, &hooks); err != nil {
		t.Fatal(err)
	}
	watched := []string{
		ManifestPath, ".gitattributes", "devcontainer.cue", "devcontainer.yaml", "devcontainer.yml", "devcontainer.json",
		"volumes.cue", "team/defaults.cue", "cue.mod/module.cue", "cue.mod/pkg/github.com/devgen/devgen/schema/schema.cue",
		".devcontainer.json", ".devcontainer/python/devcontainer.json",
		".devcontainer/tests/verify-volumes.sh", ".devcontainer/scripts/manage-volumes.sh", ".devcontainer/traceability.json",
	}
	for _, o := range outputs() {
		watched = append(watched, o.path)
	}
	equal(t, "hooks", len(hooks), 2)
	for _, h := range hooks {
		files, err := regexp.Compile(h.Files)
		if err != nil {
			t.Fatalf("%s: %v", h.ID, err)
		}
		for _, path := range watched {
			if !files.MatchString(path) {
				t.Errorf("%s: a change of %s does not start it", h.ID, path)
			}
		}
		for _, path := range []string{"README.md", "main.go", "src/devcontainer.json", ".github/workflows/test.yml", "docs/.devcontainer"} {
			if files.MatchString(path) {
				t.Errorf("%s: a change of %s starts it", h.ID, path)
			}
		}
		// check takes no arguments, and Debian has pre-commit 3.0.
		equal(t, h.ID+": pass_filenames", h.PassFilenames, false)
		equal(t, h.ID+": minimum_pre_commit_version", h.Minimum, "3.0.0")
	}
}
