package plan

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/devgen/devgen/schema"
)

// A Backing is where the content of a volume lies.
type Backing int

const (
	Named Backing = iota // a volume of the engine
	Host                 // a folder of the host
	Tmpfs                // memory
)

func (b Backing) String() string { return [...]string{"volume", "host", "tmpfs"}[b] }

// A Volume is one folder of the dev service with a life of its own.
type Volume struct {
	Name         string // the key in the spec and in the compose file
	Target       string // absolute
	Persistence  string
	Backing      Backing
	Scope        string   // shared or project; "" in memory
	ExplicitName string   // of a shared volume of the engine: every clone uses the same one
	Source       HostPath // of a Host volume
	Size         int64    // bytes; 0 is not said
	Group        string   // the title of its section, or ""
}

// A Mount is one file or folder of the host that the container sees.
type Mount struct {
	Name     string
	Source   HostPath
	Target   string // absolute
	ReadOnly bool
	Group    string
}

// A HostPath is a path on the developer's machine.
type HostPath struct {
	Path string // absolute, below "~/", or relative to the root of the repository
	File bool   // a file, not a folder
	// PerClone paths lie below a folder of the clone: Path/<compose project>/Below.
	PerClone bool
	Below    string
}

func resolveVolumes(p *Plan) {
	for _, s := range p.Spec.Volumes {
		v := Volume{
			Name:        s.Name,
			Target:      p.target(s.Target),
			Persistence: s.Persistence,
			Group:       s.Group,
			Scope:       s.Scope,
		}
		if v.Scope == "" {
			v.Scope = defaultScope(s.Persistence)
		}
		if s.Size != "" {
			size, err := bytes(s.Size)
			if err != nil {
				p.problem(err.Error(), "volumes", s.Name, "size")
			}
			v.Size = size
		}
		if p.checkGroup(s.Group, "volumes", s.Name, "group"); s.Persistence == "ephemeral" {
			p.resolveEphemeral(s, &v)
		} else if s.Backing == "host" {
			v.Backing, v.Source = Host, p.hostFolder(s.Name, v.Scope)
		} else if v.Scope == "shared" {
			v.ExplicitName = p.Spec.Name + "-" + s.Name
		}
		p.Volumes = append(p.Volumes, v)
	}
}

// defaultScope: the output of a build belongs to one clone, everything else is worth sharing.
func defaultScope(persistence string) string {
	if persistence == "build" {
		return "project"
	}
	return "shared"
}

func (p *Plan) resolveEphemeral(s schema.Volume, v *Volume) {
	v.Backing, v.Scope = Tmpfs, ""
	if s.Backing == "host" {
		p.problem("an ephemeral volume lives in memory and cannot be backed by the host; keep one of the two", "volumes", s.Name, "backing")
	}
	if s.Scope != "" {
		p.problem("an ephemeral volume belongs to its container and has no scope; remove it", "volumes", s.Name, "scope")
	}
	if s.Size == "" {
		p.problem(`an ephemeral volume takes memory, so it needs a limit; want size: "512MB"`, "volumes", s.Name)
	}
}

// HostFolder is where volumes that are backed by the host lie.
func (p *Plan) HostFolder() string { return "~/." + p.Spec.Name + "-devcontainer" }

// ClonesFolder is where each clone has a folder of its own. No volume can have its name.
func (p *Plan) ClonesFolder() string { return p.HostFolder() + "/.clones" }

func (p *Plan) hostFolder(volume, scope string) HostPath {
	if scope == "project" {
		return HostPath{Path: p.ClonesFolder(), PerClone: true, Below: volume}
	}
	return HostPath{Path: p.HostFolder() + "/" + volume}
}

func resolveMounts(p *Plan) {
	for _, s := range p.Spec.Mounts {
		p.checkGroup(s.Group, "mounts", s.Name, "group")
		p.Mounts = append(p.Mounts, Mount{
			Name:     s.Name,
			Source:   HostPath{Path: path.Clean(s.Source), File: s.Kind == "file"},
			Target:   p.target(s.Target),
			ReadOnly: s.ReadOnly,
			Group:    s.Group,
		})
	}
}

// target is a #Target as an absolute path.
func (p *Plan) target(t string) string {
	switch {
	case strings.HasPrefix(t, "~/"):
		return path.Join(p.Spec.User.Home, t[2:])
	case strings.HasPrefix(t, "/"):
		return path.Clean(t)
	}
	return path.Join(p.Spec.Workspace, t)
}

