# [VOLUMES] The volumes of the spec, and those of them that the engine has. A volume of the engine is ours because its
# labels say so, never because of its name: another project may have one that looks the same.
# shellcheck shell=bash
[ "${DEVGEN_VOLUMES_LOADED:-}" != "$$" ] || return 0
DEVGEN_VOLUMES_LOADED=$$
# shellcheck source-path=SCRIPTDIR source=docker.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/docker.sh"

# volume_row NAME prints the row of a volume: name, persistence, backing, scope, bytes and target; nothing where the spec
# has none of that name.
volume_row() {
  local row
  for row in ${DEVGEN_VOLUMES[@]+"${DEVGEN_VOLUMES[@]}"}; do
    [ "${row%% *}" = "$1" ] || continue
    printf '%s\n' "$row"
  done
}

# volume_names prints the names of the volumes that outlive their container, in the order of the spec.
volume_names() {
  local row name persistence rest
  for row in ${DEVGEN_VOLUMES[@]+"${DEVGEN_VOLUMES[@]}"}; do
    read -r name persistence rest <<<"$row"
    [ "$persistence" = ephemeral ] || printf '%s\n' "$name"
  done
}

# read_engine_volumes asks the engine once: whose volumes there are, by label, and all of them.
read_engine_volumes() {
  compose_project >/dev/null
  local spec="label=dev.devgen.spec=$DEVGEN_NAME"
  PROJECT_VOLUMES=$(docker volume ls --quiet --filter "$spec" --filter label=dev.devgen.scope=project \
    --filter "label=com.docker.compose.project=$COMPOSE_PROJECT")
  SHARED_VOLUMES=$(docker volume ls --quiet --filter "$spec" --filter label=dev.devgen.scope=shared)
  ALL_VOLUMES=$(docker volume ls --quiet)
}

# listed ITEM LINES
listed() {
  case $'\n'$2$'\n' in
    *$'\n'"$1"$'\n'*) return 0 ;;
  esac
  return 1
}

# volume_scope NAME prints shared or project, of a volume that the spec no longer has, too.
volume_scope() {
  local scope
  read -r _ _ _ scope _ <<<"$(volume_row "$1")"
  if [ -n "$scope" ]; then
    printf '%s\n' "$scope"
  elif listed "$1" "$SHARED_VOLUMES"; then
    echo shared
  else
    echo project
  fi
}

# engine_volume NAME prints what the engine calls the volume. One that the spec no longer has goes by that name.
engine_volume() {
  local scope
  read -r _ _ _ scope _ <<<"$(volume_row "$1")"
  case $scope in
    '') printf '%s\n' "$1" ;;
    shared) printf '%s\n' "$DEVGEN_NAME-$1" ;;
    *) printf '%s\n' "${COMPOSE_PROJECT}_$1" ;;
  esac
}

# volume_folder NAME prints the folder of the host that backs the volume; nothing where the engine has the volume.
volume_folder() {
  local backing scope folder home
  read -r _ _ backing scope _ <<<"$(volume_row "$1")"
  [ "$backing" = host ] || return 0
  case $scope in
    shared) folder=$DEVGEN_HOST_FOLDER/$1 ;;
    *) folder=$DEVGEN_HOST_CLONES/$COMPOSE_PROJECT/$1 ;;
  esac
  home=${HOME:?HOME is not set}
  printf '%s\n' "${home%/}/${folder#\~/}" # as the engine writes it, or containers_of finds nobody
}

# volume_state NAME prints present, absent, or foreign: the engine has a volume of that name whose labels are not ours.
volume_state() {
  local folder engine ours=$PROJECT_VOLUMES
  folder=$(volume_folder "$1")
  if [ -n "$folder" ]; then
    if [ -d "$folder" ]; then echo present; else echo absent; fi
    return
  fi
  engine=$(engine_volume "$1")
  [ "$(volume_scope "$1")" = project ] || ours=$SHARED_VOLUMES
  if listed "$engine" "$ours"; then
    echo present
  elif listed "$engine" "$ALL_VOLUMES"; then
    echo foreign
  else
    echo absent
  fi
}

