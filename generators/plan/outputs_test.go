package plan

import (
	"strings"
	"testing"
)

const dir = ".devcontainer/"

func TestOutputs(t *testing.T) {
	var (
		workflow     = Output{"workflow", ".github/workflows/devcontainer-registry-cache.yml", false}
		compose      = Output{"compose", dir + "docker-compose.yml", false}
		volumes      = Output{"volumes", dir + "docker-compose.volumes.yml", false}
		override     = Output{"cache-override", dir + "docker-compose.cache-override.yml", false}
		devcontainer = Output{"devcontainer", dir + "devcontainer.json", false}
		buildkitd    = Output{"buildkitd", dir + "buildkitd.toml", false}
		start        = Output{"init", dir + "scripts/init.sh", true}
		facts        = Output{"facts", dir + "scripts/lib/facts.sh", false}
		report       = Output{"cache-report", dir + "scripts/ci/cache-report.sh", true}
		hit          = Output{"cache-hit", dir + "scripts/lib/cache-hit.jq", false}
		attributes   = Output{"gitattributes", ".gitattributes", false}
	)
	for _, row := range []struct {
		name, spec string
		want       []Output
	}{
		{"all", withWorkflow, []Output{workflow, compose, volumes, override, devcontainer, buildkitd, start, facts, report, hit, attributes}},
		{"with a drift workflow", withDrift, []Output{{"drift", ".github/workflows/devgen-drift.yml", false}, compose, volumes, override, devcontainer, start, facts, attributes}},
		{"without a workflow", app, []Output{compose, volumes, override, devcontainer, start, facts, attributes}},
		{"a ready image", ready, []Output{compose, volumes, devcontainer, start, facts, attributes}},
		// A developer cannot read the Actions cache.
		{"no cache that a developer can read", app + `caches: gha: {}`, []Output{compose, volumes, devcontainer, start, facts, attributes}},
		{"the workflow switched off", withWorkflow + `outputs: workflow: false`, []Output{compose, volumes, override, devcontainer, start, facts, attributes}},
		{"several switched off", withWorkflow + `outputs: {volumes: false, "cache-override": false, buildkitd: false}`,
			[]Output{workflow, compose, devcontainer, start, facts, report, hit, attributes}},
		{"moved", app + `outputs: {compose: "compose.yaml", devcontainer: ".devcontainer/app/devcontainer.json", init: "tools/init.sh", facts: "tools/lib/facts.sh"}`, []Output{
			{"compose", "compose.yaml", false}, volumes, override,
			{"devcontainer", ".devcontainer/app/devcontainer.json", false},
			{"init", "tools/init.sh", true}, {"facts", "tools/lib/facts.sh", false}, attributes,
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := resolve(t, row.spec)
			equal(t, "Outputs", p.Outputs, row.want)
			if o := p.Output("compose"); o == nil || o.ID != "compose" {
				t.Errorf("Output(compose) = %v", o)
			}
			if o := p.Output("nothing"); o != nil {
				t.Errorf("Output(nothing) = %v, want none", o)
			}
		})
	}
}

