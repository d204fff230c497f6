package plan

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/devgen/devgen/schema"
)

// An Output is one generated file and where it goes.
type Output struct {
	ID         string
	Path       string // from the root, with slashes
	Executable bool
}

// A row of outputs: what there is, where the requirement document wants it, and when there is something in it.
type output struct {
	id, path   string
	executable bool
	wanted     func(*Plan) bool // nil: when an output that needs it is made
}

func always(*Plan) bool     { return true }
func prebuilt(p *Plan) bool { return p.Workflow != nil }
func copied(p *Plan) bool   { return p.Spec.Copied }
func drifts(p *Plan) bool   { return p.Drift != nil }
func traced(p *Plan) bool   { return len(p.Spec.Requirements) > 0 }
func registry(p *Plan) bool { return p.Cache("registry") != nil }
func built(p *Plan) bool    { return p.Image.Built() }
func mounts(p *Plan) bool   { return len(p.Volumes) > 0 && p.on("compose") && p.on("volumes") }
func sourced(p *Plan) bool  { return p.makes("docker-lib") }
func owned(p *Plan) bool {
	targets, folders := p.Owned()
	return len(targets)+len(folders) > 0 && p.on("compose") && p.on("volumes")
}
func cached(p *Plan) bool {
	return slices.ContainsFunc(p.Caches, func(c Cache) bool { return c.Shared })
}

// outputs are all outputs in the order in which they are listed. Their ids are those of #OutputID.
func outputs() []output {
	return []output{
		{"workflow", ".github/workflows/devcontainer-registry-cache.yml", false, prebuilt},
		{"drift", ".github/workflows/devgen-drift.yml", false, drifts},
		{"compose", ".devcontainer/docker-compose.yml", false, always},
		{"volumes", ".devcontainer/docker-compose.volumes.yml", false, always},
		{"cache-override", ".devcontainer/docker-compose.cache-override.yml", false, cached},
		{"devcontainer", ".devcontainer/devcontainer.json", false, always},
		{"buildkitd", ".devcontainer/buildkitd.toml", false, prebuilt},
		{"init", ".devcontainer/scripts/init.sh", true, always},
		{"facts", ".devcontainer/scripts/lib/facts.sh", false, nil},
		{"core", ".devcontainer/scripts/lib/core.sh", false, nil},
		{"docker-lib", ".devcontainer/scripts/lib/docker.sh", false, nil},
		{"volumes-lib", ".devcontainer/scripts/lib/volumes.sh", false, nil},
		{"use-registry-cache", ".devcontainer/scripts/use-registry-cache.sh", true, built},
		{"manage-volumes", ".devcontainer/scripts/manage-volumes.sh", true, mounts},
		{"own-mounts", ".devcontainer/scripts/own-mounts.sh", true, owned},
		{"cache-report", ".devcontainer/scripts/ci/cache-report.sh", true, prebuilt},
		{"cache-hit", ".devcontainer/scripts/lib/cache-hit.jq", false, nil},
		{"verify-registry-cache", ".devcontainer/tests/verify-registry-cache.sh", true, registry},
		{"verify-volumes", ".devcontainer/tests/verify-volumes.sh", true, mounts},
		{"lib-test", ".devcontainer/tests/lib_test.sh", true, sourced},
		{"tap", ".devcontainer/tests/tap.sh", false, nil},
		{"schema", schema.CopyPath, false, copied},
		{"traceability", ".devcontainer/traceability.json", false, traced},
		{"gitattributes", ".gitattributes", false, always},
	}
}

// A need is an output without which others are of no use. lib-test is none of them: it is there when there is something
// to test.
type need struct {
	id  string
	by  []string
	why string
}

func needs() []need {
	return []need{
		{"compose", []string{"volumes", "cache-override", "devcontainer"}, "the service stands there"},
		{"init", []string{"devcontainer", "docker-lib"}, "it makes what is mounted, and knows the name of the project"},
		{"facts", []string{"init", "core"}, "it tells what the spec says"},
		{"core", []string{"docker-lib"}, "its functions are called"},
		{"docker-lib", []string{"volumes-lib", "use-registry-cache", "verify-registry-cache"}, "its functions are called"},
		{"volumes-lib", []string{"manage-volumes", "verify-volumes"}, "its functions are called"},
		{"cache-report", []string{"workflow"}, "it measures the build"},
		{"cache-hit", []string{"use-registry-cache", "cache-report", "verify-registry-cache"}, "it counts the steps"},
		{"tap", []string{"verify-registry-cache", "verify-volumes", "lib-test"}, "it prints the results"},
	}
}

func resolveOutputs(p *Plan) {
	for _, o := range outputs() {
		if p.makes(o.id) {
			p.Outputs = append(p.Outputs, Output{o.id, p.placeOf(o), o.executable})
		}
	}
	for _, n := range needs() {
		if !p.on(n.id) {
			p.checkNeed(n)
		}
	}
	p.checkPaths()
}

// on reports whether the spec does not switch the output off.
func (p *Plan) on(id string) bool {
	return !slices.ContainsFunc(p.Spec.Outputs, func(o schema.Output) bool { return o.ID == id && o.Path == "" })
}

