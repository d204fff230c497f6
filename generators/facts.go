package generators

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/devgen/devgen/generators/plan"
	"mvdan.cc/sh/v3/syntax"
)

// facts is all that differs between specs in the scripts: quoted variables and arrays, and nothing that runs.
func facts(p *plan.Plan) document {
	var w factsWriter
	w.WriteString(header(p))
	w.WriteString("# " + p.Mark("facts", "FACTS") + "What the scripts know of the spec. To be sourced.\n# shellcheck shell=bash disable=SC2034,SC2088\n\n")
	w.value("The name of the spec: the volumes of the engine carry it as the label dev.devgen.spec.", "NAME", p.Spec.Name)
	w.value("From the folder of init.sh to the root of the checkout.", "SCRIPTS_TO_ROOT", plan.Rel(p.Output("init").Path, "."))
	w.host(p)
	w.compose(p)
	w.image(p)
	w.volumes(p)
	w.objectives(p)
	data := w.String()
	index := sync.OnceValue(func() map[int]origin { return factsOrigins(p, data) })
	return document{[]byte(data), func(line int) origin { return index()[line] }}
}

// A factsWriter writes facts, each with its comment.
type factsWriter struct{ strings.Builder }

func (w *factsWriter) value(comment, name, value string) {
	w.WriteString("# " + comment + "\nDEVGEN_" + name + "=" + quote(value) + "\n")
}

func (w *factsWriter) array(comment, name string, items []string) {
	w.WriteString("# " + comment + "\n" + array("DEVGEN_"+name, items) + "\n")
}

func (w *factsWriter) host(p *plan.Plan) {
	folders, files, clones := p.Host()
	directories, mountFiles := p.MountPoints()
	w.array("Folders of the host that are mounted; ~ is the home.", "HOST_DIRECTORIES", folders)
	w.array("Files of the host that are mounted.", "HOST_FILES", files)
	w.array("Folders that each clone has for itself, below DEVGEN_HOST_CLONES/<compose project>.", "HOST_CLONE_DIRECTORIES", clones)
	w.WriteString("DEVGEN_HOST_CLONES=" + quote(p.ClonesFolder()) + "\n")
	w.array("Folders of the checkout that something is mounted on.", "MOUNT_POINTS", directories)
	w.array("Files of the checkout that something is mounted on.", "MOUNT_FILES", mountFiles)
}

func (w *factsWriter) compose(p *plan.Plan) {
	var paths []string
	for _, o := range p.ComposeFiles() {
		paths = append(paths, o.Path)
	}
	w.array("The compose files in their order, from the root of the checkout.", "COMPOSE_FILES", paths)
	w.value("The folder of the first compose file, from the root of the checkout.", "COMPOSE_DIRECTORY", p.ComposeFolder())
	w.value("The service that people work in, and who they are there.", "SERVICE", plan.Service)
	w.WriteString("DEVGEN_USER=" + quote(p.Spec.User.Name) + "\n")
}

func (w *factsWriter) image(p *plan.Plan) {
	i := p.Image
	w.value("The image of the service.", "IMAGE", i.Local)
	var platforms []string
	for _, platform := range p.Platforms {
		platforms = append(platforms, platform.Name)
	}
	w.array("The platforms of the image.", "PLATFORMS", platforms)
	if !i.Built() {
		return
	}
	w.value("Where the image is pushed, and how it is built: paths from the root of the checkout.", "REPOSITORY", i.Repository)
	w.WriteString("DEVGEN_DOCKERFILE=" + quote(i.Dockerfile) + "\nDEVGEN_CONTEXT=" + quote(i.Context) + "\nDEVGEN_TARGET=" + quote(i.Target) + "\n")
	var args, secrets []string
	for _, a := range i.Args {
		args = append(args, a.Name+"="+a.Value)
	}
	for _, s := range i.Secrets {
		secrets = append(secrets, s.ID+" "+s.Env)
	}
	w.array("Its build arguments, and its secrets: the id and the variable that holds it.", "BUILD_ARGS", args)
	w.WriteString(array("DEVGEN_BUILD_SECRETS", secrets) + "\n")
	w.array("The caches that a local build can read: the platform and the option of BuildKit.", "CACHES", p.PlatformCaches())
	w.value("The repository of the registry cache, and BuildKit's configuration; empty without one.", "CACHE_REPOSITORY", p.CacheRepository())
	config := ""
	if o := p.Output("buildkitd"); o != nil {
		config = o.Path
	}
	w.WriteString("DEVGEN_BUILDKITD=" + quote(config) + "\n")
}

