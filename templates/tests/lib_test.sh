#!/usr/bin/env bash
# [TEST] Tests of the library, function by function: without an engine, without a network, in a folder that is removed.
#
# Usage: lib_test.sh [--json FILE | --help] [TEST...]
# shellcheck disable=SC2016 # the scripts of the cases are expanded by the shell that runs them
set -euo pipefail
unset CDPATH DEVGEN_LOG_LEVEL DEVGEN_STATE_DIR XDG_STATE_HOME

tests=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$tests/tap.sh"

usage() {
  cat <<EOF
Usage: ${0##*/} [--json FILE | --help] [TEST...]

Tests the library of the dev container's scripts, or only the TESTs named. The exit status is 1 if a test failed.

  --json FILE  write a summary to FILE
EOF
}

# prepare makes a project with a blank in its path, which has the library and facts of its own.
prepare() {
  work=$(mktemp -d)
  work=$(cd -- "$work" && pwd -P)
  trap 'rm -rf -- "$work"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  lib="$work/my project/.devcontainer/scripts/lib"
  mkdir -p -- "$lib" "$work/bin" "$work/home"
  cp -- "$tests/../scripts/lib/core.sh" "$lib"
  [ ! -f "$tests/../scripts/lib/docker.sh" ] || cp -- "$tests/../scripts/lib/docker.sh" "$lib"
  cat >"$lib/facts.sh" <<'EOF'
DEVGEN_NAME=sample
DEVGEN_SCRIPTS_TO_ROOT=../..
DEVGEN_COMPOSE_FILES=('.devcontainer/docker-compose.yml' '.devcontainer/docker compose.volumes.yml')
DEVGEN_IMAGE=example.com/sample:latest
DEVGEN_PLATFORMS=(linux/amd64 linux/arm64)
DEVGEN_BUILD_SECRETS=('feed FEED_KEY')
EOF
  cat >"$lib/../init.sh" <<'EOF'
echo asked >>"$CALLS"
[ -z "${INIT_FAILS:-}" ] || { echo 'init: no' >&2; exit 3; }
echo my-project_devcontainer
EOF
}

# fake NAME puts a command on the PATH of the cases: it notes its arguments, each in brackets, and does what standard
# input says.
fake() {
  {
    printf '#!/usr/bin/env bash\nprintf "[%%s]" "${0##*/}" "$@" >>"$CALLS"\necho >>"$CALLS"\n'
    cat
  } >"$work/bin/$1"
  chmod +x "$work/bin/$1"
}

# run SCRIPT [NAME=VALUE...] runs SCRIPT, which is below a first line that loads the library, with nothing but those
# variables. What it prints is in $out and $err, and its exit code in $code. Its state is a folder of the case.
run() {
  local script=$1
  shift
  state=$work/state
  calls=$work/calls
  rm -rf -- "$state" "$calls"
  again "$script" "$@"
}

# again is run with the state that there is.
again() {
  local script=$1
  shift
  printf '. "$LIB/core.sh"\n%s\n' "$script" >"$work/case.sh"
  code=0
  (cd / && exec env -i PATH="$work/bin:$PATH" HOME="$work/home" LIB="$lib" CALLS="$calls" DEVGEN_STATE_DIR="$state" "$@" \
    "$BASH" --noprofile --norc "$work/case.sh") >"$work/out" 2>"$work/err" </dev/null || code=$?
  out=$(cat "$work/out")
  err=$(cat "$work/err")
}

# What a case wants. Each fails with a line that says what it got.

exits() { [ "$code" -eq "$1" ] || complain "exit code $code"; }
prints() { [ "$out" = "$1" ] || complain "printed: $out"; }
is() { [ "$1" = "$2" ] || complain "got $1, want $2"; }
calls() { is "$(cat "$calls" 2>/dev/null)" "$1"; }

# says TEXT... and keeps_silent_on TEXT... are about standard error.
says() {
  local text
  for text in "$@"; do
    case $err in
      *"$text"*) ;;
      *) complain "does not say: $text" ;;
    esac
  done
}

keeps_silent_on() {
  local text
  for text in "$@"; do
    case $err in
      *"$text"*) complain "says: $text" ;;
    esac
  done
}

# says_once TEXT
says_once() { is "$(printf '%s\n' "$err" | grep -c -- "$1")" 1; }

