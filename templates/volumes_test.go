package templates

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"mvdan.cc/sh/v3/syntax"
)

// What manage-volumes.sh does to volumes is proven on a real engine, in golden/e2e. Here is what it says to those who call
// it, and what it asks the engine.

// volumeFacts are the facts of a spec that has a volume of each kind.
const volumeFacts = `DEVGEN_NAME=app
DEVGEN_IMAGE=registry/app:latest
DEVGEN_COMPOSE_FILES=(.devcontainer/docker-compose.yml)
DEVGEN_BUILD_SECRETS=()
DEVGEN_HOST_FOLDER='~/.app-devcontainer'
DEVGEN_VOLUMES=(
  'packages cache volume shared 1024 /home/vscode/.nuget/packages'
  'tools cache host shared 0 /home/vscode/.tools'
  'obj build volume project 0 /workspaces/app/obj'
  'out build host project 0 /workspaces/app/out'
  'history state volume shared 0 /commandhistory'
  'own state volume project 0 /own'
  'scratch ephemeral tmpfs - 1024 /scratch'
)
` + nothingFacts

// engine is a docker that has all volumes of the spec, one that the spec no longer has, and no image. Of ours one is
// not: the labels of app-history are others.
const engine = `case "$*" in
  *'label=dev.devgen.scope=project'*) printf '%s\n' myclone_devcontainer_obj myclone_devcontainer_own ;;
  *'label=dev.devgen.scope=shared'*) printf '%s\n' app-packages app-gone ;;
  'volume ls --quiet') printf '%s\n' app-packages app-gone app-history app-packages-2 myclone_devcontainer_obj myclone_devcontainer_own ;;
  'image inspect'*) exit 1 ;;
  ps*volume=myclone_devcontainer_own*) echo somebody ;;
esac
`

// A volumeHost is a checkout with the scripts, a home, and a docker that does what it is told.
type volumeHost struct {
	host
	docker string
	calls  func() string
}

