package templates

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// What one run of one function does is in tests/lib_test.sh, which users have too. Here are that test itself, what it
// would notice, and what needs more than bash: a real JSON parser, many processes, a full disk, a terminal.

// A library is a checkout that has the library of the scripts, with a blank in its path.
type library struct {
	dir, root string
}

func newLibrary(t *testing.T) library {
	t.Helper()
	needs(t, "bash")
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	l := library{dir, filepath.Join(dir, "My Clone")}
	for _, name := range []string{"scripts/init.sh", "scripts/lib/core.sh", "scripts/lib/docker.sh", "tests/tap.sh", "tests/lib_test.sh"} {
		write(t, l.path(name), Script(name))
	}
	write(t, l.path("scripts/lib/facts.sh"), "DEVGEN_NAME=app\nDEVGEN_BUILD_SECRETS=()\n"+hostFacts)
	for _, folder := range []string{"home", "tmp"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func (l library) path(name string) string { return filepath.Join(l.root, ".devcontainer", name) }

// state is a file of the state that the scripts keep in the home.
func (l library) state(name string) string {
	return filepath.Join(l.dir, "home/.local/state/devgen/app", name)
}

// script is a run of text below a line that loads the library; "$@" are args.
func (l library) script(text string, args ...string) script {
	load := `. "$LIB/core.sh"` + "\n"
	return script{
		dir:  "/",
		env:  map[string]string{"HOME": filepath.Join(l.dir, "home"), "TMPDIR": filepath.Join(l.dir, "tmp"), "LIB": l.path("scripts/lib")},
		args: append([]string{"-c", load + text, "script"}, args...),
	}
}

// libTest is a run of tests/lib_test.sh, from elsewhere.
func (l library) libTest(args ...string) script {
	s := l.script("")
	s.args = append([]string{l.path("tests/lib_test.sh")}, args...)
	return s
}

func TestLibTest(t *testing.T) {
	t.Parallel()
	needs(t, "jq")
	l := newLibrary(t)
	summary := filepath.Join(l.dir, "summary.json")
	r := l.libTest("--json", summary).run(t)
	r.succeeds(t)

	var report struct {
		Version int
		Suite   string
		Tests   []struct{ ID, Description, Result string }
	}
	if err := json.Unmarshal([]byte(contents(t, summary)), &report); err != nil {
		t.Fatal(err)
	}
	if report.Version != 1 || report.Suite != "lib_test" || len(report.Tests) < 50 {
		t.Errorf("version %d of %s with %d tests", report.Version, report.Suite, len(report.Tests))
	}
	var told strings.Builder
	for i, test := range report.Tests {
		if test.Result != "pass" {
			t.Errorf("%s: %s", test.ID, test.Result)
		}
		fmt.Fprintf(&told, "ok %d - %s: %s\n", i+1, test.ID, test.Description)
	}
	fmt.Fprintf(&told, "1..%d\n", len(report.Tests))
	equal(t, "TAP", r.stdout, told.String())
	equal(t, "standard error", r.stderr, "")
	for _, folder := range []string{"home", "tmp"} {
		equal(t, "left in "+folder, listing(t, filepath.Join(l.dir, folder)), []string(nil))
	}
}

func TestLibTestUsage(t *testing.T) {
	l := newLibrary(t)
	l.libTest("--help").run(t).fails(t, 0, "Usage: lib_test.sh [--json FILE | --help] [TEST...]")
	l.libTest("--loud").run(t).fails(t, 2, "lib_test.sh: unknown option --loud")
	l.libTest("--json").run(t).fails(t, 2, "--json wants a file")
	l.libTest("nothing").run(t).fails(t, 2, "no test is called nothing")
	l.libTest("die", "--json", "file").run(t).fails(t, 2, "no test is called --json")
}

// Each row breaks the library in one place, and names the test of lib_test.sh that must fail then.
var mutations = []struct{ file, old, new, test string }{
	{"core", `!= "$$" ] || return 0`, `= "" ] || return 0`, "source-mark"},
	{"core", "readonly LOG_ERROR=1", "set -f; readonly LOG_ERROR=1", "source-quiet"},
	{"core", "readonly LOG_ERROR=1", "readonly RED LOG_ERROR=1", "source-names"},
	{"core", `cd -- "$CORE_LIB_DIR/../$DEVGEN`, `cd -- "$CORE_LIB_DIR/$DEVGEN`, "places"},
	{"core", ",/*) STATE_DIR", ",*) STATE_DIR", "state"},
	{"core", "[ -t 1 ] && [ -t 2 ]", "[ -n x ]", "colours"},
	{"core", `-le "$CORE_LEVEL" ]`, `-lt "$CORE_LEVEL" ]`, "log-levels"},
	{"core", "2 | warn | WARN", "2 | WARN", "log-names"},
	{"core", "want error, warn", "want", "log-unknown"},
	{"core", "  while [ \"${BASH_SOURCE[i]:-}\" = \"${BASH_SOURCE[0]}\" ]; do\n    i=$((i + 1)) #", "  while false; do #", "log-place"},
	{"core", `(umask 077 && mkdir -p -- "$LOG_DIR"`, `(umask 022 && mkdir -p -- "$LOG_DIR"`, "log-file"},
	{"core", `(umask 077 && : >>"$1")`, `(umask 022 && : >>"$1")`, "log-file"},
	{"core", `"${text//$newline/$escaped}"`, `"$text"`, "log-line"},
	{"core", "-e 's/[[:cntrl:]]/?/g'", "", "log-line"},
	{"core", "s/(gh[opsur]_|", "s/(", "log-secrets"},
	{"core", "s/eyJ", "s/eyX", "log-secrets"},
	{"core", "(AKIA|ASIA)", "(ASIA)", "log-secrets"},
	{"core", "|[Aa][Pp][Ii][_-]?[Kk][Ee][Yy]", "", "log-secrets"},
	{"core", `${text//"$value"/***}`, `$text`, "log-secrets"},
	{"core", `{ printf '%s\n' "$1" >>"$CORE_LOG"; } 2>/dev/null || :`, `printf '%s\n' "$1" >>"$CORE_LOG"`, "log-lost"},
	{"core", "elif ! core_files; then", "else core_files\n  fi\n  if false; then", "log-lost"},
	{"core", "-----BEGIN [A-Z ]*PRIVATE KEY-----/,/", "-----BEGIN NO KEY-----/,/", "redact"},
	{"core", "CORE_LOGGED=$((CORE_LOGGED + ${#1}))", "", "log-bound"},
	{"core", `-ge "$CORE_LIMIT" ]; then` + "\n    mv", `-ge 1000000 ]; then` + "\n    mv", "log-bound"},
	{"core", "c == 34 || c == 92", "c == 34", "json"},
	{"core", "if (b == 224) low = 160", "", "json"},
	{"core", "c >= 65536", "c >= 99999999", "json"},
	{"core", "| ??????????) printf '%s000", "| ??????????) printf '%s", "time"},
	{"core", "now//[!0-9]/", "now/[.,]/", "time"},
	{"core", "shasum -a 256", "shasum -a 1", "sha256"},
	{"core", `missing+="${missing:+, }$name"`, `missing=$name`, "require-cmd"},
	{"core", `[ "${ASSUME_YES:-}" != 1 ] || return 0`, "", "confirm"},
	{"core", "Nobody is there to answer: pass --yes\"\n    return 1", "Nobody is there to answer: pass --yes\"\n    return 0", "confirm"},
	{"core", "set -Eeuo pipefail", "set -euo pipefail", "error-function"},
	{"core", "set -Eeuo pipefail", "set -Eeu", "error-pipe"},
	{"core", "set -Eeuo pipefail", "set -Eeo pipefail", "error-strict"},
	{"core", "  core_recall\n", "", "error-substitution"},
	{"core", `"$code$newline"*"$newline$stack")`, `*)`, "error-other"},
	{"core", `if [ "$BASH_SUBSHELL" -gt 0 ]; then`, "if false; then", "error-substitution"},
	{"core", `    core_report "$code" "$command" "$stack"` + "\n  fi\n  exit \"$code\"", `    core_report "$code" "$command" "$stack"` + "\n  fi\n  exit 1", "error-function"},
	{"core", `"stack":[%s],"log":[%s]}`, `"stack":[%s],"log":[%s]`, "report-json"},
	{"core", "| redact | core_strings", "| core_strings", "report-json"},
	{"core", "tail -n 20", "tail -n 21", "report-log"},
	{"core", "-le 1200 ]", "-le 12000 ]", "metric-metadata"},
	{"core", `    rm -f -- "${reports[i]}"`, "    :", "report-bound"},
	{"core", "  core_told 1\n", "", "die"},
	{"core", `CORE_FAILURE=$(mktemp "${TMPDIR:-/tmp}/devgen-failure.XXXXXX" 2>/dev/null) ||`, "", "die"},
	{"core", `rm -f -- "$CORE_FAILURE"`, ":", "die"},
	{"core", "  core_told 2\n  exit 2", "  exit 1", "usage-error"},
	{"core", "for ((i = ${#CORE_CLEANUP[@]} - 1; i >= 0; i--)); do", "for ((i = 0; i < ${#CORE_CLEANUP[@]}; i++)); do", "cleanup"},
	{"core", `(eval "${CORE_CLEANUP[i]}") ||`, `eval "${CORE_CLEANUP[i]}" ||`, "cleanup"},
	{"core", "printf -v quoted '%q ' \"$@\"", `quoted="$*"`, "cleanup"},
	{"core", "trap 'core_signal TERM 143' TERM\n", "", "signals"},
	{"core", `  log_warn "stopped by SIG$1"` + "\n", "", "signals"},
	{"core", `[ "$milliseconds" -ge 0 ] || milliseconds=0`, ":", "metric-time"},
	{"core", `      unset "CORE_OPEN[i]"`, "      :", "metric-time"},
	{"core", `log_warn "Metric $name was not started"`, ":", "metric-unknown"},
	{"core", "  \"$@\"\n  code=$?", "  code=0\n  \"$@\" || code=$?", "metric-run"},
	{"core", "i >= 0 && code != 0; i--", "i >= 0; i--", "metric-open"},
	{"core", "    CORE_CUT=1\n    log", "    log", "metric-cut"},
	{"core", "    CORE_CUT=1\n    sleep", "    sleep", "metric-cut"},
	{"core", "(0|[1-9][0-9]*)", "[0-9]+", "metric-metadata"},
	{"docker", "${answer##*$'\\n'}", "no", "engine"},
	{"docker", "|| die \"docker buildx is", "|| log_warn \"docker buildx is", "buildx"},
	{"docker", "-lt 30 ]", "-lt 29 ]", "compose-version"},
	{"docker", "COMPOSE_PROJECT=''", ": ''", "compose-project"},
	{"docker", `|| die "what the dev container mounts`, `|| log_warn "what the dev container mounts`, "compose-project"},
	{"docker", `-f "$PROJECT_ROOT/$file"`, `-f $PROJECT_ROOT/$file`, "compose"},
	{"docker", "docker image inspect", "docker image pull", "image"},
	{"docker", "    machine=arm64\n", "    :\n", "platform"},
	{"docker", `[ "$platform" != "$1" ] || return 0`, `case $platform in "$1"*) return 0 ;; esac`, "check-platform"},
}

func TestLibTestNotices(t *testing.T) {
	needs(t, "jq")
	for i, m := range mutations {
		t.Run(fmt.Sprintf("%d-%s", i, m.test), func(t *testing.T) {
			t.Parallel()
			l := newLibrary(t)
			path := "scripts/lib/" + m.file + ".sh"
			text := Script(path)
			if n := strings.Count(text, m.old); n != 1 {
				t.Fatalf("%q is %d times in %s", m.old, n, path)
			}
			write(t, l.path(path), strings.Replace(text, m.old, m.new, 1))
			r := l.libTest(m.test).run(t)
			if r.code != 1 || !strings.HasPrefix(r.stdout, "not ok 1 - "+m.test+":") {
				t.Errorf("%s.sh with %q instead of %q passes: exit code %d\n%s%s", m.file, m.new, m.old, r.code, r.stdout, r.stderr)
			}
		})
	}
}

// What a library adds to the one who sources it is what it says; all else begins with core_ or tap_.
func TestSourcingAddsNamesOnly(t *testing.T) {
	l := newLibrary(t)
	const show = `show() { set +o; shopt; trap -p; umask; pwd; alias; }
before=$(show); functions=$(declare -F); variables=$(compgen -v)
. "$LIB/docker.sh"; . "$LIB/../../tests/tap.sh"
[ "$before" = "$(show)" ] || echo changed
comm -13 <(echo "$functions" | sort) <(declare -F | sort) | sed 's/.* //'
comm -13 <(echo "$variables" | sort) <(compgen -v | sort)`
	s := l.script("")
	s.args = []string{"-c", show}
	r := s.run(t)
	r.succeeds(t)
	ours := regexp.MustCompile(`^(core_\w+|CORE_\w+|tap_\w+|TAP_\w+|DEVGEN_\w+|LOG_\w+|log|log_\w+|metric_\w+|require_\w+|compose|compose_project|detect_platform|check_platform|` +
		`on_exit|die|usage_error|confirm|redact|json_string|now_ms|sha256|error_handler|generate_error_report|` +
		`RED|GREEN|YELLOW|BLUE|MAGENTA|CYAN|NC|PROJECT_ROOT|DEVCONTAINER_DIR|STATE_DIR|METRICS_DIR|COMPOSE_PROJECT|DOCKER_COMPOSE|` +
		`before|functions|variables|PIPESTATUS|FUNCNAME|BASH_\w+|_)$`)
	for _, name := range strings.Fields(r.stdout) {
		if !ours.MatchString(name) {
			t.Errorf("sourcing brings %s", name)
		}
	}
	equal(t, "home", listing(t, filepath.Join(l.dir, "home")), []string(nil))
}

// Bytes of any kind come out of json_string as Go's parser reads them; what is not UTF-8 as U+FFFD.
func TestJSONString(t *testing.T) {
	l := newLibrary(t)
	texts := []string{"", " ", `"`, `\`, `\"`, "'", "$(x)`y`", "a\nb\r\tc", "\x01\x1f\x7f", "é€😀", "\xff\xc3(", "\xed\xa0\x80", "\xf0\x9f\x98", "{}", "%s%d", "-n", "\u2028"}
	random := rand.New(rand.NewPCG(1, 2))
	for range 150 {
		b := make([]byte, random.IntN(12))
		for i := range b {
			b[i] = byte(1 + random.IntN(255))
		}
		texts = append(texts, string(b))
	}
	r := l.script(`for text; do json_string "$text"; echo; done`, texts...).run(t)
	r.succeeds(t)
	lines := strings.Split(strings.TrimSuffix(r.stdout, "\n"), "\n")
	if len(lines) != len(texts) {
		t.Fatalf("%d lines for %d texts", len(lines), len(texts))
	}
	for i, line := range lines {
		var got string
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Errorf("%q became %s: %v", texts[i], line, err)
		}
		equal(t, fmt.Sprintf("%q", texts[i]), oneReplacement(got), oneReplacement(texts[i]))
	}
}

// oneReplacement has one U+FFFD where s is not UTF-8: how many there are of it is a matter of taste.
func oneReplacement(s string) string {
	return regexp.MustCompile("\uFFFD+").ReplaceAllString(strings.ToValidUTF8(s, "\uFFFD"), "\uFFFD")
}

// What is taken for an object of JSON is one for Go, and the other way round.
func TestMetadataIsJSON(t *testing.T) {
	l := newLibrary(t)
	texts := []string{
		`{}`, ` { } `, `{"a":1}`, `{"a" : [1, -2.5e+3, true, null, {"b": []}]}`, `{"a\"\\\/\b\f\n\r\t\u00E9":""}`, `{"":{"":{"":{}}}}`,
		`[]`, `1`, `"a"`, `null`, `{`, `}`, `{}}`, `{}{}`, `{"a"}`, `{"a":}`, `{:1}`, `{"a":1,}`, `{,}`, `{"a":1 "b":2}`, `{"a":01}`, `{"a":1.}`, `{"a":.5}`,
		`{"a":+1}`, `{"a":-}`, `{"a":1e}`, `{"a":0x1}`, `{"a":tru}`, `{"a":True}`, `{"a":nulltrue}`, `{"a":1 2}`, `{"a":"b" "c"}`, `{'a':1}`, `{a:1}`,
		`{"a":"\x"}`, `{"a":"\u12"}`, `{"a":"b}`, `{"a":["]"]}`, `{"a":[}`, `{"a":[1,]}`, `{"a":[,1]}`, "{\"a\":\"\t\"}", "{\"a\":\x01}", `{"a":"é😀"}`, `{"a":1}x`, `{1:2}`, `{"a":{"b":1]}`,
	}
	r := l.script(`for text; do core_is_object "$text" && echo yes || echo no; done`, texts...).run(t)
	r.succeeds(t)
	for i, answer := range strings.Fields(r.stdout) {
		var object map[string]any
		want := "no"
		if json.Unmarshal([]byte(texts[i]), &object) == nil && object != nil {
			want = "yes"
		}
		equal(t, texts[i], answer, want)
	}
}

// metricLines are the metrics, each with its fields.
func metricLines(t *testing.T, file string) (lines []map[string]any) {
	t.Helper()
	for _, line := range strings.Split(strings.TrimSpace(contents(t, file)), "\n") {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		lines = append(lines, fields)
	}
	return lines
}

// Twenty processes with the same name for the same metric lose none and spoil none, however long the lines.
func TestMetricsOfManyProcesses(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			r := l.script(`core_init
printf -v long "é%.0s" {1..190}
for i in {1..50}; do metric_start same; metric_end same success "${1/N/$long}"; done`, `{"text":"N"}`).run(t)
			if r.code != 0 {
				t.Error(r.stderr)
			}
		})
	}
	all.Wait()
	lines := metricLines(t, l.state("metrics/metrics.jsonl"))
	equal(t, "lines", len(lines), 1000)
	for _, line := range lines {
		text, _ := line["metadata"].(map[string]any)["text"].(string)
		if line["metric"] != "same" || line["status"] != "success" || text != strings.Repeat("é", 190) {
			t.Fatalf("%v", line)
		}
	}
}