complain() {
  printf '%s\nstandard error:\n%s\n' "$1" "$err"
  return 1
}

mode() { # the mode of a file, as ls prints it
  local line
  line=$(ls -ld -- "$1")
  printf '%.10s' "$line"
}

# check ID DESCRIPTION FUNCTION is a test, unless others are wanted.
check() {
  known+="$1 "
  case " $wanted " in
    "  " | *" $1 "*) tap_check "$@" ;;
  esac
}

# check_with_jq is check where jq is installed.
check_with_jq() {
  if command -v jq >/dev/null; then
    check "$@"
    return
  fi
  known+="$1 "
  case " $wanted " in
    "  " | *" $1 "*) tap_skip "$1" "$2" 'jq is not installed' ;;
  esac
}

# Sourcing

sourced_twice() {
  run '. "$LIB/core.sh"; core_init; echo fine'
  prints fine
}

sourced_quietly() {
  local look='look() { set +o; shopt; trap; umask; pwd; }; before=$(look)'
  run ''
  is "$out$err" ''
  printf '%s\n' "$look" '. "$LIB/core.sh"' '[ "$before" = "$(look)" ] && echo same' >"$work/quiet.sh"
  is "$(LIB=$lib HOME=$work/home "$BASH" --norc "$work/quiet.sh")" same
  [ ! -e "$state" ] && [ ! -e "$work/home/.local" ]
}

sourced_beside_own_names() {
  run 'core_init; SCRIPT_DIR=a RED=b LOG_DIR=c; echo "$SCRIPT_DIR$RED$LOG_DIR"'
  prints abc
}

sourced_under_exported_mark() {
  run 'echo "$PROJECT_ROOT"' DEVGEN_CORE_LOADED=1
  prints "$work/my project"
}

knows_places() {
  run 'printf "%s\n" "$PROJECT_ROOT" "$DEVCONTAINER_DIR" "$CORE_LIB_DIR"' CDPATH="$work"
  prints "$work/my project"$'\n'"$work/my project/.devcontainer"$'\n'"$lib"
}

knows_state() {
  local show='echo "$STATE_DIR|$LOG_DIR|$METRICS_DIR"'
  run "$show"
  prints "$state|$state/logs|$state/metrics"
  run "$show" DEVGEN_STATE_DIR=
  prints "$work/home/.local/state/devgen/sample|$work/home/.local/state/devgen/sample/logs|$work/home/.local/state/devgen/sample/metrics"
  run 'echo "$STATE_DIR"' DEVGEN_STATE_DIR= XDG_STATE_HOME=/xdg
  prints /xdg/devgen/sample
  run 'echo "$STATE_DIR"' DEVGEN_STATE_DIR= XDG_STATE_HOME=relative
  prints "$work/home/.local/state/devgen/sample"
  run 'echo "$STATE_DIR"' DEVGEN_STATE_DIR=here
  prints //here
  run "$show" DEVGEN_STATE_DIR= HOME=
  prints '||'
}

has_no_colours() {
  run 'echo "$RED$GREEN$YELLOW$BLUE$MAGENTA$CYAN$NC"' TERM=xterm
  prints ''
}

# Messages

levels_filter() {
  local all='core_init; log_error e1; log_warn w2; log_info i3; log_debug d4; log_trace t5'
  run "$all"
  says e1 w2 i3
  keeps_silent_on d4 t5
  run "$all" DEVGEN_LOG_LEVEL=error
  says e1
  keeps_silent_on w2 i3 d4 t5
  run "$all" DEVGEN_LOG_LEVEL=4
  says e1 w2 i3 d4
  keeps_silent_on t5
  run "$all" DEVGEN_LOG_LEVEL=trace
  says e1 w2 i3 d4 t5
}

levels_are_named() {
  run 'core_init; log 2 two; log warn named; log ERROR big; log odd unknown; echo "$LOG_ERROR$LOG_WARN$LOG_INFO$LOG_DEBUG$LOG_TRACE"'
  says '[WARN ] [case.sh:2] two' '[WARN ] [case.sh:2] named' '[ERROR] [case.sh:2] big' '[INFO ] [case.sh:2] unknown'
  prints 12345
}

level_unknown() {
  run 'core_init; log_info heard; log_debug not' DEVGEN_LOG_LEVEL=loud
  exits 0
  says 'DEVGEN_LOG_LEVEL is loud; want error, warn, info, debug or trace' heard
  keeps_silent_on not
}