func newVolumeHost(t *testing.T, docker string) volumeHost {
	t.Helper()
	needs(t, "bash")
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	h := volumeHost{host: host{root: filepath.Join(dir, "My Clone"), home: filepath.Join(dir, "home")}}
	h.docker, h.calls = fakeDocker(t, docker)
	for _, name := range []string{"scripts/init.sh", "scripts/manage-volumes.sh", "scripts/lib/core.sh", "scripts/lib/docker.sh", "scripts/lib/volumes.sh"} {
		write(t, filepath.Join(h.root, ".devcontainer", name), Script(name))
	}
	write(t, filepath.Join(h.root, ".devcontainer/scripts/lib/facts.sh"), volumeFacts)
	for _, folder := range []string{".app-devcontainer/tools", ".app-devcontainer/clones/myclone_devcontainer/out"} {
		if err := os.MkdirAll(filepath.Join(h.home, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// manage runs the script from elsewhere.
func (h volumeHost) manage(t *testing.T, args ...string) result {
	t.Helper()
	return h.run(t, append([]string{filepath.Join(h.root, ".devcontainer/scripts/manage-volumes.sh")}, args...)...)
}

// source runs text in a shell that has sourced the script.
func (h volumeHost) source(t *testing.T, text string) result {
	t.Helper()
	return h.run(t, "-c", `. "$1"`+"\nset -euo pipefail\n"+text, "manage-volumes.sh", filepath.Join(h.root, ".devcontainer/scripts/manage-volumes.sh"))
}

func (h volumeHost) run(t *testing.T, args ...string) result {
	t.Helper()
	return script{dir: h.home, env: map[string]string{"HOME": h.home}, path: []string{h.docker}, args: args}.run(t)
}

func TestManageVolumesUsage(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		args    string
		message string
	}{
		{"", "want a command"},
		{"prune", "there is no command prune"},
		{"--yes", "there is no command --yes"},
		{"status --yes", "status has no option --yes"},
		{"status obj", "status takes no argument: obj"},
		{"init obj", "init takes no argument: obj"},
		{"clean --force", "clean has no option --force"},
		{"clean objs", "there is no volume objs; the spec has packages tools obj out history own"},
		{"clean scratch", "scratch lives in memory"},
		{"clean packages", "packages is shared by all clones: add --shared"},
		{"clean app-gone", "app-gone is shared by all clones: add --shared"},
		{"backup --stop", "backup has no option --stop"},
		{"backup --compress bzip2", "--compress wants gzip or zstd"},
		{"backup --compress", "--compress wants gzip or zstd"},
		{"backup /a /b", "there is no volume /b"},
		{"backup /a scratch", "scratch lives in memory"},
		{"backup /a/x.part", "has the name of a backup that is not finished"},
		{"backup ../My\x00Clone/x", "lies in the checkout"},
		{"backup /no/such/../x", "leads through a folder that does not exist"},
		{"restore --days 3", "restore has no option --days"},
		{"optimize --days 0", "--days wants a number of days"},
		{"optimize --days=-3", "--days wants a number of days"},
		{"optimize --days=08", "--days wants a number of days"},
		{"optimize --days 1e3", "--days wants a number of days"},
		{"optimize obj", "optimize takes no argument: obj"},
	} {
		t.Run(row.args, func(t *testing.T) {
			h := newVolumeHost(t, engine)
			var args []string
			for _, a := range strings.Fields(row.args) {
				args = append(args, strings.ReplaceAll(a, "\x00", " "))
			}
			r := h.manage(t, args...)
			r.fails(t, 2, row.message, "manage-volumes.sh --help shows what is possible")
			equal(t, "standard output", r.stdout, "")
			if calls := h.calls(); strings.Contains(calls, " rm ") || strings.Contains(calls, "create") || strings.Contains(calls, "\nrun ") {
				t.Errorf("it has changed something:\n%s", calls)
			}
		})
	}
}

// What is no command is not timed: a metric is called by what a person types only if there is such a command.
func TestManageVolumesMetrics(t *testing.T) {
	t.Parallel()
	h := newVolumeHost(t, engine)
	for _, command := range []string{"prune", "--help", "status"} {
		h.manage(t, command)
	}
	metrics := contents(t, filepath.Join(h.home, ".local/state/devgen/app/metrics/metrics.jsonl"))
	if strings.Count(metrics, "\n") != 1 || !strings.Contains(metrics, `"metric":"volumes-status"`) {
		t.Errorf("metrics:\n%s", metrics)
	}
}

func TestManageVolumesHelp(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"help"}, {"--help"}, {"-h"}, {"clean", "--help"}, {"restore", "-h"}} {
		h := newVolumeHost(t, "exit 1\n")
		r := h.manage(t, args...)
		r.succeeds(t)
		if !strings.HasPrefix(r.stdout, "Usage: manage-volumes.sh COMMAND [OPTION…]\n") || h.calls() != "" {
			t.Errorf("%q: %q, and it asks docker %q", args, r.stdout, h.calls())
		}
	}
}

// A name says nothing: of the five that begin with app- two are ours, and of the folders those that the spec names.
func TestManageVolumesSelectsByLabel(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"clean":                      "obj out",
		"clean --state":              "obj out own",
		"clean --shared":             "packages tools obj out",
		"clean --shared --state":     "packages tools obj out own",
		"clean own":                  "own",
		"clean out obj out":          "out obj",
		"clean --shared app-gone":    "app-gone",
		"clean --shared -- tools":    "tools",
		"clean --yes --stop --state": "obj out own",
	} {
		h := newVolumeHost(t, engine)
		r := h.manage(t, append(strings.Fields(args)[:1:1], append([]string{"--dry-run"}, strings.Fields(args)[1:]...)...)...)
		r.succeeds(t)
		equal(t, args, strings.TrimSuffix(r.stdout, "\n"), "would clean "+strings.ReplaceAll(want, " ", "\nwould clean "))
		for _, filter := range []string{
			"volume ls --quiet --filter label=dev.devgen.spec=app --filter label=dev.devgen.scope=project --filter label=com.docker.compose.project=myclone_devcontainer\n",
			"volume ls --quiet --filter label=dev.devgen.spec=app --filter label=dev.devgen.scope=shared\n",
		} {
			if !strings.Contains(h.calls(), filter) {
				t.Errorf("it does not ask for %s but\n%s", filter, h.calls())
			}
		}
	}
}

