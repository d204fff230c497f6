package plan

import (
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
	wanted     func(*Plan) bool
}

func always(*Plan) bool     { return true }
func prebuilt(p *Plan) bool { return p.Workflow != nil }
func copied(p *Plan) bool   { return p.Spec.Copied }
func drifts(p *Plan) bool   { return p.Drift != nil }
func traced(p *Plan) bool   { return len(p.Spec.Requirements) > 0 }
func registry(p *Plan) bool { return p.Cache("registry") != nil }
func counted(p *Plan) bool  { return prebuilt(p) || registry(p) }
func built(p *Plan) bool    { return p.Image.Built() }
func mounts(p *Plan) bool   { return len(p.Volumes) > 0 && p.on("compose") && p.on("volumes") }
func owned(p *Plan) bool {
	targets, folders := p.Owned()
	return len(targets)+len(folders) > 0 && p.on("compose") && p.on("volumes")
}
func cached(p *Plan) bool {
	return slices.ContainsFunc(p.Caches, func(c Cache) bool { return c.Shared })
}

// outputs are all outputs in the order in which they are listed. Their ids are those of #OutputID.
var outputs = []output{
	{"workflow", ".github/workflows/devcontainer-registry-cache.yml", false, prebuilt},
	{"drift", ".github/workflows/devgen-drift.yml", false, drifts},
	{"compose", ".devcontainer/docker-compose.yml", false, always},
	{"volumes", ".devcontainer/docker-compose.volumes.yml", false, always},
	{"cache-override", ".devcontainer/docker-compose.cache-override.yml", false, cached},
	{"devcontainer", ".devcontainer/devcontainer.json", false, always},
	{"buildkitd", ".devcontainer/buildkitd.toml", false, prebuilt},
	{"init", ".devcontainer/scripts/init.sh", true, always},
	{"facts", ".devcontainer/scripts/lib/facts.sh", false, always},
	{"core", ".devcontainer/scripts/lib/core.sh", false, always},
	{"docker-lib", ".devcontainer/scripts/lib/docker.sh", false, always},
	{"volumes-lib", ".devcontainer/scripts/lib/volumes.sh", false, mounts},
	{"use-registry-cache", ".devcontainer/scripts/use-registry-cache.sh", true, built},
	{"manage-volumes", ".devcontainer/scripts/manage-volumes.sh", true, mounts},
	{"own-mounts", ".devcontainer/scripts/own-mounts.sh", true, owned},
	{"cache-report", ".devcontainer/scripts/ci/cache-report.sh", true, prebuilt},
	{"cache-hit", ".devcontainer/scripts/lib/cache-hit.jq", false, counted},
	{"verify-registry-cache", ".devcontainer/tests/verify-registry-cache.sh", true, registry},
	{"verify-volumes", ".devcontainer/tests/verify-volumes.sh", true, mounts},
	{"lib-test", ".devcontainer/tests/lib_test.sh", true, always},
	{"tap", ".devcontainer/tests/tap.sh", false, always},
	{"schema", schema.CopyPath, false, copied},
	{"traceability", ".devcontainer/traceability.json", false, traced},
	{"gitattributes", ".gitattributes", false, always},
}

// needs are outputs that are of no use without another one.
var needs = []struct{ id, needs, why string }{
	{"volumes", "compose", "it adds to the service there"},
	{"cache-override", "compose", "it adds to the service there"},
	{"devcontainer", "compose", "it names the service there"},
	{"devcontainer", "init", "it runs it before the container starts"},
	{"init", "facts", "it reads it"},
	{"core", "facts", "it reads it"},
	{"docker-lib", "core", "it builds on it"},
	{"volumes-lib", "docker-lib", "it builds on it"},
	{"use-registry-cache", "docker-lib", "it builds on it"},
	{"manage-volumes", "volumes-lib", "it builds on it"},
	{"verify-registry-cache", "docker-lib", "it builds on it"},
	{"verify-registry-cache", "cache-hit", "it counts with it"},
	{"verify-registry-cache", "tap", "it reports with it"},
	{"verify-volumes", "volumes-lib", "it builds on it"},
	{"verify-volumes", "tap", "it reports with it"},
	{"lib-test", "core", "it tests it"},
	{"lib-test", "tap", "it reports with it"},
	{"docker-lib", "init", "it asks it for the name of the project"},
	{"workflow", "cache-report", "it measures with it"},
	{"cache-report", "cache-hit", "it counts with it"},
}

func resolveOutputs(p *Plan) {
	for _, o := range outputs {
		if !o.wanted(p) || !p.on(o.id) {
			continue
		}
		p.Outputs = append(p.Outputs, Output{o.id, p.setPath(o.id, o.path), o.executable})
	}
	for _, n := range needs {
		if p.Output(n.id) != nil && !p.on(n.needs) {
			p.problem(fmt.Sprintf("%s is of no use without it: %s; switch both off or none", n.id, n.why), "outputs", n.needs)
		}
	}
	p.checkPaths()
}

// on reports whether the spec does not switch the output off.
func (p *Plan) on(id string) bool {
	return !slices.ContainsFunc(p.Spec.Outputs, func(o schema.Output) bool { return o.ID == id && o.Path == "" })
}

func (p *Plan) setPath(id, standard string) string {
	for _, o := range p.Spec.Outputs {
		if o.ID == id {
			return path.Clean(o.Path)
		}
	}
	return standard
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
	for _, b := range beside {
		reader, read := p.Output(b.reader), p.Output(b.read)
		if reader == nil || read == nil {
			continue
		}
		if place := path.Join(path.Dir(reader.Path), b.rel); read.Path != place {
			p.problem(fmt.Sprintf("%s (%s) looks for it at %s; move both", b.reader, reader.Path, place), "outputs", b.read)
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

// beside are scripts that look for another file from where they lie.
var beside = []struct{ reader, read, rel string }{
	{"init", "facts", "lib/facts.sh"},
	{"core", "facts", "facts.sh"},
	{"docker-lib", "core", "core.sh"},
	{"docker-lib", "init", "../init.sh"},
	{"volumes-lib", "docker-lib", "docker.sh"},
	{"use-registry-cache", "docker-lib", "lib/docker.sh"},
	{"manage-volumes", "volumes-lib", "lib/volumes.sh"},
	{"cache-report", "cache-hit", "../lib/cache-hit.jq"},
	{"verify-registry-cache", "docker-lib", "../scripts/lib/docker.sh"},
	{"verify-registry-cache", "cache-hit", "../scripts/lib/cache-hit.jq"},
	{"verify-registry-cache", "tap", "tap.sh"},
	{"verify-volumes", "volumes-lib", "../scripts/lib/volumes.sh"},
	{"verify-volumes", "tap", "tap.sh"},
	{"lib-test", "core", "../scripts/lib/core.sh"},
	{"lib-test", "tap", "tap.sh"},
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
