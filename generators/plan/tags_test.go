package plan

import (
	"strings"
	"testing"
)

// sampled are the events that start a workflow.
var sampled = []Event{
	{Name: "push", Branch: "main", Default: true},
	{Name: "push", Branch: "feature/Team/x"},
	{Name: "push", Tag: "v1.2.3"},
	{Name: "schedule", Branch: "main", Default: true},
	{Name: "workflow_dispatch", Branch: "main", Default: true},
}

const shaTag = "sha-" + sampleCommit

func TestTagRules(t *testing.T) {
	const onDefault = ",enable=${{ github.ref == 'refs/heads/main' }}"
	for _, row := range []struct {
		rule     string
		metadata []string
		want     []string // the tags of each of sampled
	}{
		{`branch: {}`, []string{"type=ref,event=branch"}, []string{"main", "feature-Team-x", "", "main", "main"}},
		{`semver: {}`, []string{"type=semver,pattern={{version}}"}, []string{"", "", "1.2.3", "", ""}},
		{`semver: patterns: ["{{raw}}", "{{major}}.{{minor}}", "v{{major}}-{{patch}}"]`,
			[]string{"type=semver,pattern={{raw}}", "type=semver,pattern={{major}}.{{minor}}", "type=semver,pattern=v{{major}}-{{patch}}"},
			[]string{"", "", "v1.2.3 1.2 v1-3", "", ""}},
		{`sha: {}`, []string{"type=sha,prefix=sha-,format=long"}, []string{shaTag, shaTag, shaTag, shaTag, shaTag}},
		{`date: {}`, []string{"type=schedule,pattern={{date 'YYYYMMDD'}}"}, []string{"", "", "", "20060102", ""}},
		{`latest: {}`, []string{"type=raw,value=latest" + onDefault}, []string{"latest", "", "", "latest", "latest"}},
		{`fixed: ["edge", "dev"]`, []string{"type=raw,value=edge" + onDefault, "type=raw,value=dev" + onDefault},
			[]string{"edge dev", "", "", "edge dev", "edge dev"}},
	} {
		t.Run(row.rule, func(t *testing.T) {
			p := resolve(t, app+"tags: "+row.rule)
			if len(p.Tags) != 1 {
				t.Fatalf("got %d rules, want 1", len(p.Tags))
			}
			equal(t, "Metadata", p.Metadata(), row.metadata)
			for i, event := range sampled {
				equal(t, event.String(), strings.Join(p.Tags[0].tags(event), " "), row.want[i])
			}
		})
	}
}

func TestTagRulesAreInTheUsersOrder(t *testing.T) {
	for _, row := range []struct{ name, spec, want string }{
		{"not said", "", "branch sha latest"},
		{"said", `tags: {latest: {}, fixed: ["edge"], date: {}, sha: {}, semver: {}, branch: {}}`, "latest fixed date sha semver branch"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var names []string
			for _, r := range resolve(t, app+row.spec).Tags {
				names = append(names, r.Name)
			}
			equal(t, "rules", strings.Join(names, " "), row.want)
		})
	}
}

// The steady tags hang on the branch that the spec names, whatever GitHub is set to.
func TestTagsOfAnotherDefaultBranch(t *testing.T) {
	p := resolve(t, withWorkflow+`workflow: defaultBranch: "trunk", tags: latest: {}`)
	equal(t, "Metadata", p.Tags[0].Metadata, []string{"type=raw,value=latest,enable=${{ github.ref == 'refs/heads/trunk' }}"})
}

// samples are the samples of a plan, one line for each event.
func samples(p *Plan) (text []string) {
	for _, s := range p.Samples {
		text = append(text, s.Event.String()+": "+strings.Join(s.Tags, " "))
	}
	return text
}

