package golden

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// consoleBlock is a block of a page with commands and their output.
var consoleBlock = regexp.MustCompile("(?s)```console\n(.*?)```")

// TestTour runs the commands of the README's tour, in an empty folder.
func TestTour(t *testing.T) {
	shell{t, t.TempDir(), filepath.Dir(Build(t, "..")), t.TempDir()}.page("../README.md")
}

// TestReportPage runs what the page of devgen report shows, where the records of two real builds of a small project are.
func TestReportPage(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("report")); err != nil {
		t.Fatal(err)
	}
	shell{t, dir, filepath.Dir(Build(t, "..")), t.TempDir()}.page("../docs/report.md")
}

// A shell runs commands in a folder, with devgen on the PATH and a state of its own.
type shell struct {
	t               *testing.T
	dir, bin, state string
}

// page runs the commands of a page and holds its text against what they print. -update rewrites it.
func (s shell) page(file string) {
	page, err := os.ReadFile(file)
	if err != nil {
		s.t.Fatal(err)
	}
	got := consoleBlock.ReplaceAllStringFunc(string(page), func(block string) string {
		text := consoleBlock.FindStringSubmatch(block)[1]
		return "```console\n" + s.replay(text) + "```"
	})
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			s.t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(page), got); diff != "" {
		s.t.Errorf("%s does not tell what happens (-page +now); go test ./golden -update:\n%s", file, diff)
	}
}

// replay runs the commands of a block and puts what they print below each. What the block shows of the spec with
// cat is the input, not the output.
func (s shell) replay(block string) string {
	var b strings.Builder
	for _, part := range strings.Split("\n"+block, "\n$ ")[1:] {
		command, shown, _ := strings.Cut(part, "\n")
		if file, ok := strings.CutPrefix(command, "cat "); ok {
			if err := os.MkdirAll(filepath.Join(s.dir, filepath.Dir(file)), 0o755); err != nil {
				s.t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(s.dir, file), []byte(strings.TrimRight(shown, "\n")+"\n"), 0o644); err != nil {
				s.t.Fatal(err)
			}
		}
		b.WriteString("$ " + command + "\n" + s.run(command))
	}
	return b.String()
}

func (s shell) run(command string) string {
	cmd := exec.Command("sh", "-c", command)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "PATH="+s.bin+string(os.PathListSeparator)+os.Getenv("PATH"), "DEVGEN_STATE_DIR="+s.state)
	out, _ := cmd.CombinedOutput() // a refusal is part of the tour
	return string(out)
}

// TestTwoCommands runs what the README tells a newcomer first, on a copy of the repository.
func TestTwoCommands(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var commands []string
	for _, m := range regexp.MustCompile("(?s)```sh\n(.*?)\n```").FindAllStringSubmatch(string(readme), -1) {
		commands = append(commands, m[1])
	}
	if diff := cmp.Diff([]string{"go run ./cmd/devgen", "make test"}, commands); diff != "" {
		t.Fatalf("the README's two commands (-want +got):\n%s", diff)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("..")); err != nil {
		t.Fatal(err)
	}
	run := exec.Command("go", "run", "./cmd/devgen")
	run.Dir = dir
	out, err := run.CombinedOutput()
	if err != nil || !strings.Contains(string(out), ": 0 wrote, ") {
		t.Errorf("go run ./cmd/devgen: %v\n%s", err, out)
	}
	// make test is what runs this test: that its rule is there is all that can be seen from here.
	dry := exec.Command("make", "-n", "test")
	dry.Dir = dir
	if out, err := dry.CombinedOutput(); err != nil || !strings.Contains(string(out), "test ./...") {
		t.Errorf("make -n test: %v\n%s", err, out)
	}
}
