package templates

import (
	"os"
	"strings"
	"testing"
)

// machine is a root of its own for own-mounts.sh: the programs of this machine, a user vscode, and what a test makes.
// The script knows the image by its mount at /.
const machine = `set -eu
mount --bind "$ROOT" "$ROOT"
cd "$ROOT"
for dir in bin lib lib64 usr proc dev; do
  [ -d "/$dir" ] || continue
  mkdir "$dir"
  mount --rbind "/$dir" "$dir"
done
mkdir etc
echo vscode:x:1234:1235::/home/vscode:/bin/sh >etc/passwd
mkdir -p home/vscode vol host
chmod 755 .
cp "$SCRIPT" own-mounts.sh
exec chroot . sh -euc "$TEST"
`

// own runs a test on such a machine: shell commands that make mounts, call the script and print what came of it.
func own(t *testing.T, test string) result {
	t.Helper()
	needs(t, "unshare", "chroot", "dash")
	if os.Getuid() != 0 {
		t.Skip("only root may mount and chown: own-mounts.sh was not run")
	}
	file := t.TempDir() + "/own-mounts.sh"
	write(t, file, Script("scripts/own-mounts.sh"))
	env := map[string]string{"ROOT": t.TempDir(), "SCRIPT": file, "TEST": "cd /home/vscode\nowners() { stat -c '%u:%g %n' \"$@\"; }\n" + test}
	return script{env: env, args: []string{"-c", `exec unshare --mount sh -c "$0"`, machine}}.run(t)
}

func TestOwnMounts(t *testing.T) {
	for _, row := range []struct{ name, test, want string }{
		{"a mount with its content, and a folder by itself", `
			mkdir -p .cache/pip other; mount --bind /vol .cache/pip
			mkdir .cache/pip/a; touch .cache/pip/a/x '.cache/pip/a b' .cache/.hidden
			sh /own-mounts.sh vscode /home/vscode/.cache/pip -- /home/vscode/.cache
			owners .cache .cache/.hidden .cache/pip .cache/pip/a .cache/pip/a/x '.cache/pip/a b' other`, `
			1234:1235 .cache
			0:0 .cache/.hidden
			1234:1235 .cache/pip
			1234:1235 .cache/pip/a
			1234:1235 .cache/pip/a/x
			1234:1235 .cache/pip/a b
			0:0 other`},
		{"a mount whose root is owned is not looked into", `
			mkdir m; mount --bind /vol m; touch m/x; chown 1234 m
			sh /own-mounts.sh vscode /home/vscode/m
			owners m m/x`, `
			1234:0 m
			0:0 m/x`},
		{"in memory", `
			mkdir m; mount -t tmpfs -o uid=1000,mode=0700 none m; touch m/x
			sh /own-mounts.sh vscode /home/vscode/m
			owners m m/x`, `
			1234:1235 m
			1234:1235 m/x`},
		{"mounted for reading only", `
			mkdir m; mount --bind /vol m; mount -o remount,bind,ro m
			sh /own-mounts.sh vscode /home/vscode/m
			owners m`, `
			0:0 m`},
		{"nothing is mounted, or there", `
			mkdir m
			sh /own-mounts.sh vscode /home/vscode/m /home/vscode/none -- /home/vscode/no/folder
			owners *`, `
			0:0 m`},
		{"what is mounted in a mount is left alone, on the same device too", `
			mkdir m; mount --bind /vol m; mkdir -p 'm/a [b]*?\/in' m/a; touch m/a/x
			mount --bind /host 'm/a [b]*?\/in'; touch '/host/mine'
			mkdir m/ro; mount --bind /host m/ro
			sh /own-mounts.sh vscode /home/vscode/m
			owners m m/a/x 'm/a [b]*?\' 'm/a [b]*?\/in' 'm/a [b]*?\/in/mine' m/ro`, `
			1234:1235 m
			1234:1235 m/a/x
			1234:1235 m/a [b]*?\
			0:0 m/a [b]*?\/in
			0:0 m/a [b]*?\/in/mine
			0:0 m/ro`},
		{"a folder of a mount that is the host's", `
			mkdir m h; mount --bind /host h; mkdir -p h/a/b; mount --bind /vol h/a/b; mkdir h/a/b/in
			sh /own-mounts.sh vscode /home/vscode/h/a/b -- /home/vscode/h /home/vscode/h/a /home/vscode/h/a/b/in
			owners h h/a h/a/b h/a/b/in`, `
			0:0 h
			0:0 h/a
			1234:1235 h/a/b
			1234:1235 h/a/b/in`},
		{"links in a mount are not followed", `
			mkdir m; mount --bind /vol m; ln -s /etc m/etc; ln -s /etc/passwd m/passwd; ln -s nowhere m/none
			sh /own-mounts.sh vscode /home/vscode/m
			owners m/etc m/passwd m/none /etc /etc/passwd`, `
			1234:1235 m/etc
			1234:1235 m/passwd
			1234:1235 m/none
			0:0 /etc
			0:0 /etc/passwd`},
		{"root's own link on the way", `
			mv /home /place; ln -s place /home; mkdir /place/vscode/m; mount --bind /vol /place/vscode/m
			sh /own-mounts.sh vscode /home/vscode/m -- /home/vscode
			owners /place/vscode /place/vscode/m`, `
			1234:1235 /place/vscode
			1234:1235 /place/vscode/m`},
		{"a user's link that leads to what is the user's", `
			mkdir there; chown vscode . there; ln -s there here; chown -h vscode here
			sh /own-mounts.sh vscode /none -- /home/vscode/here
			owners here there`, `
			1234:0 here
			1234:0 there`},
		{"a name that begins like another's", `
			mkdir m mm mmm; mount --bind /vol m; mount --bind /host mm
			sh /own-mounts.sh vscode /home/vscode/m -- /home/vscode/mm /home/vscode/mmm
			owners m mm mmm`, `
			1234:1235 m
			0:0 mm
			1234:1235 mmm`},
		{"a folder in a mount that is owned", `
			mkdir m; mount --bind /vol m; chown 1234 m; mkdir -p m/a/b
			sh /own-mounts.sh vscode /home/vscode/m -- /home/vscode/m/a
			owners m/a m/a/b`, `
			1234:1235 m/a
			0:0 m/a/b`},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := own(t, row.test)
			r.succeeds(t)
			equal(t, "standard error", r.stderr, "")
			equal(t, "owners", r.stdout, strings.ReplaceAll(strings.TrimPrefix(row.want, "\n"), "\t", "")+"\n")
		})
	}
}

