#!/usr/bin/env bash
# [LOCAL-SCRIPT] Brings the image of the dev container onto this machine without repeating what CI has built: from the
# registry cache, or ready made. It changes no file of the checkout; bash 3.2 is enough.
#
# Usage: use-registry-cache.sh [OPTION...]; --help tells them.

# shellcheck source-path=SCRIPTDIR source=lib/docker.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib/docker.sh"

REGISTRY=${DEVGEN_REPOSITORY%%/*}
# A name for people who do without Compose. The name of a spec may hold what no repository may: two dots in a row.
LOCAL_IMAGE=$(printf '%s-devcontainer' "$DEVGEN_NAME" | sed 's/[._-]\{2,\}/-/g'):local

# What the user chooses.
platform='' pull=no login=no token_stdin=no builder='' dry_run=no

usage() {
  cat <<EOF
Usage: ${0##*/} [OPTION...]

Builds the image of the dev container out of the cache that CI fills: only the steps run whose inputs have changed.
The image gets the name that Compose looks for, $DEVGEN_IMAGE, and $LOCAL_IMAGE.

  --platform PLATFORM  one of ${DEVGEN_PLATFORMS[*]+${DEVGEN_PLATFORMS[*]}}; this machine's unless given
  --pull               take the image that CI has built, and build only if it cannot be had
  --login              log in to $REGISTRY first, with a token of the environment
  --token-stdin        log in to $REGISTRY first, with the token on standard input
  --builder NAME       the builder of buildx; the current one unless given
  --dry-run            print the commands and run none
  --help               print this

The token for ghcr.io is GITHUB_TOKEN or else CR_PAT, and the user GITHUB_USER; for other registries they are
REGISTRY_TOKEN and REGISTRY_USER. What is public needs no login.
EOF
}

parse_arguments() {
  while [ $# -gt 0 ]; do
    case $1 in
      --platform | --builder)
        [ -n "${2:-}" ] || usage_error "$1 needs a value"
        if [ "$1" = --platform ]; then platform=$2; else builder=$2; fi
        shift
        ;;
      --pull) pull=yes ;;
      --login) login=yes ;;
      --token-stdin) login=yes token_stdin=yes ;;
      --dry-run) dry_run=yes ;;
      -h | --help)
        usage
        exit 0
        ;;
      *) usage_error "unknown argument $1" ;;
    esac
    shift
  done
}

# run_docker ARG...: docker, or the command that would run. Standard output is for results.
run_docker() {
  if [ "$dry_run" = yes ]; then
    printf 'docker'
    printf ' %q' "$@"
    printf '\n'
    return
  fi
  docker "$@" >&2
}

# measured NAME COMMAND...: runs the command and keeps how long it took, unless it only prints.
measured() {
  if [ "$dry_run" = yes ]; then
    shift
    "$@"
  else
    metric_run "$@"
  fi
}

# find_token sets the token and its user, to nothing if there is none.
find_token() {
  token='' user=''
  if [ "$token_stdin" = yes ]; then
    IFS= read -r token || : # the last line may lack its end
    token=${token%$'\r'}
    [ -n "$token" ] || die "standard input is empty; --token-stdin wants a token there"
  fi
  if [ "$REGISTRY" = ghcr.io ]; then
    token=${token:-${GITHUB_TOKEN:-${CR_PAT:-}}}
    # ghcr.io knows the user from the token, and takes any name but none.
    user=${GITHUB_USER:-${GITHUB_ACTOR:-$(id -un)}}
  else
    token=${token:-${REGISTRY_TOKEN:-}}
    user=${REGISTRY_USER:-}
  fi
}

# [LOCAL-AUTH] Logs in to the registry. The token goes through a pipe: arguments show in the list of processes.
authenticate_registry() {
  local token user
  find_token
  if [ -z "$token" ]; then
    log_warn "there is no token for $REGISTRY: anonymous access, which may be limited"
    return
  fi
  [ -n "$user" ] || die "REGISTRY_USER is not set: $REGISTRY wants a user with the token"
  log_info "logging in to $REGISTRY as $user"
  if [ "$dry_run" = yes ]; then
    token='' # nobody would read it
  fi
  printf '%s' "$token" | run_docker login "$REGISTRY" --username "$user" --password-stdin ||
    die "$REGISTRY refuses the token of $user; what is public needs no login"
}

# pull_into_engine shows how far it is, which docker tells on standard output, and keeps what docker says of a failure.
pull_into_engine() {
  set -- pull --platform "$platform" "$DEVGEN_IMAGE"
  if [ "$dry_run" = yes ]; then
    run_docker "$@"
  else
    docker "$@" 3>&2 2>"$work/pull" >&3
  fi
}

# [LOCAL-PULL] Takes the image that CI has built. A cache is no image and cannot be pulled.
pull_image() {
  log_info "pulling $DEVGEN_IMAGE for $platform"
  if ! measured image-pull pull_into_engine; then
    log_warn "$(tail -n 1 "$work/pull")"
    log_warn "$DEVGEN_IMAGE cannot be pulled, so it is built"
    return 1
  fi
  run_docker tag "$DEVGEN_IMAGE" "$LOCAL_IMAGE"
}

