package plan

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/distribution/reference"
)

// A TagRule is one rule that gives the image tags.
type TagRule struct {
	Name     string                     // the key in the spec
	Metadata []string                   // lines of the tags input of docker/metadata-action
	tags     func(event Event) []string // what it gives for an event
}

// An Event is one way in which the workflow is started.
type Event struct {
	Name    string // push, schedule, workflow_dispatch or pull_request
	Branch  string // "" for a tag
	Tag     string // the git tag, or ""
	Default bool   // on the default branch
}

// String tells the event to a person.
func (e Event) String() string {
	switch {
	case e.Tag != "":
		return "push of tag " + e.Tag
	case e.Name == "push":
		return "push to " + e.Branch
	case e.Name == "pull_request":
		return "pull request to " + e.Branch
	}
	return e.Name + " on " + e.Branch
}

// A Sample is what one event would tag.
type Sample struct {
	Event Event
	Tags  []string
}

// sampleCommit stands for a commit in samples.
const sampleCommit = "0123456789abcdef0123456789abcdef01234567"

func resolveTags(p *Plan) {
	t := p.Spec.Tags
	if !p.Image.Built() {
		if t != nil {
			p.problem(fmt.Sprintf("nothing is built, so nothing can be tagged: image.base (%s) is a ready image", p.at("image", "base")), "tags")
		}
		return
	}
	order := []string{"branch", "sha", "latest"}
	if t != nil {
		order = t.Order
	}
	for _, name := range order {
		p.Tags = append(p.Tags, p.tagRule(name))
	}
	if p.Cache("inline") != nil && p.localTag() == notPublished {
		p.problem("an inline cache is read from a tag that stays, and no rule gives one; want tags: latest, branch or fixed", "caches", "inline")
	}
	if p.Image.Repository != "" {
		p.Image.Tag = p.localTag()
		p.Image.Local = p.Image.Repository + ":" + p.Image.Tag
	}
}

// localTag is the tag by which a developer pulls the image: the steadiest of those that the default branch gets.
func (p *Plan) localTag() string {
	for _, name := range []string{"latest", "branch", "fixed"} {
		for _, r := range p.Tags {
			if r.Name == name {
				return r.tags(Event{Name: "push", Branch: p.DefaultBranch(), Default: true})[0]
			}
		}
	}
	return notPublished
}

// notPublished is the tag of an image that exists on a developer's machine only.
const notPublished = "local"

// tagRule is what a rule means to docker/metadata-action v6, and what it comes to. The constant rules hang on the
// default branch that the spec names, not on the one that GitHub is set to.
func (p *Plan) tagRule(name string) TagRule {
	onDefault := ",enable=${{ github.ref == 'refs/heads/" + p.DefaultBranch() + "' }}"
	rule := TagRule{Name: name}
	switch name {
	case "branch":
		rule.Metadata = []string{"type=ref,event=branch"}
		rule.tags = func(e Event) []string { return some(e.Branch != "", sanitize(e.Branch)) }
	case "semver":
		patterns := p.Spec.Tags.Semver.Patterns
		for _, pattern := range patterns {
			rule.Metadata = append(rule.Metadata, "type=semver,pattern="+pattern)
		}
		rule.tags = func(e Event) []string { return semverTags(patterns, e.Tag) }
	case "sha":
		rule.Metadata = []string{"type=sha,prefix=sha-,format=long"}
		rule.tags = func(Event) []string { return []string{"sha-" + sampleCommit} }
	case "date":
		rule.Metadata = []string{"type=schedule,pattern={{date 'YYYYMMDD'}}"}
		rule.tags = func(e Event) []string { return some(e.Name == "schedule", "20060102") }
	case "latest":
		rule.Metadata = []string{"type=raw,value=latest" + onDefault}
		rule.tags = func(e Event) []string { return some(e.Default, "latest") }
	case "fixed":
		fixed := p.Spec.Tags.Fixed
		for _, tag := range fixed {
			rule.Metadata = append(rule.Metadata, "type=raw,value="+tag+onDefault)
		}
		rule.tags = func(e Event) []string { return some(e.Default, fixed...) }
	}
	return rule
}

func some(when bool, tags ...string) []string {
	if when {
		return tags
	}
	return nil
}

var notInTag = regexp.MustCompile(`[^a-zA-Z0-9._-]+`)

// sanitize makes a tag of a branch as docker/metadata-action does (sanitizeTag).
func sanitize(branch string) string { return notInTag.ReplaceAllString(branch, "-") }

