package plan

import (
	"fmt"
	"testing"
)

// Every persistence on every backing in every scope. "" is not said.
func TestVolumes(t *testing.T) {
	named := func(scope, name string) Volume { return Volume{Backing: Named, Scope: scope, ExplicitName: name} }
	shared, project := named("shared", "app-x"), named("project", "")
	host := Volume{Backing: Host, Scope: "shared", Source: HostPath{Path: "~/.app-devcontainer/x"}}
	clone := Volume{Backing: Host, Scope: "project", Source: HostPath{Path: "~/.app-devcontainer/.clones", PerClone: true, Below: "x"}}
	for _, row := range []struct {
		persistence, backing, scope string
		want                        Volume
	}{
		{"cache", "", "", shared},
		{"cache", "", "shared", shared},
		{"cache", "", "project", project},
		{"cache", "volume", "", shared},
		{"cache", "volume", "shared", shared},
		{"cache", "volume", "project", project},
		{"cache", "host", "", host},
		{"cache", "host", "shared", host},
		{"cache", "host", "project", clone},
		{"build", "", "", project},
		{"build", "", "shared", shared},
		{"build", "", "project", project},
		{"build", "volume", "", project},
		{"build", "volume", "shared", shared},
		{"build", "volume", "project", project},
		{"build", "host", "", clone},
		{"build", "host", "shared", host},
		{"build", "host", "project", clone},
		{"state", "", "", shared},
		{"state", "", "shared", shared},
		{"state", "", "project", project},
		{"state", "volume", "", shared},
		{"state", "volume", "shared", shared},
		{"state", "volume", "project", project},
		{"state", "host", "", host},
		{"state", "host", "shared", host},
		{"state", "host", "project", clone},
		{"ephemeral", "", "", Volume{Backing: Tmpfs}},
		{"ephemeral", "volume", "", Volume{Backing: Tmpfs}},
	} {
		t.Run(row.persistence+" "+row.backing+" "+row.scope, func(t *testing.T) {
			want := row.want
			want.Name, want.Target, want.Persistence, want.Size, want.Group = "x", "/data", row.persistence, 1<<30, "Data"
			equal(t, "Volumes", resolve(t, app+volume(row.persistence, row.backing, row.scope)).Volumes, []Volume{want})
		})
	}
}

// volume is a volume of a spec, on one line: backing stands on the next one and scope on the last.
func volume(persistence, backing, scope string) string {
	text := fmt.Sprintf("volumes: x: {target: \"/data\", persistence: %q, size: \"1GB\", group: \"Data\"\n", persistence)
	if backing != "" {
		text += fmt.Sprintf("backing: %q", backing)
	}
	text += "\n"
	if scope != "" {
		text += fmt.Sprintf("scope: %q", scope)
	}
	return text + "}\n"
}

func TestEphemeralContradictions(t *testing.T) {
	const (
		backing = `spec.cue:5:10: volumes.x.backing: an ephemeral volume lives in memory and cannot be backed by the host; keep one of the two`
		scope   = `spec.cue:6:8: volumes.x.scope: an ephemeral volume belongs to its container and has no scope; remove it`
	)
	contradict(t, []contradiction{
		{"without a size", app + `volumes: x: {target: "/data", persistence: "ephemeral"}`, []string{
			`spec.cue:4:10: volumes.x: an ephemeral volume takes memory, so it needs a limit; want size: "512MB"`,
		}},
		{"on the host", app + volume("ephemeral", "host", ""), []string{backing}},
		{"shared", app + volume("ephemeral", "", "shared"), []string{scope}},
		{"of a project", app + volume("ephemeral", "", "project"), []string{scope}},
		{"in the engine and shared", app + volume("ephemeral", "volume", "shared"), []string{scope}},
		{"in the engine and of a project", app + volume("ephemeral", "volume", "project"), []string{scope}},
		{"on the host and shared", app + volume("ephemeral", "host", "shared"), []string{backing, scope}},
		{"on the host and of a project", app + volume("ephemeral", "host", "project"), []string{backing, scope}},
	})
}

