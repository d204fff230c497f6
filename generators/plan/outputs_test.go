package plan

import (
	"strings"
	"testing"
)

// Every output that there is, in its order: its id, its place, and x for what can be run.
func TestPlaces(t *testing.T) {
	spec := load(t, withDrift+withWorkflow[len(app):]+`volumes: x: {target: "x", persistence: "build"}, requirements: "ALL-001": {title: "a", covers: []}`)
	spec.Copied = true
	p, problems := New(spec)
	if len(problems) > 0 {
		t.Fatalf("New:\n%s", strings.Join(lines(problems), "\n"))
	}
	var got []string
	for _, o := range p.Outputs {
		run := ""
		if o.Executable {
			run = " x"
		}
		got = append(got, o.ID+" "+o.Path+run)
	}
	equalLines(t, got, []string{
		"workflow .github/workflows/devcontainer-registry-cache.yml",
		"drift .github/workflows/devgen-drift.yml",
		"compose .devcontainer/docker-compose.yml",
		"volumes .devcontainer/docker-compose.volumes.yml",
		"cache-override .devcontainer/docker-compose.cache-override.yml",
		"devcontainer .devcontainer/devcontainer.json",
		"buildkitd .devcontainer/buildkitd.toml",
		"init .devcontainer/scripts/init.sh x",
		"facts .devcontainer/scripts/lib/facts.sh",
		"core .devcontainer/scripts/lib/core.sh",
		"docker-lib .devcontainer/scripts/lib/docker.sh",
		"volumes-lib .devcontainer/scripts/lib/volumes.sh",
		"use-registry-cache .devcontainer/scripts/use-registry-cache.sh x",
		"manage-volumes .devcontainer/scripts/manage-volumes.sh x",
		"own-mounts .devcontainer/scripts/own-mounts.sh x",
		"cache-report .devcontainer/scripts/ci/cache-report.sh x",
		"cache-hit .devcontainer/scripts/lib/cache-hit.jq",
		"verify-registry-cache .devcontainer/tests/verify-registry-cache.sh x",
		"verify-volumes .devcontainer/tests/verify-volumes.sh x",
		"lib-test .devcontainer/tests/lib_test.sh x",
		"tap .devcontainer/tests/tap.sh",
		"schema cue.mod/pkg/github.com/devgen/devgen/schema/schema.cue",
		"traceability .devcontainer/traceability.json",
		"gitattributes .gitattributes",
	})
}

func TestOutputs(t *testing.T) {
	const (
		volume  = `volumes: x: {target: "/x", persistence: "cache"}` + "\n"
		base    = "compose volumes cache-override devcontainer init facts"
		library = " core docker-lib"
		cache   = base + library + " use-registry-cache cache-hit verify-registry-cache lib-test tap gitattributes"
	)
	for _, row := range []struct{ name, spec, want string }{
		{"without a workflow", app, cache},
		{"with one", withWorkflow, "workflow compose volumes cache-override devcontainer buildkitd init facts core docker-lib use-registry-cache cache-report cache-hit verify-registry-cache lib-test tap gitattributes"},
		{"with a drift workflow", withDrift, "drift " + cache},
		{"the workflow switched off", withWorkflow + `outputs: workflow: false`, cache},
		{"several switched off", withWorkflow + `outputs: {volumes: false, "cache-override": false, buildkitd: false}`,
			"workflow compose devcontainer init facts core docker-lib use-registry-cache cache-report cache-hit verify-registry-cache lib-test tap gitattributes"},
		// A ready image without volumes leaves the scripts nothing to do.
		{"a ready image", ready, "compose volumes devcontainer init facts gitattributes"},
		{"a ready image with a volume", ready + volume,
			"compose volumes devcontainer init facts core docker-lib volumes-lib manage-volumes own-mounts verify-volumes lib-test tap gitattributes"},
		{"a ready image with a mount below the home", ready + `mounts: x: {source: "~/x", target: "~/.config/x"}`, "compose volumes devcontainer init facts own-mounts gitattributes"},
		{"a volume that no compose file has", ready + volume + `outputs: volumes: false`, "compose devcontainer init facts gitattributes"},
		// A developer cannot read the Actions cache.
		{"no cache that a developer can read", app + `caches: gha: {}`, "compose volumes devcontainer init facts core docker-lib use-registry-cache cache-hit lib-test tap gitattributes"},
		// A library goes with the last script that reads it.
		{"no script", app + volume + `outputs: {"use-registry-cache": false, "verify-registry-cache": false, "manage-volumes": false, "verify-volumes": false}`,
			"compose volumes cache-override devcontainer init facts own-mounts gitattributes"},
		{"no init either", ready + volume + `outputs: {devcontainer: false, init: false, "manage-volumes": false, "verify-volumes": false}`, "compose volumes own-mounts gitattributes"},
		{"no tests", app + `outputs: {"verify-registry-cache": false, "lib-test": false}`, base + library + " use-registry-cache cache-hit gitattributes"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := resolve(t, row.spec)
			var ids []string
			for _, o := range p.Outputs {
				ids = append(ids, o.ID)
			}
			equalLines(t, ids, strings.Fields(row.want))
			if o := p.Output("compose"); o == nil || o.ID != "compose" {
				t.Errorf("Output(compose) = %v", o)
			}
			if o := p.Output("nothing"); o != nil {
				t.Errorf("Output(nothing) = %v, want none", o)
			}
		})
	}
}