# orphaned_volumes prints the volumes of the engine that are ours and that the spec no longer has.
orphaned_volumes() {
  local name known=''
  for name in $(volume_names); do
    [ -n "$(volume_folder "$name")" ] || known+=$(engine_volume "$name")$'\n'
  done
  for name in $PROJECT_VOLUMES $SHARED_VOLUMES; do
    listed "$name" "$known" || printf '%s\n' "$name"
  done
}

# containers_of NAME [OPTION…] prints the containers that have the volume, as docker ps with the options shows them.
# Its filter compares whole names and whole paths; Docker Desktop has the paths of the host below /host_mnt.
containers_of() {
  local folder filters
  folder=$(volume_folder "$1")
  if [ -n "$folder" ]; then
    filters=(--filter "volume=$folder" --filter "volume=/host_mnt$folder")
  else
    filters=(--filter "volume=$(engine_volume "$1")")
  fi
  shift
  docker ps --format '{{.Names}}' "${filters[@]}" "$@"
}

# volume_mount NAME TARGET prints the value of --mount, in which commas separate: what holds one is quoted.
volume_mount() {
  local folder quote='"'
  folder=$(volume_folder "$1")
  if [ -n "$folder" ]; then
    printf 'type=bind,"source=%s",target=%s' "${folder//$quote/$quote$quote}" "$2"
  else
    printf 'type=volume,source=%s,target=%s,volume-nocopy' "$(engine_volume "$1")" "$2"
  fi
}

# create_volume NAME makes the volume as Compose would: the next start takes it for its own.
create_volume() {
  local folder
  folder=$(volume_folder "$1")
  if [ -n "$folder" ]; then
    (umask 077 && mkdir -p -- "$folder") || return # bash 3.2 does not end a script at a subshell
    return
  fi
  docker volume create --label "dev.devgen.spec=$DEVGEN_NAME" --label "dev.devgen.scope=$(volume_scope "$1")" \
    --label "com.docker.compose.project=$COMPOSE_PROJECT" --label "com.docker.compose.volume=$1" "$(engine_volume "$1")" >/dev/null
}

# [HELPER] The content of a volume belongs to others, and may be out of this machine's reach: it is read and written
# in a container of the service's own image, as root, with the volume and no network.

ATTENDED='' # a command runs that a signal does not end

# helper PURPOSE MOUNT… -- FUNCTION [ARGUMENT…] runs one of helper_functions. PURPOSE is the lock that it runs under
# (project or shared), or status. No log driver: what it prints may be a whole volume.
helper() {
  local purpose=$1 mounts=()
  shift
  while [ "$1" != -- ]; do
    mounts+=(--mount "$1")
    shift
  done
  shift
  docker run --rm --interactive --pull never --network none --log-driver none --sig-proxy=false \
    --name "devgen-$COMPOSE_PROJECT-$purpose-$$-$RANDOM" --label "dev.devgen.spec=$DEVGEN_NAME" \
    --label "dev.devgen.helper=$purpose" --label "dev.devgen.project=$COMPOSE_PROJECT" --label "dev.devgen.run=$$" \
    --user 0:0 --workdir / --env LC_ALL=C ${mounts[@]+"${mounts[@]}"} --entrypoint '' "$DEVGEN_IMAGE" \
    sh -c "$(declare -f "${helper_functions[@]}")"$'\n''"$@"' sh "$@"
}

# helpers PURPOSE prints the helper containers of this project, or of the spec where the purpose is shared.
helpers() {
  local filters=(--filter "label=dev.devgen.spec=$DEVGEN_NAME" --filter "label=dev.devgen.helper=$1")
  [ "$1" = shared ] || filters+=(--filter "label=dev.devgen.project=$COMPOSE_PROJECT")
  docker ps --all --quiet "${filters[@]}"
}

