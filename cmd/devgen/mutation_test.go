package main

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/devgen/devgen/generators"
	"github.com/devgen/devgen/generators/plan"
)

// What a mutation must come to.
type outcome int

const (
	heals  outcome = iota // found, and plain devgen makes it good
	keeps                 // found and refused; --force makes it good and keeps the file
	stops                 // found; devgen stops until the user has removed what is there
	silent                // not devgen's business
)

// A mutation is one way in which a generated tree can come to differ from what devgen wrote.
type mutation struct {
	kind    string
	file    string // what the message names
	mutate  func(m mutated)
	outcome outcome
}

// A mutated file is the one that a mutation names.
type mutated struct {
	*testing.T
	file string
}

// rewrite changes the file's content.
func rewrite(change func(string) string) func(mutated) {
	return func(m mutated) {
		m.Helper()
		data, err := os.ReadFile(m.file)
		if err != nil {
			m.Fatal(err)
		}
		now := change(string(data))
		if now == string(data) {
			m.Fatal("the mutation changes nothing")
		}
		if err := os.WriteFile(m.file, []byte(now), 0); err != nil { // it is there: the permissions stay
			m.Fatal(err)
		}
	}
}

func substitute(old, now string) func(mutated) {
	return rewrite(func(s string) string { return strings.Replace(s, old, now, 1) })
}

// instead puts something else in the file's place.
func instead(make func(name string) error) func(mutated) {
	return func(m mutated) {
		m.Helper()
		if err := os.Rename(m.file, m.file+".away"); err != nil {
			m.Fatal(err)
		}
		if err := make(m.file); err != nil {
			m.Fatal(err)
		}
	}
}

func chmod(permissions os.FileMode) func(mutated) {
	return func(m mutated) {
		if err := os.Chmod(m.file, permissions); err != nil {
			m.Fatal(err)
		}
	}
}

func removed(m mutated) {
	if err := os.RemoveAll(m.file); err != nil {
		m.Fatal(err)
	}
}

// reline changes the lines of the file; each has its newline.
func reline(change func([]string) []string) func(mutated) {
	return rewrite(func(s string) string {
		return strings.Join(change(slices.Collect(strings.Lines(s))), "")
	})
}

func extend(end string) func(mutated) { return rewrite(func(s string) string { return s + end }) }

// added adds a file to the tree that devgen wrote for another spec, and then its end.
func added(end string) func(mutated) {
	return func(m mutated) {
		data := generators.Header("devcontainer.cue") + "\nold\n"
		write(m.T, m.file, data+end)
		text, err := os.ReadFile(plan.ManifestPath)
		if err != nil {
			m.Fatal(err)
		}
		all := append(slices.Collect(strings.Lines(string(text)))[2:], "- "+hash([]byte(data))+" "+m.file+"\n")
		slices.SortFunc(all, func(a, b string) int { return strings.Compare(strings.Fields(a)[2], strings.Fields(b)[2]) })
		write(m.T, plan.ManifestPath, manifestFormat+"\n"+strings.Join(all, ""))
	}
}

// resection changes devgen's lines in the user's file.
func resection(change func(section) string) func(mutated) {
	return rewrite(func(s string) string {
		cut, _ := cutSection([]byte(s))
		return change(cut)
	})
}

const (
	composeFile = ".devcontainer/docker-compose.yml"
	scriptFile  = ".devcontainer/scripts/init.sh"
	jsonFile    = ".devcontainer/devcontainer.json"
	volumesFile = "stack/volumes.yml"
	attributes  = ".gitattributes"
)