// The report of a failure is JSON, whatever bytes the command and the log have.
func TestReportOfHostileCommand(t *testing.T) {
	l := newLibrary(t)
	r := l.script(`core_init $'na\nme\xff"'
log_info $'bytes \xff\xfe "quoted" \\ \e[0m'
f() { env false $'\xff\n"\\' "--password" 'hunter2'; }
f`).run(t)
	r.fails(t, 1, "Command failed with exit code 1")
	reports, _ := filepath.Glob(l.state("logs/error-*.json")) // the pattern is well formed
	if len(reports) != 1 {
		t.Fatalf("%v\n%s", reports, r.stderr)
	}
	var report struct {
		Timestamp     time.Time
		Script        string
		ExitCode      int `json:"exit_code"`
		Line          int
		Command, Bash string
		OS            string
		Stack         []struct {
			Function, File string
			Line           int
		}
		Log []string
	}
	if err := json.Unmarshal([]byte(contents(t, reports[0])), &report); err != nil {
		t.Fatal(err)
	}
	equal(t, "script", report.Script, "na\nme\uFFFD\"")
	equal(t, "exit code", report.ExitCode, 1)
	equal(t, "functions", []string{report.Stack[0].Function, report.Stack[1].Function}, []string{"f", "main"})
	if report.Bash == "" || report.OS == "" || time.Since(report.Timestamp).Abs() > time.Hour {
		t.Errorf("%+v", report)
	}
	if all := contents(t, reports[0]) + contents(t, l.state("logs/devcontainer.log")) + r.stderr; strings.Contains(all, "hunter2") || !strings.Contains(report.Command, `"--password" ***`) {
		t.Errorf("the password is told:\n%s", all)
	}
}