func (w *factsWriter) volumes(p *plan.Plan) {
	var rows []string
	for _, v := range p.Volumes {
		rows = append(rows, strings.Join([]string{v.Name, v.Persistence, v.Backing.String(), cmp.Or(v.Scope, "-"), strconv.FormatInt(v.Size, 10), v.Target}, " "))
	}
	w.array("The volumes: name, persistence, backing, scope, size in bytes (0: no limit) and target.", "VOLUMES", rows)
	w.value("The folder of the host in which shared volumes lie that are backed by it.", "HOST_FOLDER", p.HostFolder())
	var mounts []string
	for _, m := range p.Mounts {
		mode := "rw"
		if m.ReadOnly {
			mode = "ro"
		}
		mounts = append(mounts, m.Name+" "+mode+" "+m.Target)
	}
	w.array("The files and folders of the host that are mounted: name, ro or rw, and target.", "MOUNTS", mounts)
	_, folders := p.Owned()
	w.array("The folders around what is mounted, in the container, that belong to the user.", "FOLDERS", folders)
	script := ""
	if o := p.Output("own-mounts"); o != nil {
		script = o.Path
	}
	w.value("The script that gives them to the user, from the root of the checkout; empty without one.", "OWN_MOUNTS", script)
}

func (w *factsWriter) objectives(p *plan.Plan) {
	o := p.Objectives()
	w.value("The objectives: percent of the steps from the cache, the least that is tolerated, and seconds.", "HIT_RATE", strconv.Itoa(o.HitRate))
	fmt.Fprintf(w, "DEVGEN_HIT_RATE_FLOOR=%d\nDEVGEN_WARM_SECONDS=%d\nDEVGEN_COLD_SECONDS=%d\n", o.HitRateFloor, o.WarmSeconds, o.ColdSeconds)
}

// factsOrigins are the fields that the elements of the arrays come from: a source on the host, or a target in the
// checkout.
func factsOrigins(p *plan.Plan, data string) map[int]origin {
	sources, targets := map[string][]string{}, map[string][]string{}
	for _, v := range p.Volumes {
		sources[quote(v.Source.Path)] = []string{"volumes", v.Name}
		sources[quote(v.Source.Below)] = []string{"volumes", v.Name}
		targets[quote(strings.TrimPrefix(v.Target, p.Spec.Workspace+"/"))] = []string{"volumes", v.Name, "target"}
	}
	for _, m := range p.Mounts {
		sources[quote(m.Source.Path)] = []string{"mounts", m.Name, "source"}
		targets[quote(strings.TrimPrefix(m.Target, p.Spec.Workspace+"/"))] = []string{"mounts", m.Name, "target"}
	}
	origins := map[int]origin{}
	from := sources
	n := 0
	for line := range strings.Lines(data) {
		n++
		switch {
		case strings.HasPrefix(line, "DEVGEN_HOST_"):
			from = sources
		case strings.HasPrefix(line, "DEVGEN_MOUNT_"):
			from = targets
		case strings.HasPrefix(line, "  "):
			origins[n] = origin{path: from[strings.TrimSpace(line)]}
		}
	}
	return origins
}

// quote is s as one word of bash.
func quote(s string) string {
	q, err := syntax.Quote(s, syntax.LangBash)
	if err != nil {
		panic(err) // a NUL byte, which the language refuses everywhere
	}
	return q
}

// array is an array of bash, one element a line.
func array(name string, items []string) string {
	if len(items) == 0 {
		return name + "=()"
	}
	var b strings.Builder
	for _, item := range items {
		b.WriteString("  " + quote(item) + "\n")
	}
	return name + "=(\n" + b.String() + ")"
}
