# [CORE] What every script of the dev container builds on: messages, errors, metrics, and what a script needs at its
# beginning and its end. Sourcing it changes no option, trap or file of the one who sources: core_init does.
# shellcheck shell=bash disable=SC2034 # the constants are for those who source
[ "${DEVGEN_CORE_LOADED:-}" != "$$" ] || return 0 # the mark of another shell, exported, says nothing here
DEVGEN_CORE_LOADED=$$

# [CONSTANTS] Where things are.
CORE_LIB_DIR=$(unset CDPATH && cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=/dev/null # facts.sh is generated
. "$CORE_LIB_DIR/facts.sh"
PROJECT_ROOT=$(unset CDPATH && cd -- "$CORE_LIB_DIR/../$DEVGEN_SCRIPTS_TO_ROOT" && pwd -P)
DEVCONTAINER_DIR=$(unset CDPATH && cd -- "$CORE_LIB_DIR/../.." && pwd -P)

# The state of the scripts on this machine, empty where there is no home. A relative XDG path does not count.
# https://specifications.freedesktop.org/basedir-spec/latest/
STATE_DIR=${DEVGEN_STATE_DIR:-}
case $STATE_DIR,${XDG_STATE_HOME:-} in
  /*) ;;
  ,/*) STATE_DIR=$XDG_STATE_HOME/devgen/$DEVGEN_NAME ;;
  ,*) STATE_DIR=${HOME:+$HOME/.local/state/devgen/$DEVGEN_NAME} ;;
  *) STATE_DIR=$PWD/$STATE_DIR ;;
esac
LOG_DIR=${STATE_DIR:+$STATE_DIR/logs}
METRICS_DIR=${STATE_DIR:+$STATE_DIR/metrics}

# Colours are for people: what goes into a file or a pipe has none. https://no-color.org
if [ -t 1 ] && [ -t 2 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
  RED=$'\033[0;31m' GREEN=$'\033[0;32m' YELLOW=$'\033[1;33m' BLUE=$'\033[0;34m'
  MAGENTA=$'\033[0;35m' CYAN=$'\033[0;36m' NC=$'\033[0m'
else
  RED='' GREEN='' YELLOW='' BLUE='' MAGENTA='' CYAN='' NC=''
fi

readonly LOG_ERROR=1 LOG_WARN=2 LOG_INFO=3 LOG_DEBUG=4 LOG_TRACE=5

CORE_NAME=${0##*/}    # the script, in messages and reports
CORE_LEVEL=$LOG_INFO  # messages above it are not told
CORE_LOG=''           # the log file, once core_init has found that it can be written
CORE_LOGGED=0         # characters that this process has logged since it looked at the size of the file
CORE_FAILURE=''       # the file in which a subshell that fails tells the shell above what it knows
CORE_METRICS=''       # the file of the metrics, likewise
CORE_CUT=''           # not empty if the last line there may have been cut off
CORE_OPEN=()          # metrics that were started: "<milliseconds> <name>"
CORE_CLEANUP=()       # commands to be run at the end, quoted
CORE_LIMIT=1048576    # bytes of a log, after which a new one is begun
CORE_REPORTS_LIMIT=20 # error reports that are kept

