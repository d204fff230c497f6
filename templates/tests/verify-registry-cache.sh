#!/usr/bin/env bash
# [TEST] Proves that the registry cache does what it is for: a machine that has nothing builds the image in less time
# than the objective, out of the cache. Nothing that is on this machine can help, for the builder is new and thrown away.
#
# Usage: verify-registry-cache.sh [OPTION...]; --help tells them.

tests=$(unset CDPATH && cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source-path=SCRIPTDIR source=../scripts/lib/docker.sh
. "$tests/../scripts/lib/docker.sh"
# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$tests/tap.sh"

# What the user chooses.
platform='' repository=$DEVGEN_CACHE_REPOSITORY enforce=no json=''

usage() {
  cat <<EOF
Usage: ${0##*/} [OPTION...]

Builds the image on a new builder that has nothing but the registry cache, and tells in TAP what came of it. The builder
is removed; the image is not kept.

  --platform PLATFORM      one of ${DEVGEN_PLATFORMS[*]}; this machine's unless given
  --cache-repository NAME  where the cache lies; $DEVGEN_CACHE_REPOSITORY unless given
  --enforce                a cache that is missing fails, and so does a hit rate below $DEVGEN_HIT_RATE %;
                           without it less than $DEVGEN_HIT_RATE_FLOOR % fails
  --json FILE              write a summary, too
  --help                   print this

BUILDKIT_IMAGE names the image of the builder; buildx's own choice unless set.
EOF
}

parse_arguments() {
  while [ $# -gt 0 ]; do
    case $1 in
      --platform | --cache-repository | --json)
        [ -n "${2:-}" ] || usage_error "$1 needs a value"
        case $1 in
          --platform) platform=$2 ;;
          --cache-repository) repository=$2 ;;
          --json) json=$2 ;;
        esac
        shift
        ;;
      --enforce) enforce=yes ;;
      -h | --help)
        usage
        exit 0
        ;;
      *) usage_error "unknown argument $1" ;;
    esac
    shift
  done
}

# cache_reference prints where the cache of the platform lies: the tag of the spec in the chosen repository.
cache_reference() {
  local row reference
  for row in ${DEVGEN_CACHES[@]+"${DEVGEN_CACHES[@]}"}; do
    reference=${row#"$platform type=registry,ref=$DEVGEN_CACHE_REPOSITORY:"}
    if [ "$reference" != "$row" ]; then
      printf '%s:%s' "$repository" "${reference%%,*}"
      return
    fi
  done
  die "the spec has no registry cache for $platform"
}

# is_local reports whether the registry is on this machine.
is_local() {
  case $repository in
    localhost[:/]* | 127.*) ;;
    *) return 1 ;;
  esac
}

