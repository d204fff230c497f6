package generators

import (
	"strconv"
	"strings"

	"github.com/devgen/devgen/generators/plan"
	"github.com/devgen/devgen/schema"
	"gopkg.in/yaml.v3"
)

// Three compose files: the base, what it mounts, and the caches that a local build reads. Each later one adds to the
// base and is of no use without it; the base alone, and the base with either or both, are whole. Relative paths in
// all of them count from the folder of the base: so Compose reads every file after the first.

// compose is the base: the dev service and the services beside it.
func compose(p *plan.Plan) document {
	c := composeFile{p, source{}}
	dev := dict(
		kv("image", c.image()),
		only(p.Image.Built(), kv("build", c.build())),
		kv("command", []string{"sleep", "infinity"}),
		kv("init", true),
		kv("user", c.after(node(p.Spec.User.Name), "user", "name")),
		kv("working_dir", c.after(node(p.Spec.Workspace), "workspace")),
		only(len(p.Environment) > 0, kv("environment", c.environment())),
		kv("volumes", list(c.workspace())),
		c.owned("compose"),
	)
	c.merge(dev, p.Dev())
	services := dict(kv(plan.Service, dev))
	for _, s := range p.Spec.Services {
		if s.Name != plan.Service {
			add(services, kv(s.Name, c.from(native(s.Keys), "services", s.Name)).apart())
		}
	}
	root := dict(kv("services", services).apart(), only(len(p.Image.Secrets) > 0, kv("secrets", c.secrets())).apart())
	return c.document("compose", p.Mark("compose", "COMPOSE")+composeComment(p), root)
}

// composeComment tells how the files are used. The name of the project keeps two clones apart: without it Compose
// would take that of the folder, which is the same in every clone.
func composeComment(p *plan.Plan) string {
	text := "The dev container. Start it with the dev container tools, or with\n"
	project := ""
	if o := p.Output("init"); o != nil {
		text += "  project=$(" + o.Path + " --project-name)\n"
		project = ` --project-name "$project"`
	}
	text += "  docker compose" + project + " " + composeArguments(p) + " up"
	if p.Image.Built() {
		text += "\nwhich takes the image that CI has built; with --build it takes yours, with --pull always the newest."
	}
	return text
}

func composeArguments(p *plan.Plan) string {
	var args []string
	for _, o := range p.ComposeFiles() {
		args = append(args, "-f "+o.Path)
	}
	return strings.Join(args, " ")
}

// composeVolumes is what the dev service mounts.
func composeVolumes(p *plan.Plan) document {
	c := composeFile{p, source{}}
	mounts := list(noted(c.workspace(), p.Mark("volumes", "SOURCE")+"The checkout, as in "+p.Output("compose").Path+"."))
	tmpfs := list()
	group := ""
	section := func(title string, n *yaml.Node) *yaml.Node {
		if title != "" && title != group {
			noted(n, p.Mark("volumes", plan.Block(title))+title)
		}
		group = title
		return n
	}
	for _, v := range p.Volumes {
		if v.Backing == plan.Tmpfs {
			item := c.from(node(v.Target+":"+p.TmpfsOptions(v)), "volumes", v.Name)
			mark := ""
			if v.Group != "" {
				mark = p.Mark("volumes", plan.Block(v.Group))
			}
			tmpfs.Content = append(tmpfs.Content, noted(item, mark+v.Name))
			continue
		}
		mounts.Content = append(mounts.Content, section(v.Group, c.volume(v)))
	}
	for _, m := range p.Mounts {
		mounts.Content = append(mounts.Content, section(m.Group, c.mount(m)))
	}
	dev := dict(
		kv("volumes", spaced(mounts)),
		only(len(tmpfs.Content) > 0, kv("tmpfs", tmpfs)).apart().note("In memory: empty whenever the container starts."),
		c.owned("volumes"),
	)
	definitions := c.definitions()
	root := dict(
		kv("services", dict(kv(plan.Service, dev))).apart(),
		only(len(definitions.Content) > 0, kv("volumes", definitions)).apart().note(
			p.Mark("volumes", "VOLUME-DEFINITIONS")+"A volume with a name is shared by every clone, the others belong to this one.\n"+
				"docker compose down --volumes removes both."),
	)
	return c.document("volumes", p.Mark("volumes", "COMPOSE")+"What outlives the container. Give this file after "+p.Output("compose").Path+".", root)
}