message_has_time_and_place() {
  run 'core_init
f() { log_info deep; }
g() { f; }
g
log_info top
bash -c ". \"\$LIB/core.sh\"; log_info alone"'
  says '] [INFO ] [case.sh:3] deep' '] [INFO ] [case.sh:6] top' '] [INFO ] [bash:'
  printf '%s\n' "$err" | grep -Eq '^\[20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\] \[INFO \]'
}

message_is_kept() {
  run 'core_init; log_info "kept  text"; log_debug left; echo "$LOG_DIR"'
  prints "$state/logs"
  is "$err" "$(cat "$state/logs/devcontainer.log")"
  is "$(mode "$state") $(mode "$state/logs") $(mode "$state/metrics")" 'drwx------ drwx------ drwx------'
  is "$(mode "$state/logs/devcontainer.log") $(mode "$state/metrics/metrics.jsonl")" '-rw------- -rw-------'
}

message_is_one_line() {
  run 'core_init; log_info "one
[2026-01-01 00:00:00] [ERROR] [x:1] forged" "a	b" $'"'"'\033[31mred\r\001'"'"
  is "$(grep -c '' "$work/err")" 1
  says 'one\n[2026-01-01' 'forged a b ?[31mred??'
}

message_without_secrets() {
  run 'core_init
log_info "ghp_0123456789abcdefghij github_pat_11ABC_def gho_0123456789"
log_info "token=one1 API_KEY: two2 password = \"three 3\" {\"client_secret\":\"four4\"} --password five5"
log_info "Authorization: Basic c2l4Ng== next"
log_info "curl -H \"Authorization: Bearer seven7\" https://user:eight8@example.com/p"
log_info "AKIAIOSFODNN7EXAMPLE eyJhbGciOi.eyJzdWIiOi.nine9nine"
log_info "feed is $FEED_KEY"' FEED_KEY='a/b*c ten10'
  keeps_silent_on 0123456789 11ABC one1 two2 'three 3' four4 five5 c2l4Ng seven7 eight8 IOSFODNN nine9 ten10
  says 'ghp_*** github_pat_*** gho_***' 'token=***' 'API_KEY: ***' 'https://***@example.com/p' 'feed is ***'
}

message_without_log() {
  run 'core_init; rm -r "$LOG_DIR"; log_info one; mkdir "$LOG_DIR" "$LOG_DIR/devcontainer.log"; log_info two; echo on'
  exits 0
  prints on
  says one two
  keeps_silent_on directory
  run 'core_init; log_info x; echo on' DEVGEN_STATE_DIR=/dev/null/no
  prints on
  says '/dev/null/no cannot be used: there will be no log file and no metrics'
}

message_without_home() {
  run 'core_init; log_info x; metric_start a; metric_end a; echo on' DEVGEN_STATE_DIR= HOME=
  prints on
  says_once 'neither HOME nor XDG_STATE_HOME is set'
}

log_is_bounded() {
  run 'CORE_LIMIT=300; core_init; for i in 1 2 3 4 5 6 7 8 9; do log_info "message $i"; done'
  [ -f "$state/logs/devcontainer.log.1" ]
  [ "$(wc -c <"$state/logs/devcontainer.log")" -lt 400 ]
  is "$(mode "$state/logs/devcontainer.log")" -rw-------
  again 'CORE_LIMIT=60; core_init; log_info last'
  is "$(grep -c '' "$state/logs/devcontainer.log")" 1
  grep -q last "$state/logs/devcontainer.log"
}

# Errors

failure_in_function() {
  run 'core_init
f() { sh -c "exit 7"; echo no; }
f
echo no'
  exits 7
  prints ''
  says_once 'Command failed with exit code 7'
  says 'Line: 3' 'Function: f' "Script: $work/case.sh" 'Called by: main, case.sh:4'
}

failure_in_substitution() {
  run 'core_init
f() { grep -q x /dev/null; echo no; }
x=$(f)
echo no'
  exits 1
  prints ''
  says_once 'Command failed'
  says 'Command: grep -q x /dev/null' 'Line: 3' 'Function: f'
}

failure_in_pipe() {
  run 'core_init; f() { false; echo no; }; f | cat; echo no'
  exits 1
  prints ''
  says_once 'Command failed'
}

failure_in_subshell() {
  run 'core_init; (false; echo no) || :; echo on; f() { (sh -c "exit 9"; echo no); }; f; echo no'
  exits 9
  prints no$'\n'on
  says_once 'Command failed with exit code 9'
}

failure_tolerated() {
  run 'core_init; false || :; if false; then :; fi; ! true; x=$(false) || :; while false; do :; done; echo on'
  exits 0
  prints on
  is "$err" ''
}

failure_of_another_subshell() {
  run 'core_init
echo "$(false)"
f() { false; }
f'
  exits 1
  says 'Line: 4' 'Function: f'
}

strict_mode() {
  run 'core_init; echo "$unknown"; echo no'
  [ "$code" -ne 0 ]
  prints ''
  run 'core_init; false | true; echo no'
  exits 1
  prints ''
}

report_is_json() {
  run 'core_init "my script"
f() { FEED=1 ls /nowhere "a \\b" '"'é'"' token=hunter2; }
log_info "token=hunter3"
echo token=hunter4 >>"$CORE_LOG"
f'
  local report
  report=$(ls "$state"/logs/error-*.json)
  says "Report: $report"
  is "$(mode "$report")" -rw-------
  is "$(jq -r '[.script, .line, .stack[0].function, .stack[0].line, .stack[1].function, .stack[1].line] | join(" ")' "$report")" \
    'my script 3 f 3 main 6'
  is "$(jq -r .exit_code "$report")" "$code"
  is "$(jq -r '.bash, .os | length > 3' "$report")" $'true\ntrue'
  jq -e '.timestamp | fromdate' "$report" >/dev/null
  jq -e '.log | length <= 20 and (.[0] | contains("token=***"))' "$report" >/dev/null
  jq -e '.command | contains("ls /nowhere") and contains("token=***")' "$report" >/dev/null
  ! grep -q hunter "$report"
}

report_has_last_lines() {
  run 'core_init; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do echo "line $i" >>"$CORE_LOG"; done; false'
  is "$(jq -r '.log | length' "$state"/logs/error-*.json)" 20
  jq -e '.log | all(. != "line 1") and any(. == "line 20")' "$state"/logs/error-*.json >/dev/null
}

report_is_optional() {
  run 'core_init; rm "$CORE_LOG"; rmdir "$LOG_DIR"; sh -c "exit 5"'
  exits 5
  says 'Command failed with exit code 5' 'no report could be written'
}

reports_are_bounded() {
  run 'core_init; for i in 1 2 3; do touch "$LOG_DIR/error-2000010${i}T000000Z-1.json"; done; CORE_REPORTS_LIMIT=2; false'
  [ ! -e "$state/logs/error-20000101T000000Z-1.json" ]
  [ ! -e "$state/logs/error-20000102T000000Z-1.json" ]
  [ -e "$state/logs/error-20000103T000000Z-1.json" ]
  is "$(find "$state/logs" -name 'error-*.json' | wc -l | tr -d ' ')" 2
}

die_tells() {
  run 'core_init; f() { die no "such  thing"; }; f; echo no'
  exits 1
  says_once 'no such  thing'
  keeps_silent_on 'Command failed'
  local home
  mkdir -- "$work/tmp"
  for home in "$work/home" ''; do
    run 'core_init; f() { die told; }; x=$(f); echo no' DEVGEN_STATE_DIR= HOME="$home" TMPDIR="$work/tmp"
    exits 1
    prints ''
    says_once told
    keeps_silent_on 'Command failed'
  done
  is "$(ls -A "$work/tmp")" ''
}

usage_error_tells() {
  run 'core_init tool; usage_error "unknown option --x"'
  exits 2
  is "$err" $'tool: unknown option --x\ntool --help shows what is possible'
  run 'core_init tool; x=$(usage_error no); echo no'
  exits 2
  prints ''
  keeps_silent_on 'Command failed'
}

cleanup_runs() {
  run 'core_init; on_exit printf "<%s>" first; on_exit printf "<%s>" "second  *" "" "$(printf "a\nb")"; printf body; exit 4'
  exits 4
  prints $'body<second  *><><a\nb><first>'
  run 'core_init; on_exit echo kept; on_exit false; on_exit exit 9; echo "$(false)" x; die no'
  exits 1
  prints $' x\nkept'
  says 'could not clean up: false'
  run 'core_init; on_exit echo kept; sh -c "exit 6"'
  exits 6
  prints kept
}

signal_ends() {
  local row
  for row in 'TERM 143' 'HUP 129' 'INT 130'; do
    case $(trap -p "${row% *}") in
      *"''"*) continue ;; # ignored since before this script began, and nobody can take that back
    esac
    run "core_init; on_exit echo cleaned; kill -${row% *} \$\$; sleep 5; echo no"
    exits "${row#* }"
    prints cleaned
    is "$(grep -c '' "$work/err")" 1
    says "stopped by SIG${row% *}"
  done
}