// system folders make a container unusable when something is mounted over them.
var system = []string{"/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/opt", "/proc", "/root", "/run", "/sbin", "/sys", "/tmp", "/usr", "/usr/bin", "/usr/lib", "/usr/local", "/usr/share", "/var", "/var/lib"}

// A use is a target that something of the spec takes.
type use struct {
	target   string
	absolute bool     // as it is written
	entry    []string // the volume or mount
	field    []string // where the target is written
	native   bool     // in compose's own words; compose-go refuses two of these
}

// uses are the targets of the volumes, of the mounts and of the dev service's own keys.
func (p *Plan) uses() (all []use) {
	add := func(written string, entry ...string) {
		field := append(entry[:len(entry):len(entry)], "target")
		all = append(all, use{target: p.target(written), absolute: path.IsAbs(written), entry: entry, field: field})
	}
	for _, v := range p.Spec.Volumes {
		add(v.Target, "volumes", v.Name)
	}
	for _, m := range p.Spec.Mounts {
		add(m.Target, "mounts", m.Name)
	}
	for i, target := range p.nativeTargets() {
		field := []string{"services", Service, "volumes", strconv.Itoa(i)}
		all = append(all, use{target: target, absolute: path.IsAbs(target), field: field, native: true})
	}
	return all
}

// twice refuses a second use of a target. It reports whether there is one among the first.
func (p *Plan) twice(u use, first map[string][]string) bool {
	other, ok := first[u.target]
	if ok {
		p.problem(fmt.Sprintf("%s is already the target of %s (%s)", u.target, strings.Join(other, "."), p.at(append(other[:len(other):len(other)], "target")...)), u.field...)
	} else if !u.native {
		first[u.target] = u.entry
	}
	return ok
}

// checkAbsolute refuses absolute targets that are the same, whoever the user is and wherever the workspace lies: of two
// mounts on one target the engine keeps one without a word.
func checkAbsolute(p *Plan) {
	first := map[string][]string{}
	for _, u := range p.uses() {
		if u.absolute {
			p.twice(u, first)
		}
	}
}

// checkTargets refuses the other targets that are the same, and a mount over the workspace or the home, which hides what
// is there.
func checkTargets(p *Plan) {
	first, absolute := map[string][]string{p.Spec.Workspace: {"workspace"}}, map[string]bool{}
	hidden := p.hidden()
	if what, ok := hidden[p.Spec.Workspace]; ok {
		p.problem(fmt.Sprintf("the workspace would hide %s; want a folder of its own", what), "workspace")
	}
	for _, u := range p.uses() {
		if strings.HasPrefix(u.target+"/", p.Spec.Workspace+"/.git/") {
			p.problem(u.target+" would hide git's own folder; want a folder of its own", u.field...)
		}
		if what, ok := hidden[u.target]; ok {
			p.problem(fmt.Sprintf("%s would hide %s; want a folder of its own", u.target, what), u.field...)
		}
		if u.absolute && absolute[u.target] {
			continue // checkAbsolute tells
		}
		p.twice(u, first)
		absolute[u.target] = absolute[u.target] || u.absolute && !u.native
	}
}

// hidden is, for each folder that nothing may be mounted on, what that would hide.
func (p *Plan) hidden() map[string]string {
	home := "the home of " + p.Spec.User.Name
	hidden := map[string]string{p.Spec.User.Home: home}
	for dir := path.Dir(p.Spec.Workspace); dir != "/"; dir = path.Dir(dir) {
		hidden[dir] = "the workspace"
	}
	for dir := path.Dir(p.Spec.User.Home); dir != "/"; dir = path.Dir(dir) {
		if _, ok := hidden[dir]; !ok && !slices.Contains(system, dir) {
			hidden[dir] = home
		}
	}
	for _, dir := range system {
		if _, ok := hidden[dir]; !ok {
			hidden[dir] = dir
		}
	}
	return hidden
}

var variable = regexp.MustCompile(`\$\{[^}]*\}`)

// nativeTargets are the targets of the volumes that the user gives the dev service in compose's own words.
func (p *Plan) nativeTargets() (targets []string) {
	volumes := p.Dev().Get("volumes")
	if volumes == nil {
		return nil
	}
	for _, v := range volumes.Items {
		target := ""
		if long := v.Get("target"); long != nil {
			target = long.Scalar
		} else if parts := strings.Split(variable.ReplaceAllString(v.Scalar, "variable"), ":"); len(parts) > 1 { // SOURCE:TARGET[:MODE]
			target = parts[1]
		} else {
			target = parts[0]
		}
		targets = append(targets, path.Clean(target))
	}
	return targets
}