func TestTargets(t *testing.T) {
	for _, row := range []struct{ name, spec, target, want string }{
		{"absolute", app, "/data/x", "/data/x"},
		{"below the home", app, "~/.npm", "/home/vscode/.npm"},
		{"below another home", app + `user: home: "/u/dev"`, "~/.npm", "/u/dev/.npm"},
		{"below root's home", app + `user: name: "root"`, "~/.npm", "/root/.npm"},
		{"in the workspace", app, "web/node_modules", "/workspaces/app/web/node_modules"},
		{"in another workspace", app + `workspace: "/src"`, "obj", "/src/obj"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := resolve(t, row.spec+"\nvolumes: x: {target: \""+row.target+"\", persistence: \"cache\"}")
			equal(t, "Target", p.Volumes[0].Target, row.want)
		})
	}
}

func TestMounts(t *testing.T) {
	p := resolve(t, app+`mounts: {
	ssh: {source: "~/.ssh", target: "~/.ssh", readOnly: true, group: "Keys"}
	gitconfig: {source: "~/.gitconfig", target: "~/.gitconfig.host", kind: "file"}
	data: {source: "/opt/My Data", target: "/data"}
	other: {source: "../other", target: "vendor/other"}
	here: {source: "tools", target: "/tools"}
}`)
	equal(t, "Mounts", p.Mounts, []Mount{
		{"ssh", HostPath{Path: "~/.ssh"}, "/home/vscode/.ssh", true, "Keys"},
		{"gitconfig", HostPath{Path: "~/.gitconfig", File: true}, "/home/vscode/.gitconfig.host", false, ""},
		{"data", HostPath{Path: "/opt/My Data"}, "/data", false, ""},
		{"other", HostPath{Path: "../other"}, "/workspaces/app/vendor/other", false, ""},
		{"here", HostPath{Path: "tools"}, "/tools", false, ""},
	})
	directories, _ := p.MountPoints()
	equal(t, "MountPoints", directories, []string{"vendor/other"})
}

// several is a spec with one volume of each kind, and mounts of a folder and of a file.
const several = app + `volumes: {
	packages: {target: "~/.nuget/packages", persistence: "cache", backing: "host"}
	plugins: {target: "~/.nuget/plugins", persistence: "ephemeral", size: "100MB"}
	obj: {target: "obj", persistence: "build"}
	modules: {target: "web/app/node_modules", persistence: "build", backing: "host"}
	history: {target: "/commandhistory", persistence: "state"}
	deep: {target: "/data/a/b", persistence: "state"}
}
mounts: {
	ssh: {source: "~/.ssh", target: "~/.ssh"}
	tools: {source: "tools", target: "vendor/tools"}
	env: {source: "~/.env", target: ".env", kind: "file"}
}`

func TestHost(t *testing.T) {
	folders, files, clones := resolve(t, several).Host()
	equal(t, "folders", folders, []string{"~/.app-devcontainer/packages", "~/.ssh", "tools"})
	equal(t, "files", files, []string{"~/.env"})
	equal(t, "clones", clones, []string{"modules"})
	if folders, files, clones := resolve(t, app).Host(); folders != nil || files != nil || clones != nil {
		t.Errorf("Host = %v, %v, %v, want none", folders, files, clones)
	}
}

// Where a folder or file of the checkout is missing the engine would make it for root.
func TestMountPoints(t *testing.T) {
	directories, files := resolve(t, several).MountPoints()
	equal(t, "directories", directories, []string{"obj", "web/app/node_modules", "vendor/tools"})
	equal(t, "files", files, []string{".env"})
}