// A link that the user can have put there would lead root's chown anywhere.
func TestOwnMountsPlantedLink(t *testing.T) {
	for name, test := range map[string]string{
		"a folder":             "ln -s /etc .cache; chown -h vscode .cache; sh /own-mounts.sh vscode /none -- /home/vscode/.cache",
		"on the way to one":    "ln -s / .cache; chown -h vscode .cache; sh /own-mounts.sh vscode /none -- /home/vscode/.cache/etc",
		"in the user's folder": "ln -s /etc .cache; chown vscode .; sh /own-mounts.sh vscode /none -- /home/vscode/.cache",
		"a mount":              "mount --bind /etc /etc; ln -s /etc .cache; chown -h vscode .cache; sh /own-mounts.sh vscode /home/vscode/.cache",
	} {
		t.Run(name, func(t *testing.T) {
			r := own(t, test+" || code=$?; owners /etc; exit ${code:-0}")
			r.fails(t, 1, "own-mounts.sh: /home/vscode/.cache", "/home/vscode/.cache is a symbolic link that leads to /etc")
			equal(t, "owner", r.stdout, "0:0 /etc\n")
		})
	}
}

// shim puts a program in the place of the real one, whose calls it notes in /calls.
func shim(program, then string) string {
	return "mkdir -p /real; cp /usr/bin/" + program + " /real; cat >/shim" + ` <<'SHIM'
#!/bin/sh
echo "$*" >>/calls
/real/` + program + ` "$@" || exit
` + then + "\nSHIM\nchmod +x /shim; mount --bind /shim /usr/bin/" + program + "\n"
}

// A link that has become a folder by the time it is looked at has led elsewhere all the same.
func TestOwnMountsSwappedLink(t *testing.T) {
	r := own(t, `ln -s /etc .cache; chown vscode .
`+shim("find", `[ "$(wc -l </calls)" != 2 ] || { rm /home/vscode/.cache; mkdir /home/vscode/.cache; }`)+`
		sh /own-mounts.sh vscode /none -- /home/vscode/.cache || code=$?
		[ ! -L .cache ]; owners /etc; exit $code`)
	r.fails(t, 1, "own-mounts.sh: /home/vscode/.cache belongs to somebody else and is left alone", "leads to /etc")
	equal(t, "owner", r.stdout, "0:0 /etc\n")
}

// What is in a folder that root may not look into was not given.
func TestOwnMountsUnreadable(t *testing.T) {
	r := own(t, `mkdir m; mount --bind /vol m; mkdir -m 700 m/d; touch m/d/x; chown 4242 m/d
		sh -c 'exec setpriv --bounding-set -dac_override,-dac_read_search --inh-caps -dac_override,-dac_read_search sh /own-mounts.sh vscode /home/vscode/m' || code=$?
		owners m/d/x; exit $code`)
	r.fails(t, 1, "own-mounts.sh: /home/vscode/m cannot be given to vscode (1234:1235): find: ", "Permission denied", "CAP_DAC_OVERRIDE")
	equal(t, "owner", r.stdout, "0:0 m/d/x\n")
}