func TestManageVolumesForeign(t *testing.T) {
	t.Parallel()
	h := newVolumeHost(t, engine)
	h.manage(t, "clean", "--shared", "history").fails(t, 1, "history: app-history is not ours, as its labels say: it is left alone")
	h.manage(t, "clean", "--dry-run").fails(t, 0, "app-history is not ours")
}

// One that cannot be removed does not save the others, and the exit code tells.
func TestManageVolumesCleanGoesOn(t *testing.T) {
	t.Parallel()
	h := newVolumeHost(t, engine+`[ "$*" != 'volume rm -- myclone_devcontainer_obj' ] || { echo 'obj cannot go' >&2; exit 1; }`+"\n")
	r := h.manage(t, "clean", "--yes", "own", "obj", "out", "packages", "--shared")
	r.fails(t, 1, "own is in use by somebody: it was left alone", "obj cannot go", "registry/app:latest is not on this machine", "not everything could be cleaned")
	equal(t, "standard output", r.stdout, "cleaned packages\n")
	if calls := h.calls(); strings.Contains(calls, "rm -- myclone_devcontainer_own") || strings.Contains(calls, "prune") {
		t.Errorf("it calls\n%s", calls)
	}
	if _, err := os.Lstat(filepath.Join(h.home, ".local/state/devgen/app/myclone_devcontainer.lock")); err == nil {
		t.Error("the lock stays")
	}
}

func TestManageVolumesAsks(t *testing.T) {
	t.Parallel()
	h := newVolumeHost(t, engine)
	h.manage(t, "clean", "obj").fails(t, 1, "to be removed with all that they hold: obj", "pass --yes")
	if strings.Contains(h.calls(), "volume rm") {
		t.Error("it does not wait for the answer")
	}
}

// Only this checkout's containers are stopped, by Compose, and no volume goes with them.
func TestManageVolumesStop(t *testing.T) {
	t.Parallel()
	h := newVolumeHost(t, engine+"[ \"$*\" != 'compose version --short' ] || echo 2.40.0\n")
	h.manage(t, "clean", "--yes", "--stop", "obj").succeeds(t)
	want := "compose --project-name myclone_devcontainer -f " + h.root + "/.devcontainer/docker-compose.yml down\n"
	if !strings.Contains(h.calls(), want) {
		t.Errorf("it calls\n%s, want %s", h.calls(), want)
	}
}

