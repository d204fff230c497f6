package schema

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// minimal is the shortest spec. The tests append to it, so that what they are about begins on line 4.
const minimal = `name: "x"
image: base: "debian:12"
platforms: "linux/amd64": {}
`

// loadFiles writes files into a new folder, goes there and loads the spec: spec.cue, or the only file.
func loadFiles(t *testing.T, files map[string]string, tags ...string) (*Spec, []string, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	name := "spec.cue"
	for file, text := range files {
		if len(files) == 1 {
			name = file
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	spec, problems, err := Load(name, tags)
	lines := make([]string, len(problems))
	for i, p := range problems {
		lines[i] = p.String()
	}
	if spec != nil && (len(lines) > 0 || err != nil) {
		t.Errorf("a spec and its problems at the same time: %q, %v", lines, err)
	}
	return spec, lines, err
}

// accept loads a spec that is valid.
func accept(t *testing.T, files map[string]string, tags ...string) *Spec {
	t.Helper()
	spec, lines, err := loadFiles(t, files, tags...)
	if spec == nil {
		t.Fatalf("refused: %v\n%s", err, strings.Join(lines, "\n"))
	}
	return spec
}

// same compares what specs say. Where they say it is another matter.
func same() cmp.Option {
	return cmp.Options{cmpopts.IgnoreUnexported(Spec{}), cmpopts.IgnoreFields(Spec{}, "File")}
}

func TestLoadShipped(t *testing.T) {
	const file = "../devcontainer.cue"
	spec, problems, err := Load(file, nil)
	if err != nil || len(problems) > 0 {
		t.Fatalf("the shipped spec is refused: %v %v", problems, err)
	}
	var volumes []string
	for _, v := range spec.Volumes {
		volumes = append(volumes, v.Name)
	}
	var keys []string
	for _, f := range spec.Devcontainer.Fields {
		keys = append(keys, f.Name)
	}
	for _, c := range []struct {
		name      string
		got, want any
	}{
		{"file", spec.File, file},
		{"workspace", spec.Workspace, "/workspaces/aspire"},
		{"user", spec.User, User{Name: "vscode", UID: 1000, GID: 1000, Home: "/home/vscode"}},
		{"image.context", spec.Image.Context, "."},
		{"image.provenance, a default", spec.Image.Provenance, "max"},
		{"platforms", spec.Platforms, []Platform{{Name: "linux/amd64"}, {Name: "linux/arm64"}}},
		{"caches", spec.Caches, &Caches{Registry: &RegistryCache{Writers: []string{"main", "release/**"}, Mode: "max", Compression: "zstd"}}},
		{"tags in the user's order", spec.Tags.Order, []string{"branch", "semver", "sha", "date", "latest"}},
		{"volumes in the user's order", volumes, []string{
			"nuget-packages", "nuget-http-cache", "nuget-plugins-cache", "dotnet-tools", "obj-cache", "bin-cache", "artifacts-cache",
			"vscode-server", "vscode-server-insiders", "npm-cache", "node-modules", "pip-cache", "bash-history",
		}},
		{"a volume", spec.Volumes[1], Volume{
			Name: "nuget-http-cache", Target: "~/.local/share/NuGet/http-cache", Persistence: "ephemeral", Backing: "volume", Size: "2GB", Group: "NuGet",
		}},
		{"mounts", spec.Mounts, []Mount{
			{Name: "ssh", Source: "~/.ssh", Target: "~/.ssh", Kind: "directory", ReadOnly: true, Group: "SSH"},
			{Name: "gitconfig", Source: "~/.gitconfig", Target: "~/.gitconfig.host", Kind: "file", ReadOnly: true, Group: "Git"},
		}},
		{"buildkit", spec.BuildKit, BuildKit{
			Version: "v0.34.2", Buildx: "v0.38.2", Parallelism: 4, GC: GC{"10GB", "168h"}, Mirrors: []Mirror{{"docker.io", []string{"mirror.gcr.io"}}},
		}},
		{"workflow.checkout", spec.Workflow.Checkout, Checkout{FetchDepth: 0, Submodules: "recursive"}},
		{"objectives", spec.Objectives, Objectives{95, 70, "180s", "420s"}},
		{"devcontainer keys in the user's order", keys, []string{"onCreateCommand", "hostRequirements"}},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// What is not said has the default that schema.cue names.
func TestDefaults(t *testing.T) {
	got := accept(t, map[string]string{"spec.cue": minimal + "workflow: repository: \"acme/app\"\nvolumes: v: {target: \"/v\", persistence: \"cache\"}\n"})
	want := &Spec{
		Name:      "x",
		Workspace: "/workspaces/x",
		User:      User{"vscode", 1000, 1000, "/home/vscode"},
		Image:     Image{Registry: "ghcr.io", Base: "debian:12", Context: ".", Provenance: "max"},
		Platforms: []Platform{{Name: "linux/amd64"}},
		Volumes:   []Volume{{Name: "v", Target: "/v", Persistence: "cache", Backing: "volume"}},
		BuildKit:  BuildKit{Version: "v0.34.2", Buildx: "v0.38.2", Parallelism: 4, GC: GC{"10GB", "168h"}},
		Workflow: &Workflow{
			Repository: "acme/app", ForkImageVariable: "DEVCONTAINER_IMAGE", Name: "Dev container image", DefaultBranch: "main",
			PullRequests: true, Dispatch: true, Timeout: "45m", Runner: "ubuntu-24.04", Checkout: Checkout{FetchDepth: 1},
		},
		Objectives:   Objectives{95, 70, "180s", "420s"},
		Devcontainer: Value{Kind: Object},
	}
	if diff := cmp.Diff(want, got, same(), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestUser(t *testing.T) {
	for _, c := range []struct {
		name, spec string
		want       User
	}{
		{"root lives in /root", `user: name: "root"`, User{"root", 1000, 1000, "/root"}},
		{"home follows the name", `user: name: "dev"`, User{"dev", 1000, 1000, "/home/dev"}},
		{"the group follows the user", `user: uid: 1234`, User{"vscode", 1234, 1234, "/home/vscode"}},
		{"said is said", `user: {name: "root", uid: 0, gid: 7, home: "/var/root"}`, User{"root", 0, 7, "/var/root"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := accept(t, map[string]string{"spec.cue": minimal + c.spec})
			if diff := cmp.Diff(c.want, got.User); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A label of a folder with a name that is a glob or a longer path is found like any other.
func TestLoadOddFolder(t *testing.T) {
	for _, dir := range []string{"a b", "[a-c]*?", "ä"} {
		t.Run(dir, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			for file, text := range map[string]string{"spec.cue": "package p\nname: \"x\"\nplatforms: \"linux/amd64\": {}", "b.cue": "package p\nimage: base: \"debian:12\""} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			spec, problems, err := Load(filepath.Join(dir, "spec.cue"), nil)
			if spec == nil {
				t.Fatal(problems, err)
			}
			if got, want := spec.Pos("image", "base").String(), filepath.ToSlash(filepath.Join(dir, "b.cue"))+":2:14"; got != want {
				t.Errorf("Pos = %s, want %s", got, want)
			}
		})
	}
}

func TestLoadUsage(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		file  string
		tags  []string
		want  string
	}{
		{"folder", map[string]string{"dir/devcontainer.cue": minimal}, "dir", nil, "dir is a folder; name the file: --spec dir/devcontainer.cue"},
		{"extension", map[string]string{"spec.toml": ""}, "spec.toml", nil, "spec.toml: a spec ends in .cue, .yaml, .yml or .json"},
		{"no extension", map[string]string{"spec": ""}, "spec", nil, "spec: a spec ends in .cue, .yaml, .yml or .json"},
		{"tags of a YAML file", map[string]string{"spec.yaml": ""}, "spec.yaml", []string{"a=b"}, "-t sets @tag fields of a CUE file; spec.yaml is not one"},
		{"tags of a JSON file", map[string]string{"spec.json": "{}"}, "spec.json", []string{"a=b"}, "-t sets @tag fields of a CUE file; spec.json is not one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			loadFiles(t, c.files) // writes them
			spec, problems, err := Load(c.file, c.tags)
			var usage *UsageError
			if !errors.As(err, &usage) || spec != nil || problems != nil {
				t.Fatalf("got %v, %v, %v; want a UsageError alone", spec, problems, err)
			}
			if usage.Text != c.want {
				t.Errorf("got  %s\nwant %s", usage.Text, c.want)
			}
		})
	}
}

func TestLoadMissingFile(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, file := range []string{"spec.cue", "spec.yaml", "spec.json", "no/such/folder/spec.cue"} {
		spec, problems, err := Load(file, nil)
		if want := file + ": no such file; begin it with devgen init, or name another one with --spec"; err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
		if spec != nil || problems != nil {
			t.Errorf("%s: got a spec or problems besides the error", file)
		}
	}
}

// The environment of a CUE user must not change what devgen accepts.
func TestLoadEnvironment(t *testing.T) {
	for _, env := range []struct{ name, key, value string }{
		{"closedness off", "CUE_DEBUG", "opendef"},
		{"many", "CUE_DEBUG", "opendef=1,strict=1,openinline=0,sortfields=1"},
		{"nonsense in debug", "CUE_DEBUG", "nosuchthing"},
		{"experiment", "CUE_EXPERIMENT", "explicitopen,aliasv2,structcmp"},
		{"nonsense in experiment", "CUE_EXPERIMENT", "nosuchthing"},
		{"a registry", "CUE_REGISTRY", "localhost:1/none"},
	} {
		t.Run(env.name, func(t *testing.T) {
			t.Setenv(env.key, env.value)
			for name, open := range map[string]string{"plain": "", "import": "import \"github.com/devgen/devgen/schema\"\nschema.#Spec & {\n"} {
				end := strings.Repeat("}", min(1, len(open)))
				_, lines, err := loadFiles(t, map[string]string{"spec.cue": open + minimal + "volums: {}\n" + end})
				line := 4 + strings.Count(open, "\n")
				want := []string{strings.Replace(`spec.cue:N:1: volums: unknown field "volums" (did you mean volumes?)`, "N", string(rune('0'+line)), 1)}
				if diff := cmp.Diff(want, lines); diff != "" || err != nil {
					t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
				}
				accept(t, map[string]string{"spec.cue": open + minimal + end})
			}
		})
	}
}