# core_init [NAME] begins a script: strict mode, traps, the level of the log and its private folders.
core_init() {
  set -Eeuo pipefail
  CORE_NAME=${1:-${0##*/}}
  trap 'error_handler "$BASH_COMMAND" "$?"' ERR
  trap 'core_exit "$?"' EXIT
  trap 'core_signal HUP 129' HUP
  trap 'core_signal INT 130' INT
  trap 'core_signal TERM 143' TERM
  CORE_LEVEL=$(core_level "${DEVGEN_LOG_LEVEL:-info}") || {
    CORE_LEVEL=$LOG_INFO
    log_warn "DEVGEN_LOG_LEVEL is $DEVGEN_LOG_LEVEL; want error, warn, info, debug or trace"
  }
  if [ -z "$STATE_DIR" ]; then
    log_warn "neither HOME nor XDG_STATE_HOME is set: there will be no log file and no metrics"
  elif ! core_files; then
    CORE_LOG='' CORE_METRICS=''
    log_warn "$STATE_DIR cannot be used: there will be no log file and no metrics"
  fi
  if [ -n "$CORE_LOG" ]; then
    CORE_FAILURE=$LOG_DIR/.failure-$$
  else
    CORE_FAILURE=$(mktemp "${TMPDIR:-/tmp}/devgen-failure.XXXXXX" 2>/dev/null) || CORE_FAILURE=''
  fi
}

# core_files makes the folders and files of the state, for their owner alone.
core_files() {
  (umask 077 && mkdir -p -- "$LOG_DIR" "$METRICS_DIR") 2>/dev/null || return
  [ -O "$LOG_DIR" ] && [ -O "$METRICS_DIR" ] || return # somebody else's could be a trap, or become unwritable to them
  CORE_LOG=$LOG_DIR/devcontainer.log
  CORE_METRICS=$METRICS_DIR/metrics.jsonl
  core_file "$CORE_LOG" && core_file "$CORE_METRICS" || return
  if core_is_cut; then
    CORE_CUT=1
    sleep 1 # a line that somebody is just writing is whole then
  fi
}

# core_file FILE: a file that may be appended to. One that has grown large is kept as FILE.1, instead of the one before.
core_file() {
  if [ -f "$1" ] && [ "$(wc -c <"$1")" -ge "$CORE_LIMIT" ]; then
    mv -f -- "$1" "$1.1" 2>/dev/null || : # another script was quicker
  fi
  (umask 077 && : >>"$1") 2>/dev/null
}

# on_exit COMMAND ARG... is run when the script ends, the newest first, also after a signal. It runs in a subshell: one
# that fails takes no other with it.
on_exit() {
  local quoted
  printf -v quoted '%q ' "$@"
  CORE_CLEANUP+=("$quoted")
}

# core_exit CODE ends what is still open. It cannot be interrupted.
core_exit() {
  local code=$1 i
  trap - ERR
  trap '' HUP INT TERM
  set +e
  for ((i = ${#CORE_OPEN[@]} - 1; i >= 0 && code != 0; i--)); do
    metric_end "${CORE_OPEN[i]#* }" failure "{\"exit_code\":$code}"
  done
  for ((i = ${#CORE_CLEANUP[@]} - 1; i >= 0; i--)); do
    (eval "${CORE_CLEANUP[i]}") || log_warn "could not clean up: ${CORE_CLEANUP[i]}"
  done
  [ -z "$CORE_FAILURE" ] || rm -f -- "$CORE_FAILURE"
  exit "$code"
}

# core_signal NAME CODE is the trap of a signal.
core_signal() {
  trap '' HUP INT TERM
  log_warn "stopped by SIG$1"
  exit "$2"
}

# require_cmd NAME... ends the script unless each command is there.
require_cmd() {
  local name missing=''
  for name in "$@"; do
    command -v -- "$name" >/dev/null 2>&1 || missing+="${missing:+, }$name"
  done
  [ -z "$missing" ] || die "not installed: $missing"
}

# confirm QUESTION: whether a person, or --yes (ASSUME_YES=1), says yes.
confirm() {
  local answer=''
  [ "${ASSUME_YES:-}" != 1 ] || return 0
  if [ ! -t 0 ]; then
    log_error "$1 Nobody is there to answer: pass --yes"
    return 1
  fi
  printf '%s [y/N] ' "$1" >&2
  read -r answer || printf '\n' >&2
  case $answer in
    [yY] | [yY][eE][sS]) ;;
    *) return 1 ;;
  esac
}

# now_ms is the time in milliseconds, where the machine tells it; BSD's date and bash 3.2 tell seconds.
now_ms() {
  local now=${EPOCHREALTIME:-}
  if [ -n "$now" ]; then
    now=${now//[!0-9]/} # between the seconds and the rest is what the language of the user has there
    printf '%s\n' "$((now / 1000))"
    return
  fi
  now=$(date +%s%N)
  case $now in
    *[!0-9]* | ??????????) printf '%s000\n' "$(date +%s)" ;;
    *) printf '%s\n' "$((now / 1000000))" ;;
  esac
}

# sha256 FILE... prints the checksum and the name of each file.
sha256() {
  if command -v sha256sum >/dev/null 2>&1; then
    sha256sum -- "$@"
  else
    require_cmd shasum
    shasum -a 256 -- "$@"
  fi
}

# [LOGGING] To standard error and the log file.

# core_level LEVEL is its number. LEVEL is a name or a number.
core_level() {
  case $1 in
    1 | error | ERROR) printf '%s\n' "$LOG_ERROR" ;;
    2 | warn | WARN) printf '%s\n' "$LOG_WARN" ;;
    3 | info | INFO) printf '%s\n' "$LOG_INFO" ;;
    4 | debug | DEBUG) printf '%s\n' "$LOG_DEBUG" ;;
    5 | trace | TRACE) printf '%s\n' "$LOG_TRACE" ;;
    *) return 1 ;;
  esac
}