requires_commands() {
  run 'core_init; require_cmd sh cat; echo on; require_cmd sh no-such-1 no-such-2'
  exits 1
  prints on
  says 'not installed: no-such-1, no-such-2'
}

confirms() {
  run 'core_init; confirm "Really?" && echo yes || echo no'
  prints no
  says 'Really? Nobody is there to answer: pass --yes'
  run 'core_init; confirm "Really?" && echo yes || echo no' ASSUME_YES=1
  prints yes
  is "$err" ''
}

# Metrics

metric_is_json() {
  run 'core_init; metric_start "b \"x\""; metric_end "b \"x\"" "so so" "{\"n\":[1,null]}"; metric_start c; metric_end c'
  is "$(jq -r '[.metric, .status, (.metadata.n | tostring)] | join(",")' "$state/metrics/metrics.jsonl" | head -n 1)" 'b "x",so so,[1,null]'
  is "$(jq -c '[.metric, .status, .metadata]' "$state/metrics/metrics.jsonl" | tail -n 1)" '["c","success",{}]'
  jq -e '(.timestamp | fromdate) and .duration_ms >= 0 and .duration_ms < 60000' "$state/metrics/metrics.jsonl" >/dev/null
}

metric_measures() {
  run 'core_init; now_ms() { echo "$now"; }; now=5000; metric_start a; now=6000; metric_start a; now=6250; metric_end a; metric_end a; now=1; metric_start b; now=0; metric_end b'
  is "$(sed 's/.*"duration_ms":\([0-9]*\).*/\1/' "$state/metrics/metrics.jsonl" | tr '\n' ' ')" '250 1250 0 '
}