func mutations() []mutation {
	all := []mutation{
		{"deleted", composeFile, removed, heals},
		{"its folder deleted", "stack", removed, heals},
		{"everything deleted", ".devcontainer", removed, heals},
		{"emptied", composeFile, rewrite(func(string) string { return "" }), keeps},
		{"cut in half", composeFile, rewrite(func(s string) string { return s[:len(s)/2] }), keeps},
		{"the last newline gone", composeFile, rewrite(func(s string) string { return s[:len(s)-1] }), keeps},
		{"a line appended", composeFile, extend("# mine\n"), keeps},
		{"an empty line appended", scriptFile, extend("\n"), keeps},
		{"a byte flipped", composeFile, rewrite(func(s string) string { return s[:99] + string(s[99]^1) + s[100:] }), keeps},
		{"a byte NUL", jsonFile, rewrite(func(s string) string { return s[:99] + "\x00" + s[100:] }), keeps},
		{"CRLF line endings", scriptFile, rewrite(withCRLF), heals},
		{"one CRLF line ending", scriptFile, substitute("\n", "\r\n"), heals},
		{"CR line endings", scriptFile, rewrite(func(s string) string { return strings.ReplaceAll(s, "\n", "\r") }), keeps},
		{"a byte order mark", jsonFile, rewrite(func(s string) string { return "\uFEFF" + s }), keeps},
		{"a blank at a line's end", composeFile, substitute("\n", " \n"), keeps},
		{"tabs for blanks", composeFile, substitute("    ", "\t"), keeps},
		{"a line twice", composeFile, reline(func(l []string) []string { return slices.Insert(l, 8, l[8]) }), keeps},
		{"a line gone", composeFile, reline(func(l []string) []string { return slices.Delete(l, 8, 9) }), keeps},
		{"two lines swapped", composeFile, reline(func(l []string) []string { l[8], l[9] = l[9], l[8]; return l }), keeps},
		{"the header edited", composeFile, substitute("DO NOT EDIT", "edit it"), keeps},
		{"the header gone", composeFile, reline(func(l []string) []string { return l[1:] }), keeps},
		{"merge markers", composeFile, extend("<<<<<<< a\nx\n=======\ny\n>>>>>>> b\n"), keeps},
		{"merge markers with CRLF", composeFile, extend("<<<<<<< a\r\nx\r\n=======\r\ny\r\n>>>>>>> b\r\n"), keeps},
		{"an older version", composeFile, substitute("debian:12", "debian:11"), keeps},
		{"swapped with another file", composeFile, func(m mutated) {
			one, _ := os.ReadFile(composeFile)
			other, _ := os.ReadFile(volumesFile)
			write(m.T, composeFile, string(other))
			write(m.T, volumesFile, string(one))
		}, keeps},
		{"a folder in its place", composeFile, instead(func(name string) error { return os.Mkdir(name, 0o777) }), stops},
		{"a file in its folder's place", "stack", instead(func(name string) error { return os.WriteFile(name, nil, 0o666) }), stops},
		{"an orphan", "stack/orphan.yml", added(""), heals},
		{"an orphan edited", "stack/orphan.yml", added("mine\n"), keeps},

		{"the manifest deleted", plan.ManifestPath, removed, heals},
		{"the manifest emptied", plan.ManifestPath, rewrite(func(string) string { return "" }), keeps},
		{"the manifest cut in half", plan.ManifestPath, rewrite(func(s string) string { return s[:len(s)/2] }), keeps},
		{"the manifest with CRLF", plan.ManifestPath, rewrite(withCRLF), heals},
		{"the manifest with a byte order mark", plan.ManifestPath, rewrite(func(s string) string { return "\uFEFF" + s }), keeps},
		{"the manifest's header edited", plan.ManifestPath, substitute("DO NOT EDIT", "edit it"), heals},
		{"the manifest of another format", plan.ManifestPath, substitute("format 1", "format 2"), keeps},
		{"the manifest without its format", plan.ManifestPath, substitute("format 1\n", ""), keeps},
		{"a kind in the manifest", plan.ManifestPath, substitute("\n- ", "\nx "), heals},
		{"an unknown kind in the manifest", plan.ManifestPath, substitute("\n- ", "\nq "), keeps},
		{"a hash in the manifest", plan.ManifestPath, reline(func(l []string) []string { l[2] = l[2][:2] + strings.Repeat("0", 64) + l[2][66:]; return l }), heals},
		{"a hash too short in the manifest", plan.ManifestPath, reline(func(l []string) []string { l[2] = l[2][:2] + l[2][3:]; return l }), keeps},
		{"a path in the manifest", plan.ManifestPath, substitute("stack/volumes.yml", "stack/volumes.yaml"), heals},
		{"a path out of the root in the manifest", plan.ManifestPath, substitute("stack/volumes.yml", "../volumes.yml"), keeps},
		{"a line of the manifest gone", plan.ManifestPath, reline(func(l []string) []string { return slices.Delete(l, 3, 4) }), heals},
		{"two lines of the manifest swapped", plan.ManifestPath, reline(func(l []string) []string { l[2], l[3] = l[3], l[2]; return l }), keeps},
		{"a line of the manifest twice", plan.ManifestPath, reline(func(l []string) []string { return slices.Insert(l, 3, l[3]) }), keeps},
		{"somebody else's file in the manifest", plan.ManifestPath, extend("- " + strings.Repeat("0", 64) + " zzz/mine\n"), heals},
		{"merge markers in the manifest", plan.ManifestPath, extend("<<<<<<< a\nx\n=======\ny\n>>>>>>> b\n"), keeps},

		{"the section edited", attributes, substitute("eol=lf", "eol=crlf"), keeps},
		{"the section emptied", attributes, resection(func(s section) string {
			l := slices.Collect(bytes.Lines(s.own))
			return string(slices.Concat(s.before, l[0], l[len(l)-1], s.after))
		}), keeps},
		{"the section gone", attributes, resection(func(s section) string { return string(s.before) + string(s.after) }), heals},
		{"the section twice", attributes, resection(func(s section) string { return string(s.before) + string(s.own) + string(s.own) + string(s.after) }), keeps},
		{"the section's header edited", attributes, substitute("DO NOT EDIT", "edit it"), keeps},
		{"the section without a beginning", attributes, reline(func(l []string) []string { return slices.Delete(l, 1, 2) }), keeps},
		{"the section without an end", attributes, substitute(generators.SectionEnd+"\n", ""), keeps},
		{"merge markers in the section", attributes, substitute(generators.SectionEnd, "<<<<<<< a\nx\n=======\ny\n>>>>>>> b\n"+generators.SectionEnd), keeps},

		{"the section moved", attributes, resection(func(s section) string { return string(s.own) + string(s.before) + string(s.after) }), silent},
		{"the section with CRLF", attributes, rewrite(withCRLF), silent},
		{"the user's lines around the section", attributes, rewrite(func(s string) string { return "x\n" + s + "y" }), silent},
		{"another file", ".devcontainer/mine.yml", func(m mutated) { write(m.T, m.file, "mine\n") }, silent},
		{"another file with the header", "stack/mine.yml", func(m mutated) { write(m.T, m.file, generators.Header("x.cue")+"\n") }, silent},
		{"another file beside a script", ".devcontainer/scripts/.devgen-mine", func(m mutated) { write(m.T, m.file, "mine\n") }, silent},
		{"a time to come", composeFile, func(m mutated) { touch(m.T, time.Unix(1<<34, 0)) }, silent},
		{"a time long past", composeFile, func(m mutated) { touch(m.T, time.Unix(0, 0)) }, silent},
	}
	if runtime.GOOS == "windows" {
		return all
	}
	return append(all, []mutation{
		{"not executable any more", scriptFile, chmod(0o644), heals},
		{"executable", composeFile, chmod(0o755), heals},
		{"private", composeFile, chmod(0o600), silent},
		{"another upper case", composeFile, instead(func(name string) error { return os.Rename(name+".away", ".devcontainer/Docker-Compose.yml") }), heals},
		{"a link in its place", composeFile, instead(func(name string) error { return os.Symlink(path.Base(name)+".away", name) }), stops},
		{"a link to nothing in its place", composeFile, instead(func(name string) error { return os.Symlink("nothing", name) }), stops},
		{"a link out of the root in its folder's place", ".devcontainer/scripts", instead(func(name string) error { return os.Symlink("/", name) }), stops},
		{"a pipe in its place", composeFile, instead(func(name string) error { return exec.Command("mkfifo", name).Run() }), stops},
		{"the manifest a link", plan.ManifestPath, instead(func(name string) error { return os.Symlink(path.Base(name)+".away", name) }), stops},
	}...)
}