// Scripts find each other by where they lie: one that is moved takes all along.
func TestMoved(t *testing.T) {
	for _, row := range []struct{ name, outputs, want string }{
		{"a compose file", `compose: "compose.yaml"`, "compose.yaml .devcontainer/scripts/init.sh .devcontainer/scripts/lib/facts.sh .devcontainer/tests/lib_test.sh"},
		{"a script", `init: "tools/dev/scripts/init.sh"`, ".devcontainer/docker-compose.yml tools/dev/scripts/init.sh tools/dev/scripts/lib/facts.sh tools/dev/tests/lib_test.sh"},
		{"a library", `facts: "scripts/lib/facts.sh"`, ".devcontainer/docker-compose.yml scripts/init.sh scripts/lib/facts.sh tests/lib_test.sh"},
		{"a test", `tap: "x/tests/tap.sh"`, ".devcontainer/docker-compose.yml x/scripts/init.sh x/scripts/lib/facts.sh x/tests/lib_test.sh"},
		{"two together", `init: "x/scripts/init.sh", tap: "x/tests/tap.sh"`, ".devcontainer/docker-compose.yml x/scripts/init.sh x/scripts/lib/facts.sh x/tests/lib_test.sh"},
		{"nothing, said", `init: ".devcontainer/scripts/init.sh"`, ".devcontainer/docker-compose.yml .devcontainer/scripts/init.sh .devcontainer/scripts/lib/facts.sh .devcontainer/tests/lib_test.sh"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := resolve(t, app+"outputs: {"+row.outputs+"}")
			var got []string
			for _, id := range []string{"compose", "init", "facts", "lib-test"} {
				got = append(got, p.Output(id).Path)
			}
			equal(t, "places", strings.Join(got, " "), row.want)
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
		at("facts", "lib/facts.sh", "scripts find each other by where they lie; want a place that ends in scripts/lib/facts.sh, and all go there"),
		at("init", "myscripts/init.sh", "scripts find each other by where they lie; want a place that ends in scripts/init.sh, and all go there"),
		{"scripts in two places", app + `outputs: {facts: "x/scripts/lib/facts.sh", tap: "y/tests/tap.sh", init: "init.sh"}`, []string{
			`spec.cue:4:49: outputs.tap: scripts find each other by where they lie, and facts (spec.cue:4:18) takes all to x; want x/tests/tap.sh, or nothing`,
			`spec.cue:4:73: outputs.init: scripts find each other by where they lie, and facts (spec.cue:4:18) takes all to x; want x/scripts/init.sh, or nothing`,
		}},
		{"scripts at the root and elsewhere", app + `outputs: {facts: "scripts/lib/facts.sh", tap: "y/tests/tap.sh"}`, []string{
			`spec.cue:4:47: outputs.tap: scripts find each other by where they lie, and facts (spec.cue:4:18) takes all to the root; want tests/tap.sh, or nothing`,
		}},
		{"a script that is not made", ready + `outputs: "manage-volumes": "x.sh"`, nil},
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
		needs("cache-report", "workflow", "it measures the build"),
		{"compose for three", app + `outputs: compose: false`, []string{
			`spec.cue:4:19: outputs.compose: volumes, cache-override and devcontainer are of no use without it: the service stands there; switch all off or none`,
		}},
		{"init", ready + `outputs: init: false`, []string{
			`spec.cue:4:16: outputs.init: devcontainer is of no use without it: it makes what is mounted, and knows the name of the project; switch both off or none`,
		}},
		{"init, with scripts", app + `outputs: init: false`, []string{
			`spec.cue:4:16: outputs.init: devcontainer, use-registry-cache and verify-registry-cache are of no use without it: it makes what is mounted, and knows the name of the project; switch all off or none`,
		}},
		{"facts", ready + `outputs: facts: false`, []string{
			`spec.cue:4:17: outputs.facts: init is of no use without it: it tells what the spec says; switch both off or none`,
		}},
		{"a library for scripts", app + `volumes: x: {target: "x", persistence: "build"}, outputs: core: false`, []string{
			`spec.cue:4:65: outputs.core: manage-volumes, verify-volumes, use-registry-cache and verify-registry-cache are of no use without it: its functions are called; switch all off or none`,
		}},
		{"libraries without scripts", ready + `outputs: {core: false, "docker-lib": false, tap: false}`, nil},
		{"what prints the results", app + `outputs: tap: false`, []string{
			`spec.cue:4:15: outputs.tap: verify-registry-cache and lib-test are of no use without it: it prints the results; switch all off or none`,
		}},
		{"the count", withWorkflow + `outputs: "cache-hit": false`, []string{
			`spec.cue:5:23: outputs.cache-hit: use-registry-cache, cache-report and verify-registry-cache are of no use without it: it counts the steps; switch all off or none`,
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
	p := resolve(t, app+`requirements: "PERF-007": {title: "a", covers: ["compose", "manage-volumes", "volumes", "workflow"]}
outputs: volumes: false`)
	var got []string
	for _, a := range p.Absent(p.Spec.Requirements[0]) {
		got = append(got, a.ID+": "+a.Why)
	}
	equalLines(t, got, []string{"manage-volumes: the spec has nothing for it", "volumes: switched off at spec.cue:5:19", "workflow: the spec has nothing for it"})
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
	for _, o := range outputs() {
		settings = append(settings, `"`+o.id+`": "`+o.path+`"`)
	}
	spec := load(t, withWorkflow+"drift: command: \"devgen\"\nvolumes: x: {target: \"x\", persistence: \"build\"}\nrequirements: \"ALL-001\": {title: \"a\", covers: []}\noutputs: {"+strings.Join(settings, ", ")+"}")
	spec.Copied = true
	p, problems := New(spec)
	if len(problems) > 0 {
		t.Fatalf("New:\n%s", strings.Join(lines(problems), "\n"))
	}
	equal(t, "outputs", len(p.Outputs), len(outputs()))
}
