package golden

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// A workflowStep is a step of a job that runs a script.
type workflowStep struct {
	Name, Run string
	Env       map[string]string
}

// driftSteps are the scripts of this repository's drift workflow, by name.
func driftSteps(t *testing.T) map[string]workflowStep {
	t.Helper()
	data, err := os.ReadFile("../.github/workflows/devgen-drift.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Jobs struct {
			Drift struct{ Steps []workflowStep }
		}
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	steps := map[string]workflowStep{}
	for _, s := range file.Jobs.Drift.Steps {
		if s.Run != "" {
			steps[s.Name] = s
		}
	}
	return steps
}

// run runs the script in dir as GitHub does for "shell: bash".
func (s workflowStep) run(t *testing.T, dir string) (out string, ok bool) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "step.sh")
	if err := os.WriteFile(file, []byte(s.Run), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", file)
	cmd.Dir = dir
	cmd.Env = os.Environ()
	for name, value := range s.Env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	text, err := cmd.CombinedOutput()
	return string(text), err == nil
}

// TestDriftSteps runs the steps of the drift workflow in which the files' consumers speak, on this repository's files and
// on broken ones.
func TestDriftSteps(t *testing.T) {
	for _, tt := range []struct {
		step      string
		tool      []string // that must answer
		file      string   // to be broken
		old, with string
		want      string // in what a broken file leads to
	}{
		{"Check the compose files", []string{"docker", "compose", "version"}, ".devcontainer/docker-compose.volumes.yml", "type: bind", "type: blind",
			"::error title=Compose::docker compose refuses .devcontainer/docker-compose.yml:.devcontainer/docker-compose.volumes.yml\n"},
		{"Check the scripts", []string{"shellcheck", "--version"}, ".devcontainer/scripts/init.sh", "set -euo pipefail\n", "set -euo pipefail\ncd $nowhere\n",
			"SC2154"},
		{"Test the scripts", []string{"bash", "-c", "true"}, ".devcontainer/scripts/lib/core.sh", "LOG_DEBUG=4", "LOG_DEBUG=2",
			"\nnot ok "},
	} {
		t.Run(tt.step, func(t *testing.T) {
			step, ok := driftSteps(t)[tt.step]
			if !ok {
				t.Fatal("the workflow has no such step")
			}
			if err := exec.Command(tt.tool[0], tt.tool[1:]...).Run(); err != nil {
				if os.Getenv("DEVGEN_E2E") != "" {
					t.Fatalf("%s does not run: the lab has it", strings.Join(tt.tool, " "))
				}
				t.Skipf("%s does not run here: the step was not tried", strings.Join(tt.tool, " "))
			}
			dir := t.TempDir()
			if err := os.CopyFS(filepath.Join(dir, ".devcontainer"), os.DirFS("../.devcontainer")); err != nil {
				t.Fatal(err)
			}
			if out, ok := step.run(t, dir); !ok {
				t.Errorf("the step fails on fresh files:\n%s", out)
			}
			replace(t, filepath.Join(dir, tt.file), tt.old, tt.with)
			if out, ok := step.run(t, dir); ok || !strings.Contains(out, tt.want) {
				t.Errorf("the step passes (%t) with a broken %s; want a failure with %q in\n%s", ok, tt.file, tt.want, out)
			}
		})
	}
}

// replace changes a text in a file that must have it.
func replace(t *testing.T, file, old, with string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), old) {
		t.Fatalf("%s has no %q any more", file, old)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(data), old, with, 1)), 0o700); err != nil {
		t.Fatal(err)
	}
}