func TestOutputContradictions(t *testing.T) {
	at := func(id, path, text string) contradiction {
		before := "outputs: " + id + ": "
		return contradiction{id + " at " + path, withWorkflow + before + `"` + path + `"`,
			[]string{"spec.cue:5:" + column(before) + ": outputs." + id + ": " + text}}
	}
	contradict(t, []contradiction{
		at("volumes", "spec.cue", "spec.cue is already the place of the spec"),
		at("volumes", ".devcontainer/Dockerfile", ".devcontainer/Dockerfile is already the place of the Dockerfile"),
		at("volumes", ".devcontainer/devgen.manifest", ".devcontainer/devgen.manifest is already the place of the list of generated files"),
		at("volumes", "spec.cue/x.yml", "spec.cue cannot be a file and a folder: the spec is at spec.cue"),
		at("workflow", ".github/x.yml", "GitHub reads workflows from .github/workflows only; want a .yml file there"),
		at("workflow", ".github/workflows/sub/x.yml", "GitHub reads workflows from .github/workflows only; want a .yml file there"),
		at("workflow", ".github/workflows/x.json", "GitHub reads workflows from .github/workflows only; want a .yml file there"),
		at("devcontainer", "devcontainer.json", "tools look for .devcontainer/devcontainer.json, .devcontainer.json or .devcontainer/NAME/devcontainer.json only"),
		at("devcontainer", ".devcontainer/a/b/devcontainer.json", "tools look for .devcontainer/devcontainer.json, .devcontainer.json or .devcontainer/NAME/devcontainer.json only"),
		at("gitattributes", ".devcontainer/.gitattributes", "git reads what holds for every folder from .gitattributes at the root; it can be switched off, not moved"),
		at("facts", "lib/facts.sh", "init (.devcontainer/scripts/init.sh) looks for it at .devcontainer/scripts/lib/facts.sh; move both"),
		{"init moved alone", app + `outputs: init: "init.sh"`, []string{
			`spec.cue:4:1: outputs.facts: init (init.sh) looks for it at lib/facts.sh; move both`,
		}},
		{"the count moved alone", withWorkflow + `outputs: "cache-hit": "hit.jq"`, []string{
			`spec.cue:5:23: outputs.cache-hit: cache-report (.devcontainer/scripts/ci/cache-report.sh) looks for it at .devcontainer/scripts/lib/cache-hit.jq; move both`,
		}},
		{"two outputs in one place", app + `outputs: {compose: "x.yml", volumes: "x.yml"}`, []string{
			`spec.cue:4:38: outputs.volumes: x.yml is already the place of the output compose (spec.cue:4:20)`,
		}},
		{"a file that is a folder too", app + `outputs: {compose: "dev/x", volumes: "dev"}`, []string{
			`spec.cue:4:38: outputs.volumes: dev cannot be a file and a folder: the output compose (spec.cue:4:20) is at dev/x`,
		}},
		{"a folder that is a file too", app + `outputs: {compose: "dev", volumes: "dev/x"}`, []string{
			`spec.cue:4:36: outputs.volumes: dev cannot be a file and a folder: the output compose (spec.cue:4:20) is at dev`,
		}},
		{"the Dockerfile as a folder", app + `image: dockerfile: "dev/Dockerfile", outputs: volumes: "dev/Dockerfile/x.yml"`, []string{
			`spec.cue:4:56: outputs.volumes: dev/Dockerfile cannot be a file and a folder: the Dockerfile is at dev/Dockerfile`,
		}},
	})
}

func TestNeededOutputs(t *testing.T) {
	needs := func(off, by, why string) contradiction {
		before := `outputs: "` + off + `": `
		return contradiction{off + " for " + by, withWorkflow + before + "false", []string{
			"spec.cue:5:" + column(before) + ": outputs." + off + ": " + by + " is of no use without it: " + why + "; switch both off or none",
		}}
	}
	contradict(t, []contradiction{
		{"init for two", withWorkflow + `outputs: init: false`, []string{
			`spec.cue:5:16: outputs.init: devcontainer is of no use without it: it runs it before the container starts; switch both off or none`,
			`spec.cue:5:16: outputs.init: facts is of no use without it: nothing else reads it yet; switch both off or none`,
		}},
		needs("facts", "init", "it reads it"),
		needs("cache-report", "workflow", "it measures with it"),
		needs("cache-hit", "cache-report", "it counts with it"),
		{"compose for three", app + `outputs: compose: false`, []string{
			`spec.cue:4:19: outputs.compose: volumes is of no use without it: it adds to the service there; switch both off or none`,
			`spec.cue:4:19: outputs.compose: cache-override is of no use without it: it adds to the service there; switch both off or none`,
			`spec.cue:4:19: outputs.compose: devcontainer is of no use without it: it names the service there; switch both off or none`,
		}},
		{"both off", app + `outputs: {compose: false, volumes: false, "cache-override": false, devcontainer: false}`, nil},
	})
}

// Engines merge the files in the order in which they are given.
func TestComposeFiles(t *testing.T) {
	for _, row := range []struct{ name, outputs, files, folder string }{
		{"by default", "", ".devcontainer/docker-compose.yml .devcontainer/docker-compose.volumes.yml .devcontainer/docker-compose.cache-override.yml", ".devcontainer"},
		{"moved", `outputs: compose: "dev/z.yml", outputs: volumes: "dev/a.yml"`, "dev/z.yml dev/a.yml .devcontainer/docker-compose.cache-override.yml", "dev"},
		{"one off", `outputs: volumes: false`, ".devcontainer/docker-compose.yml .devcontainer/docker-compose.cache-override.yml", ".devcontainer"},
		{"all off", `outputs: {compose: false, volumes: false, "cache-override": false, devcontainer: false}`, "", "."},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := resolve(t, app+row.outputs)
			var files []string
			for _, o := range p.ComposeFiles() {
				files = append(files, o.Path)
			}
			equal(t, "files", strings.Join(files, " "), row.files)
			equal(t, "folder", p.ComposeFolder(), row.folder)
		})
	}
}