// The user's own programs are not run.
func TestOwnMountsPath(t *testing.T) {
	r := own(t, `mkdir m bin; mount --bind /vol m; touch m/x
		for name in id find chown sed; do printf '#!/bin/sh\necho run >/ran\n' >bin/$name; cp bin/$name m; done; chmod +x bin/* m/*
		PATH=/home/vscode/bin::$PATH sh /own-mounts.sh vscode /home/vscode/m
		[ ! -e /ran ]; owners m m/x`)
	r.succeeds(t)
	equal(t, "owners", r.stdout, "1234:1235 m\n1234:1235 m/x\n")
}

// Whoever is stopped on the way leaves the root of the mount as it was, for the next start looks at that alone.
func TestOwnMountsRootLast(t *testing.T) {
	r := own(t, shim("chown", "")+`mkdir m; mount --bind /vol m; touch m/x m/y
		sh /own-mounts.sh vscode /home/vscode/m
		cat /calls`)
	r.succeeds(t)
	first, last, _ := strings.Cut(r.stdout, "\n")
	if strings.Contains(first+" ", " . ") || !strings.Contains(first, " ./x") || last != "-h 1234:1235 .\n" {
		t.Errorf("chown was called with\n%s", r.stdout)
	}
}

// Where all is well there is one look.
func TestOwnMountsOneLook(t *testing.T) {
	r := own(t, shim("find", "")+`mkdir m f; mount --bind /vol m; chown vscode m f
		sh /own-mounts.sh vscode /home/vscode/m -- /home/vscode/f
		cat /calls`)
	r.succeeds(t)
	equal(t, "the calls of find", r.stdout, "/home/vscode/m/. /home/vscode/f/. -prune ! -user 1234\n")
}

// find fails over what goes while it looks.
func TestOwnMountsGone(t *testing.T) {
	r := own(t, shim("find", `case $* in *-exec*) exit 1 ;; esac`)+`mkdir m; mount --bind /vol m; touch m/x
		sh /own-mounts.sh vscode /home/vscode/m
		owners m m/x`)
	r.succeeds(t)
	equal(t, "owners", r.stdout, "1234:1235 m\n1234:1235 m/x\n")
}

// What cannot be done is told, and the rest is done.
func TestOwnMountsFailure(t *testing.T) {
	const mounts = "mkdir m n; mount --bind /vol m; mount --bind /host n; touch m/x\n"
	r := own(t, mounts+`sh -c 'exec setpriv --bounding-set -chown --inh-caps -chown sh /own-mounts.sh vscode /home/vscode/m /home/vscode/n'`)
	r.fails(t, 1, "own-mounts.sh: /home/vscode/m cannot be given to vscode (1234:1235)", "own-mounts.sh: /home/vscode/n cannot be given", "CAP_CHOWN")
	r = own(t, mounts+"sh /own-mounts.sh nobody /home/vscode/m")
	r.fails(t, 1, "own-mounts.sh: the image has no user nobody; make one in the Dockerfile, or name another in the spec")
}

// Two containers may start on one volume, and one be at work there while the other looks.
func TestOwnMountsAtOnce(t *testing.T) {
	r := own(t, `mkdir m; mount --bind /vol m
		for i in $(seq 500); do echo "m/$i m/$i/x"; done | xargs mkdir
		mkdir m/w; chown vscode m/w
		setpriv --reuid vscode --regid 1235 --clear-groups sh -c 'while :; do mkdir m/w/t m/w/t/t; rm -rf m/w/t; done' & churn=$!
		for run in 1 2 3 4; do sh /own-mounts.sh vscode /home/vscode/m & runs="${runs-} $!"; done
		code=0; for run in $runs; do wait "$run" || code=1; done
		kill "$churn"; wait "$churn" 2>/dev/null || :
		find m ! -user vscode | head
		exit $code`)
	r.succeeds(t)
	equal(t, "what is left", r.stdout, "")
}

func TestOwnMountsArguments(t *testing.T) {
	needs(t, "bash")
	file := t.TempDir() + "/own-mounts.sh"
	write(t, file, Script("scripts/own-mounts.sh"))
	for _, row := range []struct {
		args []string
		code int
	}{
		{[]string{"--help"}, 0}, {[]string{"-h"}, 0}, {nil, 2}, {[]string{"vscode"}, 2},
	} {
		r := script{args: append([]string{file}, row.args...)}.run(t)
		equal(t, "exit code", r.code, row.code)
		usage := r.stdout
		if row.code != 0 {
			usage = r.stderr
		}
		if !strings.HasPrefix(usage, "Usage: own-mounts.sh USER MOUNT... [-- FOLDER...]\n") {
			t.Errorf("%q: it prints %q", row.args, usage)
		}
	}
}