func TestManageVolumesStatus(t *testing.T) {
	t.Parallel()
	h := newVolumeHost(t, strings.Replace(engine, "'image inspect'*) exit 1", "run*) printf '%s\\n' 'packages|2|whole|7' 'obj|1|staging|' 'app-gone|3|whole|'", 1))
	r := h.manage(t, "status")
	r.succeeds(t)
	for _, line := range []string{
		"packages                 cache       shared   volume      2.0 KB     1.0 KB  ok; packages: 7; larger than expected\n",
		"tools                    cache       shared   host             -          -  ok\n",
		"obj                      build       project  volume      1.0 KB          -  ok; a restore was interrupted: manage-volumes.sh restore finishes it\n",
		"history                  state       shared   volume           -          -  app-history is not ours, as its labels say: left alone\n",
		"own                      state       project  volume           -          -  in use by somebody\n",
		"scratch                  ephemeral   -        tmpfs            -     1.0 KB  in memory\n",
		"app-gone                 -           shared   volume      3.0 KB          -  no longer in the spec; clean it by this name\n",
	} {
		if !strings.Contains(r.stdout, line) {
			t.Errorf("%s\nlacks\n%s", r.stdout, line)
		}
	}

	var report struct {
		Version       int
		Spec, Project string
		Volumes       []struct {
			Name, State, Restore string
			Bytes, Items         *int
			Above                bool
			Containers           []string
		}
	}
	if err := json.Unmarshal([]byte(h.manage(t, "status", "--json").stdout), &report); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, v := range report.Volumes {
		bytes := "?"
		if v.Bytes != nil {
			bytes = strconv.Itoa(*v.Bytes)
		}
		got = append(got, strings.TrimSpace(strings.Join([]string{v.Name, v.State, v.Restore, bytes, strconv.FormatBool(v.Above), strings.Join(v.Containers, ",")}, " ")))
	}
	equal(t, "volumes", got, []string{
		"packages present whole 2048 true", "tools present whole ? false", "obj present staging 1024 false", "out present whole ? false",
		"history foreign whole ? false", "own present whole ? false somebody", "scratch memory whole ? false", "app-gone orphaned whole 3072 false",
	})
}

// The helper has the volume, root, no network and no log: what it prints may be a volume, secrets included.
func TestManageVolumesHelper(t *testing.T) {
	t.Parallel()
	h := newVolumeHost(t, engine+"[ \"$1\" != run ] || cat\n")
	r := h.source(t, "read_engine_volumes\nhelper shared \"$(volume_mount packages /volume)\" -- empty_volume 'a b' <<<in")
	r.succeeds(t)
	equal(t, "standard output", r.stdout, "in\n")
	_, call, _ := strings.Cut(h.calls(), "\nrun ")
	for _, part := range []string{
		"--rm --interactive --pull never --network none --log-driver none", "--label dev.devgen.spec=app --label dev.devgen.helper=shared",
		"--user 0:0", "--mount type=volume,source=app-packages,target=/volume,volume-nocopy --entrypoint  registry/app:latest sh -c ", " sh empty_volume a b\n",
	} {
		if !strings.Contains(call, part) {
			t.Errorf("docker run %s\nlacks %q", call, part)
		}
	}
}

// A comma separates the parts of --mount.
func TestVolumeMountQuotes(t *testing.T) {
	t.Parallel()
	h := newVolumeHost(t, engine)
	r := h.source(t, `HOME='/home/a,b "c"' PROJECT_VOLUMES='' SHARED_VOLUMES=''; volume_mount tools /volume`)
	equal(t, "mount", r.stdout, `type=bind,"source=/home/a,b ""c""/.app-devcontainer/tools",target=/volume`)
	// The engine knows the folder without the second slash.
	r = h.source(t, "HOME=/home/a/; volume_folder tools")
	equal(t, "folder", r.stdout, "/home/a/.app-devcontainer/tools\n")
	r = h.source(t, "HOME=; volume_folder tools")
	r.fails(t, r.code, "HOME is not set")
	equal(t, "without a home", r.stdout, "")
}

// The image may have no bash.
func TestHelperFunctionsArePOSIX(t *testing.T) {
	t.Parallel()
	h := newVolumeHost(t, engine)
	r := h.source(t, `declare -f "${helper_functions[@]}"`)
	r.succeeds(t)
	if _, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(r.stdout), ""); err != nil {
		t.Error(err)
	}
	if strings.Contains(r.stdout, "[[") || strings.Contains(r.stdout, "local ") || strings.Contains(r.stdout, "+=") {
		t.Error("it has what POSIX has not")
	}
}

func TestHuman(t *testing.T) {
	t.Parallel()
	h := newVolumeHost(t, engine)
	for bytes, want := range map[string]string{
		"0": "0 B", "1023": "1023 B", "1024": "1.0 KB", "1536": "1.5 KB", "1048575": "1023.9 KB", "1048576": "1.0 MB",
		"1610612736": "1.5 GB", "10995116277760": "10240.0 GB",
	} {
		equal(t, bytes, h.source(t, "human "+bytes).stdout, want)
	}
}