func TestDevcontainerPaths(t *testing.T) {
	for _, path := range []string{".devcontainer.json", ".devcontainer/devcontainer.json", ".devcontainer/python/devcontainer.json"} {
		equal(t, path, resolve(t, app+`outputs: devcontainer: "`+path+`"`).Output("devcontainer").Path, path)
	}
}

func TestMark(t *testing.T) {
	p := resolve(t, app+`requirements: {
	"PERF-007": {title: "a", covers: ["volumes", "compose"]}
	"ARCH-001": {title: "b", covers: ["volumes"]}
}`)
	equal(t, "two", p.Mark("volumes", "NUGET"), "[TAG-PERF-007-NUGET] [TAG-ARCH-001-NUGET] ")
	equal(t, "one", p.Mark("compose", "COMPOSE"), "[TAG-PERF-007-COMPOSE] ")
	equal(t, "none", p.Mark("workflow", "SETUP"), "")
	equal(t, "no requirements", resolve(t, app).Mark("volumes", "NUGET"), "")
}

func TestAbsent(t *testing.T) {
	p := resolve(t, app+`requirements: "PERF-007": {title: "a", covers: ["compose", "core", "volumes", "workflow"]}
outputs: volumes: false`)
	var got []string
	for _, a := range p.Absent(p.Spec.Requirements[0]) {
		got = append(got, a.ID+": "+a.Why)
	}
	equalLines(t, got, []string{"core: not made yet", "volumes: switched off at spec.cue:5:19", "workflow: the spec has nothing for it"})
}

func TestBlock(t *testing.T) {
	for group, want := range map[string]string{"": "", "NuGet": "NUGET", "Node JS": "NODE-JS", "my_own-part 2": "MY-OWN-PART-2"} {
		equal(t, group, Block(group), want)
	}
}

func TestRel(t *testing.T) {
	for _, row := range []struct{ file, target, want string }{
		{".devcontainer/docker-compose.yml", ".", ".."},
		{"compose.yml", ".", "."},
		{"compose.yml", "docker/Dockerfile", "docker/Dockerfile"},
		{".devcontainer/devcontainer.json", ".devcontainer/docker-compose.yml", "docker-compose.yml"},
		{".devcontainer/app/devcontainer.json", ".devcontainer/docker-compose.yml", "../docker-compose.yml"},
		{".devcontainer/scripts/init.sh", ".", "../.."},
		{"a/b/c.json", "a/x/y.yml", "../x/y.yml"},
		{"a/b/c.json", "a/b", "."},
		{"a/b/c.json", "a", ".."},
		{"a/b.json", "ab/x", "../ab/x"}, // a name that only begins alike
		{"a/b.json", "./a//x", "x"},
		{".devcontainer/docker-compose.yml", "../other", "../../other"},
		{"compose.yml", "../other", "../other"},
	} {
		t.Run(row.file+" to "+row.target, func(t *testing.T) { equal(t, "Rel", Rel(row.file, row.target), row.want) })
	}
}

// The ids of the rows are those of the language: an id that only one side knows could not be moved or would be ignored.
func TestOutputIDsAreInTheLanguage(t *testing.T) {
	var settings []string
	for _, o := range outputs {
		settings = append(settings, `"`+o.id+`": "`+o.path+`"`)
	}
	spec := load(t, withWorkflow+"drift: command: \"devgen\"\nrequirements: \"ALL-001\": {title: \"a\", covers: []}\noutputs: {"+strings.Join(settings, ", ")+"}")
	spec.Copied = true
	p, problems := New(spec)
	if len(problems) > 0 {
		t.Fatalf("New:\n%s", strings.Join(lines(problems), "\n"))
	}
	equal(t, "outputs", len(p.Outputs), len(outputs))
}
