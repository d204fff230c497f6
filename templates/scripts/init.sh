#!/usr/bin/env bash
# Creates on this machine what the dev container mounts: folders and files of the home, and mount points inside
# the checkout. The engine would make what is missing for root. It changes nothing that is there already.
#
# Usage: init.sh [--help]. Runs before the container starts (initializeCommand); bash 3.2 is enough.
set -euo pipefail
unset CDPATH # with it cd prints, and may go elsewhere

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=/dev/null # lib/facts.sh is generated
. "$root/lib/facts.sh"
root=$(cd -- "$root/$DEVGEN_SCRIPTS_TO_ROOT" && pwd -P)

usage() {
  printf 'Usage: %s [--help]\n\nCreates the folders and files of this machine that the dev container mounts.\n' "${0##*/}"
}

# compose_project is the name that the dev container tools give the compose project of this checkout: that of the
# folder of the first compose file, or of the checkout where that folder is .devcontainer.
compose_project() {
  if [ -n "${COMPOSE_PROJECT_NAME:-}" ]; then
    printf '%s' "$COMPOSE_PROJECT_NAME"
    return
  fi
  local folder
  folder=$(cd -- "$root/$DEVGEN_COMPOSE_DIRECTORY" && pwd -P)
  case $folder in
    */.devcontainer)
      folder=${folder%/.devcontainer}
      folder=${folder}_devcontainer
      ;;
  esac
  printf '%s' "${folder##*/}" | tr '[:upper:]' '[:lower:]' | tr -cd 'a-z0-9_-'
}

# expand PATH: an absolute path, or one below the home or below the root of the checkout.
expand() {
  case $1 in
    \~/*) printf '%s' "${HOME:?HOME is not set}/${1#\~/}" ;;
    /*) printf '%s' "$1" ;;
    *) printf '%s' "$root/$1" ;;
  esac
}

# private_directory PATH: only the owner may look into what is created.
private_directory() {
  [ -d "$1" ] && return
  (umask 077 && mkdir -p -- "$1")
  printf 'created %s\n' "$1"
}

private_file() {
  [ -e "$1" ] && return
  mkdir -p -- "${1%/*}"
  (umask 077 && : >"$1")
  printf 'created %s\n' "$1"
}

main() {
  case ${1:-} in
    -h | --help)
      usage
      return
      ;;
    '') ;;
    *)
      usage >&2
      return 2
      ;;
  esac
  # An assignment of its own: only there does a failed expand end the script.
  local path place project
  for path in ${DEVGEN_HOST_DIRECTORIES[@]+"${DEVGEN_HOST_DIRECTORIES[@]}"}; do
    place=$(expand "$path")
    private_directory "$place"
  done
  for path in ${DEVGEN_HOST_CLONE_DIRECTORIES[@]+"${DEVGEN_HOST_CLONE_DIRECTORIES[@]}"}; do
    place=$(expand "$DEVGEN_HOST_CLONES")
    project=$(compose_project)
    private_directory "$place/$project/$path"
  done
  for path in ${DEVGEN_HOST_FILES[@]+"${DEVGEN_HOST_FILES[@]}"}; do
    place=$(expand "$path")
    private_file "$place"
  done
  for path in ${DEVGEN_MOUNT_POINTS[@]+"${DEVGEN_MOUNT_POINTS[@]}"}; do
    mkdir -p -- "$root/$path"
  done
  for path in ${DEVGEN_MOUNT_FILES[@]+"${DEVGEN_MOUNT_FILES[@]}"}; do
    place=$root/$path
    mkdir -p -- "${place%/*}"
    [ -e "$place" ] || : >"$place"
  done
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  main "$@"
fi