metric_unknown() {
  run 'core_init; metric_start a; metric_end b; metric_end a; metric_end a; echo on'
  prints on
  says 'Metric b was not started' 'Metric a was not started'
  is "$(grep -c '' "$state/metrics/metrics.jsonl")" 1
}

metric_with_bad_metadata() {
  run 'core_init; for m in "{\"a\":1" "{}{}" "x
y" "[1]" "{\"a\":\"	\"}" "{\"a\":01}" "{\"a\":\"$(printf "%01300d" 0)\"}"; do metric_start a; metric_end a ok "$m"; done'
  is "$(grep -c '' "$state/metrics/metrics.jsonl")" 7
  is "$(jq -r '.metadata | type' "$state/metrics/metrics.jsonl" | sort | uniq -c | tr -s ' ')" ' 7 string'
}

metric_runs() {
  run 'core_init; metric_run good echo "a  b"; metric_run bad false || echo "code $?"; f() { sh -c "exit 5"; echo no; }; metric_run worse f; echo no'
  exits 5
  prints $'a  b\ncode 1'
  is "$(jq -c '[.metric, .status, .metadata.exit_code]' "$state/metrics/metrics.jsonl" | tr -d '\n')" \
    '["good","success",null]["bad","failure",1]["worse","failure",5]'
}

metric_is_ended() {
  run 'core_init; metric_start a; die no'
  grep -q '"metric":"a".*"status":"failure","metadata":{"exit_code":1}' "$state/metrics/metrics.jsonl"
  run 'core_init; metric_start a; exit 0'
  is "$(cat "$state/metrics/metrics.jsonl")" ''
}

metrics_at_once() {
  run 'core_init; for i in 1 2 3 4 5; do (for j in 1 2 3 4; do metric_start same; metric_end same; done) & done; wait'
  is "$(grep -c '^{"timestamp":"[^"]*","metric":"same","duration_ms":[0-9]*,"status":"success","metadata":{}}$' "$state/metrics/metrics.jsonl")" 20
}

metric_after_cut() {
  run 'core_init; printf "{\"cut" >>"$CORE_METRICS"; file=$CORE_METRICS; CORE_METRICS=/dev/null/full; metric_start a; metric_end a; CORE_METRICS=$file; metric_start b; metric_end b; printf "{\"cut" >>"$file"; echo on'
  prints on
  is "$err" ''
  again 'core_init; metric_start c; metric_end c'
  is "$(cut -c 1-7 "$state/metrics/metrics.jsonl" | tr '\n' ' ')" '{"cut {"times {"cut {"times '
}

strings_of_json() {
  run 'for s in plain "a\"b\\c" "$(printf "1\n2\t3\r4")" "$(printf "\001\037\177")" "$(printf "\303\251\342\202\254\360\237\230\200")" \
  "$(printf "\377\303x\355\240\200\300\257\340\200\257")" "$(printf "\342\202")" ""; do json_string "$s"; echo; done'
  prints '"plain"
"a\"b\\c"
"1\n2\t3\r4"
"\u0001\u001f\u007f"
"\u00e9\u20ac\ud83d\ude00"
"\ufffd\ufffdx\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd"
"\ufffd"
""'
}

time_is_told() {
  run 'a=$(now_ms); unset EPOCHREALTIME; b=$(now_ms); date() { [ "$1" != +%s%N ] || { echo 17N; return; }; command date "$@"; }; c=$(now_ms)
for t in $((b - a)) $((c - b)) $((c - $(command date +%s)000)); do [ "$t" -gt -2000 ] && [ "$t" -lt 5000 ] && echo near; done'
  prints near$'\n'near$'\n'near
  run 'unset EPOCHREALTIME; for EPOCHREALTIME in 1700000000.123456 1700000000,123456 1700000000٫123456; do now_ms; done'
  prints $'1700000000123\n1700000000123\n1700000000123'
}

checksums() {
  local sum=ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
  printf abc >"$work/a b"
  run "sha256 '$work/a b'"
  prints "$sum  $work/a b"
  fake shasum <<<'echo shasum'
  run 'command() { [ "$2" != sha256sum ]; }; sha256 x'
  prints shasum
  calls '[shasum][-a][256][--][x]'
  rm "$work/bin/shasum"
}

redacts() {
  run 'printf "%s\n" "a token of thanks" "x token=y z" "basic: fine" "-----BEGIN RSA PRIVATE KEY-----" MIIE "-----END RSA PRIVATE KEY-----" "key $FEED_KEY." | redact' FEED_KEY=value-of-it
  prints 'a token of thanks
x token=*** z
basic: fine
***
***
***
key ***.'
}

# The engine

engine_is_required() {
  run '. "$LIB/docker.sh"; core_init; command() { [ "$3" != docker ]; }; require_engine'
  exits 1
  says 'not installed: docker'
  fake docker <<<'echo "Client: x"; echo "Cannot connect to the daemon" >&2; exit 1'
  run '. "$LIB/docker.sh"; core_init; require_engine'
  exits 1
  says 'the Docker engine does not answer: Cannot connect to the daemon'
  fake docker <<<'echo 27.1'
  run '. "$LIB/docker.sh"; core_init; require_engine; echo on'
  prints on
}

buildx_is_required() {
  fake docker <<<'[ "$1" != buildx ]'
  run '. "$LIB/docker.sh"; core_init; require_buildx'
  exits 1
  says 'docker buildx is not installed'
  fake docker <<<'exit 0'
  run '. "$LIB/docker.sh"; core_init; require_buildx; echo on'
  prints on
}

compose_is_required() {
  local row
  fake docker <<<'[ -n "$VERSION" ] && echo "$VERSION"'
  for row in '2.30.0 on' 'v2.30.3-desktop.1 on' '5.6.0 on' '10.0.1 on' '3.0 on' '2.29.7 ' 'v2.9.0 ' '1.29.2 ' 'dev ' ' '; do
    run '. "$LIB/docker.sh"; core_init; require_compose; require_compose; echo on' VERSION="${row% *}"
    prints "${row##* }"
  done
  says 'the compose plugin of docker is not installed'
  run '. "$LIB/docker.sh"; core_init; require_compose' VERSION=2.29.7
  says 'docker compose is 2.29.7; want 2.30 or later'
}

project_is_asked_for() {
  run '. "$LIB/docker.sh"; core_init; compose_project; compose_project; echo "$COMPOSE_PROJECT"' COMPOSE_PROJECT=other
  prints $'my-project_devcontainer\nmy-project_devcontainer\nmy-project_devcontainer'
  calls asked
  run '. "$LIB/docker.sh"; core_init; compose_project; echo no' INIT_FAILS=1
  exits 1
  prints ''
  says 'init: no' 'what the dev container mounts could not be made'
  keeps_silent_on 'Command failed'
}

compose_is_called() {
  local root="$work/my project/.devcontainer"
  fake docker <<<'[ "$2" != version ] || echo 2.40.0'
  run '. "$LIB/docker.sh"; core_init; compose run --rm dev echo "a  b"'
  exits 0
  calls "[docker][compose][version][--short]
asked
[docker][compose][--project-name][my-project_devcontainer][-f][$root/docker-compose.yml][-f][$root/docker compose.volumes.yml][run][--rm][dev][echo][a  b]"
  run '. "$LIB/docker.sh"; core_init; DEVGEN_COMPOSE_FILES=(); compose ps'
  exits 1
  says 'the spec has switched the compose files off'
}

image_is_required() {
  fake docker <<<'[ "$1" != image ]'
  run '. "$LIB/docker.sh"; core_init; require_image'
  exits 1
  says 'example.com/sample:latest is not on this machine' 'use-registry-cache.sh'
  fake docker <<<'exit 0'
  run '. "$LIB/docker.sh"; core_init; require_image; echo on'
  prints on
  calls '[docker][version][--format][{{.Server.Version}}]
[docker][image][inspect][example.com/sample:latest]'
}

platform_is_known() {
  local row
  fake uname <<<'echo "$MACHINE"'
  fake sysctl <<<'echo "${TRANSLATED:-0}"'
  for row in x86_64=amd64 amd64=amd64 aarch64=arm64 arm64=arm64 armv7l=arm/v7 armv6l=arm/v6 i686=386 s390x=s390x; do
    run '. "$LIB/docker.sh"; core_init; detect_platform' MACHINE="${row%=*}"
    prints "linux/${row#*=}"
  done
  run '. "$LIB/docker.sh"; core_init; detect_platform' MACHINE=x86_64 TRANSLATED=1
  prints linux/arm64
  run '. "$LIB/docker.sh"; core_init; p=$(detect_platform); echo no' MACHINE=vax
  exits 1
  prints ''
  says 'no platform of Docker is known for a machine of the kind vax'
  rm "$work/bin/uname" "$work/bin/sysctl"
}

platform_is_checked() {
  run '. "$LIB/docker.sh"; core_init; check_platform linux/arm64; echo on; check_platform linux/arm'
  exits 2
  prints on
  says 'no image is made for linux/arm; there is linux/amd64, linux/arm64'
}

# The report of tests

tap_reports() {
  local suite=$work/suite.sh
  printf '%s\n' 'set -eu' ". '$tests/tap.sh'" 'bad() { echo reason; false; true; }' 'tap_check A good true' \
    'tap_check B "b\"ad" bad' 'tap_skip C later "no jq"' 'tap_value rate 97.5' 'tap_finish "$@"' >"$suite"
  code=0
  out=$("$BASH" "$suite" --json "$work/summary" 2>"$work/err") || code=$?
  err=$(cat "$work/err")
  exits 1
  prints 'ok 1 - A: good
not ok 2 - B: b"ad
# exit code 1: bad
# reason
ok 3 - C: later # SKIP no jq
# rate: 97.5
1..3'
  is "$(cat "$work/summary")" '{"version":1,"suite":"suite","tests":[{"id":"A","description":"good","result":"pass"},{"id":"B","description":"b\"ad","result":"fail"},{"id":"C","description":"later","result":"skip"}],"values":{"rate":97.5}}'
}

facts_are_readable() {
  [ -f "$tests/../scripts/lib/facts.sh" ]
  is "$("$BASH" -uc '. "$1" && [ -n "$DEVGEN_NAME" ] && echo read' _ "$tests/../scripts/lib/facts.sh")" read
}

check_core() {
  check source-twice 'sourcing twice is harmless' sourced_twice
  check source-quiet 'sourcing changes no option, no trap and no file' sourced_quietly
  check source-names 'a script may use names of its own' sourced_beside_own_names
  check source-mark 'the mark of another shell does not keep it from loading' sourced_under_exported_mark
  check places 'the root of the project is found, with a blank in its path' knows_places
  check state 'the state is where XDG wants it' knows_state
  check colours 'a pipe gets no colours' has_no_colours
  check facts 'the facts can be read' facts_are_readable
  check log-levels 'messages above the level are not told' levels_filter
  check log-names 'levels have names and numbers' levels_are_named
  check log-unknown 'an unknown level is told, and does not stop the script' level_unknown
  check log-place 'a message has its time and its place' message_has_time_and_place
  check log-file 'a message is kept, for the user alone' message_is_kept
  check log-line 'a message is one line' message_is_one_line
  check log-secrets 'a message has no secrets' message_without_secrets
  check log-lost 'a log that cannot be written does not stop the script' message_without_log
  check log-homeless 'without a home there is no log' message_without_home
  check log-bound 'the log does not grow for ever' log_is_bounded
  check redact 'redact hides credentials and nothing else' redacts
  check json 'any bytes are a string of JSON' strings_of_json
  check time 'the time is told with and without EPOCHREALTIME' time_is_told
  check sha256 'checksums are the same with either tool' checksums
  check require-cmd 'missing commands are named' requires_commands
  check confirm 'without a terminal the answer is no, unless --yes' confirms
}

check_errors() {
  check error-function 'a failure in a function is reported once, with its code' failure_in_function
  check error-substitution 'a failure in a substitution is reported where it began' failure_in_substitution
  check error-pipe 'a failure in a pipe ends the script' failure_in_pipe
  check error-subshell 'a failure in a subshell keeps its code' failure_in_subshell
  check error-tolerated 'a tolerated failure is not reported' failure_tolerated
  check error-other 'a failure is not taken for an earlier one' failure_of_another_subshell
  check error-strict 'unset variables and broken pipes end the script' strict_mode
  check_with_jq report-json 'the report is JSON, without secrets' report_is_json
  check_with_jq report-log 'the report has the last lines of the log' report_has_last_lines
  check report-lost 'a report that cannot be written changes no exit code' report_is_optional
  check report-bound 'old reports are removed' reports_are_bounded
  check die 'die says why, once' die_tells
  check usage-error 'a usage error exits 2' usage_error_tells
  check cleanup 'cleanup runs newest first and keeps the exit code' cleanup_runs
  check signals 'signals end the script after its cleanup' signal_ends
}

check_metrics() {
  check_with_jq metric-json 'a metric is a line of JSON' metric_is_json
  check metric-time 'a metric is the time since its own start' metric_measures
  check metric-unknown 'the end of an unknown metric is told' metric_unknown
  check_with_jq metric-metadata 'bad metadata does not break the line' metric_with_bad_metadata
  check_with_jq metric-run 'metric_run keeps strict mode and the exit code' metric_runs
  check metric-open 'a metric that a failure leaves open is ended' metric_is_ended
  check metric-many 'metrics of several shells stay whole' metrics_at_once
  check metric-cut 'a line that was cut off spoils no other' metric_after_cut
}

check_docker() {
  check engine 'an engine that does not answer is told' engine_is_required
  check buildx 'a missing buildx is told' buildx_is_required
  check compose-version 'an old compose is told' compose_is_required
  check compose-project 'init.sh is asked for the project once' project_is_asked_for
  check compose 'compose gets the files of the spec, with blanks' compose_is_called
  check image 'a missing image is told, and not pulled' image_is_required
  check platform 'the platform of the machine is found' platform_is_known
  check check-platform 'a platform that the spec has not is a usage error' platform_is_checked
}

main() {
  local summary='' name
  case ${1:-} in
    -h | --help)
      usage
      return
      ;;
    --json)
      if [ -z "${2:-}" ]; then
        printf '%s: --json wants a file\n' "${0##*/}" >&2
        return 2
      fi
      summary=$2
      shift 2
      ;;
    -*)
      printf '%s: unknown option %s\n' "${0##*/}" "$1" >&2
      usage >&2
      return 2
      ;;
  esac
  wanted=$* known=' '
  prepare
  check_core
  check_errors
  check_metrics
  if [ -f "$lib/docker.sh" ]; then
    check_docker
  fi
  check tap 'the tests report as TAP and JSON' tap_reports
  for name in $wanted; do
    case $known in
      *" $name "*) ;;
      *)
        printf '%s: no test is called %s\n' "${0##*/}" "$name" >&2
        return 2
        ;;
    esac
  done
  tap_finish ${summary:+--json "$summary"}
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  main "$@"
fi