# remove_helpers [ID…] ends containers that this run, or one that was killed, has left behind.
remove_helpers() {
  local id
  for id in "$@"; do
    docker rm --force "$id" >/dev/null 2>&1 || log_debug "container $id is gone already"
  done
}

# end_helpers removes those of this run. A signal may come while docker is about to make one: it lives on, and makes it a
# moment later. Nobody would read what that one writes, so it would wait for ever.
end_helpers() {
  local tries=1
  [ -z "$ATTENDED" ] || tries=4
  while [ "$tries" -gt 0 ]; do
    # shellcheck disable=SC2046 # one id a word
    remove_helpers $(docker ps --all --quiet --filter "label=dev.devgen.run=$$" --filter "label=dev.devgen.project=$COMPOSE_PROJECT")
    tries=$((tries - 1))
    [ "$tries" = 0 ] || sleep 0.3
  done
}

# attended COMMAND… lets a signal be heard at once: bash hears none while it waits for a command in the foreground.
attended() {
  local code=0
  ATTENDED=yes
  "$@" <&0 &
  wait "$!" || code=$?
  ATTENDED=''
  return "$code"
}

# What runs in the container is POSIX sh: the image may have no bash. The volume is at /volume.
helper_functions=(restore_phase survey_volumes has_program archive_volume stage_archive begin_swaps holds swap_volume
  discard_staging empty_volume old_packages remove_packages)

# restore_phase FOLDER prints how far a restore came: whole (there is none), staging (what was there is untouched), out
# (it is being moved away), in (the new content is being moved to its place), or trash (only rubbish is left).
restore_phase() {
  for phase in staging out in; do
    if [ -e "$1/.devgen-restore/$phase" ]; then
      echo "$phase"
      return
    fi
  done
  if [ -e "$1/.devgen-restore" ]; then
    echo staging
  elif [ -e "$1/.devgen-trash" ]; then
    echo trash
  else
    echo whole
  fi
}

# survey_volumes sizes|phases [NAME TARGET]… prints NAME|KILOBYTES|PHASE|ITEMS of each /volumes/NAME. Items are whole
# NuGet packages or extensions of an editor.
survey_volumes() {
  what=$1
  shift
  while [ $# -gt 0 ]; do
    folder=/volumes/$1 size='' items=''
    if [ "$what" = sizes ]; then
      size=$(du -sk "$folder" | cut -f 1)
      case $2 in
        */.nuget/packages) items=$(find "$folder" -mindepth 3 -maxdepth 3 -name .nupkg.metadata | wc -l) ;;
        */.vscode-server | */.vscode-server-insiders)
          items=$(find "$folder" -mindepth 3 -maxdepth 3 -path '*/extensions/*/package.json' | wc -l)
          ;;
        */extensions) items=$(find "$folder" -mindepth 2 -maxdepth 2 -name package.json | wc -l) ;;
      esac
    fi
    echo "$1|$size|$(restore_phase "$folder")|$items"
    shift 2
  done
}

has_program() { command -v "$1" >/dev/null; }

# archive_volume gzip|zstd prints the archive. The last line on standard error is its size: all that was sent must
# arrive. GNU tar ends with 1 where a file has changed meanwhile, which is not the end of a backup.
archive_volume() {
  program=$1
  if [ "$program" = gzip ] && has_program pigz; then
    program=pigz
  fi
  work=$(mktemp -d) && mkfifo "$work/copy" || return 1
  wc -c <"$work/copy" >"$work/bytes" &
  {
    tar -C /volume --numeric-owner -cf - . || {
      status=$?
      if [ "$status" -ne 1 ] || ! tar --version 2>/dev/null | grep -q 'GNU tar'; then
        echo "tar ended with $status" >>"$work/failed"
      fi
    }
  } | { "$program" -c || echo "$program ended with $?" >>"$work/failed"; } | tee "$work/copy"
  wait
  if [ -e "$work/failed" ]; then
    cat "$work/failed" >&2
    return 1
  fi
  cat "$work/bytes" >&2
}