// makes reports whether the output is generated.
func (p *Plan) makes(id string) bool {
	switch o := rowOf(id); {
	case !p.on(id):
		return false
	case o.wanted != nil:
		return o.wanted(p)
	}
	return slices.ContainsFunc(neededBy(id), p.makes)
}

// rowOf is the row of an output that there is.
func rowOf(id string) output {
	all := outputs()
	return all[slices.IndexFunc(all, func(o output) bool { return o.id == id })]
}

// neededBy are the outputs that need id.
func neededBy(id string) []string {
	for _, n := range needs() {
		if n.id == id {
			return n.by
		}
	}
	return nil
}

// checkNeed refuses what is of no use without an output that is switched off.
func (p *Plan) checkNeed(n need) {
	switch ids := p.users(n.id); len(ids) {
	case 0:
	case 1:
		p.problem(fmt.Sprintf("%s is of no use without it: %s; switch both off or none", ids[0], n.why), "outputs", n.id)
	default:
		last := len(ids) - 1
		p.problem(fmt.Sprintf("%s and %s are of no use without it: %s; switch all off or none", strings.Join(ids[:last], ", "), ids[last], n.why), "outputs", n.id)
	}
}

// users are the outputs that are generated and need id. A library that needs it is only there for its own users: they
// stand for it.
func (p *Plan) users(id string) (ids []string) {
	for _, by := range neededBy(id) {
		users := []string{by}
		if rowOf(by).wanted == nil {
			users = p.users(by)
		}
		for _, user := range users {
			if p.makes(user) && !slices.Contains(ids, user) {
				ids = append(ids, user)
			}
		}
	}
	return ids
}

// said is where the spec puts the output, or "".
func (p *Plan) said(id string) string {
	for _, o := range p.Spec.Outputs {
		if o.ID == id && o.Path != "" {
			return path.Clean(o.Path)
		}
	}
	return ""
}

// placeOf is where the output goes: where the spec puts it, a script beside those that the spec moves, and everything
// else where the requirement document wants it.
func (p *Plan) placeOf(o output) string {
	if said := p.said(o.id); said != "" {
		return said
	}
	if below := o.script(); below != "" {
		root, _ := p.scripts()
		return path.Join(root, below)
	}
	return o.path
}

// script is the place of a script below the folder that all scripts lie in, or "" for any other output. Scripts find
// each other by where they lie.
func (o output) script() string {
	below, _ := strings.CutPrefix(o.path, ".devcontainer/")
	if strings.HasPrefix(below, "scripts/") || strings.HasPrefix(below, "tests/") {
		return below
	}
	return ""
}

// scripts is the folder that all scripts lie in, and the output that the spec moves there; "" if it moves none.
func (p *Plan) scripts() (root, moved string) {
	for _, o := range outputs() {
		below, said := o.script(), p.said(o.id)
		if root, ok := strings.CutSuffix("/"+said, "/"+below); below != "" && said != "" && ok {
			return strings.TrimPrefix(root, "/"), o.id
		}
	}
	return ".devcontainer", ""
}

// Output is the output called id, or nil if it is not generated.
func (p *Plan) Output(id string) *Output {
	for i := range p.Outputs {
		if p.Outputs[i].ID == id {
			return &p.Outputs[i]
		}
	}
	return nil
}

// ComposeFiles are the compose files in the order in which they must be given.
func (p *Plan) ComposeFiles() (files []*Output) {
	for _, id := range []string{"compose", "volumes", "cache-override"} {
		if o := p.Output(id); o != nil {
			files = append(files, o)
		}
	}
	return files
}

// ComposeFolder is the folder of the first compose file, after which the dev container tools name the project.
func (p *Plan) ComposeFolder() string {
	if o := p.Output("compose"); o != nil {
		return path.Dir(o.Path)
	}
	return "."
}

// checkPaths refuses two files in one place, and a place where the consumer does not look.
func (p *Plan) checkPaths() {
	taken := []place{
		{ManifestPath, "the list of generated files"},
		{p.Spec.FileName(), "the spec"},
	}
	if p.Image.Built() {
		taken = append(taken, place{path.Clean(p.Image.Dockerfile), "the Dockerfile"})
	}
	for _, o := range p.Outputs {
		at := []string{"outputs", o.ID}
		if why := spokenFor(o); why != "" {
			p.problem(o.Path+" "+why+"; want another place", at...)
		}
		for _, other := range taken {
			if text := other.clash(o.Path); text != "" {
				p.problem(text, at...)
			}
		}
		taken = append(taken, place{o.Path, fmt.Sprintf("the output %s (%s)", o.ID, p.at(at...))})
	}
	p.checkConsumers()
	p.checkScripts()
}

// checkScripts refuses a script that the others would not find.
func (p *Plan) checkScripts() {
	root, moved := p.scripts()
	for _, o := range outputs() {
		below, said := o.script(), p.said(o.id)
		want := path.Join(root, below)
		switch {
		case below == "" || said == "" || said == want || !p.makes(o.id):
		case moved == "":
			p.problem(fmt.Sprintf("scripts find each other by where they lie; want a place that ends in %s, and all go there", below), "outputs", o.id)
		default:
			p.problem(fmt.Sprintf("scripts find each other by where they lie, and %s (%s) takes all to %s; want %s, or nothing", moved, p.at("outputs", moved), cmp.Or(root, "the root"), want), "outputs", o.id)
		}
	}
}

