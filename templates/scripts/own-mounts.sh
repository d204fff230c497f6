#!/bin/sh
# [OWNERSHIP] Gives the user what is mounted in the dev container, and the folders around it. Where the image lacks a
# folder the engine makes it for root, and a volume stays with the user id that it was first filled for. Compose runs
# this as root whenever the container has started (post_start), so it follows a user whose id has been changed.
#
# Usage: own-mounts.sh USER MOUNT... [-- FOLDER...] | --help. Absolute paths; what busybox has is enough.
set -eu
unset CDPATH # with it cd prints, and may go elsewhere
# What runs is the system's: the image's PATH may begin with a folder of the user, or name the current one.
PATH=/usr/sbin:/usr/bin:/sbin:/bin${PATH:+:$PATH}
export PATH LC_ALL=C # messages are looked at

usage() {
  cat <<EOF
Usage: ${0##*/} USER MOUNT... [-- FOLDER...]
       ${0##*/} --help

Gives USER each MOUNT and FOLDER that belongs to somebody else. Needs root.

  MOUNT   with all that is in it, unless it is mounted for reading only; what is mounted inside is left alone
  FOLDER  itself, not what is in it, if it lies in the image or in a MOUNT

What is not there, or has nothing mounted on it, is left alone.
EOF
}

status=0

# tell TEXT...: what could not be done. The script fails when it has done the rest.
tell() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  status=1
}

# cannot PATH WHY
cannot() {
  tell "$1 cannot be given to $user ($uid:$gid): ${2%%
*}; root needs a file system that has owners, CAP_CHOWN and CAP_DAC_OVERRIDE"
}

# all_mine PATH...: one look at all of them, for nearly always there is nothing to do.
all_mine() {
  for path; do
    shift
    [ "$path" = -- ] || set -- "$@" "$path/."
  done
  other=$(find "$@" -prune ! -user "$uid" 2>/dev/null) && [ -z "$other" ]
}

# mine PATH: whether it belongs to the user, or is not there.
mine() { [ -z "$(find "$1" -prune ! -user "$uid" 2>/dev/null)" ]; }

# expect PATH: sets expected to where PATH leads. A symbolic link counts if nobody but root can have put it there. From the
# first place on where others can, PATH leads where it is written, and link is a symbolic link on the way.
expect() {
  rest=${1#/} path=''
  while [ -n "$rest" ]; do
    next=$path/${rest%%/*}
    [ -z "$(find "$path/." -prune \( ! -user 0 -o -perm -002 \))$(find "$next" -prune -type l ! -user 0)" ] || break
    path=$next
    case $rest in
      */*) rest=${rest#*/} ;;
      *) rest='' ;;
    esac
  done
  expected=$(cd "${path:-/}" && pwd -P)
  expected=${expected%/}${rest:+/$rest}
  link=$1 next=$1
  while [ "$next" != "$path" ]; do
    [ ! -L "$next" ] || link=$next
    next=${next%/*}
  done
}

# enter PATH: goes there, if it is there and somebody else's. From then on it is ".", whatever becomes of the path, and
# place is where it is.
enter() {
  if ! why=$(cd "$1" 2>&1); then
    [ ! -d "$1" ] || mine "$1" || cannot "$1" "$why"
    return 1
  fi
  cd "$1"
  ! mine . || return
  place=$(pwd -P)
  [ "$place" != "$1" ] || return 0
  expect "$1"
  [ "$place" != "$expected" ] || return 0
  tell "$1 belongs to somebody else and is left alone: $link is a symbolic link that leads to $place;" \
    "remove the link, or make the place behind it the target in the spec"
  return 1
}

# mounts: what the kernel has mounted, a line each: how, and where. For a blank in a path it writes \040.
mounts() {
  while read -r _ _ _ _ point how _; do
    case $point in
      *\\*) point=$(printf '%b' "$point") ;;
    esac
    printf '%s %s\n' "$how" "$point"
  done </proc/self/mountinfo
}

# around: sets mount to the mount that place lies in, and options to how it is mounted.
around() {
  mount='' options=''
  while read -r how point; do
    case $place/ in
      "${point%/}"/*) [ ${#point} -lt ${#mount} ] || mount=$point options=$how ;;
    esac
  done <<EOF
$mounted
EOF
}

# own_here PATH: gives the folder that we are in, which is PATH.
own_here() { why=$(chown -h "$uid:$gid" . 2>&1) || cannot "$1" "$why"; }

# give [EXPRESSION]: all that is below the folder that we are in, but what the expression of find leaves out. In a volume
# that another container works in, what has gone meanwhile is no failure.
give() {
  why=$(find . -xdev "$@" ! -path . ! -user "$uid" -exec chown -h "$uid:$gid" {} + 2>&1) ||
    [ -z "$(find . -xdev "$@" ! -path . ! -user "$uid" -print 2>&1 | sed '/: No such file or directory$/d')" ]
}

# own_content: gives all that is below place, but what is mounted there. Two mounts may be of one device, so -xdev does
# not tell.
own_content() {
  set --
  while read -r _ point; do
    case $point in
      "$place"/*) set -- "$@" -path ".$(printf '%s' "${point#"$place"}" | sed 's/[][*?\\]/\\&/g')" -prune -o ;;
    esac
  done <<EOF
$mounted
EOF
  give "$@"
}

# own_mount PATH: the root comes last, for whoever finds that it is owned looks no further.
own_mount() {
  enter "$1" || return 0
  around
  [ "$mount" = "$place" ] || return 0
  case ,$options, in
    *,ro,*) return 0 ;;
  esac
  if own_content; then own_here "$1"; else cannot "$1" "$why"; fi
}

# own_folder PATH: what lies in the checkout, or in something else of the host, keeps the owner that it has there.
own_folder() {
  enter "$1" || return 0
  around
  case $given in
    *"
$mount
"*) own_here "$1" ;;
  esac
}

# own_all MOUNT... -- FOLDER...
own_all() {
  mounted=$(mounts)
  # What a folder may lie in: the image or one of the mounts.
  given='
/
'
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    given="$given$1
"
    own_mount "$1"
    shift
  done
  [ $# -eq 0 ] || shift
  for folder; do
    own_folder "$folder"
  done
}

main() {
  case ${1:-} in
    -h | --help)
      usage
      return
      ;;
  esac
  if [ $# -lt 2 ]; then
    usage >&2
    return 2
  fi
  user=$1
  shift
  if ! uid=$(id -u "$user" 2>/dev/null) || ! gid=$(id -g "$user"); then
    tell "the image has no user $user; make one in the Dockerfile, or name another in the spec (user: name:)"
  elif ! all_mine "$@"; then
    own_all "$@"
  fi
  return "$status"
}

main "$@"