func TestOwned(t *testing.T) {
	const ephemeral = `persistence: "ephemeral", size: "1MB"}`
	for _, row := range []struct {
		name, spec       string
		targets, folders []string
	}{
		{"one of each", several,
			[]string{"/home/vscode/.nuget/packages", "/home/vscode/.nuget/plugins", "/workspaces/app/obj", "/workspaces/app/web/app/node_modules", "/commandhistory", "/data/a/b"},
			[]string{"/home/vscode", "/home/vscode/.nuget"}}, // those of the checkout are made on the host; /data is nobody's business
		{"nothing mounted", app, nil, nil},
		{"around a mount", app + `mounts: x: {source: "~/.x", target: "~/.config/x/conf", kind: "file"}`,
			nil, []string{"/home/vscode", "/home/vscode/.config", "/home/vscode/.config/x"}},
		{"around a workspace in the home", app + "workspace: \"/home/vscode/src/app\"\nvolumes: obj: {target: \"out/obj\", " + ephemeral,
			[]string{"/home/vscode/src/app/out/obj"}, []string{"/home/vscode", "/home/vscode/src"}},
		{"in a volume of the checkout", app + `volumes: {
	web: {target: "web", persistence: "build"}
	modules: {target: "web/app/node_modules", persistence: "build"}
}`, []string{"/workspaces/app/web", "/workspaces/app/web/app/node_modules"}, []string{"/workspaces/app/web/app"}},
		{"in a volume elsewhere", app + `volumes: {
	deep: {target: "/data/a/b", persistence: "build"}
	data: {target: "/data", persistence: "build"}
}`, []string{"/data/a/b", "/data"}, []string{"/data/a"}},
		{"in a folder of the host", app + "mounts: x: {source: \"~/.x\", target: \"~/.x\"}\nvolumes: y: {target: \"~/.x/a/y\", " + ephemeral,
			[]string{"/home/vscode/.x/a/y"}, []string{"/home/vscode"}}, // around ~/.x
	} {
		t.Run(row.name, func(t *testing.T) {
			targets, folders := resolve(t, row.spec).Owned()
			equal(t, "targets", targets, row.targets)
			equal(t, "folders", folders, row.folders)
		})
	}
}

func TestTmpfsOptions(t *testing.T) {
	for _, row := range []struct{ user, want string }{
		{`user: {}`, "size=104857600,uid=1000,gid=1000,mode=0700"},
		{`user: {uid: 1001, gid: 50}`, "size=104857600,uid=1001,gid=50,mode=0700"},
		{`user: uid: 1001`, "size=104857600,uid=1001,gid=1001,mode=0700"},
	} {
		t.Run(row.user, func(t *testing.T) {
			p := resolve(t, app+row.user+"\nvolumes: x: {target: \"/data\", persistence: \"ephemeral\", size: \"100MB\"}")
			equal(t, "TmpfsOptions", p.TmpfsOptions(p.Volumes[0]), row.want)
		})
	}
}

func TestBackingString(t *testing.T) {
	equal(t, "String", []string{Named.String(), Host.String(), Tmpfs.String()}, []string{"volume", "host", "tmpfs"})
}

func TestHistory(t *testing.T) {
	bash := []Variable{{"HISTFILE", "/history/.bash_history"}, {"PROMPT_COMMAND", "history -a"}}
	for _, row := range []struct {
		name, volume string
		want         []Variable
	}{
		{"by its name", `"bash-history": {target: "/history", persistence: "state"}`, bash},
		{"by the field", `h: {target: "/history", persistence: "state", history: "bash"}`, bash},
		{"zsh", `h: {target: "~/h", persistence: "state", history: "zsh"}`, []Variable{{"HISTFILE", "/home/vscode/h/.zsh_history"}}},
		{"the field wins", `"bash-history": {target: "/h", persistence: "state", history: "zsh"}`, []Variable{{"HISTFILE", "/h/.zsh_history"}}},
		{"none", `h: {target: "/history", persistence: "state"}`, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			// Another volume before it: the target must be that of the history.
			p := resolve(t, app+"volumes: first: {target: \"/first\", persistence: \"cache\"}\nvolumes: "+row.volume)
			equal(t, "Environment", p.Environment, row.want)
		})
	}
	contradict(t, []contradiction{{"two", app + `volumes: {
	"bash-history": {target: "/a", persistence: "state"}
	other: {target: "/b", persistence: "state", history: "zsh"}
}`, []string{
		`spec.cue:6:55: volumes.other.history: volumes.bash-history (spec.cue:5:2) keeps the shell history already; HISTFILE can name one file only`,
	}}})
}