# registry_url prints where the registry says that it is one. BuildKit and the engine speak plain HTTP with one of this
# machine; docker.io answers under another name.
registry_url() {
  local host=${repository%%/*} scheme=https
  [ "$host" != docker.io ] || host=registry-1.docker.io
  ! is_local || scheme=http
  printf '%s://%s/v2/' "$scheme" "$host"
}

# registry_answers: 401 asks for a login, and is the answer of a registry all the same.
registry_answers() {
  local url status
  url=$(registry_url)
  status=$(curl --silent --show-error --max-time 20 --output /dev/null --write-out '%{http_code}' "$url")
  printf '%s answers %s; want 200 or 401\n' "$url" "$status"
  [ "$status" = 200 ] || [ "$status" = 401 ]
}

# find_cache sets what is known of the cache: present, absent or unreadable, and why.
find_cache() {
  cache=present reason=''
  if ! docker buildx imagetools inspect --raw "$reference" >"$work/manifest" 2>"$work/error"; then
    reason=$(tail -n 1 "$work/error")
    reason=${reason#ERROR: }
    case $reason in
      *': not found' | *'manifest unknown'*) cache=absent ;;
      *) cache=unreadable ;;
    esac
  elif ! is_cache "$work/manifest"; then
    cache=unreadable reason="$reference is no cache of BuildKit"
  fi
}

# is_cache MANIFEST: BuildKit keeps a cache as an image with a config of its own or, with image-manifest=false, as an
# index with an entry of its own. Source: BuildKit cache/remotecache, export.go.
is_cache() {
  jq -e 'any(.config, .manifests[]?; .mediaType? == "application/vnd.buildkit.cacheconfig.v0")' "$1" >/dev/null 2>&1
}

cache_is_present() {
  printf '%s\n' "$reason"
  [ "$cache" = present ]
}

remove_builder() { docker buildx rm --force "$builder" >/dev/null 2>&1 || :; }

# create_builder makes the throw-away builder, with the configuration that the workflow gives its own. Only a registry of
# this machine needs the network of the host.
create_builder() {
  local options
  builder=verify-$DEVGEN_NAME-$$
  options=(--name "$builder" --driver docker-container)
  ! is_local || options+=(--driver-opt network=host)
  [ -z "${BUILDKIT_IMAGE:-}" ] || options+=(--driver-opt "image=$BUILDKIT_IMAGE")
  [ -z "$DEVGEN_BUILDKITD" ] || options+=(--buildkitd-config "$PROJECT_ROOT/$DEVGEN_BUILDKITD")
  on_exit remove_builder
  docker buildx create "${options[@]}" --bootstrap >/dev/null 2>"$work/error"
}

# find_build_arguments sets the arguments of the build: those of the workflow, and of the caches this one alone.
find_build_arguments() {
  local row id variable
  arguments=(--builder "$builder" --platform "$platform" --file "$DEVGEN_DOCKERFILE" --cache-from "type=registry,ref=$reference")
  [ -z "$DEVGEN_TARGET" ] || arguments+=(--target "$DEVGEN_TARGET")
  for row in ${DEVGEN_BUILD_ARGS[@]+"${DEVGEN_BUILD_ARGS[@]}"}; do
    arguments+=(--build-arg "$row")
  done
  for row in ${DEVGEN_BUILD_SECRETS[@]+"${DEVGEN_BUILD_SECRETS[@]}"}; do
    id=${row%% *} variable=${row#* }
    [ -z "${!variable:-}" ] || arguments+=(--secret "id=$id,env=$variable")
  done
}

stop_build() { [ -z "$build" ] || kill "$build" 2>/dev/null || :; }

# build_warm builds and sets the milliseconds. The layers are fetched and given to nobody: a build that needs no layer
# fetches none, and would be quick whatever the cache. It runs behind a wait, which a signal ends at once.
build_warm() {
  local arguments started status=0
  find_build_arguments
  started=$(now_ms)
  (
    cd -- "$PROJECT_ROOT" || exit
    exec docker buildx build "${arguments[@]}" --provenance=false --output type=oci,dest=/dev/null --progress rawjson "$DEVGEN_CONTEXT"
  ) >/dev/null 2>"$work/log" &
  build=$!
  on_exit stop_build
  wait "$build" || status=$?
  build=''
  milliseconds=$(($(now_ms) - started))
  return "$status"
}

# failures prints what docker says of the builder, or of the build.
failures() {
  if [ -e "$work/log" ]; then
    grep '^ERROR: ' "$work/log" || tail -n 5 "$work/log"
  else
    tail -n 1 "$work/error"
  fi
}

# builds_in_time: the seconds are those of the build; making the builder is not part of them.
builds_in_time() {
  if [ "$built" = no ]; then
    failures
    return 1
  fi
  printf '%s s; want at most %s s\n' "$seconds" "$DEVGEN_WARM_SECONDS"
  [ "$milliseconds" -le $((DEVGEN_WARM_SECONDS * 1000)) ]
}

# hits_cache compares with the objective or, where nothing is enforced, with the floor. For jq no rate is less than any.
hits_cache() {
  local least=$DEVGEN_HIT_RATE_FLOOR
  [ "$enforce" = no ] || least=$DEVGEN_HIT_RATE
  jq -r '.import_errors[], "\(.steps_cached) of \(.steps_total) steps"' "$work/hit"
  printf 'want at least %s %%\n' "$least"
  jq -e --argjson least "$least" '.hit_rate >= $least' "$work/hit" >/dev/null
}

test_registry() {
  tap_check TEST-PERF-006-A 'the registry answers' registry_answers
}

test_cache() {
  local about="the cache for $platform is there"
  find_cache
  tap_value cache "$(json_string "$reference")"
  if [ "$cache" = absent ] && [ "$enforce" = no ]; then
    tap_skip TEST-PERF-006-B "$about" "$reason: the workflow has not filled it yet"
  else
    tap_check TEST-PERF-006-B "$about" cache_is_present
  fi
}

test_build() {
  local about='a new builder builds the image in time'
  if [ "$cache" != present ]; then
    tap_skip TEST-PERF-006-C "$about" 'there is no cache to build from'
    return
  fi
  if create_builder && build_warm; then
    built=yes
    seconds=$(jq -nr "$milliseconds / 1000")
    tap_value seconds "$seconds"
  fi
  tap_check TEST-PERF-006-C "$about" builds_in_time
}

test_hit_rate() {
  local about='its steps come from the cache' name
  if [ "$built" = no ]; then
    tap_skip TEST-PERF-006-D "$about" 'nothing was built'
    return
  fi
  jq -nR -f "$CORE_LIB_DIR/cache-hit.jq" "$work/log" >"$work/hit"
  for name in hit_rate steps_total steps_cached misses; do
    tap_value "$name" "$(jq -c ".$name" "$work/hit")"
  done
  if [ "$enforce" = no ] && jq -e '.steps_total == 0' "$work/hit" >/dev/null; then
    tap_skip TEST-PERF-006-D "$about" 'the Dockerfile has no step that a cache could hold'
  else
    tap_check TEST-PERF-006-D "$about" hits_cache
  fi
}

main() {
  core_init verify-registry-cache
  parse_arguments "$@"
  require_cmd curl jq
  require_buildx
  [ -n "$platform" ] || platform=$(detect_platform)
  check_platform "$platform"
  reference=$(cache_reference)
  built=no build=''
  work=$(mktemp -d "${TMPDIR:-/tmp}/verify-registry-cache.XXXXXX")
  on_exit rm -rf "$work"
  tap_value platform "$(json_string "$platform")"
  test_registry
  test_cache
  test_build
  test_hit_rate
  tap_finish ${json:+--json "$json"} || exit 1
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  main "$@"
fi
