#!/usr/bin/env bash
# [INIT] Creates on this machine what the dev container mounts: folders and files of the home, and mount points inside
# the checkout. The engine would make what is missing for root. It changes nothing that is there already.
#
# Usage: init.sh [--project-name | --help]. Runs before the container starts (initializeCommand); bash 3.2 is enough.
set -euo pipefail
unset CDPATH # with it cd prints, and may go elsewhere

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=/dev/null # lib/facts.sh is generated
. "$root/lib/facts.sh"
root=$(cd -- "$root/$DEVGEN_SCRIPTS_TO_ROOT" && pwd -P)

usage() {
  cat <<EOF
Usage: ${0##*/} [--project-name | --help]

Creates the folders and files of this machine that the dev container mounts.

  --project-name  print the compose project of this checkout, too: two clones must not share one
EOF
}

# project_name keeps what a project may be called like. By bytes: tr of macOS stops at those that are no text, and may
# take é for one of a-z.
project_name() { LC_ALL=C tr '[:upper:]' '[:lower:]' | LC_ALL=C tr -cd 'a-z0-9_-'; }

# lines_of FILE: those of a file of variables, if it is there, however they end. By bytes, for the sake of sed of macOS.
lines_of() { [ ! -f "$1" ] || LC_ALL=C tr '\r' '\n' <"$1"; }

# said_in_checkout: what .env of the checkout says. The tools look for plain lines, and the first one counts.
said_in_checkout() {
  local said
  said=$(lines_of "$root/.env" | LC_ALL=C sed -n 's/^COMPOSE_PROJECT_NAME=\(.\)/\1/p')
  printf '%s' "${said%%$'\n'*}" | project_name
}

# said_beside FOLDER: what .env beside the first compose file says, as Compose reads it: export, blanks, quotes and a comment
# may be there, and the last line counts. Of all names the tools take devcontainer for one that nobody has given.
said_beside() {
  local said
  said=$(lines_of "$1/.env" |
    LC_ALL=C sed -n -E "s/^[[:space:]]*(export[[:space:]]+)?COMPOSE_PROJECT_NAME[[:space:]]*[=:][[:space:]]*[\"']?([a-z0-9][a-z0-9_-]*).*/\2/p")
  said=${said##*$'\n'}
  [ "$said" = devcontainer ] || printf '%s' "$said"
}

# compose_project is the name that the dev container tools give the compose project of this checkout: what a variable
# says, here, in the .env of the checkout or in that beside the first compose file; or else that of the folder of that
# file, or of the checkout where that folder is .devcontainer. Source: getProjectName of the dev container CLI 0.89.
compose_project() {
  case ${COMPOSE_PROJECT_NAME:-} in
    '') ;;
    [!a-z0-9]* | *[!a-z0-9_-]*)
      printf '%s: COMPOSE_PROJECT_NAME is not the name of a project: %s\n' "${0##*/}" "$COMPOSE_PROJECT_NAME" >&2
      return 1
      ;;
    *)
      printf '%s' "$COMPOSE_PROJECT_NAME"
      return
      ;;
  esac
  local folder said
  folder=$(cd -- "$root/$DEVGEN_COMPOSE_DIRECTORY" && pwd -P)
  said=$(said_in_checkout)
  [ -n "$said" ] || said=$(said_beside "$folder")
  if [ -n "$said" ]; then
    printf '%s' "$said"
    return
  fi
  case $folder in
    */.devcontainer)
      folder=${folder%/.devcontainer}
      printf '%s' "${folder##*/}_devcontainer" | project_name
      ;;
    # Compose begins at a letter or a digit.
    *) printf '%s' "${folder##*/}" | project_name | sed 's/^[_-]*//' ;;
  esac
}

# expand PATH: an absolute path, or one below the home or below the root of the checkout.
expand() {
  case $1 in
    \~/*) printf '%s' "${HOME:?HOME is not set}/${1#\~/}" ;;
    /*) printf '%s' "$1" ;;
    *) printf '%s' "$root/$1" ;;
  esac
}

# created tells what was made; standard output is for the project's name.
created() { printf 'created %s\n' "$1" >&2; }

# private_directory PATH: only the owner may look into what is created.
private_directory() {
  [ -d "$1" ] && return
  (umask 077 && mkdir -p -- "$1") || return # bash 3.2 does not end a script at a subshell
  created "$1"
}

# outside PATH: ends the script.
outside() {
  printf '%s: there is no %s, and the dev container mounts it\n' "${0##*/}" "$1" >&2
  exit 1
}

# private_file PATH: a file outside the home and the checkout is never made up. It may be the socket of a service
# that does not run.
private_file() {
  [ -e "$1" ] && return
  case $1 in
    */../*) outside "$1" ;;
    "${HOME:-/}"/* | "$root"/*) ;;
    *) outside "$1" ;;
  esac
  mkdir -p -- "${1%/*}"
  (umask 077 && : >"$1") || return
  created "$1"
}

main() {
  case ${1:-} in
    -h | --help)
      usage
      return
      ;;
    '' | --project-name) ;;
    *)
      printf '%s: unknown argument %s\n' "${0##*/}" "$1" >&2
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
  if [ "${1:-}" = --project-name ]; then
    project=$(compose_project)
    printf '%s\n' "$project"
  fi
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  main "$@"
fi