// keptName is the name under which devgen keeps what --force gives up.
var keptName = regexp.MustCompile(`(?i)\.orig(\.[0-9]+)?$`)

// spokenFor is why a place is no output's, or "".
func spokenFor(o Output) string {
	in := func(folder string) bool {
		return slices.ContainsFunc(strings.Split(o.Path, "/"), func(part string) bool { return strings.EqualFold(part, folder) })
	}
	switch {
	case in(".git"):
		return "lies in git's own folder"
	case in("cue.mod") && o.ID != "schema":
		return "lies in CUE's own folder"
	case strings.HasPrefix(path.Base(o.Path), ".devgen-"):
		return "has the name of a file that devgen is about to write"
	case keptName.MatchString(o.Path):
		return "has the name of a file that devgen --force keeps"
	}
	return ""
}

// A place is taken by what.
type place struct{ path, what string }

// clash says why no file can go to other, or "". Upper and lower case are one place on macOS and Windows.
func (p place) clash(other string) string {
	mine, theirs := strings.ToLower(p.path), strings.ToLower(other)
	switch {
	case p.path == other:
		return fmt.Sprintf("%s is already the place of %s", other, p.what)
	case mine == theirs:
		return fmt.Sprintf("%s is the place of %s, %s, on a machine that does not tell upper case from lower", other, p.what, p.path)
	case strings.HasPrefix(theirs, mine+"/"), strings.HasPrefix(mine, theirs+"/"):
		return fmt.Sprintf("%s cannot be a file and a folder: %s is at %s", min(p.path, other), p.what, p.path)
	}
	return ""
}

// checkConsumers refuses places where the consumer of a file does not look.
func (p *Plan) checkConsumers() {
	for _, id := range []string{"workflow", "drift"} {
		if o := p.Output(id); o != nil && (path.Dir(o.Path) != ".github/workflows" || !hasSuffix(o.Path, ".yml", ".yaml")) {
			p.problem("GitHub reads workflows from .github/workflows only; want a .yml file there", "outputs", id)
		}
	}
	if o := p.Output("devcontainer"); o != nil && !isDevcontainerPath(o.Path) {
		p.problem("tools look for .devcontainer/devcontainer.json, .devcontainer.json or .devcontainer/NAME/devcontainer.json only", "outputs", "devcontainer")
	}
	if o := p.Output("schema"); o != nil && o.Path != schema.CopyPath {
		p.problem("CUE looks for the language at "+schema.CopyPath+" only; want false or nothing", "outputs", "schema")
	}
	if o := p.Output("gitattributes"); o != nil && o.Path != ".gitattributes" {
		p.problem("git reads what holds for every folder from .gitattributes at the root; it can be switched off, not moved", "outputs", "gitattributes")
	}
}

func hasSuffix(s string, suffixes ...string) bool {
	return slices.ContainsFunc(suffixes, func(x string) bool { return strings.HasSuffix(s, x) })
}

// isDevcontainerPath follows the dev container reference, "devcontainer.json".
func isDevcontainerPath(file string) bool {
	ok, _ := path.Match(".devcontainer/*/devcontainer.json", file)
	return ok || file == ".devcontainer/devcontainer.json" || file == ".devcontainer.json"
}

// Mark is the trace tag of a block for each requirement that covers the output, with a blank behind it; "" where
// none does.
func (p *Plan) Mark(id, block string) string {
	mark := ""
	for _, r := range p.Spec.Requirements {
		if slices.Contains(r.Covers, id) {
			mark += "[TAG-" + r.ID + "-" + block + "] "
		}
	}
	return mark
}

// An Absence is an output that a requirement covers and that is not generated.
type Absence struct {
	ID  string // of the output
	Why string
}

// Absent are the outputs that r covers and that are not generated, as the user wrote them.
func (p *Plan) Absent(r schema.Requirement) (all []Absence) {
	for _, id := range r.Covers {
		switch {
		case p.Output(id) != nil:
		case !p.on(id):
			all = append(all, Absence{id, "switched off at " + p.at("outputs", id)})
		default:
			all = append(all, Absence{id, "the spec has nothing for it"})
		}
	}
	return all
}

// Block is the name of the block that a section of volumes makes.
func Block(group string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "-", "_", "-").Replace(group))
}

// OwnershipBlock is the block that gives the user what is mounted.
const OwnershipBlock = "OWNERSHIP"

// checkGroup keeps a section from taking the name of a block that the file has anyway.
func (p *Plan) checkGroup(group string, at ...string) {
	if block := Block(group); slices.Contains([]string{"COMPOSE", "SOURCE", "VOLUME-DEFINITIONS", OwnershipBlock}, block) {
		p.problem(fmt.Sprintf("%q is the name of another part of the file; want another title", group), at...)
	}
}
