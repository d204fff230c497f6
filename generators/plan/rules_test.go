package plan

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A finding is a spec that a rule finds something in or, without want, one that only looks like it.
type finding struct {
	rule, name, spec string
	want             []string // the lines that a person reads
}

var findings = []finding{
	{"DG-09", "more than a quarter of the memory", app + tmpfs("8.1GB") + memory(`"32gb"`), []string{
		`spec.cue:4:1: warning: volumes: ephemeral volumes may take 8294 MB of the 32768 MB that hostRequirements asks for; want at most a quarter [DG-09]`,
	}},
	{"DG-09", "together", app + tmpfs("1GB", "1GB", "1MB") + memory(`"8192mb"`), []string{
		`spec.cue:4:1: warning: volumes: ephemeral volumes may take 2049 MB of the 8192 MB that hostRequirements asks for; want at most a quarter [DG-09]`,
	}},
	{"DG-09", "memory in bytes", app + tmpfs("9GB") + memory(`"34359738368"`), []string{
		`spec.cue:4:1: warning: volumes: ephemeral volumes may take 9216 MB of the 32768 MB that hostRequirements asks for; want at most a quarter [DG-09]`,
	}},
	// Four times this size does not fit into 64 bits.
	{"DG-09", "an enormous volume", app + tmpfs("4000000TB") + memory(`"32gb"`), []string{
		`spec.cue:4:1: warning: volumes: ephemeral volumes may take 4194304000000 MB of the 32768 MB that hostRequirements asks for; want at most a quarter [DG-09]`,
	}},
	{"DG-09", "just a quarter", app + tmpfs("8GB") + memory(`"32gb"`), nil},
	{"DG-09", "no memory is asked for", app + tmpfs("100GB") + `devcontainer: hostRequirements: cpus: 4`, nil},
	{"DG-09", "nothing is asked for", app + tmpfs("100GB"), nil},
	{"DG-09", "memory that is no size", app + tmpfs("100GB") + memory(`"lots"`), nil},
	{"DG-09", "volumes of the engine", app + `volumes: x: {target: "/x", persistence: "cache", size: "100GB"}` + "\n" + memory(`"1gb"`), nil},

	{"DG-22", "semver without git tags", withWorkflow + `tags: {sha: {}, semver: {}}`, []string{
		`spec.cue:5:17: warning: tags.semver: no git tag starts the workflow, so this rule never applies; want workflow: tags: ["v*"] [DG-22]`,
	}},
	{"DG-22", "date without a schedule", withWorkflow + `tags: {sha: {}, date: {}}`, []string{
		`spec.cue:5:17: warning: tags.date: nothing is scheduled, so this rule never applies; want workflow: schedules: [...] [DG-22]`,
	}},
	{"DG-22", "both with their triggers", withWorkflow + `workflow: {tags: ["v*"], schedules: [{cron: "17 2 * * *", purpose: "warm"}]}
tags: {sha: {}, semver: {}, date: {}}`, nil},
	{"DG-22", "no workflow", app + `tags: {sha: {}, semver: {}, date: {}}`, nil},

	{"DG-34", "emulated", withWorkflow + `platforms: {"linux/arm64": emulated: true, "linux/s390x": emulated: true}`, []string{
		`spec.cue:5:38: warning: platforms.linux/arm64.emulated: linux/arm64 is built under QEMU; a native runner builds it in a fraction of the time [DG-34]`,
		`spec.cue:5:69: warning: platforms.linux/s390x.emulated: linux/s390x is built under QEMU; a native runner builds it in a fraction of the time [DG-34]`,
	}},
	{"DG-34", "native", withWorkflow + `platforms: "linux/arm64": emulated: false`, nil},
	{"DG-34", "emulated where no workflow builds", app + `platforms: "linux/arm64": emulated: true`, nil},

	{"DG-35", "minute 0", withWorkflow + scheduled("17 2 * * *", "0 2 * * *"), minuteZeroAt("6:69", 1)},
	{"DG-35", "every minute", withWorkflow + scheduled("* 2 * * *"), minuteZeroAt("6:30", 0)},
	{"DG-35", "minute 0 in two digits", withWorkflow + scheduled("00 2 * * *"), minuteZeroAt("6:30", 0)},
	{"DG-35", "minute 0 among others", withWorkflow + scheduled("0,30 2 * * *"), minuteZeroAt("6:30", 0)},
	{"DG-35", "every half hour", withWorkflow + scheduled("*/30 2 * * *"), minuteZeroAt("6:30", 0)},
	{"DG-35", "an odd minute", withWorkflow + scheduled("17 2 * * *"), nil},
	{"DG-35", "an odd minute of hour 0", withWorkflow + scheduled("10 0 * * 0"), nil},
	{"DG-35", "minutes that hold the digit", withWorkflow + scheduled("20,40 2 * * *"), nil},
	{"DG-35", "no workflow is generated", withWorkflow + `outputs: workflow: false` + "\n" + scheduled("0 2 * * *"), nil},
}