func TestSamples(t *testing.T) {
	for _, row := range []struct {
		name, spec string
		want       []string
	}{
		{"no workflow, no event", app, nil},
		{"by default", withWorkflow, []string{
			"push to main: main " + shaTag + " latest",
			"pull request to main: ",
			"workflow_dispatch on main: main " + shaTag + " latest",
		}},
		{"every rule and every event", withWorkflow + `workflow: {
	branches: ["main", "release/**", "feature/*"]
	tags: ["v*"]
	schedules: [{cron: "17 2 * * *", purpose: "warm"}]
}
tags: {branch: {}, semver: patterns: ["{{version}}", "{{major}}.{{minor}}"], sha: {}, date: {}, latest: {}, fixed: ["edge"]}`, []string{
			"push to main: main " + shaTag + " latest edge",
			"push to release/team/Login: release-team-Login " + shaTag,
			"push to feature/x: feature-x " + shaTag,
			"push of tag v1.2.3: 1.2.3 1.2 " + shaTag,
			"pull request to main: ",
			"schedule on main: main " + shaTag + " 20060102 latest edge",
			"workflow_dispatch on main: main " + shaTag + " latest edge",
		}},
		{"pushes only", withWorkflow + `workflow: {pullRequests: false, dispatch: false}`, []string{
			"push to main: main " + shaTag + " latest",
		}},
	} {
		t.Run(row.name, func(t *testing.T) { equal(t, "samples", samples(resolve(t, row.spec)), row.want) })
	}
}

// A git tag that the filter lets through must be a version wherever it can be one: else the semver rule would be
// reported as giving nothing.
func TestSampleTag(t *testing.T) {
	for glob, want := range map[string]bool{
		"*": true, "**": true, "v*": true, "v**": true, "v*.*.*": true,
		"v*.*": true, "v1.*": true, "v1.2.*": true, "v1.2.3": true, "1.*": true,
		"release-*": false, "image/v*": false,
	} {
		sample := sampleTag(glob)
		if !matches(glob, sample) {
			t.Errorf("sampleTag(%q) = %q, which the filter does not let through", glob, sample)
		}
		if got := version.MatchString(sample); got != want {
			t.Errorf("sampleTag(%q) = %q: a version: %v, want %v", glob, sample, got, want)
		}
	}
}

func TestTagContradictions(t *testing.T) {
	const versions = `workflow: tags: ["v*"]` + "\n"
	contradict(t, []contradiction{
		// One mistake, one line, however many events show it.
		{"latest twice", withWorkflow + `tags: {latest: {}, fixed: ["latest"]}`, []string{
			`spec.cue:5:27: tags.fixed: fixed and latest (spec.cue:5:8) both give the tag latest for a push to main; keep one of them`,
		}},
		{"a constant called like the branch", withWorkflow + `tags: {branch: {}, fixed: ["edge", "main"]}`, []string{
			`spec.cue:5:27: tags.fixed: fixed and branch (spec.cue:5:8) both give the tag main for a push to main; keep one of them`,
		}},
		// The filter lets the default branch through, so its tags count too.
		{"a constant called like a branch that a filter lets through", withWorkflow + `workflow: {branches: ["**"], dispatch: false}
tags: {branch: {}, fixed: ["main"]}`, []string{
			`spec.cue:6:27: tags.fixed: fixed and branch (spec.cue:6:8) both give the tag main for a push to main; keep one of them`,
		}},
		{"a pattern that makes a tag too long", withWorkflow + versions + `tags: {sha: {}, semver: patterns: ["{{version}}", "` + strings.Repeat("{{version}}0123456789", 10) + `"]}`, []string{
			`spec.cue:6:17: tags.semver: "` + strings.Repeat("1.2.30123456789", 10) + `" is not a valid tag (for a push of tag v1.2.3); want one that begins with a letter, digit or _ and has at most 128 characters`,
		}},
		{"no tag for a branch", withWorkflow + versions + `tags: {latest: {}, semver: {}}
workflow: branches: ["main", "dev"]`, []string{
			`spec.cue:6:1: tags: no rule gives a tag for a push to dev, so its image could never be found; want a rule that always applies such as sha: {}`,
		}},
		{"no tag for a git tag", withWorkflow + versions + `tags: latest: {}`, []string{
			`spec.cue:6:1: tags: no rule gives a tag for a push of tag v1.2.3, so its image could never be found; want a rule that always applies such as sha: {}`,
		}},
		{"versions of one line", withWorkflow + `workflow: tags: ["v1.*"]` + "\n" + `tags: {latest: {}, semver: {}}`, nil},
		{"nothing is pushed for a pull request", withWorkflow + `tags: latest: {}`, nil},
		{"nothing is pushed without a workflow", app + `tags: semver: {}`, nil},
	})
}
