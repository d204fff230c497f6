# [CORE] What every script of the dev container builds on: messages, errors, metrics, and what a script needs at its
# beginning and its end. Sourcing it changes no option, trap or file of the one who sources: core_init does.
# shellcheck shell=bash
[ -z "${DEVGEN_CORE_LOADED:-}" ] || return 0
DEVGEN_CORE_LOADED=1

# [CONSTANTS] Where things are.
CORE_LIB_DIR=$(unset CDPATH && cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=/dev/null # facts.sh is generated
. "$CORE_LIB_DIR/facts.sh"
PROJECT_ROOT=$(unset CDPATH && cd -- "$CORE_LIB_DIR/../$DEVGEN_SCRIPTS_TO_ROOT" && pwd -P)
readonly LOG_ERROR=1 LOG_WARN=2 LOG_INFO=3 LOG_DEBUG=4 LOG_TRACE=5

# core_init [NAME]
core_init() {
  set -Eeuo pipefail
  CORE_NAME=${1:-${0##*/}}
}

# [LOGGING] To standard error and the log file.
log() {
  local level=$1
  shift
  [ "$level" -le "$LOG_INFO" ] || return 0
  printf '%s: %s\n' "${CORE_NAME:-${0##*/}}" "$*" >&2
}
log_error() { log "$LOG_ERROR" "$@"; }
log_warn() { log "$LOG_WARN" "$@"; }
log_info() { log "$LOG_INFO" "$@"; }
log_debug() { log "$LOG_DEBUG" "$@"; }
log_trace() { log "$LOG_TRACE" "$@"; }

die() {
  log_error "$@"
  exit 1
}
