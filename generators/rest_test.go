package generators

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/devgen/devgen/generators/plan"
	"github.com/devgen/devgen/schema"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/sirupsen/logrus"
)

// sections are the top-level fields of the spec.
var sections = strings.Fields("name workspace user requirements image platforms caches tags volumes mounts buildkit workflow drift objectives devcontainer services outputs lint")

// TestRest takes each section out of the specs of the cases, as a mistake there would: what is said of the rest was said
// of the whole. A contradiction that only shows because something is missing would be a false one. Judging costs most,
// so only cases about judges are judged, and of specs that are right every eighth has to do.
func TestRest(t *testing.T) {
	testdata, err := filepath.Abs("../golden/testdata")
	if err != nil {
		t.Fatal(err)
	}
	cases, err := filepath.Glob(filepath.Join(testdata, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	logrus.SetOutput(io.Discard) // compose-go's
	t.Chdir(t.TempDir())
	tried, told := 0, 0
	for i, name := range cases {
		name = filepath.Base(name)
		if !strings.HasPrefix(name, "bad-") && i%8 != 0 {
			continue
		}
		judged := strings.Contains(name, "judge") || strings.HasPrefix(name, "bad-all")
		archive, err := txtar.ParseFile(cases[i])
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			spec := loadRest(t, f)
			if spec == nil {
				continue
			}
			whole := everything(spec, judged)
			for _, section := range sections {
				if !strings.Contains(string(f.Data), section) {
					continue // nothing is there to take out
				}
				rest := loadRest(t, f).Without(section)
				if rest == nil {
					continue
				}
				tried++
				for _, problem := range everything(rest, judged) {
					told++
					if !slices.Contains(whole, problem) {
						t.Errorf("%s: %s: without %s it says\n%s\nbut of the whole\n%s", name, f.Name, section, problem, strings.Join(whole, "\n"))
					}
				}
			}
		}
	}
	t.Logf("%d rests, %d problems", tried, told)
	if tried < 300 || told < 100 {
		t.Error("too few to show anything")
	}
}

// loadRest is the spec in a file of a case, or nil if there is none or nothing is left of it.
func loadRest(t *testing.T, f txtar.File) *schema.Spec {
	t.Helper()
	if filepath.Ext(f.Name) != ".cue" || strings.Contains(string(f.Data), "package ") {
		return nil
	}
	if err := os.WriteFile("devcontainer.cue", f.Data, 0o666); err != nil {
		t.Fatal(err)
	}
	spec, _, err := schema.LoadRest("devcontainer.cue", nil)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// everything is what contradicts itself in a spec, and what the judges find.
func everything(spec *schema.Spec, judged bool) (lines []string) {
	_, problems := plan.New(spec)
	if rest := plan.Rest(spec); judged && rest != nil {
		problems = append(problems, JudgeRest(rest)...)
	}
	for _, p := range problems {
		lines = append(lines, p.String())
	}
	return lines
}