// A disk that is full loses messages and metrics, and nothing else; with space again the next metric is whole.
func TestFullDisk(t *testing.T) {
	l := newLibrary(t)
	disk := filepath.Join(l.dir, "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	const text = `core_init
for i in {1..120}; do log_info "a message for the full disk $i" 2>/dev/null; metric_start m; metric_end m; done
echo on
sh -c 'exit 7'`
	s := l.script(text)
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", disk).CombinedOutput(); err != nil {
		t.Logf("no small disk to be had (%s): /dev/full instead", strings.TrimSpace(string(out)))
		s = l.script(strings.Replace(text, "core_init", "core_init; CORE_LOG=/dev/full CORE_METRICS=/dev/full", 1))
		if _, err := os.Stat("/dev/full"); err != nil {
			t.Skip("nor /dev/full")
		}
	} else {
		t.Cleanup(func() {
			if err := exec.Command("umount", disk).Run(); err != nil {
				t.Error(err)
			}
		})
		s.env["DEVGEN_STATE_DIR"] = filepath.Join(disk, "state")
	}
	r := s.run(t)
	r.fails(t, 7, "Command failed with exit code 7")
	equal(t, "standard output", r.stdout, "on\n")
	if strings.Contains(r.stderr, "No space left") {
		t.Error(r.stderr)
	}
	if s.env["DEVGEN_STATE_DIR"] == "" {
		return
	}
	logs, metrics := filepath.Join(disk, "state/logs"), filepath.Join(disk, "state/metrics/metrics.jsonl")
	if before := contents(t, metrics); len(before) < 4096 {
		t.Fatalf("the disk was never full: %d bytes", len(before))
	}
	if err := os.RemoveAll(logs); err != nil {
		t.Fatal(err)
	}
	again := l.script(`core_init; metric_start after; metric_end after`)
	again.env["DEVGEN_STATE_DIR"] = s.env["DEVGEN_STATE_DIR"]
	again.run(t).succeeds(t)
	lines := strings.Split(strings.TrimSpace(contents(t, metrics)), "\n")
	broken := 0
	for _, line := range lines {
		if !json.Valid([]byte(line)) {
			broken++
		}
	}
	if last := lines[len(lines)-1]; broken > 1 || !strings.Contains(last, `"metric":"after"`) || !json.Valid([]byte(last)) {
		t.Errorf("%d broken lines; the last is %s", broken, last)
	}
}

// A script without a place for its state works on.
func TestNoState(t *testing.T) {
	l := newLibrary(t)
	write(t, filepath.Join(l.dir, "file"), "")
	for home, want := range map[string]string{
		"":                           "neither HOME nor XDG_STATE_HOME is set",
		filepath.Join(l.dir, "file"): "cannot be used: there will be no log file and no metrics",
	} {
		s := l.script(`core_init; log_info hello; metric_run m true; on_exit echo cleaned; sh -c 'exit 3'`)
		s.env["HOME"] = home
		r := s.run(t)
		r.fails(t, 3, want, "hello", "Command failed with exit code 3")
		equal(t, "standard output", r.stdout, "cleaned\n")
		equal(t, "warnings", strings.Count(r.stderr, "[WARN ]"), 1)
	}
}

// Somebody else's folder is not written to: root must not leave files in a home that its owner cannot write then.
func TestStateOfAnother(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give a folder away")
	}
	l := newLibrary(t)
	for _, folder := range []string{"logs", "metrics"} {
		if err := os.MkdirAll(l.state(folder), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(l.state(folder), 1234, 1234); err != nil {
			t.Fatal(err)
		}
	}
	l.script(`core_init; log_info hello`).run(t).fails(t, 0, "cannot be used", "hello")
	equal(t, "logs", listing(t, l.state("logs")), []string(nil))
}

// Colours are for a terminal.
func TestColours(t *testing.T) {
	needs(t, "script")
	if runtime.GOOS != "linux" {
		t.Skip("script has other options here")
	}
	l := newLibrary(t)
	for env, want := range map[string]string{
		"TERM=xterm":            "\x1b[0;31mx\x1b[0m",
		"TERM=dumb":             "x",
		"TERM=xterm NO_COLOR=1": "x",
		"TERM=xterm NO_COLOR=":  "\x1b[0;31mx\x1b[0m",
	} {
		inner := filepath.Join(l.dir, "inner.sh")
		write(t, inner, ". \"$LIB/core.sh\"; printf %s \"${RED}x$NC\"\n")
		s := l.script("")
		s.args = []string{"-c", `env "$@" script -qec "bash '$0'" /dev/null`, inner}
		s.args = append(s.args, strings.Fields(env)...)
		equal(t, env, s.run(t).stdout, want)
	}
}

// A signal to the whole group, as a terminal sends it, ends what runs, cleans up, and says so in one line.
func TestSignalToGroup(t *testing.T) {
	codes := map[os.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143, syscall.SIGHUP: 129}
	// A shell cannot trap what is ignored where it starts, such as SIGHUP below nohup. What Go hears is not passed on so.
	heard := make(chan os.Signal, 1)
	signal.Notify(heard, slices.Collect(maps.Keys(codes))...)
	t.Cleanup(func() { signal.Stop(heard) })
	for sig, code := range codes {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			l := newLibrary(t)
			s := l.script(`core_init; on_exit echo cleaned; f() { sleep 60; }; echo ready; x=$(f); echo no`)
			cmd := exec.Command("bash", s.args...)
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			for name, value := range s.env {
				cmd.Env = append(cmd.Env, name+"="+value)
			}
			cmd.Env = append(cmd.Env, "PATH="+os.Getenv("PATH"))
			var stderr strings.Builder
			cmd.Stderr = &stderr
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			read := make([]byte, 6)
			if _, err := stdout.Read(read); err != nil {
				t.Fatal(err)
			}
			time.Sleep(200 * time.Millisecond) // so that sleep runs
			if err := syscall.Kill(-cmd.Process.Pid, sig.(syscall.Signal)); err != nil {
				t.Fatal(err)
			}
			rest := make([]byte, 100)
			n, _ := stdout.Read(rest)
			_ = cmd.Wait() // the exit code is looked at
			equal(t, "exit code", cmd.ProcessState.ExitCode(), code)
			equal(t, "standard output", string(rest[:n]), "cleaned\n")
			if strings.Count(stderr.String(), "stopped by SIG") != 1 || strings.Contains(stderr.String(), "Command failed") {
				t.Error(stderr.String())
			}
		})
	}
}

// redact hides what looks like a credential, in whatever it is written, and leaves the rest.
func TestRedact(t *testing.T) {
	l := newLibrary(t)
	for text, want := range map[string]string{
		"ghs_16C7e42F292c6912E7710c838347Ae178B4a":       "ghs_***",
		"export TOKEN='a b' next":                        "export TOKEN=*** next",
		`{"auth":"x","password":"p w","user":"u"}`:       `{"auth":"x","password":***,"user":"u"}`,
		"-e NUGET_TOKEN=abc -e OTHER=d":                  "-e NUGET_TOKEN=*** -e OTHER=d",
		"Passwd : secret1":                               "Passwd : ***",
		"aws_secret_access_key = wJalrXUtnFEMI/K7MDENG":  "aws_secret_access_key = ***",
		"AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE":         "AWS_ACCESS_KEY_ID=***",
		"https://ann:p%40ss@ghcr.io/v2/ https://ghcr.io": "https://***@ghcr.io/v2/ https://ghcr.io",
		"https://ghp_abc@github.com":                     "https://***@github.com",
		`curl -H 'Authorization: Bearer x.y' -o z`:       `curl -H 'Authorization: ***' -o z`,
		"bearer abcdef":                                  "bearer ***",
		"--token abc --tokens":                           "--token *** --tokens",
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_DEF.": "***",
		"mail ann@example.com at 10:30":                  "mail ann@example.com at 10:30",
		"password is asked for; the token expired":       "password is asked for; the token expired",
		"sha256:0123456789abcdef":                        "sha256:0123456789abcdef",
		"type=registry,ref=ghcr.io/a/b:c":                "type=registry,ref=ghcr.io/a/b:c",
		"\xff token=\xfe\xfd.":                           "\xff token=***",
	} {
		r := l.script(`printf '%s\n' "$1" | redact`, text).run(t)
		equal(t, text, r.stdout, want+"\n")
	}
}

// On a terminal the answer is what a person types; nothing is no.
func TestConfirmOnTerminal(t *testing.T) {
	needs(t, "script")
	if runtime.GOOS != "linux" {
		t.Skip("script has other options here")
	}
	l := newLibrary(t)
	inner := filepath.Join(l.dir, "inner.sh")
	write(t, inner, ". \"$LIB/core.sh\"; confirm 'Remove it?' && echo removed || echo kept\n")
	for typed, want := range map[string]string{"y": "removed", "Yes": "removed", "n": "kept", "": "kept", "yesterday": "kept"} {
		s := l.script("")
		s.args = []string{"-c", `printf '%s\n' "$1" | script -qec "bash '$0'" /dev/null`, inner, typed}
		if r := s.run(t); !strings.Contains(r.stdout, "Remove it? [y/N] ") || !strings.Contains(r.stdout, want) {
			t.Errorf("%q: %q; want %s", typed, r.stdout, want)
		}
	}
}