// Owned is what must belong to the dev user in the container for the mounts to be of use: the targets of the volumes,
// and the folders around them, around the other mounts and around the workspace. The engine makes those that the image
// lacks for root. A folder of the host is not among them: init makes those of the checkout (MountPoints).
func (p *Plan) Owned() (targets, folders []string) {
	mounted := map[string]bool{p.Spec.Workspace: false}
	for _, m := range p.Mounts {
		mounted[m.Target] = false
	}
	for _, v := range p.Volumes {
		targets = append(targets, v.Target)
		mounted[v.Target] = true
	}
	seen := map[string]bool{}
	around := func(target string) {
		for _, dir := range p.around(target, mounted) {
			if !seen[dir] {
				seen[dir] = true
				folders = append(folders, dir)
			}
		}
	}
	around(p.Spec.Workspace)
	for _, v := range p.Volumes {
		around(v.Target)
	}
	for _, m := range p.Mounts {
		around(m.Target)
	}
	return targets, folders
}

// around are the folders from the home, or from a volume, to the target, the outermost first. mounted are all targets,
// and whether each is that of a volume. In a mount of the host, and elsewhere in the image, there are none.
func (p *Plan) around(target string, mounted map[string]bool) (chain []string) {
	for dir := path.Dir(target); dir != "/"; dir = path.Dir(dir) {
		volume, ok := mounted[dir]
		switch {
		case ok && volume:
			return chain
		case ok:
			return nil
		}
		chain = append([]string{dir}, chain...)
		if dir == p.Spec.User.Home {
			return chain
		}
	}
	return nil
}

// Host are the sources on the host that must exist before the container starts: folders, files, and folders that each
// clone has for itself, below ClonesFolder.
func (p *Plan) Host() (folders, files, clones []string) {
	note := func(h HostPath) {
		switch {
		case h.PerClone:
			clones = append(clones, h.Below)
		case h.File:
			files = append(files, h.Path)
		default:
			folders = append(folders, h.Path)
		}
	}
	for _, v := range p.Volumes {
		if v.Backing == Host {
			note(v.Source)
		}
	}
	for _, m := range p.Mounts {
		note(m.Source)
	}
	return folders, files, clones
}

// MountPoints are the folders and files of the checkout, relative to its root, that something is mounted on. The
// engine would make missing ones for root.
func (p *Plan) MountPoints() (directories, files []string) {
	below := p.Spec.Workspace + "/"
	for _, v := range p.Volumes {
		if rest, ok := strings.CutPrefix(v.Target, below); ok {
			directories = append(directories, rest)
		}
	}
	for _, m := range p.Mounts {
		rest, ok := strings.CutPrefix(m.Target, below)
		switch {
		case ok && m.Source.File:
			files = append(files, rest)
		case ok:
			directories = append(directories, rest)
		}
	}
	return directories, files
}

// TmpfsOptions are the mount options of a volume in memory. Only the dev user may look in.
func (p *Plan) TmpfsOptions(v Volume) string {
	return "size=" + strconv.FormatInt(v.Size, 10) +
		",uid=" + strconv.Itoa(p.Spec.User.UID) + ",gid=" + strconv.Itoa(p.Spec.User.GID) + ",mode=0700"
}

// resolveEnvironment makes a shell write its history where a volume keeps it.
func resolveEnvironment(p *Plan) {
	first := ""
	for i, s := range p.Spec.Volumes {
		shell := s.History
		if shell == "" && s.Name == "bash-history" {
			shell = "bash"
		}
		if shell == "" {
			continue
		}
		if first != "" {
			p.problem(fmt.Sprintf("volumes.%s (%s) keeps the shell history already; HISTFILE can name one file only", first, p.at("volumes", first)), "volumes", s.Name, "history")
			return
		}
		first = s.Name
		p.Environment = append(p.Environment, Variable{"HISTFILE", p.Volumes[i].Target + "/." + shell + "_history"})
		if shell == "bash" { // bash writes its history only on exit, and a container's shell is killed
			p.Environment = append(p.Environment, Variable{"PROMPT_COMMAND", "history -a"})
		}
	}
}