// Every kind of mutation of a generated tree is found by check, which names the file; devgen makes it good, byte by byte, and
// nothing that a person may have written is lost.
func TestMutations(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "devcontainer.cue", before)
	write(t, attributes, "*.png binary\n")
	must(t)
	clean := tree(t)
	tried, found, quiet := 0, 0, 0
	for _, m := range mutations() {
		t.Run(m.kind, func(t *testing.T) {
			t.Chdir(inMemory(t))
			restore(t, clean)
			m.mutate(mutated{t, m.file})
			now := tree(t)
			code, stdout, stderr := devgen(t.Context(), "check")
			if m.outcome == silent {
				quiet++
				if must(t); code != exitOK || !maps.Equal(tree(t), now) {
					t.Errorf("check: exit %d, %s%s", code, stdout, stderr)
				}
				return
			}
			tried++
			if (code == exitDrift || code == exitFailed) && strings.Contains(stdout+stderr, m.file) {
				found++
			} else {
				t.Errorf("check: exit %d, %s%s", code, stdout, stderr)
			}
			m.makeGood(t, now)
			m.isGood(t, clean, now)
		})
	}
	t.Logf("%d kinds of mutation tried, %d found; %d others left alone", tried, found, quiet)
}

// makeGood does what the messages say, after plain devgen has done what it may.
func (m mutation) makeGood(t *testing.T, now map[string]string) {
	t.Helper()
	switch m.outcome {
	case heals:
		must(t)
		return
	case keeps:
		if code, _, stderr := devgen(t.Context()); code != exitDrift || !strings.Contains(stderr, m.file+": ") || !maps.Equal(tree(t), now) {
			t.Errorf("exit %d, %s", code, stderr)
		}
	case stops:
		for _, args := range [][]string{nil, {"--force"}} {
			if code, _, stderr := devgen(t.Context(), args...); code != exitFailed || !strings.Contains(stderr, m.file+": ") || !maps.Equal(tree(t), now) {
				t.Errorf("exit %d, %s", code, stderr)
			}
		}
		removed(mutated{t, m.file})
	}
	must(t, "--force")
}

// isGood wants the clean tree again, and what was given up in a file beside its place.
func (m mutation) isGood(t *testing.T, clean, mutated map[string]string) {
	t.Helper()
	after := tree(t)
	for name, text := range clean {
		if after[name] != text {
			t.Errorf("%s is %q", name, after[name])
		}
	}
	for name, text := range after {
		_, wasThere := mutated[name]
		if _, ok := clean[name]; !ok && !wasThere && text != mutated[strings.TrimSuffix(name, ".orig")] {
			t.Errorf("%s is left over", name)
		}
	}
	if original, ok := after[m.file+".orig"]; m.outcome == keeps && (!ok || original != mutated[m.file]) {
		t.Errorf("kept %q, want %q", original, mutated[m.file])
	}
	if _, ok := after["stack/orphan.yml"]; ok {
		t.Error("the orphan is still there")
	}
	must(t, "check")
}

// touch sets the times of every file.
func touch(t *testing.T, at time.Time) {
	t.Helper()
	for name := range tree(t) {
		if err := os.Chtimes(filepath.FromSlash(name), at, at); err != nil {
			t.Fatal(err)
		}
	}
}