// composeCacheOverride adds the shared caches that a local build can read.
func composeCacheOverride(p *plan.Plan) document {
	c := composeFile{p, source{}}
	from := list()
	for _, option := range p.LocalCaches() {
		from.Content = append(from.Content, c.after(node(option), cachesField(p)...))
	}
	root := dict(kv("services", dict(kv(plan.Service, dict(kv("build", dict(kv("cache_from", from))))))).apart())
	return c.document("cache-override", p.Mark("cache-override", "LOCAL-COMPOSE-OVERRIDE")+
		"A local build reads the caches that CI fills.\n"+
		"One that is missing only makes it slower. Nothing is written: CI is the only writer. Give this file after "+p.Output("compose").Path+".", root)
}

// cachesField is the field of the spec that cache options come from: the one backend, or all of them.
func cachesField(p *plan.Plan) []string {
	if len(p.Caches) == 1 {
		return []string{"caches", p.Caches[0].Backend}
	}
	return []string{"caches"}
}

// A composeFile is a compose file while it is written.
type composeFile struct {
	*plan.Plan
	source
}

func (c composeFile) document(id, comment string, root *yaml.Node) document {
	data := encode(header(c.Plan)+asComment(comment)+"\n", root)
	return document{data, c.source.at(root, data)}
}

// rel is a path from the root as the base sees it.
func (c composeFile) rel(path string) string { return plan.Rel(c.Output("compose").Path, path) }

func (c composeFile) image() *yaml.Node {
	if c.Image.Built() {
		return c.after(node(c.Image.Local), "image", "repository")
	}
	return c.after(node(c.Image.Local), "image", "base")
}

func (c composeFile) build() *yaml.Node {
	args := dict()
	for _, a := range c.Image.Args {
		add(args, kv(a.Name, c.after(node(a.Value), "image", "args", a.Name)))
	}
	var secrets []string
	for _, s := range c.Image.Secrets {
		secrets = append(secrets, s.ID)
	}
	return dict(
		kv("context", c.after(node(c.rel(c.Image.Context)), "image", "context")),
		kv("dockerfile", c.after(node(plan.Rel(c.Image.Context+"/.", c.Image.Dockerfile)), "image", "dockerfile")),
		only(c.Image.Target != "", kv("target", c.after(node(c.Image.Target), "image", "target"))),
		only(len(args.Content) > 0, kv("args", args)),
		only(len(secrets) > 0, kv("secrets", c.after(node(secrets), "image", "secrets"))),
	)
}

func (c composeFile) secrets() *yaml.Node {
	n := dict()
	for _, s := range c.Image.Secrets {
		add(n, kv(s.ID, c.from(dict(kv("environment", s.Env)), "image", "secrets", s.ID)))
	}
	return n
}

func (c composeFile) environment() *yaml.Node {
	n := dict()
	for _, v := range c.Environment {
		value := node(v.Value)
		for _, volume := range c.Volumes {
			if strings.HasPrefix(v.Value, volume.Target+"/") {
				c.after(value, "volumes", volume.Name)
			}
		}
		add(n, kv(v.Name, value))
	}
	return n
}

func (c composeFile) workspace() *yaml.Node {
	return dict(kv("type", "bind"), kv("source", c.rel(".")), kv("target", c.after(node(c.Spec.Workspace), "workspace")))
}