// tmpfs are volumes in memory.
func tmpfs(sizes ...string) string {
	var b strings.Builder
	for i, size := range sizes {
		name := string(rune('a' + i))
		b.WriteString("volumes: " + name + ": {target: \"/" + name + "\", persistence: \"ephemeral\", size: \"" + size + "\"}\n")
	}
	return b.String()
}

func memory(value string) string { return "devcontainer: hostRequirements: memory: " + value + "\n" }

// scheduled is a workflow with schedules, on the second line.
func scheduled(lines ...string) string {
	var schedules []string
	for _, l := range lines {
		schedules = append(schedules, `{cron: "`+l+`", purpose: "warm"}`)
	}
	return "\nworkflow: schedules: [" + strings.Join(schedules, ", ") + "]"
}

func minuteZeroAt(pos string, schedule int) []string {
	return []string{"spec.cue:" + pos + ": warning: workflow.schedules[" + string(rune('0'+schedule)) +
		"].cron: GitHub delays or drops runs at minute 0; want an odd minute [DG-35]"}
}

func TestLint(t *testing.T) {
	for _, row := range findings {
		t.Run(row.rule+" "+row.name, func(t *testing.T) {
			equalLines(t, lines(Lint(resolve(t, row.spec))), row.want)
		})
	}
}

func TestLintIgnore(t *testing.T) {
	for _, row := range findings {
		if row.want == nil {
			continue
		}
		t.Run(row.rule+" "+row.name, func(t *testing.T) {
			ignored := row.spec + "\nlint: ignore: \"" + row.rule + "\": \"known\""
			equalLines(t, lines(Lint(resolve(t, ignored))), nil)
		})
	}
}

func TestLintIgnoresOneRule(t *testing.T) {
	p := resolve(t, withWorkflow+`tags: {sha: {}, semver: {}}
workflow: schedules: [{cron: "0 2 * * *", purpose: "warm"}]
lint: ignore: "DG-22": "soon"`)
	equalLines(t, lines(Lint(p)), minuteZeroAt("6:30", 0))
}

// A reason for a rule that there is not was meant for another one, which still fires.
func TestIgnoringAnUnknownRule(t *testing.T) {
	contradict(t, []contradiction{
		{"unknown", app + `lint: ignore: {"DG-09": "known", "DG-99": "why"}`, []string{
			`spec.cue:4:43: lint.ignore.DG-99: there is no rule DG-99; want DG-09, DG-22, DG-34, DG-35`,
		}},
		{"known", app + `lint: ignore: "DG-35": "why"`, nil},
	})
}

func TestLintIsInTheOrderOfTheFile(t *testing.T) {
	p := resolve(t, withWorkflow+`workflow: schedules: [{cron: "0 2 * * *", purpose: "warm"}]
platforms: "linux/arm64": emulated: true
tags: {sha: {}, semver: {}}`)
	var rules []string
	for _, f := range Lint(p) {
		rules = append(rules, f.Rule)
	}
	equal(t, "rules", rules, []string{"DG-35", "DG-34", "DG-22"})
}

// A rule without a spec that it finds something in is a rule that nobody has seen at work.
func TestRules(t *testing.T) {
	last := ""
	for _, r := range Rules() {
		if !regexp.MustCompile(`^DG-\d\d$`).MatchString(r.ID) || r.ID <= last {
			t.Errorf("rule %s stands after %s, want ids in order", r.ID, last)
		}
		last = r.ID
		if !strings.HasSuffix(r.Doc, ".") || strings.Contains(r.Doc, "\n") {
			t.Errorf("%s: the doc %q is not one sentence", r.ID, r.Doc)
		}
		for _, fires := range []bool{true, false} {
			if !slices.ContainsFunc(findings, func(f finding) bool { return f.rule == r.ID && (f.want != nil) == fires }) {
				t.Errorf("%s: no row of findings in which it fires is %v", r.ID, fires)
			}
		}
	}
}