// What a person at a terminal sees while a backup is written.
func TestBackupProgress(t *testing.T) {
	t.Parallel()
	h := newVolumeHost(t, engine)
	file := filepath.Join(h.home, "archive")
	write(t, file, strings.Repeat("x", 2048))
	r := h.source(t, "show_progress obj '"+file+"' & sleep 2.5; end_progress $!")
	equal(t, "standard error", strings.HasPrefix(r.stderr, "\robj: 2.0 KB written \r"), true)
}

func TestVolumeLocks(t *testing.T) {
	t.Parallel()
	h := newVolumeHost(t, engine)
	lock := filepath.Join(h.home, ".local/state/devgen/app/myclone_devcontainer.lock")
	if err := os.MkdirAll(filepath.Dir(lock), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, holder := range map[string]string{
		"a process that is gone":     strconv.Itoa(gone(t)),
		"a process that is no other": strconv.Itoa(os.Getpid()), // alive, and not this script
		"no number":                  "somebody",
	} {
		if err := os.Symlink(holder, lock); err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			h.manage(t, "clean", "--yes", "obj").succeeds(t)
		})
	}

	// Like this script by its name, or another that looks after the volumes, and alive.
	other := exec.Command("bash", "-c", "exec -a manage-volumes.sh sleep 60")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Process.Kill(); _ = other.Wait() }()
	pid := strconv.Itoa(other.Process.Pid)
	if err := os.Symlink(pid+":manage-volumes.sh", lock); err != nil {
		t.Fatal(err)
	}
	h.manage(t, "clean", "--yes", "obj").fails(t, 1, "another run is at work (process "+pid+")")
	locked := h.source(t, `"$BASH" -c '. "$1"; COMPOSE_PROJECT=myclone_devcontainer; lock_volumes obj' verify-volumes.sh "$1"`)
	locked.fails(t, 1, "another run is at work (process "+pid+")")
	// What all clones share has a lock of its own.
	h.manage(t, "clean", "--yes", "--shared", "packages").succeeds(t)
}

// A run that was killed may have left a container that never started; one that lives keeps its own.
func TestStrayHelpers(t *testing.T) {
	t.Parallel()
	answer := fmt.Sprintf("case \"$*\" in ps*helper=status*) printf '%%s\\n' 'stray %d' 'busy %d'; exit ;; esac\n", gone(t), os.Getpid())
	h := newVolumeHost(t, answer+engine)
	h.manage(t, "clean", "--yes", "obj").succeeds(t)
	if calls := h.calls(); !strings.Contains(calls, "rm --force stray\n") || strings.Contains(calls, "rm --force busy\n") {
		t.Error(calls)
	}
}

// gone is the number of a process that has ended.
func gone(t *testing.T) int {
	t.Helper()
	cmd := exec.Command("true")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid
}

func TestManageVolumesMenu(t *testing.T) {
	t.Parallel()
	for input, want := range map[string]struct {
		code    int
		message string
	}{
		"0":               {0, "6) Optimize volumes"},
		"":                {0, "Select option: "},
		"1\n":             {0, "obj: present"},
		"2\n":             {0, "VOLUME "},
		"3\n":             {1, "pass --yes"}, // nobody is there to answer
		"4\n/dev/null/\n": {1, "is not on this machine"},
		"5\n/nowhere\n":   {1, "there is no folder /nowhere"},
		"5\n\n":           {1, "is not on this machine"},
		"6\n":             {1, "is not on this machine"},
		"7\n":             {2, "there is no option 7"},
	} {
		t.Run(strconv.Quote(input), func(t *testing.T) {
			h := newVolumeHost(t, engine)
			r := h.source(t, "core_init; printf '"+input+"' | show_menu")
			r.fails(t, want.code, want.message)
		})
	}
}

