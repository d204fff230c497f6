package generators

import (
	"cmp"
	"path"
	"strconv"
	"strings"

	"github.com/devgen/devgen/generators/plan"
	"mvdan.cc/sh/v3/syntax"
)

// facts is all that differs between specs in the scripts: quoted variables and arrays, and nothing that runs.
func facts(p *plan.Plan) document {
	w := factsWriter{Plan: p}
	w.write(header(p))
	w.write("# " + p.Mark("facts", "FACTS") + "What the scripts know of the spec. To be sourced.\n# shellcheck shell=bash disable=SC2034,SC2088\n\n")
	w.comment("The name of the spec: the volumes of the engine carry it as the label dev.devgen.spec.")
	w.value("NAME", p.Spec.Name, "name")
	w.comment("From the folder of init.sh to the root of the checkout.")
	w.value("SCRIPTS_TO_ROOT", plan.Rel(path.Dir(p.Output("facts").Path), "."))
	w.host()
	w.compose()
	w.image()
	if p.Image.Built() {
		w.build()
	}
	w.volumes()
	w.objectives()
	return document{[]byte(w.text.String()), w.from}
}

// A factsWriter writes facts, and remembers which fields of the spec they come from.
type factsWriter struct {
	*plan.Plan
	text    strings.Builder
	lines   int // written so far
	sources []factSource
}

// A factSource is where the lines of one fact come from: the first one and how many, and the field of each.
type factSource struct {
	first, count int
	field        func(i int) []string
}

// from is the field that a line comes from.
func (w *factsWriter) from(line int) origin {
	for _, s := range w.sources {
		if i := line - s.first; i >= 0 && i < s.count {
			return origin{path: s.field(i)}
		}
	}
	return origin{}
}

func (w *factsWriter) write(text string) {
	w.text.WriteString(text)
	w.lines += strings.Count(text, "\n")
}

func (w *factsWriter) comment(text string) { w.write("# " + text + "\n") }

// value writes a variable that comes from the given field.
func (w *factsWriter) value(name, value string, field ...string) {
	w.sources = append(w.sources, factSource{w.lines + 1, 1, func(int) []string { return field }})
	w.write("DEVGEN_" + name + "=" + quote(value) + "\n")
}

// array writes an array, one element a line. field is what an element comes from.
func (w *factsWriter) array(name string, items []string, field func(i int) []string) {
	if len(items) == 0 {
		w.write("DEVGEN_" + name + "=()\n")
		return
	}
	w.write("DEVGEN_" + name + "=(\n")
	w.sources = append(w.sources, factSource{w.lines + 1, len(items), field})
	for _, item := range items {
		w.write("  " + quote(item) + "\n")
	}
	w.write(")\n")
}

func (w *factsWriter) host() {
	folders, files, clones := w.Host()
	directories, mountFiles := w.MountPoints()
	sources, targets := w.hostFields()
	of := func(fields map[string][]string, items []string) func(int) []string {
		return func(i int) []string { return fields[items[i]] }
	}
	w.comment("Folders of the host that are mounted; ~ is the home.")
	w.array("HOST_DIRECTORIES", folders, of(sources, folders))
	w.comment("Files of the host that are mounted.")
	w.array("HOST_FILES", files, of(sources, files))
	w.comment("Folders that each clone has for itself, below DEVGEN_HOST_CLONES/<compose project>.")
	w.array("HOST_CLONE_DIRECTORIES", clones, of(sources, clones))
	w.value("HOST_CLONES", w.ClonesFolder(), "name")
	w.comment("Folders of the checkout that something is mounted on.")
	w.array("MOUNT_POINTS", directories, of(targets, directories))
	w.comment("Files of the checkout that something is mounted on.")
	w.array("MOUNT_FILES", mountFiles, of(targets, mountFiles))
}

// hostFields are the fields that the sources on the host come from, and the targets in the checkout.
func (w *factsWriter) hostFields() (sources, targets map[string][]string) {
	sources, targets = map[string][]string{}, map[string][]string{}
	for _, v := range w.Volumes {
		sources[v.Source.Path] = []string{"volumes", v.Name}
		sources[v.Source.Below] = []string{"volumes", v.Name}
		targets[strings.TrimPrefix(v.Target, w.Spec.Workspace+"/")] = []string{"volumes", v.Name, "target"}
	}
	for _, m := range w.Mounts {
		sources[m.Source.Path] = []string{"mounts", m.Name, "source"}
		targets[strings.TrimPrefix(m.Target, w.Spec.Workspace+"/")] = []string{"mounts", m.Name, "target"}
	}
	return sources, targets
}