# log LEVEL TEXT... tells TEXT on one line, with the time and the place in the script that says it.
log() {
  local level=$1 now place text prefix color i=1
  shift
  case $level in
    [1-5]) ;;
    *) level=$(core_level "$level") || level=$LOG_INFO ;;
  esac
  [ "$level" -le "$CORE_LEVEL" ] || return 0
  case $level in
    "$LOG_ERROR") prefix=ERROR color=$RED ;;
    "$LOG_WARN") prefix='WARN ' color=$YELLOW ;;
    "$LOG_INFO") prefix='INFO ' color=$GREEN ;;
    "$LOG_DEBUG") prefix=DEBUG color=$BLUE ;;
    *) prefix=TRACE color=$MAGENTA ;;
  esac
  while [ "${BASH_SOURCE[i]:-}" = "${BASH_SOURCE[0]}" ]; do
    i=$((i + 1)) # the first frame outside this file, however deep the call
  done
  place=${BASH_SOURCE[i]:-$0}
  now=$(date '+%Y-%m-%d %H:%M:%S') || now=-
  text=$(core_line "$*") || text=$*
  text="[$now] [$prefix] [${place##*/}:${BASH_LINENO[i - 1]:-0}] $text"
  printf '%s%s%s\n' "$color" "$text" "$NC" >&2 || :
  core_log "$text"
}

log_error() { log "$LOG_ERROR" "$@"; }
log_warn() { log "$LOG_WARN" "$@"; }
log_info() { log "$LOG_INFO" "$@"; }
log_debug() { log "$LOG_DEBUG" "$@"; }
log_trace() { log "$LOG_TRACE" "$@"; }

