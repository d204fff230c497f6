#!/usr/bin/env bash
# [TEST] Proves that the volumes do what they are for: the user can work in each, what must survive the container does,
# and what must not does not. The container that it starts is not that of the checkout, and may run beside it.
#
# Usage: verify-volumes.sh [--json FILE | --help]

tests=$(unset CDPATH && cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source-path=SCRIPTDIR source=../scripts/lib/volumes.sh
. "$tests/../scripts/lib/volumes.sh"
# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$tests/tap.sh"

json=''     # where the summary goes
floor=''    # MB in a second that a volume in memory must take
work=''     # a folder for the time of the test
checkout='' # the compose project of the checkout
marker=''   # the file that is put into the volumes
marked=''   # whether it was
targets=()  # where the volumes are mounted

usage() {
  cat <<EOF
Usage: ${0##*/} [--json FILE | --help]

Starts a container of the service $DEVGEN_SERVICE, in a compose project of its own and without network, and tells in TAP
what came of it. The image must be on this machine. What the volumes hold stays as it is: each gets one file, which is
removed again; the volumes that are made are removed, too.

  --json FILE  write a summary, too
  --help       print this

DEVGEN_TMPFS_FLOOR is the MB in a second that a volume in memory must take; 200 unless set.
EOF
}

parse_arguments() {
  while [ $# -gt 0 ]; do
    case $1 in
      --json)
        [ -n "${2:-}" ] || usage_error "$1 needs a value"
        json=$2
        shift
        ;;
      -h | --help)
        usage
        exit 0
        ;;
      *) usage_error "unknown argument $1" ;;
    esac
    shift
  done
  floor=${DEVGEN_TMPFS_FLOOR:-200}
  case $floor in
    *[!0-9]*) usage_error "DEVGEN_TMPFS_FLOOR is $floor; want a number of MB" ;;
  esac
}

# The project of the test.

# begin gives the test a name of its own: for the compose project, the folders of the host and the markers.
begin() {
  local names
  compose_project >/dev/null
  checkout=$COMPOSE_PROJECT
  marker=.devgen-verify-$$-$RANDOM
  targets=("${DEVGEN_VOLUMES[@]##* }")
  export COMPOSE_PROJECT_NAME=$checkout-verify-$$
  COMPOSE_PROJECT=''
  on_exit remove_folders
  compose_project >/dev/null
  work=$(mktemp -d)
  on_exit rm -rf -- "$work"
  mapfile -t names < <(volume_names)
  lock_volumes "${names[@]}" # of a restore that is under way, for one
}