func (w *factsWriter) compose() {
	files := w.ComposeFiles()
	paths := texts(files, func(o *plan.Output) string { return o.Path })
	w.comment("The compose files in their order, from the root of the checkout.")
	w.array("COMPOSE_FILES", paths, func(i int) []string { return []string{"outputs", files[i].ID} })
	w.comment("The folder of the first compose file, from the root of the checkout.")
	w.value("COMPOSE_DIRECTORY", w.ComposeFolder(), "outputs", "compose")
	w.comment("The service that people work in, and who they are there.")
	w.value("SERVICE", plan.Service)
	w.value("USER", w.Spec.User.Name, "user", "name")
}

func (w *factsWriter) image() {
	field := "base"
	if w.Image.Built() {
		field = "repository"
	}
	w.comment("The image of the service.")
	w.value("IMAGE", w.Image.Local, "image", field)
	w.comment("The platforms of the image.")
	w.array("PLATFORMS", texts(w.Platforms, func(x plan.Platform) string { return x.Name }), func(i int) []string { return []string{"platforms", w.Platforms[i].Name} })
}

// build is what a ready image has none of.
func (w *factsWriter) build() {
	i := w.Image
	w.comment("Where the image is pushed, and how it is built: paths from the root of the checkout.")
	w.value("REPOSITORY", i.Repository, "image", "repository")
	w.value("DOCKERFILE", i.Dockerfile, "image", "dockerfile")
	w.value("CONTEXT", i.Context, "image", "context")
	w.value("TARGET", i.Target, "image", "target")
	w.comment("Its build arguments, and its secrets: the id and the variable that holds it.")
	w.array("BUILD_ARGS", texts(i.Args, func(a plan.Variable) string { return a.Name + "=" + a.Value }),
		func(n int) []string { return []string{"image", "args", i.Args[n].Name} })
	w.array("BUILD_SECRETS", texts(i.Secrets, func(s plan.Secret) string { return s.ID + " " + s.Env }),
		func(n int) []string { return []string{"image", "secrets", i.Secrets[n].ID, "env"} })
	caches := w.PlatformCaches()
	w.comment("The caches that a local build can read: the platform and the option of BuildKit.")
	w.array("CACHES", texts(caches, func(c plan.LocalCache) string { return c.Platform + " " + c.Option }),
		func(n int) []string { return []string{"caches", caches[n].Backend} })
	w.comment("The repository of the registry cache, and BuildKit's configuration; empty without one.")
	w.value("CACHE_REPOSITORY", w.CacheRepository(), "caches", "registry")
	config := ""
	if o := w.Output("buildkitd"); o != nil {
		config = o.Path
	}
	w.value("BUILDKITD", config, "outputs", "buildkitd")
}

func (w *factsWriter) volumes() {
	w.comment("The volumes: name, persistence, backing, scope, size in bytes (0: no limit) and target.")
	w.array("VOLUMES", texts(w.Volumes, func(v plan.Volume) string {
		return strings.Join([]string{v.Name, v.Persistence, v.Backing.String(), cmp.Or(v.Scope, "-"), strconv.FormatInt(v.Size, 10), v.Target}, " ")
	}), func(i int) []string { return []string{"volumes", w.Volumes[i].Name, "target"} })
	w.comment("The folder of the host in which shared volumes lie that are backed by it.")
	w.value("HOST_FOLDER", w.HostFolder(), "name")
	w.comment("The files and folders of the host that are mounted: name, ro or rw, and target.")
	w.array("MOUNTS", texts(w.Mounts, func(m plan.Mount) string {
		mode := "rw"
		if m.ReadOnly {
			mode = "ro"
		}
		return m.Name + " " + mode + " " + m.Target
	}), func(i int) []string { return []string{"mounts", w.Mounts[i].Name, "target"} })
	_, folders := w.Owned()
	w.comment("The folders around what is mounted, in the container, that belong to the user.")
	w.array("FOLDERS", folders, func(int) []string { return nil })
	script := ""
	if o := w.Output("own-mounts"); o != nil {
		script = o.Path
	}
	w.comment("The script that gives them to the user, from the root of the checkout; empty without one.")
	w.value("OWN_MOUNTS", script, "outputs", "own-mounts")
}

func (w *factsWriter) objectives() {
	o := w.Objectives()
	w.comment("The objectives: percent of the steps from the cache, the least that is tolerated, and seconds.")
	w.value("HIT_RATE", strconv.Itoa(o.HitRate), "objectives", "hitRate")
	w.value("HIT_RATE_FLOOR", strconv.Itoa(o.HitRateFloor), "objectives", "hitRateFloor")
	w.value("WARM_SECONDS", strconv.Itoa(o.WarmSeconds), "objectives", "warmBuild")
	w.value("COLD_SECONDS", strconv.Itoa(o.ColdSeconds), "objectives", "coldBuild")
}

// texts is a text for each of all.
func texts[T any](all []T, text func(T) string) (list []string) {
	for _, x := range all {
		list = append(list, text(x))
	}
	return list
}

// quote is s as one word of bash.
func quote(s string) string {
	q, err := syntax.Quote(s, syntax.LangBash)
	if err != nil {
		panic(err) // a NUL byte, which the language refuses everywhere
	}
	return q
}