# stage_archive gzip|zstd unpacks standard input beside what is there, to its end. Names that lead out of the folder
# are refused: tar says that it shortens them. The root of the volume is new, and gets owner and mode of the archive's.
stage_archive() {
  work=$(mktemp -d) && mkdir -m 0700 /volume/.devgen-restore && cd /volume/.devgen-restore &&
    : >staging && mkdir new old || return 1
  { "$1" -dc 2>"$work/errors" || echo "$1 ended with $?" >>"$work/failed"; } | {
    tar -C new --numeric-owner -xpf - 2>>"$work/messages" || echo "tar ended with $?" >>"$work/failed"
    cat >/dev/null
  }
  if grep -q 'emoving leading' "$work/messages"; then
    echo 'names lead out of the volume' >>"$work/failed"
  fi
  if [ -e new/.devgen-restore ] || [ -e new/.devgen-trash ]; then
    echo 'it holds a restore that was not finished' >>"$work/failed"
  fi
  if [ -e "$work/failed" ]; then
    cat "$work/failed" "$work/errors" "$work/messages" | head -n 5 >&2
    return 1
  fi
}

# begin_swaps NAME… says of each /volumes/NAME that it gets what is staged: who finishes one finishes all of them.
begin_swaps() {
  for name in "$@"; do
    mv "/volumes/$name/.devgen-restore/staging" "/volumes/$name/.devgen-restore/out" || return 1
  done
}

# holds FOLDER: whether anything is in it, but for the state of a restore; yes, where that cannot be seen.
holds() {
  [ -n "$(find "$1" -mindepth 1 -maxdepth 1 ! -name .devgen-restore ! -name .devgen-trash -exec echo x {} + || echo x)" ]
}

# swap_volume puts the staged content in the place of what is there. It goes on from wherever an earlier one stopped:
# each step is a rename, and its end too; the old content goes when the new one is in its place. A container that was
# started since may have made a name again: what it made goes with the old. busybox's find hides that a mv has failed.
swap_volume() {
  cd /volume/.devgen-restore || return 1
  old=old
  if holds old; then
    old=$(mktemp -d old/.XXXXXX) || return 1
  fi
  if [ -e out ]; then
    find .. -mindepth 1 -maxdepth 1 ! -name .devgen-restore ! -name .devgen-trash -exec sh -c 'mv -- "$@" "$0"' "$old" {} + || return 1
    ! holds .. && mv out in || return 1
  fi
  find new -mindepth 1 -maxdepth 1 -exec sh -c '
    for entry; do
      place=../${entry#new/}
      if [ -e "$place" ] || [ -L "$place" ]; then
        mv -- "$place" "$0" || exit 1
      fi
    done
    mv -- "$@" ../' "$old" {} + || return 1
  chown "$(stat -c %u:%g new)" .. && chmod "$(stat -c %a new)" .. || return 1
  discard_staging
}

# discard_staging renames before it removes: half a staging folder must not be taken for one. While content is being
# moved, what the folder holds is nowhere else.
discard_staging() {
  cd /volume && rm -rf .devgen-trash || return 1
  if [ -e .devgen-restore/out ] || { [ -e .devgen-restore/in ] && holds .devgen-restore/new; }; then
    echo 'content is being moved: it is not removed' >&2
    return 1
  fi
  [ ! -e .devgen-restore ] || mv .devgen-restore .devgen-trash || return 1
  rm -rf .devgen-trash
}

empty_volume() { find /volume -mindepth 1 -maxdepth 1 -exec rm -rf -- {} +; }

# old_packages DAYS prints KILOBYTES and ID/VERSION of the NuGet packages that were installed that long ago.
old_packages() {
  cd /volume && find . -mindepth 3 -maxdepth 3 -type f -name .nupkg.metadata ! -path '*
*' -mtime "+$(($1 - 1))" -exec sh -c '
    for marker; do
      package=${marker%/*}
      printf "%s %s\n" "$(du -sk "$package" | cut -f 1)" "${package#./}"
    done' sh {} +
}

# remove_packages DAYS removes them and prints the same. The marker goes first: without it NuGet installs the version
# again, with it and without its files it would take it for whole.
remove_packages() {
  packages=$(old_packages "$1") || return 1
  [ -n "$packages" ] || return 0
  printf '%s\n' "$packages" | while IFS= read -r line; do
    package=${line#* }
    rm -f -- "/volume/$package/.nupkg.metadata" && rm -rf -- "/volume/$package" || return 1
    rmdir -- "/volume/${package%/*}" 2>/dev/null || :
    printf '%s\n' "$line"
  done
}

# [LOCK] Two runs must not work on the same volumes. A symbolic link that leads to a process number and the name of a
# script comes with its content or not at all, on every system.

# lock_link is what the link of this script leads to.
lock_link() { printf '%s:%s\n' "$$" "${0##*/}"; }

# lock_holder FILE prints the process that holds the lock, if it lives.
lock_holder() {
  local link pid
  link=$(readlink "$1") || return 1
  pid=${link%%:*}
  case $pid in
    '' | *[!0-9]*) return 1 ;;
  esac
  kill -0 "$pid" 2>/dev/null || return 1
  # After a restart of the machine another program may have the number. Another script may hold the lock, too.
  case $(ps -p "$pid" -o args= 2>/dev/null || echo "$link") in
    *"${link#*:}"*) printf '%s\n' "$pid" ;;
    *) return 1 ;;
  esac
}

