package plan

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/devgen/devgen/schema"
	"golang.org/x/mod/semver"
)

// hubMirrors are pull-through caches of Docker Hub.
// Source: Google Cloud, "Pull cached Docker Hub images".
var hubMirrors = []string{"mirror.gcr.io"}

// checkBuildKit refuses builders that cannot do what is asked of them, and mirrors that would answer for a
// registry with the images of another one.
func checkBuildKit(p *Plan) {
	b := p.Spec.BuildKit
	at := func(field string) []string { return []string{"buildkit", field} }
	// Source: moby/buildkit, release notes of v0.12.5 (runc and mount stub escapes of January 2024).
	if semver.Compare(b.Version, "v0.12.5") < 0 {
		p.problem(b.Version+" has known container escapes; want v0.12.5 or newer", at("version")...)
	}
	// Source: docker/docs #22395: the Actions cache API v1 was switched off on 2025-04-15.
	if p.Cache("gha") != nil && semver.Compare(b.Version, "v0.20.0") < 0 {
		p.problem(fmt.Sprintf("%s cannot use the Actions cache (caches.gha, %s); want v0.20.0 or newer", b.Version, p.at("caches", "gha")), at("version")...)
	}
	if p.Cache("gha") != nil && semver.Compare(b.Buildx, "v0.21.0") < 0 {
		p.problem(fmt.Sprintf("%s cannot use the Actions cache (caches.gha, %s); want v0.21.0 or newer", b.Buildx, p.at("caches", "gha")), at("buildx")...)
	}
	if _, err := bytes(b.GC.Max); err != nil {
		p.problem(err.Error(), "buildkit", "gc", "max")
	}
	for _, m := range b.Mirrors {
		for _, host := range m.Hosts {
			if slices.Contains(hubMirrors, host) && m.Registry != "docker.io" {
				p.problem(fmt.Sprintf("%s mirrors Docker Hub and would serve its images under the name %s; it can mirror docker.io only", host, m.Registry), "buildkit", "mirrors", m.Registry)
			}
		}
	}
}

func checkObjectives(p *Plan) {
	o := p.Spec.Objectives
	if o.HitRateFloor > o.HitRate {
		p.problem(fmt.Sprintf("the floor (%d) is above the objective hitRate (%d)", o.HitRateFloor, o.HitRate), "objectives", "hitRateFloor")
	}
	if warm, cold := duration(o.WarmBuild), duration(o.ColdBuild); warm >= cold {
		p.problem(fmt.Sprintf("a warm build (%s) is to take less time than a cold one (%s)", o.WarmBuild, o.ColdBuild), "objectives", "warmBuild")
	}
}

// checkWarmBuild refuses a promise that the workflow's timeout breaks.
func checkWarmBuild(p *Plan) {
	o := p.Spec.Objectives
	if w := p.Spec.Workflow; p.prebuilt() && duration(o.WarmBuild) >= duration(w.Timeout) {
		p.problem(fmt.Sprintf("a warm build may take %s, but workflow.timeout (%s) ends it after %s", o.WarmBuild, p.at("workflow", "timeout"), w.Timeout), "objectives", "warmBuild")
	}
}

// derived are native devcontainer.json keys that follow from other fields of the spec.
var derived = []struct{ key, from string }{
	{"dockerComposeFile", "outputs"},
	{"service", "services"},
	{"workspaceFolder", "workspace"},
	{"remoteUser", "user"},
	{"image", "image"},
	{"build", "image"},
	{"dockerFile", "image"},
	{"workspaceMount", "workspace"},
}

// otherForms are native keys of the forms of devcontainer.json without compose: nothing would read them.
// Source: dev container reference, "Image or Dockerfile specific properties".
var otherForms = []struct{ key, instead string }{
	{"runArgs", "keys of services.dev"},
	{"appPort", "services: dev: ports, or forwardPorts"},
}

// checkNative refuses native keys that contradict the spec: a fact is said once, and where somebody reads it.
func checkNative(p *Plan) {
	for _, o := range otherForms {
		if p.Spec.Devcontainer.Get(o.key) != nil {
			p.problem("has no effect with compose; want "+o.instead, "devcontainer", o.key)
		}
	}
	for _, d := range derived {
		if p.Spec.Devcontainer.Get(d.key) != nil {
			p.problem(fmt.Sprintf("devgen writes this key from %s (%s); say it there", d.from, p.at(d.from)), "devcontainer", d.key)
		}
	}
	if own := p.Spec.Devcontainer.Get("initializeCommand"); own != nil && own.Get("devgen") != nil {
		p.problem("devgen's own command has this name; want another one", "devcontainer", "initializeCommand", "devgen")
	}
	for _, s := range p.Spec.Services {
		if extends := s.Keys.Get("extends"); extends != nil && extends.Get("file") != nil {
			p.problem("devgen can prove only the files that it makes; want the keys of that service here", "services", s.Name, "extends", "file")
		}
	}
	for _, key := range []string{"image", "build", "working_dir", "user", "tmpfs"} {
		if p.Dev().Get(key) != nil {
			p.problem("devgen writes this key of the dev service from other fields of the spec; say it there", "services", Service, key)
		}
	}
}