# find_build_arguments sets the arguments of the build.
find_build_arguments() {
  local row
  arguments=(--platform "$platform" --file "$DEVGEN_DOCKERFILE" --tag "$DEVGEN_IMAGE" --tag "$LOCAL_IMAGE" --provenance=false)
  add_output
  [ "$dry_run" = yes ] || arguments+=(--metadata-file "$work/metadata")
  [ -z "$builder" ] || arguments+=(--builder "$builder")
  [ -z "$DEVGEN_TARGET" ] || arguments+=(--target "$DEVGEN_TARGET")
  for row in ${DEVGEN_BUILD_ARGS[@]+"${DEVGEN_BUILD_ARGS[@]}"}; do
    arguments+=(--build-arg "$row")
  done
  for row in ${DEVGEN_BUILD_SECRETS[@]+"${DEVGEN_BUILD_SECRETS[@]}"}; do
    add_secret "${row%% *}" "${row#* }"
  done
  for row in ${DEVGEN_CACHES[@]+"${DEVGEN_CACHES[@]}"}; do
    case $row in "$platform "*) arguments+=(--cache-from "${row#* }") ;; esac
  done
}

# add_output loads the image into the engine. One older than 23.0 breaks off at layers that the cache keeps as zstd.
# Source: Moby pull request 41759.
add_output() {
  local version
  version=$(docker version --format '{{.Server.Version}}' 2>/dev/null) || version=''
  case ${version%%.*} in
    [0-9] | 1[0-9] | 2[0-2]) arguments+=(--output 'type=docker,compression=gzip,force-compression=true') ;;
    *) arguments+=(--load) ;;
  esac
}

# add_secret ID VARIABLE: buildx reads the variable itself.
add_secret() {
  if [ -n "${!2:-}" ]; then
    arguments+=(--secret "id=$1,env=$2")
  else
    log_warn "$2 is not set: the build goes without the secret $1"
  fi
}

# [LOCAL-BUILD] Builds from the root of the checkout with the caches of the platform. Nothing is written to a cache: CI
# is the only writer.
build_image() {
  local arguments started tenths
  find_build_arguments
  log_info "building $DEVGEN_IMAGE for $platform"
  started=$(now_ms)
  (
    cd -- "$PROJECT_ROOT" || exit
    measured image-build run_docker buildx build "${arguments[@]}" "$DEVGEN_CONTEXT"
  ) || die "the build failed; the last lines above say why"
  [ "$dry_run" = no ] || return 0
  tenths=$((($(now_ms) - started + 50) / 100))
  log_info "built in $((tenths / 10)).$((tenths % 10)) s, $(cached_steps)"
}

# replay_build writes what BuildKit remembers of the build, an object a line. It goes to standard error, among
# warnings in plain text.
replay_build() {
  local reference
  reference=$(jq -er '."buildx.build.ref"' "$work/metadata") || return 1
  docker buildx history logs --builder "${reference%%/*}" --progress rawjson "${reference##*/}" 2>&1 >/dev/null |
    jq -cR 'fromjson? | objects' >"$work/stream" || return 1 # half of a record would pass for steps that did not run
  [ -s "$work/stream" ]
}

# cached_steps tells how many steps came from a cache, and warns of each cache that could not be read. It only tells,
# so nothing that is missing here stops the script.
cached_steps() {
  if ! command -v jq >/dev/null; then
    printf 'cached steps not counted: jq is not installed'
  elif [ ! -r "$CORE_LIB_DIR/cache-hit.jq" ] || ! replay_build 2>/dev/null; then
    printf 'cached steps not counted: this builder keeps no record'
  else
    local reason
    jq -r '.vertexes[]? | select(.error and (.name // "" | startswith("importing cache manifest"))) | .error' "$work/stream" | sort -u |
      while IFS= read -r reason; do
        log_warn "a cache could not be read: $reason"
      done
    jq -nR -f "$CORE_LIB_DIR/cache-hit.jq" "$work/stream" | jq -r '"\(.steps_cached) of \(.steps_total) steps from the cache"'
  fi
}

# [LOCAL-COMPOSE] Prints the command that starts the image. The compose file for the cache is generated as any other:
# nothing is written here. init.sh makes what is mounted when the command runs, and not before.
print_compose() {
  [ ${#DEVGEN_COMPOSE_FILES[@]} -gt 0 ] || return 0
  local file
  log_info "start it with the dev container tools, or with"
  # shellcheck disable=SC2016 # it is run when the command is
  printf 'docker compose --project-name "$(%q --project-name)"' "${CORE_LIB_DIR%/*}/init.sh"
  for file in ${DEVGEN_COMPOSE_FILES[@]+"${DEVGEN_COMPOSE_FILES[@]}"}; do
    printf ' -f %q' "$PROJECT_ROOT/$file"
  done
  printf ' up --detach\n'
}

main() {
  core_init use-registry-cache
  parse_arguments "$@"
  [ -n "$platform" ] || platform=$(detect_platform)
  check_platform "$platform"
  [ "$dry_run" = yes ] || require_buildx
  work=$(mktemp -d "${TMPDIR:-/tmp}/use-registry-cache.XXXXXX")
  on_exit rm -rf "$work"
  [ "$login" = no ] || authenticate_registry
  if [ "$pull" = no ] || ! pull_image; then
    build_image
  fi
  print_compose
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  main "$@"
fi
