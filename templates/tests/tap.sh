# [TAP] Results of tests in the Test Anything Protocol (https://testanything.org), and a summary of them in JSON.
# shellcheck shell=bash
[ "${DEVGEN_TAP_LOADED:-}" != "$$" ] || return 0
DEVGEN_TAP_LOADED=$$

TAP_TESTS=0
TAP_FAILED=0
TAP_RESULTS='' # of the summary: objects, each behind a comma
TAP_VALUES=''  # of the summary: members, each behind a comma

# tap_check ID DESCRIPTION COMMAND ARG...: the test passes if COMMAND does. COMMAND runs in a subshell that ends at the
# first failure, so what it finds out is lost, and what it prints is shown only if it fails.
tap_check() {
  local id=$1 description=$2 options=$- trap code output
  shift 2
  trap=$(trap -p ERR)
  trap - ERR
  set +e # in a condition the steps of COMMAND would not end it
  output=$(
    set -e
    "$@" 2>&1 </dev/null
  )
  code=$?
  case $options in
    *e*) set -e ;;
  esac
  eval "$trap"
  if [ "$code" -eq 0 ]; then
    tap_result "$id" "$description" pass
  else
    tap_result "$id" "$description" fail
    tap_note "exit code $code: $*"
    [ -z "$output" ] || tap_note "$output"
  fi
}

# tap_skip ID DESCRIPTION REASON
tap_skip() { tap_result "$1" "$2" skip "$3"; }

# tap_note TEXT
tap_note() { printf '%s\n' "$1" | sed 's/^/# /'; }

# tap_value NAME JSON puts a figure into the summary, and tells it. In a COMMAND of tap_check it would be lost.
tap_value() {
  if [ "$BASH_SUBSHELL" -gt 0 ]; then
    printf 'tap_value %s in a subshell\n' "$1" >&2
    return 1
  fi
  TAP_VALUES+=,$(tap_string "$1"):$2
  tap_note "$1: $2"
}

# tap_result ID DESCRIPTION pass|fail|skip [REASON]
tap_result() {
  local line="ok $((TAP_TESTS + 1)) - $1: $2"
  case $3 in
    skip) line+=" # SKIP $4" ;;
    fail)
      line="not $line"
      TAP_FAILED=$((TAP_FAILED + 1))
      ;;
  esac
  TAP_TESTS=$((TAP_TESTS + 1))
  TAP_RESULTS+=",{\"id\":$(tap_string "$1"),\"description\":$(tap_string "$2"),\"result\":\"$3\"}"
  printf '%s\n' "$line"
}

# tap_finish [--json FILE] ends the tests: the plan, the summary, and 1 if a test failed. DEVGEN_TAP_JSON names the file
# where the option does not.
tap_finish() {
  local file=${DEVGEN_TAP_JSON:-}
  if [ "${1:-}" = --json ]; then
    file=$2
  fi
  printf '1..%d\n' "$TAP_TESTS"
  if [ -n "$file" ]; then
    tap_summary >"$file" || return 1
  fi
  [ "$TAP_FAILED" -eq 0 ]
}

tap_summary() {
  local suite=${0##*/}
  printf '{"version":1,"suite":%s,"tests":[%s],"values":{%s}}\n' "$(tap_string "${suite%.sh}")" "${TAP_RESULTS#,}" "${TAP_VALUES#,}"
}

# tap_string TEXT is TEXT, without control characters, as a string of JSON.
tap_string() {
  printf '"%s"' "$(printf '%s' "$1" | LC_ALL=C tr -d '\000-\037\177' | sed 's/[\\"]/\\&/g')"
}