# lock_file project|shared prints where the lock of that scope is.
lock_file() {
  local folder=${TMPDIR:-/tmp}/devgen-$UID-$DEVGEN_NAME-
  [ -z "${STATE_DIR:-}" ] || folder=$STATE_DIR/
  case $1 in
    project) printf '%s\n' "$folder$COMPOSE_PROJECT.lock" ;;
    *) printf '%s\n' "$folder.shared.lock" ;;
  esac
}

# take_lock FILE WHAT ends the script where another run holds the lock.
take_lock() {
  local holder
  if ! ln -s "$(lock_link)" "$1" 2>/dev/null; then
    if holder=$(lock_holder "$1"); then
      die "$2: another run is at work (process $holder); wait for its end"
    fi
    rm -f -- "$1"
    ln -s "$(lock_link)" "$1" || die "$2: cannot make the lock $1"
  fi
  on_exit rm -f -- "$1"
}

# lock_volumes NAME… takes the locks of their scopes, and removes what a run that was killed has left at work.
lock_volumes() {
  local name scope scopes=''
  if [ -n "${STATE_DIR:-}" ]; then
    (umask 077 && mkdir -p -- "$STATE_DIR") || die "$STATE_DIR cannot be made: there is no place for a lock"
  fi
  for name in "$@"; do
    scopes+=$(volume_scope "$name")$'\n'
  done
  for scope in project shared; do
    listed "$scope" "$scopes" || continue
    case $scope in
      project) take_lock "$(lock_file project)" "the volumes of $COMPOSE_PROJECT" ;;
      shared) take_lock "$(lock_file shared)" "the volumes that all clones share" ;;
    esac
    # shellcheck disable=SC2046 # one id a word
    remove_helpers $(helpers "$scope")
  done
  remove_strays
}

# remove_strays removes what needs no lock and belongs to a run that is over. The engine removes no container that was
# made and never started, and clean would take it for somebody who uses the volumes.
remove_strays() {
  local id pid
  docker ps --all --format '{{.ID}} {{.Label "dev.devgen.run"}}' --filter "label=dev.devgen.spec=$DEVGEN_NAME" \
    --filter label=dev.devgen.helper=status --filter "label=dev.devgen.project=$COMPOSE_PROJECT" |
    while read -r id pid; do
      kill -0 "$pid" 2>/dev/null || ps -p "$pid" >/dev/null 2>&1 || remove_helpers "$id"
    done
}