// version splits a git tag as docker/metadata-action's semver rule reads it.
var version = regexp.MustCompile(`^v?(\d+)\.(\d+)\.(\d+)$`)

func semverTags(patterns []string, gitTag string) (tags []string) {
	m := version.FindStringSubmatch(gitTag)
	if m == nil {
		return nil
	}
	fill := strings.NewReplacer(
		"{{version}}", strings.TrimPrefix(gitTag, "v"),
		"{{raw}}", gitTag,
		"{{major}}", m[1], "{{minor}}", m[2], "{{patch}}", m[3],
	)
	for _, p := range patterns {
		tags = append(tags, fill.Replace(p))
	}
	return tags
}

// Metadata are the lines of the tags input of docker/metadata-action for all rules.
func (p *Plan) Metadata() (lines []string) {
	for _, r := range p.Tags {
		lines = append(lines, r.Metadata...)
	}
	return lines
}

// resolveSamples plays every event that the workflow reacts to, and checks the references that would be pushed.
func resolveSamples(p *Plan) {
	if p.Workflow == nil || p.Image.Local == "" {
		return // without a repository no reference is right
	}
	reported := map[string]bool{}
	for _, e := range p.events() {
		sample := Sample{Event: e}
		if e.Name == "pull_request" { // nothing is pushed
			p.Samples = append(p.Samples, sample)
			continue
		}
		from := map[string]string{}
		for _, rule := range p.Tags {
			for _, tag := range rule.tags(e) {
				p.checkTag(rule.Name, tag, e, from, reported)
				sample.Tags = append(sample.Tags, tag)
			}
		}
		if len(sample.Tags) == 0 {
			p.problem(fmt.Sprintf("no rule gives a tag for a %s, so its image could never be found; want a rule that always applies such as sha: {}", e), "tags")
		}
		p.Samples = append(p.Samples, sample)
	}
}

// checkTag reports a rule and its tag once, at the first event that shows the mistake.
func (p *Plan) checkTag(rule, tag string, e Event, from map[string]string, reported map[string]bool) {
	if other, ok := from[tag]; ok {
		if reported[rule+" "+tag] {
			return
		}
		reported[rule+" "+tag] = true
		p.problem(fmt.Sprintf("%s and %s (%s) both give the tag %s for a %s; keep one of them", rule, other, p.at("tags", other), tag, e), "tags", rule)
		return
	}
	from[tag] = rule
	if _, err := reference.ParseNormalizedNamed("localhost/x:" + tag); err != nil && !reported[rule+" "+tag] {
		reported[rule+" "+tag] = true
		p.problem(fmt.Sprintf("%q is not a valid tag (for a %s); want one that begins with a letter, digit or _ and has at most 128 characters", tag, e), "tags", rule)
	}
}

// events are samples of everything that starts the workflow.
func (p *Plan) events() (events []Event) {
	w := p.Workflow
	push := func(branch string) {
		e := Event{Name: "push", Branch: branch, Default: branch == p.DefaultBranch()}
		if !slices.Contains(events, e) {
			events = append(events, e)
		}
	}
	for _, glob := range w.Branches {
		if matches(glob, p.DefaultBranch()) {
			push(p.DefaultBranch())
		}
		push(sampleRef(glob))
	}
	for _, glob := range w.Tags {
		events = append(events, Event{Name: "push", Tag: sampleTag(glob)})
	}
	if w.PullRequests {
		events = append(events, Event{Name: "pull_request", Branch: p.DefaultBranch()})
	}
	if len(w.Schedules) > 0 {
		events = append(events, Event{Name: "schedule", Branch: p.DefaultBranch(), Default: true})
	}
	if w.Dispatch {
		events = append(events, Event{Name: "workflow_dispatch", Branch: p.DefaultBranch(), Default: true})
	}
	return events
}

// sampleRef is a branch that matches a filter; ** becomes a nested name with an upper-case letter.
func sampleRef(glob string) string {
	return strings.ReplaceAll(strings.ReplaceAll(glob, "**", "team/Login"), "*", "x")
}

// sampleTag is a git tag that matches a filter: a version wherever the filter allows one.
func sampleTag(glob string) string {
	for _, sample := range []string{"v1.2.3", fill(glob, "1"), fill(glob, "1.1"), fill(glob, "1.1.1")} {
		if version.MatchString(sample) && matches(glob, sample) {
			return sample
		}
	}
	return fill(glob, "1")
}

func fill(glob, text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(glob, "**", "*"), "*", text)
}