# core_log LINE: a log that cannot be written must not stop the script that it describes.
core_log() {
  [ -n "$CORE_LOG" ] || return 0
  { printf '%s\n' "$1" >>"$CORE_LOG"; } 2>/dev/null || :
  CORE_LOGGED=$((CORE_LOGGED + ${#1}))
  if [ "$CORE_LOGGED" -ge "$CORE_LIMIT" ]; then
    CORE_LOGGED=0
    core_file "$CORE_LOG" || :
  fi
}

# core_line TEXT is TEXT without secrets, on one line: a message can neither begin a second one nor move the cursor.
core_line() {
  local text newline=$'\n' escaped='\n'
  text=$(core_without_values "$1")
  printf '%s\n' "${text//$newline/$escaped}" | LC_ALL=C sed -E -e "$CORE_SECRETS" \
    -e $'s/\t/ /g' -e 's/[[:cntrl:]]/?/g' -e $'s/\302[\200-\237]/?/g'
}

# What looks like a credential: tokens by their prefix, JWTs, keys of AWS, users of URLs, headers, private keys, and the
# values of what is called a password, a token, a secret or a key.
CORE_SECRETS='
s/(gh[opsur]_|github_pat_|glpat-|npm_|dckr_pat_|xox[abeprs]-)[A-Za-z0-9_-]+/\1***/g
s/eyJ[A-Za-z0-9_=-]+\.[A-Za-z0-9_=-]+\.?[A-Za-z0-9_.+\/=-]*/***/g
s/(AKIA|ASIA)[A-Z0-9]{12,}/\1***/g
s/([A-Za-z][A-Za-z0-9+.-]*:\/\/)[^\/[:space:]"'\'']*@/\1***@/g
s/([Aa][Uu][Tt][Hh][Oo][Rr][Ii][Zz][Aa][Tt][Ii][Oo][Nn]"?[[:space:]]*[:=][[:space:]]*"?)[^"'\'']*/\1***/g
s/([Bb][Ee][Aa][Rr][Ee][Rr][[:space:]]+)[A-Za-z0-9._~+\/=-]+/\1***/g
s/(([Pp][Aa][Ss][Ss][Ww]([Oo][Rr])?[Dd]|[Pp][Aa][Ss][Ss][Pp][Hh][Rr][Aa][Ss][Ee]|[Tt][Oo][Kk][Ee][Nn]|[Ss][Ee][Cc][Rr][Ee][Tt]|[Aa][Pp][Ii][_-]?[Kk][Ee][Yy]|[Aa][Cc][Cc][Ee][Ss][Ss][_-]?[Kk][Ee][Yy])[A-Za-z0-9_-]*["'\'']?[[:space:]]*[:=][[:space:]]*)("[^"]*"|'\''[^'\'']*'\''|[^[:space:]"'\'',;&]+)/\1***/g
s/(--?([Pp][Aa][Ss][Ss][Ww]([Oo][Rr])?[Dd]|[Tt][Oo][Kk][Ee][Nn]|[Ss][Ee][Cc][Rr][Ee][Tt])["'\'']?)[[:space:]]+("[^"]*"|'\''[^'\'']*'\''|[^[:space:]-][^[:space:]]*)/\1 ***/g
s/-----BEGIN [A-Z ]*PRIVATE KEY-----.*-----END [A-Z ]*PRIVATE KEY-----/***/g
/-----BEGIN [A-Z ]*PRIVATE KEY-----/,/-----END [A-Z ]*PRIVATE KEY-----/s/.*/***/
'

# redact is a filter that hides what looks like a credential, and the secrets of the build.
redact() {
  local text
  text=$(cat && printf x)
  text=$(core_without_values "${text%x}" && printf x)
  printf '%s' "${text%x}" | LC_ALL=C sed -E "$CORE_SECRETS"
}

# core_without_values TEXT hides the values that the secrets of the build have in the environment. A short value would
# hide half of the text.
core_without_values() {
  local text=$1 row value
  for row in ${DEVGEN_BUILD_SECRETS[@]+"${DEVGEN_BUILD_SECRETS[@]}"}; do
    row=${row##* }
    value=${!row:-}
    [ "${#value}" -lt 6 ] || text=${text//"$value"/***}
  done
  printf '%s' "$text"
}

# json_string TEXT prints TEXT as a string of JSON. It is ASCII, whatever the bytes of TEXT; those that are not UTF-8
# become U+FFFD.
json_string() {
  local plain='abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _./:='
  case $1 in
    *[!"$plain"]*) printf '"%s"' "$(printf '%s' "$1" | core_ascii string)" ;;
    *) printf '"%s"' "$1" ;;
  esac
}

# core_ascii [string] is a filter that writes what is not printable ASCII as escapes of JSON; with string, quotes and
# backslashes too.
core_ascii() {
  LC_ALL=C od -An -v -tu1 | LC_ALL=C awk -v string="${1:-}" '
    function put(c) {
      if (c == 10) printf "\\n"
      else if (c == 9) printf "\\t"
      else if (c == 13) printf "\\r"
      else if (c >= 65536) printf "\\u%04x\\u%04x", 55296 + int((c - 65536) / 1024), 56320 + (c - 65536) % 1024
      else if (c < 32 || c > 126) printf "\\u%04x", c
      else printf "%s%c", string && (c == 34 || c == 92) ? "\\" : "", c
    }
    # The bytes of a sequence: how many, and what the second may be (RFC 3629).
    function begin(b) {
      if (b < 128) { put(b); return }
      low = 128; high = 191
      if (b >= 194 && b <= 223) { more = 1; code = b - 192 }
      else if (b >= 224 && b <= 239) { more = 2; code = b - 224; if (b == 224) low = 160; if (b == 237) high = 159 }
      else if (b >= 240 && b <= 244) { more = 3; code = b - 240; if (b == 240) low = 144; if (b == 244) high = 143 }
      else put(65533)
    }
    function next_byte(b) {
      if (more == 0) { begin(b); return }
      if (b < low || b > high) { more = 0; put(65533); begin(b); return }
      code = code * 64 + b - 128; low = 128; high = 191
      if (--more == 0) put(code)
    }
    { for (i = 1; i <= NF; i++) next_byte($i + 0) }
    END { if (more) put(65533) }'
}

# [ERROR-HANDLING] A command that fails ends the script with its exit code, after a report.

# die TEXT... ends the script with a message for people.
die() {
  log_error "$@"
  core_told 1
  exit 1
}

# usage_error TEXT... ends the script over what it was called with.
usage_error() {
  printf '%s: %s\n%s --help shows what is possible\n' "$CORE_NAME" "$*" "$CORE_NAME" >&2
  core_told 2
  exit 2
}

# core_told CODE: what ends a subshell was told; the shell above need not report it again.
core_told() {
  [ "$BASH_SUBSHELL" -eq 0 ] || core_remember "$1" '' "$(core_stack)"
}

# error_handler COMMAND CODE is the trap of ERR. A subshell leaves the report to the shell above, but tells it where it
# began.
error_handler() {
  local command code=$2 stack
  trap - ERR
  set +e
  command=$(core_line "$1")
  command=${command:0:500} # it may be a script of its own
  stack=$(core_stack)
  core_recall
  if [ "$BASH_SUBSHELL" -gt 0 ]; then
    core_remember "$code" "$command" "$stack"
  elif [ -n "$command" ]; then
    core_report "$code" "$command" "$stack"
  fi
  exit "$code"
}

# core_stack prints the calls outside this file, the innermost first: line, function, file. The last is the script;
# bash -c has no frame for it.
core_stack() {
  local i=1 last=$((${#FUNCNAME[@]} - 1))
  while [ "${BASH_SOURCE[i]:-}" = "${BASH_SOURCE[0]}" ]; do
    i=$((i + 1))
  done
  for (( ; i <= last; i++)); do
    printf '%s %s %s\n' "${BASH_LINENO[i - 1]}" "${FUNCNAME[i]}" "${BASH_SOURCE[i]:-$0}"
  done
  [ "${FUNCNAME[last]}" = main ] || printf '%s main %s\n' "${BASH_LINENO[last]}" "$0"
}

# core_remember CODE COMMAND STACK keeps a failure for the shell above. No COMMAND: it was told.
core_remember() {
  [ -n "$CORE_FAILURE" ] || return 0
  (umask 077 && printf '%s\n' "$@" >"$CORE_FAILURE") 2>/dev/null || :
}

# core_recall replaces the command and the stack of error_handler by those of the subshell in which the failure began:
# the one with the same code, called from here.
core_recall() {
  local old_code old_command old_stack newline=$'\n'
  [ -f "$CORE_FAILURE" ] || return 0
  {
    IFS= read -r old_code
    IFS= read -r old_command
    old_stack=$(cat)
  } <"$CORE_FAILURE"
  case $old_code$newline$newline$old_stack in
    "$code$newline"*"$newline$stack")
      command=$old_command
      stack=$old_stack
      ;;
  esac
}

# core_report CODE COMMAND STACK tells of a failure and writes the report.
core_report() {
  local stack=$3 report place file
  place=${stack%%$'\n'*}
  file=${place#* }
  log_error "Command failed with exit code $1"
  log_error "  Command: $2"
  log_error "  Line: ${place%% *}"
  log_error "  Function: ${file%% *}"
  log_error "  Script: ${file#* }"
  printf '%s\n' "$stack" | sed 1d | while read -r line function file; do
    log_error "  Called by: $function, ${file##*/}:$line"
  done
  [ -n "$CORE_LOG" ] || return 0
  if report=$(generate_error_report "$@"); then
    log_error "  Report: $report"
  else
    log_warn "no report could be written to $LOG_DIR"
  fi
}

# generate_error_report CODE COMMAND STACK writes what is known of a failure as JSON, and prints the name of the file.
generate_error_report() {
  local report
  report=error-$(date -u +%Y%m%dT%H%M%SZ)-$$.json
  core_forget_reports
  if (umask 077 && core_report_json "$@" >"$LOG_DIR/.$report" && mv -f -- "$LOG_DIR/.$report" "$LOG_DIR/$report") 2>/dev/null; then
    printf '%s\n' "$LOG_DIR/$report"
  else
    rm -f -- "$LOG_DIR/.$report"
    return 1
  fi
}

# core_report_json CODE COMMAND STACK
core_report_json() {
  local frames lines
  frames=$(printf '%s\n' "$3" | core_frames)
  lines=$(tail -n 20 -- "$CORE_LOG" | redact | core_strings)
  printf '{"timestamp":"%s","script":%s,"exit_code":%s,"line":%s,"command":%s,"bash":%s,"os":%s,"stack":[%s],"log":[%s]}\n' \
    "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$(json_string "$CORE_NAME")" "$1" "${3%% *}" "$(json_string "$2")" \
    "$(json_string "$BASH_VERSION")" "$(json_string "$(uname -sr)")" "${frames#,}" "${lines#,}"
}

# core_frames is a filter from the lines of core_stack to objects, each behind a comma.
core_frames() {
  local line function file
  while read -r line function file; do
    printf ',{"function":%s,"file":%s,"line":%s}' "$(json_string "$function")" "$(json_string "$file")" "$line"
  done
}

# core_strings is a filter from lines to strings, each behind a comma.
core_strings() {
  local line
  while IFS= read -r line; do
    printf ',%s' "$(json_string "$line")"
  done
}

# core_forget_reports removes the oldest reports; their names are their times.
core_forget_reports() {
  local reports i
  reports=("$LOG_DIR"/error-*.json)
  for ((i = 0; i <= ${#reports[@]} - CORE_REPORTS_LIMIT; i++)); do
    rm -f -- "${reports[i]}"
  done
}

# [METRICS] How long things take, as lines of JSON. What is not ended is in no file: two processes never meet.

# metric_start NAME
metric_start() {
  CORE_OPEN+=("$(now_ms) $1")
  log_debug "Metric started: $1"
}

# metric_end NAME [STATUS [METADATA]] writes the time since the latest metric_start NAME in this shell. METADATA is an
# object of JSON; anything else is kept as a string.
metric_end() {
  local name=$1 status=${2:-success} metadata=${3:-} start='' i
  for ((i = ${#CORE_OPEN[@]} - 1; i >= 0; i--)); do
    if [ "${CORE_OPEN[i]#* }" = "$name" ]; then
      start=${CORE_OPEN[i]%% *}
      unset "CORE_OPEN[i]"
      CORE_OPEN=(${CORE_OPEN[@]+"${CORE_OPEN[@]}"})
      break
    fi
  done
  if [ -z "$start" ]; then
    log_warn "Metric $name was not started"
    return 0
  fi
  core_metric "$name" "$status" "$(($(now_ms) - start))" "$metadata"
}

# metric_run NAME COMMAND ARG... times a command and keeps its exit code. Where a failure ends the script, core_exit
# ends the metric: behind || the command would run without errexit.
metric_run() {
  local name=$1 code
  shift
  metric_start "$name"
  "$@"
  code=$?
  if [ "$code" -eq 0 ]; then
    metric_end "$name"
  else
    metric_end "$name" failure "{\"exit_code\":$code}"
  fi
  return "$code"
}

# core_is_cut: whether the metrics end within a line, because the disk was full or somebody is just writing it.
core_is_cut() { [ -n "$(tail -c 1 -- "$CORE_METRICS" 2>/dev/null)" ]; }

# core_metric NAME STATUS MILLISECONDS METADATA appends a line. bash writes at most 4096 bytes at once; what is longer
# could have those of others in it.
core_metric() {
  local line milliseconds=$3
  [ "$milliseconds" -ge 0 ] || milliseconds=0 # the clock was set back
  log_debug "Metric ended: $1, $milliseconds ms, $2"
  [ -n "$CORE_METRICS" ] || return 0
  line="{\"timestamp\":\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\",\"metric\":$(json_string "${1:0:100}"),\"duration_ms\":$milliseconds"
  line+=",\"status\":$(json_string "${2:0:100}"),\"metadata\":$(core_metadata "$4")}"
  if [ -n "$CORE_CUT" ] && core_is_cut; then
    line=$'\n'$line
  fi
  CORE_CUT=''
  if ! { printf '%s\n' "$line" >>"$CORE_METRICS"; } 2>/dev/null; then
    CORE_CUT=1
    log_debug "the metric could not be written"
  fi
}

# core_metadata TEXT is TEXT on one line and in ASCII if it is an object of JSON and not long, and otherwise the
# beginning of TEXT as a string.
core_metadata() {
  local newline=$'\n' text
  text=${1//$newline/ }
  if [ -z "$text" ]; then
    printf '{}'
    return
  fi
  if core_is_object "$text"; then
    text=$(printf '%s' "$text" | core_ascii)
    if [ "${#text}" -le 1200 ]; then
      printf '%s' "$text"
      return
    fi
  fi
  json_string "${1:0:100}"
}

# core_is_object TEXT: whether a line is an object of JSON.
core_is_object() {
  case $1 in
    *[$'\002\003\004']*) return 1 ;; # the marks of core_reduce
  esac
  [ "$(printf '%s\n' "$1" | core_reduce)" = $'\004' ]
}

# core_reduce is a filter on lines of JSON: strings, numbers and words become a mark each, and what is made of marks
# becomes one, until one for an object is left, or no more can be done. \001 is bash's own mark, which 3.2 may lose.
core_reduce() {
  local s=$'\002' v=$'\003' o=$'\004'
  LC_ALL=C sed -E \
    -e 's/"([^"\\[:cntrl:]]|\\["\\/bfnrt]|\\u[0-9A-Fa-f]{4})*"/'"$s/g" \
    -e "s/-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?|true|false|null/$v/g" \
    -e $'s/[ \t\r]+//g' \
    -e ':reduce' \
    -e "s/\\[([$s$v$o](,[$s$v$o])*)?\\]/$v/g" \
    -e "s/\\{($s:[$s$v$o](,$s:[$s$v$o])*)?\\}/$o/g" \
    -e 't reduce'
}