# remove_folders removes what this project has on the host. Its files are gone by then.
remove_folders() {
  local folder=${HOME:-}/${DEVGEN_HOST_CLONES#\~/}/$COMPOSE_PROJECT_NAME
  if [ -d "$folder" ]; then
    rmdir -- "$folder"/* "$folder"
  fi
}

# image_in_use prints the image of a container that is at work in the volumes, of this checkout if it has one: the dev
# container tools may have given the user another id there, and the test would take the volumes away from them.
image_in_use() {
  local name image service=label=com.docker.compose.service=$DEVGEN_SERVICE
  image=$(docker ps --all --filter "label=com.docker.compose.project=$checkout" --filter "$service" --format '{{.Image}}')
  for name in $(volume_names); do
    [ -z "$image" ] || break
    image=$(containers_of "$name" --filter "$service" --format '{{.Image}}')
  done
  printf '%s\n' "${image%%$'\n'*}"
}

# write_project writes the compose file of the test: of the service what it mounts, who works there, and what it may do.
# No port, no name, no command, and of the hooks only the one that gives the mounts to the user.
write_project() {
  local image
  image=$(image_in_use)
  jq --arg service "$DEVGEN_SERVICE" --arg image "${image:-$DEVGEN_IMAGE}" --arg owner "/$DEVGEN_OWN_MOUNTS" '{
    name, volumes, services: {($service): (.services[$service] | {
      user, group_add, userns_mode, platform, runtime, privileged, cap_add, cap_drop, security_opt, read_only,
      volumes, tmpfs,
      post_start: [.post_start[]? | select(any(.command[]; endswith($owner)))],
      $image, entrypoint: ["sleep", "infinity"], command: [], init: true, network_mode: "none"
    } | with_entries(select(.value != null)))}
  }' "$work/config.json" >"$work/compose.json"
}

project() { docker compose --progress quiet --project-name "$COMPOSE_PROJECT" -f "$work/compose.json" "$@"; }

# start makes the container anew. What a volume has, and nothing else, outlives it.
start() { project up --detach --no-deps --no-build --pull never --force-recreate --timeout 0; }

running() { [ -n "$(project ps --status running --quiet)" ]; }

# end removes what the test has made, wherever it was stopped. A volume that was not there before has the label of the
# test's project, those that all clones share too.
end() {
  local volume
  drop_markers || log_warn "files called $marker may be left in the volumes"
  project rm --stop --force --volumes >/dev/null 2>&1 || log_warn "the container of $COMPOSE_PROJECT could not be removed"
  for volume in $(docker volume ls --quiet --filter "label=com.docker.compose.project=$COMPOSE_PROJECT"); do
    docker volume rm "$volume" >/dev/null || log_warn "the volume $volume could not be removed"
  done
}

drop_markers() {
  [ -n "$marked" ] || return 0
  running || start || running || return
  inside drop_marker "${targets[@]}"
}

# What runs in the container is POSIX sh: the image may have no bash.

# inside FUNCTION ARGUMENT... runs one of these functions as the user.
inside() {
  project exec -T --user "$DEVGEN_USER" "$DEVGEN_SERVICE" \
    sh -c "$(declare -f mount_of survey put_marker show_marker drop_marker clock write_speed)
    marker=\$1
    shift
    \"\$@\"" sh "$marker" "$@" </dev/null
}

# mount_of PATH prints how it is mounted, and the type of the file system; nothing if it is not.
mount_of() {
  place=$(cd -P "$1" 2>/dev/null && pwd -P) || place=$1
  found=''
  while read -r _ _ _ _ point options rest; do
    if [ "$point" = "$place" ]; then
      rest=${rest#*- }
      found="$options ${rest%% *}"
    fi
  done </proc/self/mountinfo
  echo "$found"
}

# survey KIND PATH... prints PATH|PROBLEM of each. KIND is folder, volume, memory, ro or rw.
survey() {
  while [ $# -gt 0 ]; do
    kind=$1 target=$2 problem=''
    shift 2
    mount=$(mount_of "$target")
    case $kind:$mount in
      folder:*) ;;
      *:) problem='nothing is mounted there' ;;
      memory:*' tmpfs') ;;
      memory:*) problem="it is not in memory but ${mount##* }" ;;
      ro:ro | ro:ro,* | rw:rw | rw:rw,*) ;;
      r[ow]:*) problem="it is mounted ${mount%%[, ]*}" ;;
    esac
    case $kind:$problem in
      r[ow]:* | *:?*) ;;
      *)
        if [ ! -O "$target" ]; then
          problem="it belongs to another: $(ls -ldn "$target")"
        elif ! problem=$({ : >"$target/$marker" && rm "$target/$marker"; } 2>&1); then
          problem="it cannot be written: $problem"
        fi
        ;;
    esac
    echo "$target|$problem"
  done
}

# put_marker, show_marker and drop_marker PATH...: the first two print the paths that have it.
put_marker() {
  for target; do
    if echo "$marker" >"$target/$marker"; then echo "$target"; fi
  done
}

show_marker() {
  for target; do
    if [ "$(cat "$target/$marker" 2>/dev/null)" = "$marker" ]; then echo "$target"; fi
  done
}

drop_marker() {
  for target; do
    rm -f "$target/$marker"
  done
}

# clock prints the hundredths of a second since the machine has started: date and time of busybox and dash tell less.
clock() {
  read -r up _ </proc/uptime
  echo "${up%.*}${up#*.}"
}

# write_speed PATH MB prints how many MB in a second are written there, MB at a time and for half a second.
write_speed() {
  began=$(clock) elapsed=0 written=0
  while [ "$elapsed" -lt 50 ]; do
    dd if=/dev/zero of="$1/$marker" bs=1048576 count="$2" 2>/dev/null || return
    written=$((written + $2)) elapsed=$(($(clock) - began))
  done
  rm -f "$1/$marker"
  echo $((written * 100 / elapsed))
}

# The tests.

# test_compose: TEST-PERF-007-A. Without the compose files there is no container to look at.
test_compose() {
  tap_check TEST-PERF-007-A "the compose files are valid" read_config
  [ -s "$work/config.json" ] || return 0
  tap_check TEST-PERF-007-A "the compose files have every volume and mount of the spec" has_volumes
}

read_config() { compose config --format json >"$work/config.json"; }

has_volumes() {
  local missing
  missing=$(jq -r --arg service "$DEVGEN_SERVICE" --arg spec "$DEVGEN_NAME" '
    .services[$service] as $dev | .volumes as $volumes | $ARGS.positional[] | split(" ") as $row |
    def at($target; $type): $dev.volumes[]? | select(.target == $target and .type == $type);
    if $row | length == 3 then
      select([at($row[2]; "bind") | select((.read_only // false) == ($row[1] == "ro"))] == []) | "\($row[0]) (\($row[1])) at \($row[2])"
    else
      $row as [$name, $persistence, $backing, $scope, $size, $target] | select([
        if $backing == "tmpfs" then $dev.tmpfs[]? | select(startswith($target + ":"))
        elif $backing == "host" then at($target; "bind")
        else at($target; "volume") | select(.source == $name and
          ($volumes[$name].labels | .["dev.devgen.spec"] == $spec and .["dev.devgen.scope"] == $scope))
        end] == []) | "\($name) (\($persistence), \($backing)) at \($target)"
    end' --args "${DEVGEN_VOLUMES[@]}" ${DEVGEN_MOUNTS[@]+"${DEVGEN_MOUNTS[@]}"} <"$work/config.json")
  [ -z "$missing" ] || {
    printf 'missing:\n%s\n' "$missing"
    return 1
  }
}

# test_mounts: TEST-PERF-007-B.
test_mounts() {
  local row name mode backing target folder asked=()
  for row in "${DEVGEN_VOLUMES[@]}"; do
    read -r _ _ backing _ _ target <<<"$row"
    case $backing in
      tmpfs) asked+=(memory "$target") ;;
      *) asked+=(volume "$target") ;;
    esac
  done
  for row in ${DEVGEN_MOUNTS[@]+"${DEVGEN_MOUNTS[@]}"}; do
    read -r _ mode target <<<"$row"
    asked+=("$mode" "$target")
  done
  for folder in ${DEVGEN_FOLDERS[@]+"${DEVGEN_FOLDERS[@]}"}; do
    asked+=(folder "$folder")
  done
  inside survey "${asked[@]}" >"$work/survey" 2>&1 || :
  for row in "${DEVGEN_VOLUMES[@]}"; do
    read -r name _ _ _ _ target <<<"$row"
    tap_check TEST-PERF-007-B "$name: $DEVGEN_USER owns $target and can write there" no_problem "$target"
  done
  for row in ${DEVGEN_MOUNTS[@]+"${DEVGEN_MOUNTS[@]}"}; do
    read -r name mode target <<<"$row"
    tap_check TEST-PERF-007-B "$name: $target is mounted $mode" no_problem "$target"
  done
  for folder in ${DEVGEN_FOLDERS[@]+"${DEVGEN_FOLDERS[@]}"}; do
    tap_check TEST-PERF-007-B "$DEVGEN_USER owns $folder and can write there" no_problem "$folder"
  done
}

# no_problem PATH: what survey has found there.
no_problem() {
  local line
  while IFS= read -r line; do
    case $line in
      "$1|") return ;;
      "$1|"*)
        printf '%s\n' "${line#*|}"
        return 1
        ;;
    esac
  done <"$work/survey"
  echo "the container told nothing of it:"
  cat "$work/survey"
  return 1
}

# test_persistence: TEST-PERF-007-C. The container is made anew, and what is in the volumes is looked at.
test_persistence() {
  local row name persistence target
  marked=yes
  inside put_marker "${targets[@]}" >"$work/put" 2>"$work/put.errors" || :
  start >/dev/null 2>&1 || :
  inside show_marker "${targets[@]}" >"$work/shown" || :
  for row in "${DEVGEN_VOLUMES[@]}"; do
    read -r name persistence _ _ _ target <<<"$row"
    case $persistence in
      ephemeral) tap_check TEST-PERF-007-C "$name ($persistence) does not survive the container" forgets "$target" ;;
      *) tap_check TEST-PERF-007-C "$name ($persistence) survives the container" keeps "$target" ;;
    esac
  done
}

was_put() {
  grep -qxF "$1" "$work/put" || {
    echo "nothing could be written to $1"
    grep -F "$1/" "$work/put.errors" || :
    return 1
  }
}

keeps() {
  was_put "$1"
  grep -qxF "$1" "$work/shown" || {
    echo "what was written to $1 is gone"
    return 1
  }
}

forgets() {
  was_put "$1"
  running
  if grep -qxF "$1" "$work/shown"; then
    echo "what was written to $1 is still there"
    return 1
  fi
}

# test_speed: TEST-PERF-007-D. At most half of a volume is written at a time.
test_speed() {
  local row name backing size target mb speed seen=''
  for row in "${DEVGEN_VOLUMES[@]}"; do
    read -r name _ backing _ size target <<<"$row"
    [ "$backing" = tmpfs ] || continue
    seen=yes
    mb=$((size / 2097152))
    mb=$((mb < 1 ? 1 : mb > 64 ? 64 : mb))
    measure "$target" "$mb"
    tap_value "$name.mb_per_second" "$speed"
    tap_check TEST-PERF-007-D "$name takes $floor MB in a second" [ "$speed" -ge "$floor" ]
  done
  [ -n "$seen" ] || tap_skip TEST-PERF-007-D "a volume in memory takes $floor MB in a second" "the spec has none"
}

# measure PATH MB sets speed to the best of three, for the machine may be busy with something else.
measure() {
  local once
  speed=0
  for _ in 1 2 3; do
    once=$(inside write_speed "$1" "$2") || once=0
    speed=$((once > speed ? once : speed))
    [ "$speed" -lt "$floor" ] || return 0
  done
}

main() {
  core_init
  parse_arguments "$@"
  require_cmd jq
  require_image
  begin
  test_compose
  if [ -s "$work/config.json" ]; then
    write_project
    on_exit end
    tap_check TEST-PERF-007-B "the container starts, and its hook succeeds" start
    test_mounts
    test_persistence
    test_speed
  fi
  tap_finish ${json:+--json "$json"} || exit 1
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  main "$@"
fi
