package plan

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/devgen/devgen/schema"
)

// shipped is the plan of the example at the root of this repository.
func shipped(t *testing.T) *Plan {
	t.Helper()
	t.Chdir("../..")
	spec, problems, err := schema.Load("devcontainer.cue", nil)
	if err != nil || len(problems) > 0 {
		t.Fatalf("devcontainer.cue: %v %q", err, lines(problems))
	}
	p, problems := New(spec)
	if len(problems) > 0 {
		t.Fatalf("devcontainer.cue: %q", lines(problems))
	}
	return p
}

// A volume takes its owner from the folder in the image. Where the image lacks it, the engine makes it for root.
func TestShippedDockerfile(t *testing.T) {
	p := shipped(t)
	text, err := os.ReadFile(p.Image.Dockerfile)
	if err != nil {
		t.Fatal(err)
	}
	made, owned := operands(string(text), "mkdir -p"), operands(string(text), "chown -R 1000:1000")
	dirs, folders := p.Owned()
	if len(dirs) == 0 {
		t.Fatal("the example has no volume")
	}
	folders = slices.DeleteFunc(folders, func(dir string) bool { return dir == p.Spec.User.Home }) // the base image's
	for _, dir := range append(dirs, folders...) {
		if !slices.ContainsFunc(made, func(m string) bool { return m == dir || strings.HasPrefix(m, dir+"/") }) {
			t.Errorf("%s: no mkdir -p creates %s", p.Image.Dockerfile, dir)
		}
		if !slices.ContainsFunc(owned, func(o string) bool { return o == dir || strings.HasPrefix(dir, o+"/") }) {
			t.Errorf("%s: no chown -R gives %s to the user", p.Image.Dockerfile, dir)
		}
	}
}

// operands are the paths that a command is given in the RUN steps of a Dockerfile.
func operands(dockerfile, command string) (paths []string) {
	joined := strings.ReplaceAll(dockerfile, "\\\n", " ")
	for line := range strings.Lines(joined) {
		step, ok := strings.CutPrefix(line, "RUN ")
		if !ok {
			continue
		}
		for part := range strings.SplitSeq(step, "&&") {
			if rest, ok := strings.CutPrefix(strings.TrimSpace(part), command+" "); ok {
				paths = append(paths, strings.Fields(rest)...)
			}
		}
	}
	return paths
}

func TestOperands(t *testing.T) {
	const dockerfile = "FROM x\n# RUN mkdir -p /comment\nRUN mkdir -p \\\n  /a \\\n  /b/c \\\n && chown -R 1000:1000 /a\nRUN true && mkdir -p /d\nCOPY mkdir -p /e\n"
	equal(t, "mkdir", operands(dockerfile, "mkdir -p"), []string{"/a", "/b/c", "/d"})
	equal(t, "chown", operands(dockerfile, "chown -R 1000:1000"), []string{"/a"})
}

// The example is what a reader learns from: it may not be one that devgen itself warns about.
func TestShippedSpecHasNoFindings(t *testing.T) {
	equalLines(t, lines(Lint(shipped(t))), nil)
}