// merge adds the user's own keys of the dev service. A mapping or a list is joined with devgen's, the user's last; any
// other key takes the place of devgen's, and so does a variable of the environment.
func (c composeFile) merge(dev *yaml.Node, keys schema.Value) {
	for _, f := range keys.Fields {
		value := c.from(native(f.Value), "services", plan.Service, f.Name)
		if mapping := asMapping(value); f.Name == "environment" && mapping != nil {
			value = c.from(mapping, "services", plan.Service, f.Name)
		}
		switch old := lookup(dev, f.Name); {
		case old == nil:
			add(dev, kv(f.Name, value))
		case old.Kind == yaml.MappingNode && value.Kind == yaml.MappingNode:
			c.mergeMapping(old, value, "services", plan.Service, f.Name)
		case old.Kind == yaml.SequenceNode && value.Kind == yaml.SequenceNode && f.Name != "command":
			old.Content = append(old.Content, value.Content...)
			for i, n := range value.Content {
				c.from(n, "services", plan.Service, f.Name, strconv.Itoa(i))
			}
		default:
			*old = *value
			c.from(old, "services", plan.Service, f.Name)
		}
	}
}

func (c composeFile) mergeMapping(old, value *yaml.Node, path ...string) {
	for i := 0; i+1 < len(value.Content); i += 2 {
		key, item := value.Content[i], value.Content[i+1]
		same := lookup(old, key.Value)
		if same == nil {
			same = &yaml.Node{}
			old.Content = append(old.Content, key, same)
		}
		*same = *item
		c.from(same, append(path[:len(path):len(path)], key.Value)...)
	}
}

// asMapping is an environment in compose's list form, NAME=value, as a mapping; nil for anything else, which is the
// judge's business. Of a name that comes twice the last counts. One without a value is taken from the developer's
// environment, in both forms.
func asMapping(list *yaml.Node) *yaml.Node {
	if list.Kind != yaml.SequenceNode {
		return nil
	}
	n := dict()
	for _, item := range list.Content {
		if item.Kind != yaml.ScalarNode || item.Tag != "!!str" {
			return nil
		}
		name, text, valued := strings.Cut(item.Value, "=")
		value := node(text)
		if !valued {
			value = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}
		}
		if same := lookup(n, name); same != nil {
			*same = *value
			continue
		}
		add(n, kv(name, value))
	}
	return n
}

func lookup(n *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func (c composeFile) volume(v plan.Volume) *yaml.Node {
	target := c.from(node(v.Target), "volumes", v.Name, "target")
	if v.Backing == plan.Host {
		return c.from(c.bind(node(c.hostPath(v.Source)), target, nil), "volumes", v.Name)
	}
	return c.from(dict(kv("type", "volume"), kv("source", v.Name), kv("target", target)), "volumes", v.Name)
}

func (c composeFile) mount(m plan.Mount) *yaml.Node {
	field := func(value any, name string) *yaml.Node { return c.from(node(value), "mounts", m.Name, name) }
	var readOnly *yaml.Node
	if m.ReadOnly {
		readOnly = field(true, "readOnly")
	}
	return c.from(c.bind(field(c.hostPath(m.Source), "source"), field(m.Target, "target"), readOnly), "mounts", m.Name)
}

// bind mounts a path of the host that must exist: what the engine creates belongs to root, and a file becomes a
// folder. No readOnly: it can be written.
func (c composeFile) bind(source, target, readOnly *yaml.Node) *yaml.Node {
	return dict(
		kv("type", "bind"),
		kv("source", source),
		kv("target", target),
		only(readOnly != nil, kv("read_only", readOnly)),
		kv("bind", dict(kv("create_host_path", false))),
	)
}

func (c composeFile) hostPath(h plan.HostPath) string {
	path := h.Path
	switch {
	case strings.HasPrefix(path, "~/"):
		path = "${HOME:?HOME is not set}" + path[1:]
	case !strings.HasPrefix(path, "/"):
		path = c.rel(path)
	}
	if h.PerClone {
		path += "/${COMPOSE_PROJECT_NAME}/" + h.Below
	}
	return path
}

func (c composeFile) definitions() *yaml.Node {
	n := dict()
	for _, v := range c.Volumes {
		if v.Backing != plan.Named {
			continue
		}
		add(n, kv(v.Name, c.from(dict(
			only(v.ExplicitName != "", kv("name", v.ExplicitName)),
			kv("labels", dict(
				kv("dev.devgen.spec", c.Spec.Name),
				kv("dev.devgen.scope", c.from(node(v.Scope), "volumes", v.Name, "scope")),
			)),
		), "volumes", v.Name)))
	}
	return n
}