// stepIDs are the ids of devgen's own steps in the jobs that build, driftStepIDs those in the job that looks for drift.
var (
	stepIDs      = []string{"buildx", "meta", "build"}
	driftStepIDs = []string{"checkout"}
)

// checkSteps refuses what actionlint lets pass in a step of the user: an id of one of devgen's steps, or of none that GitHub
// takes, and a text that is too long.
func checkSteps(p *Plan) {
	if p.Workflow != nil {
		p.checkNativeSteps(p.Workflow.Before, stepIDs, "workflow", "steps", "before")
		p.checkNativeSteps(p.Workflow.After, stepIDs, "workflow", "steps", "after")
	}
}

// What GitHub takes at most, in characters of UTF-16. Source: id-builder.ts of @actions/workflow-parser 0.3.61, where an id has less
// than 100, and errors.ts of @actions/expressions 0.3.61.
const (
	maxID         = 99
	maxExpression = 21000
)

// checkNativeSteps looks at the steps at a path; taken are the ids of devgen's own steps beside them.
func (p *Plan) checkNativeSteps(steps []schema.Value, taken []string, path ...string) {
	for i, step := range steps {
		at := append(path[:len(path):len(path)], fmt.Sprint(i))
		p.checkExpressions(step, at...)
		id := step.Get("id")
		if id == nil {
			continue
		}
		at = append(at, "id")
		switch {
		case slices.Contains(taken, strings.ToLower(id.Scalar)): // GitHub tells no case
			p.problem(fmt.Sprintf("%q is the id of a step of devgen's; want another one", id.Scalar), at...)
		case strings.HasPrefix(id.Scalar, "__"):
			p.problem(fmt.Sprintf("GitHub keeps ids that begin with __ for itself, such as %q; want another one", id.Scalar), at...)
		case len(id.Scalar) > maxID:
			p.problem(fmt.Sprintf("the id has %d characters; want at most %d", len(id.Scalar), maxID), at...)
		}
	}
}

// checkExpressions refuses a text of which GitHub makes an expression that is too long.
func (p *Plan) checkExpressions(v schema.Value, at ...string) {
	for _, f := range v.Fields {
		p.checkExpressions(f.Value, append(at[:len(at):len(at)], f.Name)...)
	}
	text := v.Scalar
	switch {
	case strings.Contains(text, "${{"):
		text = asExpression(text)
	case at[len(at)-1] != "if":
		return
	}
	if size := len(utf16.Encode([]rune(text))); size > maxExpression {
		p.problem(fmt.Sprintf("GitHub makes an expression of the text, with %d characters; want at most %d", size, maxExpression), at...)
	}
}

var (
	embedded = regexp.MustCompile(`(?s)\$\{\{(.*?)\}\}`)
	escaped  = strings.NewReplacer("'", "''", "{", "{{", "}", "}}")
)

// asExpression is the one expression that GitHub makes of a text with some in it: format('…{0}…', github.ref).
// Source: template-reader.ts of @actions/workflow-parser 0.3.61.
func asExpression(text string) string {
	var format, arguments strings.Builder
	end := 0
	for i, at := range embedded.FindAllStringSubmatchIndex(text, -1) {
		fmt.Fprintf(&format, "%s{%d}", escaped.Replace(text[end:at[0]]), i)
		arguments.WriteString(", " + strings.TrimSpace(text[at[2]:at[3]]))
		end = at[1]
	}
	return "format('" + format.String() + escaped.Replace(text[end:]) + "'" + arguments.String() + ")"
}

// matches reports whether a branch or a path matches one of GitHub's filter patterns. Nothing matches one that is none:
// the workflow's judge refuses it.
func matches(glob, name string) bool {
	re, err := regexp.Compile("^(" + globToRegexp(glob) + ")$")
	return err == nil && re.MatchString(name)
}

// Rel is target as seen from the folder of a file; both are paths from the root.
func Rel(file, target string) string {
	from, to := strings.Split(path.Dir(file), "/"), strings.Split(path.Clean(target), "/")
	if path.Dir(file) == "." {
		from = nil
	}
	if to[0] == "." {
		to = to[1:]
	}
	same := 0
	for same < len(from) && same < len(to) && from[same] == to[same] {
		same++
	}
	up := slices.Repeat([]string{".."}, len(from)-same)
	if rel := append(up, to[same:]...); len(rel) > 0 {
		return strings.Join(rel, "/")
	}
	return "."
}
