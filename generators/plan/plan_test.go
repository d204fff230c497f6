package plan

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/devgen/devgen/schema"
	"github.com/google/go-cmp/cmp"
)

// app is the smallest spec that builds an image. What a test is about begins on line 4.
const app = `name: "app"
image: repository: "acme/app"
platforms: "linux/amd64": {}
`

// ready is the smallest spec that uses a ready image. What a test is about begins on line 4.
const ready = `name: "app"
image: base: "debian:13"
platforms: "linux/amd64": {}
`

// withWorkflow is app with a workflow. What a test is about begins on line 5.
const withWorkflow = app + `workflow: repository: "acme/app"
`

// load reads a spec that the language accepts. The working folder becomes that of spec.cue, as for a user.
func load(t *testing.T, text string) *schema.Spec {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("spec.cue", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	spec, problems, err := schema.Load("spec.cue", nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(problems) > 0 {
		t.Fatalf("the language refuses the spec, so the plan never sees it:\n%s", strings.Join(lines(problems), "\n"))
	}
	return spec
}

// resolve is the plan of a spec without contradictions.
func resolve(t *testing.T, text string) *Plan {
	t.Helper()
	p, problems := New(load(t, text))
	if len(problems) > 0 {
		t.Fatalf("New:\n%s", strings.Join(lines(problems), "\n"))
	}
	return p
}

func lines(problems []schema.Problem) (text []string) {
	for _, p := range problems {
		text = append(text, p.String())
	}
	return text
}

// equal compares what came out with what is wanted.
func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// equalLines compares what a person reads. A diff would cut the long lines that it is about.
func equalLines(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// column is where the value begins that stands behind before.
func column(before string) string { return strconv.Itoa(len(before) + 1) }

// A contradiction is a spec that the language accepts and the plan does not. No want: the plan accepts it too.
type contradiction struct {
	name, spec string
	want       []string // the lines that a person reads
}

func contradict(t *testing.T, rows []contradiction) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			p, problems := New(load(t, row.spec))
			equalLines(t, lines(problems), row.want)
			if (p == nil) != (len(problems) > 0) {
				t.Errorf("New: a plan (%v) with %d problems; want one or the other", p != nil, len(problems))
			}
		})
	}
}

// A message must not depend on the order of a Go map: what CI prints is compared and quoted.
func TestProblemsAreStable(t *testing.T) {
	spec := load(t, withWorkflow+`outputs: volumes: ".devcontainer"`)
	_, first := New(spec)
	if len(first) < 2 {
		t.Fatalf("want several problems in one place, got %q", lines(first))
	}
	for range 30 {
		_, again := New(spec)
		if diff := cmp.Diff(lines(first), lines(again)); diff != "" {
			t.Fatalf("the same spec gives other problems (-first +again):\n%s", diff)
		}
	}
}

func TestDefaultBranch(t *testing.T) {
	for _, row := range []struct{ name, spec, want string }{
		{"without a workflow", app, "main"},
		{"of the workflow", withWorkflow, "main"},
		{"said", withWorkflow + `workflow: defaultBranch: "trunk"`, "trunk"},
	} {
		t.Run(row.name, func(t *testing.T) {
			equal(t, "DefaultBranch", resolve(t, row.spec).DefaultBranch(), row.want)
		})
	}
}

func TestEveryProblemIsShown(t *testing.T) {
	contradict(t, []contradiction{{
		"mistakes of different kinds in one run",
		withWorkflow + `platforms: "linux/s390x": {}
volumes: {
	a: {target: "/data", persistence: "cache"}
	b: {target: "/data", persistence: "cache"}
}
buildkit: version: "v0.11.0"
objectives: {hitRate: 60, hitRateFloor: 70}`,
		[]string{
			`spec.cue:5:12: platforms.linux/s390x: GitHub has no runner for linux/s390x; name your own (runner: "label") or say emulated: true`,
			`spec.cue:8:14: volumes.b.target: /data is already the target of volumes.a (spec.cue:7:14)`,
			`spec.cue:10:20: buildkit.version: v0.11.0 has known container escapes; want v0.12.5 or newer`,
			`spec.cue:11:41: objectives.hitRateFloor: the floor (70) is above the objective hitRate (60)`,
		},
	}})
}
