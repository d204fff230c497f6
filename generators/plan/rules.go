package plan

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/devgen/devgen/schema"
	"github.com/robfig/cron/v3"
)

// A Rule finds what a valid spec will come to regret. A finding never stops a generation.
type Rule struct {
	ID       string
	Severity schema.Severity
	Doc      string // what it finds and why, one sentence
	Run      func(*Plan) []schema.Problem
}

// Rules are all rules, in the order of their ids.
func Rules() []Rule {
	return []Rule{
		{"DG-09", schema.Warning, "Volumes in memory that may take more than a quarter of the memory asked for starve the processes.", tmpfsBudget},
		{"DG-22", schema.Warning, "A tag rule whose trigger is missing never applies.", deadTagRule},
		{"DG-34", schema.Warning, "A build under QEMU takes many times as long as on a native runner.", emulatedPlatform},
		{"DG-35", schema.Warning, "GitHub delays or drops scheduled runs at minute 0, when most are due.", minuteZero},
	}
}

// Lint runs every rule and leaves out what the spec silences.
func Lint(p *Plan) (findings []schema.Problem) {
	silent := map[string]bool{}
	for _, i := range p.Spec.Lint.Ignore {
		silent[i.Rule] = true
	}
	for _, r := range Rules() {
		if silent[r.ID] {
			continue
		}
		for _, f := range r.Run(p) {
			f.Rule, f.Severity = r.ID, r.Severity
			findings = append(findings, f)
		}
	}
	return schema.SortProblems(findings)
}

// checkIgnored refuses to silence what there is not: another rule was meant.
func checkIgnored(p *Plan) {
	var ids []string
	for _, r := range Rules() {
		ids = append(ids, r.ID)
	}
	for _, i := range p.Spec.Lint.Ignore {
		if !slices.Contains(ids, i.Rule) {
			p.problem(fmt.Sprintf("there is no rule %s; want %s", i.Rule, strings.Join(ids, ", ")), "lint", "ignore", i.Rule)
		}
	}
}

func tmpfsBudget(p *Plan) []schema.Problem {
	memory := hostMemory(p.Spec.Devcontainer)
	var sum int64
	for _, v := range p.Volumes {
		if v.Backing == Tmpfs {
			sum += v.Size
		}
	}
	if memory == 0 || sum <= memory/4 {
		return nil
	}
	return []schema.Problem{p.Spec.Problem(
		fmt.Sprintf("ephemeral volumes may take %d MB of the %d MB that hostRequirements asks for; want at most a quarter", sum>>20, memory>>20), "volumes")}
}

// hostMemory is hostRequirements.memory in bytes, or 0 if it is not said.
func hostMemory(devcontainer schema.Value) int64 {
	requirements := devcontainer.Get("hostRequirements")
	if requirements == nil {
		return 0
	}
	memory := requirements.Get("memory")
	if memory == nil {
		return 0
	}
	digits := strings.TrimRight(memory.Scalar, "bkmgt")
	shift := map[string]uint{"": 0, "kb": 10, "mb": 20, "gb": 30, "tb": 40}[memory.Scalar[len(digits):]]
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n > math.MaxInt64>>shift {
		return 0
	}
	return n << shift
}

func deadTagRule(p *Plan) []schema.Problem {
	w := p.Workflow
	if w == nil {
		return nil
	}
	var found []schema.Problem
	for _, r := range p.Tags {
		switch {
		case r.Name == "semver" && len(w.Tags) == 0:
			found = append(found, p.Spec.Problem(`no git tag starts the workflow, so this rule never applies; want workflow: tags: ["v*"]`, "tags", "semver"))
		case r.Name == "date" && len(w.Schedules) == 0:
			found = append(found, p.Spec.Problem("nothing is scheduled, so this rule never applies; want workflow: schedules: [...]", "tags", "date"))
		}
	}
	return found
}

func emulatedPlatform(p *Plan) (found []schema.Problem) {
	for _, x := range p.Platforms {
		if x.Emulated && p.Workflow != nil {
			text := x.Name + " is built under QEMU; a native runner builds it in a fraction of the time"
			found = append(found, p.Spec.Problem(text, "platforms", x.Name, "emulated"))
		}
	}
	return found
}

func minuteZero(p *Plan) (found []schema.Problem) {
	if p.Workflow == nil {
		return nil
	}
	for i, s := range p.Workflow.Schedules {
		due, err := cron.ParseStandard(s.Cron) // checkSchedules has reported what cannot be parsed
		if spec, ok := due.(*cron.SpecSchedule); err == nil && ok && spec.Minute&1 != 0 {
			found = append(found, p.Spec.Problem("GitHub delays or drops runs at minute 0; want an odd minute", "workflow", "schedules", strconv.Itoa(i), "cron"))
		}
	}
	return found
}