func TestTargetContradictions(t *testing.T) {
	one := func(target, text string) contradiction {
		const before = `volumes: a: {persistence: "cache", target: `
		return contradiction{target, app + before + `"` + target + `"}`,
			[]string{"spec.cue:4:" + column(before) + ": volumes.a.target: " + text}}
	}
	hides := func(target, what string) contradiction {
		return one(target, target+" would hide "+what+"; want a folder of its own")
	}
	contradict(t, []contradiction{
		hides("/home/vscode", "the home of vscode"),
		hides("/home", "/home"),
		hides("/workspaces", "the workspace"),
		hides("/etc", "/etc"),
		hides("/usr/local", "/usr/local"),
		hides("/root", "/root"),
		hides("/tmp", "/tmp"),
		{"the workspace", app + `workspace: "/src", volumes: a: {persistence: "cache", target: "/src"}`, []string{
			`spec.cue:4:63: volumes.a.target: /src is already the target of workspace (spec.cue:4:12)`,
		}},
		{"a parent of the workspace", app + `workspace: "/srv/a/b", mounts: a: {source: "x", target: "/srv"}`, []string{
			`spec.cue:4:57: mounts.a.target: /srv would hide the workspace; want a folder of its own`,
		}},
		// What hides a parent of the home hides the home.
		{"a parent of the home", app + `user: home: "/u/team/dev", volumes: a: {persistence: "cache", target: "/u/team"}`, []string{
			`spec.cue:4:71: volumes.a.target: /u/team would hide the home of vscode; want a folder of its own`,
		}},
		{"root's home", app + `user: name: "root", volumes: a: {persistence: "cache", target: "/root"}`, []string{
			`spec.cue:4:64: volumes.a.target: /root would hide the home of root; want a folder of its own`,
		}},
		{"two volumes", app + `volumes: {
	a: {target: "~/.npm", persistence: "cache"}
	b: {target: "/home/vscode/.npm", persistence: "cache"}
}`, []string{`spec.cue:6:14: volumes.b.target: /home/vscode/.npm is already the target of volumes.a (spec.cue:5:14)`}},
		{"a volume, and two mounts of one name and target", app + `volumes: a: {target: "obj", persistence: "build"}
mounts: a: {source: "x", target: "/workspaces/app/obj"}
mounts: b: {source: "y", target: "obj"}`, []string{
			`spec.cue:5:34: mounts.a.target: /workspaces/app/obj is already the target of volumes.a (spec.cue:4:22)`,
			`spec.cue:6:34: mounts.b.target: /workspaces/app/obj is already the target of volumes.a (spec.cue:4:22)`,
		}},
		{"volumes in compose's words", app + `volumes: a: {target: "~/.npm", persistence: "cache"}
services: dev: volumes: [
	{type: "bind", source: "/srv", target: "/home/vscode/.npm/"},
	"${CODE:-.}:/workspaces/app",
	"/home/vscode/.npm",
	"${SOCKET}:/run/socket:ro",
]`, []string{
			`spec.cue:6:2: services.dev.volumes[0]: /home/vscode/.npm is already the target of volumes.a (spec.cue:4:22)`,
			`spec.cue:7:2: services.dev.volumes[1]: /workspaces/app is already the target of workspace (spec.cue:1:1)`,
			`spec.cue:8:2: services.dev.volumes[2]: /home/vscode/.npm is already the target of volumes.a (spec.cue:4:22)`,
		}},
		{"folders of their own", app + `volumes: {
	a: {target: "/opt/tools", persistence: "cache"}
	b: {target: "/usr/local/share/x", persistence: "cache"}
	c: {target: "/homes", persistence: "cache"}
	d: {target: "/workspaces/other", persistence: "cache"}
}`, nil},
	})
}

func TestGroupContradictions(t *testing.T) {
	row := func(group string) contradiction {
		const volume, mount = `volumes: a: {target: "/a", persistence: "cache", group: `, `mounts: b: {source: "x", target: "/b", group: `
		text := `"` + group + `" is the name of another part of the file; want another title`
		return contradiction{group, app + volume + `"` + group + "\"}\n" + mount + `"` + group + `"}`, []string{
			"spec.cue:4:" + column(volume) + ": volumes.a.group: " + text,
			"spec.cue:5:" + column(mount) + ": mounts.b.group: " + text,
		}}
	}
	contradict(t, []contradiction{
		row("Compose"), row("source"), row("Volume definitions"), row("VOLUME_DEFINITIONS"),
		{"others", app + `volumes: a: {target: "/a", persistence: "cache", group: "Sources"}`, nil},
	})
}