// Without an engine each command ends before it does anything.
func TestManageVolumesWithoutEngine(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"status"}, {"clean", "--yes"}, {"backup"}, {"restore"}, {"optimize"}, {"init"}} {
		h := newVolumeHost(t, "echo 'Cannot connect' >&2; exit 1\n")
		h.manage(t, args...).fails(t, 1, "the Docker engine does not answer: Cannot connect")
	}
}

// inVolume runs a function of the helper in a folder, as the container would at /volume.
func (h volumeHost) inVolume(t *testing.T, volume, before, call string) result {
	t.Helper()
	return h.source(t, before+"\n"+`sh -c "$(declare -f "${helper_functions[@]}" | sed 's,/volume,`+volume+`,g')`+"\n"+call+`"`)
}

// content are the files below dir and what they hold.
func content(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		files[strings.TrimPrefix(path, dir+"/")] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// swapping makes a volume in the middle of a swap: files of its root, then those of .devgen-restore.
func swapping(t *testing.T, phase string, files ...string) string {
	t.Helper()
	volume := t.TempDir()
	for _, dir := range []string{"new", "old"} {
		if err := os.MkdirAll(filepath.Join(volume, ".devgen-restore", dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(volume, ".devgen-restore", phase), "")
	for _, name := range files {
		write(t, filepath.Join(volume, name), name)
	}
	return volume
}

// A container was started between a restore that was killed and the one that finishes it, and made again what had been
// moved away: that is in nobody's way.
func TestSwapGoesOn(t *testing.T) {
	t.Parallel()
	h := newVolumeHost(t, engine)
	for phase, files := range map[string][]string{
		"out": {"d/again", "link", ".devgen-restore/old/d/old", ".devgen-restore/old/link", ".devgen-restore/new/d/new", ".devgen-restore/new/f"},
		"in":  {"d/again", "f/folder", ".devgen-restore/old/d/old", ".devgen-restore/old/f", ".devgen-restore/new/d/new", ".devgen-restore/new/f"},
	} {
		volume := swapping(t, phase, files...)
		h.inVolume(t, volume, "", "swap_volume").succeeds(t)
		equal(t, phase, content(t, volume), map[string]string{"d/new": ".devgen-restore/new/d/new", "f": ".devgen-restore/new/f"})
	}
}

// What could not be moved is not removed, although find, as that of busybox with many names, does not tell.
func TestSwapKeepsWhatItCannotMove(t *testing.T) {
	t.Parallel()
	h := newVolumeHost(t, engine)
	tools := t.TempDir()
	find, err := exec.LookPath("find")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(tools, "find"), "#!/bin/sh\n"+find+" \"$@\" || :\n")
	write(t, filepath.Join(tools, "mv"), "#!/bin/sh\ncase \"$*\" in *stuck*) exit 1 ;; esac\nexec /bin/mv \"$@\"\n")
	for _, name := range []string{"find", "mv"} {
		if err := os.Chmod(filepath.Join(tools, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for phase, files := range map[string][]string{
		"out": {"stuck", ".devgen-restore/new/f"},
		"in":  {".devgen-restore/old/f", ".devgen-restore/new/stuck"},
	} {
		volume := swapping(t, phase, files...)
		before := content(t, volume)
		r := h.inVolume(t, volume, "PATH='"+tools+"':$PATH", "swap_volume")
		r.fails(t, 1)
		equal(t, phase, content(t, volume), before)
	}
}

// Whoever takes a restore for abandoned does not remove what another one is moving.
func TestDiscardKeepsWhatIsMoved(t *testing.T) {
	t.Parallel()
	h := newVolumeHost(t, engine)
	for _, phase := range []string{"out", "in"} {
		volume := swapping(t, phase, ".devgen-restore/old/f", ".devgen-restore/new/f")
		before := content(t, volume)
		h.inVolume(t, volume, "", "discard_staging").fails(t, 1, "content is being moved")
		equal(t, phase, content(t, volume), before)
	}
	volume := swapping(t, "staging", "f", ".devgen-restore/new/f")
	h.inVolume(t, volume, "", "discard_staging").succeeds(t)
	equal(t, "staging", content(t, volume), map[string]string{"f": "f"})
}

// A name that some shells' echo would turn into two lines costs no other package its files.
func TestOptimizeHostileNames(t *testing.T) {
	t.Parallel()
	h := newVolumeHost(t, engine)
	volume := t.TempDir()
	for _, name := range []string{`x\ny/1.0`, "x/2.0", "x /1.0"} {
		write(t, filepath.Join(volume, name, "lib"), "")
		write(t, filepath.Join(volume, name, ".nupkg.metadata"), "")
	}
	write(t, filepath.Join(volume, "y/1.0/lib"), "")
	for _, name := range []string{`x\ny/1.0`, "x /1.0"} {
		if err := os.Chtimes(filepath.Join(volume, name, ".nupkg.metadata"), time.Time{}, time.Unix(1577836800, 0)); err != nil {
			t.Fatal(err)
		}
	}
	r := h.inVolume(t, volume, "", "remove_packages 30")
	r.succeeds(t)
	equal(t, "lines", strings.Count(r.stdout, "\n"), 2)
	equal(t, "left", content(t, volume), map[string]string{"x/2.0/lib": "", "x/2.0/.nupkg.metadata": "", "y/1.0/lib": ""})
}

// However the folder of a backup is written, it is one place: the name that it has meanwhile begins with it.
func TestBackupDirectory(t *testing.T) {
	t.Parallel()
	h := newVolumeHost(t, engine)
	for path, want := range map[string]string{
		"new": "/new", "new/": "/new", "new//": "/new", "new/.": "/new", "./a/./b//": "/a/b", "a//b": "/a/b", ".": "", "..//home/new": "/new",
	} {
		equal(t, path, h.source(t, "physical_path '"+path+"'").stdout, h.home+want+"\n")
	}
	equal(t, "/", h.source(t, "physical_path /").stdout, "/\n")
}

// With CDPATH, cd looks elsewhere first, and prints where it went.
func TestRestoreCDPATH(t *testing.T) {
	t.Parallel()
	h := newVolumeHost(t, engine)
	write(t, filepath.Join(h.home, "b/backup.json"), "{\n  \"version\": 1,\n  \"spec\": \"app\",\n")
	write(t, filepath.Join(h.home, "b/SHA256SUMS"), strings.Repeat("0", 64)+"  backup.json\n")
	write(t, filepath.Join(h.home, "other/b/file"), "")
	r := h.source(t, `CDPATH=$PWD/other:.; open_backup b; printf %s "$BACKUP"`)
	r.succeeds(t)
	equal(t, "folder", r.stdout, h.home+"/b")
}

// While a restore works, status does not send anybody to finish it.
func TestStatusOfARestoreAtWork(t *testing.T) {
	t.Parallel()
	h := newVolumeHost(t, strings.Replace(engine, "'image inspect'*) exit 1", "run*) echo 'obj|1|staging|'", 1))
	r := h.source(t, `core_init; ln -s "$$:${BASH##*/}" "$STATE_DIR/myclone_devcontainer.lock"; check_volume_status`)
	r.succeeds(t)
	if !strings.Contains(r.stdout, "ok; a restore is at work\n") || strings.Contains(r.stdout, "interrupted") {
		t.Error(r.stdout)
	}
}

// The rubbish of a restore is removed before a backup: an archive that has it in it could not be restored.
func TestBackupWithoutRubbish(t *testing.T) {
	t.Parallel()
	h := newVolumeHost(t, engine+"[ \"$1\" != run ] || echo 'obj||trash|'\n")
	h.source(t, "read_engine_volumes; SELECTED='obj '; refuse_unfinished").succeeds(t)
	if !strings.HasSuffix(h.calls(), " sh discard_staging\n") {
		t.Errorf("it calls\n%s", h.calls())
	}
}
