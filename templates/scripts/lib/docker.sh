# [DOCKER] The engine, Compose and the platforms of the image.
# shellcheck shell=bash
[ "${DEVGEN_DOCKER_LOADED:-}" != "$$" ] || return 0
DEVGEN_DOCKER_LOADED=$$
# shellcheck source-path=SCRIPTDIR source=core.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/core.sh"

COMPOSE_PROJECT='' # the compose project of this checkout, once compose_project has asked for it
DOCKER_COMPOSE=''  # the version of Docker Compose, once it was found new enough

# require_engine ends the script unless an engine answers.
require_engine() {
  local answer
  require_cmd docker
  answer=$(docker version --format '{{.Server.Version}}' 2>&1) || die "the Docker engine does not answer: ${answer##*$'\n'}"
}

# require_buildx ends the script unless there is an engine and buildx.
require_buildx() {
  require_engine
  docker buildx version >/dev/null 2>&1 || die "docker buildx is not installed: https://docs.docker.com/build/install-buildx/"
}

# require_compose ends the script unless there is Docker Compose 2.30, the first that knows the hook of own-mounts.sh.
require_compose() {
  local version major minor
  [ -z "$DOCKER_COMPOSE" ] || return 0
  require_cmd docker
  version=$(docker compose version --short 2>/dev/null) ||
    die "the compose plugin of docker is not installed: https://docs.docker.com/compose/install/"
  major=${version#v}
  minor=${major#*.}
  major=${major%%.*}
  minor=${minor%%[!0-9]*}
  case $major in
    '' | *[!0-9]*) die "docker compose has a version that is none: $version" ;;
  esac
  if [ "$major" -lt 2 ] || { [ "$major" -eq 2 ] && [ "${minor:-0}" -lt 30 ]; }; then
    die "docker compose is $version; want 2.30 or later"
  fi
  DOCKER_COMPOSE=$version
}

# compose_project prints the compose project of this checkout. init.sh tells it, and makes what is to be mounted: a
# script that starts containers must have called it.
compose_project() {
  if [ -z "$COMPOSE_PROJECT" ]; then
    COMPOSE_PROJECT=$(bash "$CORE_LIB_DIR/../init.sh" --project-name) || die "what the dev container mounts could not be made"
  fi
  printf '%s\n' "$COMPOSE_PROJECT"
}

# compose ARG... is docker compose with the files of the spec and the project of this checkout, from any directory.
compose() {
  local options file
  require_compose
  [ "${#DEVGEN_COMPOSE_FILES[@]}" -gt 0 ] || die "the spec has switched the compose files off"
  compose_project >/dev/null
  options=(--project-name "$COMPOSE_PROJECT")
  for file in ${DEVGEN_COMPOSE_FILES[@]+"${DEVGEN_COMPOSE_FILES[@]}"}; do
    options+=(-f "$PROJECT_ROOT/$file")
  done
  docker compose "${options[@]}" "$@"
}

# require_image ends the script unless the engine has the image: nothing is pulled that nobody asked for.
require_image() {
  require_engine
  docker image inspect "$DEVGEN_IMAGE" >/dev/null 2>&1 ||
    die "$DEVGEN_IMAGE is not on this machine: start the dev container once, or run use-registry-cache.sh"
}

# detect_platform prints the platform of this machine. A shell that macOS translates says x86_64 on an arm64.
detect_platform() {
  local machine
  machine=$(uname -m)
  if [ "$(sysctl -n sysctl.proc_translated 2>/dev/null)" = 1 ]; then
    machine=arm64
  fi
  case $machine in
    x86_64 | amd64) printf 'linux/amd64\n' ;;
    aarch64 | arm64) printf 'linux/arm64\n' ;;
    armv7*) printf 'linux/arm/v7\n' ;;
    armv6*) printf 'linux/arm/v6\n' ;;
    i[3-6]86) printf 'linux/386\n' ;;
    ppc64le | riscv64 | s390x) printf 'linux/%s\n' "$machine" ;;
    *) die "no platform of Docker is known for a machine of the kind $machine" ;;
  esac
}

# check_platform PLATFORM ends the script unless the spec has PLATFORM.
check_platform() {
  local platform all=''
  for platform in ${DEVGEN_PLATFORMS[@]+"${DEVGEN_PLATFORMS[@]}"}; do
    [ "$platform" != "$1" ] || return 0
    all+="${all:+, }$platform"
  done
  usage_error "no image is made for $1; there is $all"
}
