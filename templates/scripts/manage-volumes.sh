#!/usr/bin/env bash
# [SCRIPT] Looks after the volumes of the dev container: shows, empties, backs up, restores and thins them out.
#
# Usage: manage-volumes.sh COMMAND [OPTION…] (--help tells all). Runs on the host; bash 3.2 is enough.
# shellcheck source-path=SCRIPTDIR source=lib/volumes.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib/volumes.sh"

# What is selected is kept as words: the names of volumes have no blanks, and bash 3.2 cannot tell an empty array from
# none.
readonly NEWLINE=$'\n'

usage() {
  cat <<'TEXT'
Usage: manage-volumes.sh COMMAND [OPTION…]

  init                   create on this machine what the dev container mounts
  status                 show each volume: its size, the size that the spec expects, and who uses it
    --json               the same for programs
  clean [VOLUME…]        remove this checkout's volumes; a folder of the host is emptied and stays
    --shared             those that all clones share, too
    --state              those that hold state (history, settings), too; one that is named needs no --state
    --stop               take this checkout's containers down first
  backup [DIR] [VOLUME…] write one archive for each volume, with checksums, into DIR, which is new
    --compress PROGRAM   gzip (the default) or zstd
  restore DIR [VOLUME…]  put the content of a backup in the place of what is there
    --stop               stop this checkout's containers first
    --force              although containers use the volumes
  restore                finish a restore that was interrupted
  optimize               remove whole NuGet package versions that were installed long ago
    --days N             that is, N days ago or earlier (30 is the default)
  help                   this text

  --yes                  do not ask (clean, restore)
  --dry-run              say what would happen, and do nothing (clean, backup, restore, optimize)

Volumes are named as in the spec. Of the engine's volumes only those are touched whose labels say that they are of
this spec and, unless shared, of this checkout. Without DIR a backup goes to the folder of this user's state. It holds
what the volumes hold, secrets included, and only you may read it.

A restore unpacks every archive beside what is there, and replaces that when all of them are whole: there must be room
for both. The owners of files are kept as numbers. An interrupted backup or restore leaves the old state whole; the
next run tells how to go on.

NuGet gives the files of a package the dates that they have in it, so the age of a file says nothing. optimize goes by
the marker that NuGet writes when it has installed a version, and removes that version whole.
TEXT
}

# ask_engine is the beginning of each command.
ask_engine() {
  require_engine
  read_engine_volumes
  on_exit end_helpers
}

# [INIT] What the dev container mounts, on this machine.
init_volumes() {
  local name
  parse init -- "$@"
  no_arguments init
  "$CORE_LIB_DIR/../init.sh"
  ask_engine
  for name in $(volume_names); do
    printf '%s: %s\n' "$name" "$(volume_state "$name")"
  done
}

# human BYTES prints a size for people; binary, as in the spec.
human() {
  local unit size=$1
  if [ "$size" -lt 1024 ]; then
    printf '%d B' "$size"
    return
  fi
  for unit in KB MB GB; do
    size=$((size * 10 / 1024))
    if [ "$size" -lt 10240 ] || [ "$unit" = GB ]; then
      printf '%d.%d %s' $((size / 10)) $((size % 10)) "$unit"
      return
    fi
    size=$((size / 10))
  done
}

# select_volume NAME adds it to what is selected, once.
select_volume() {
  case " $SELECTED" in
    *" $1 "*) ;;
    *) SELECTED+="$1 " ;;
  esac
}

# print_each TEXT WORDS
print_each() {
  local word
  for word in $2; do
    printf '%s %s\n' "$1" "$word"
  done
}

# survey sizes|phases NAME… asks one container about all of them. Without the image sizes stay unknown.
survey() {
  local mounts=(status) question=(survey_volumes "$1") name target
  shift
  SURVEY=''
  [ $# -gt 0 ] || return 0
  for name in "$@"; do
    read -r _ _ _ _ _ target <<<"$(volume_row "$name")"
    mounts+=("$(volume_mount "$name" "/volumes/$name"),readonly")
    question+=("$name" "$target")
  done
  SURVEY=$(attended helper "${mounts[@]}" -- "${question[@]}" </dev/null)
}

# surveyed NAME prints KILOBYTES|PHASE|ITEMS.
surveyed() {
  local line
  while IFS= read -r line; do
    if [ "${line%%|*}" = "$1" ]; then
      printf '%s\n' "${line#*|}"
      return
    fi
  done <<<"$SURVEY"
  printf '||\n'
}

# present_volumes prints those that there are, and those of the engine that the spec no longer has.
present_volumes() {
  local name
  for name in $(volume_names); do
    [ "$(volume_state "$name")" != present ] || printf '%s\n' "$name"
  done
  orphaned_volumes
}

# [STATUS] A table on standard output, or JSON.
check_volume_status() {
  local name
  parse status --json -- "$@"
  no_arguments status
  ask_engine
  if docker image inspect "$DEVGEN_IMAGE" >/dev/null 2>&1; then
    # shellcheck disable=SC2046 # one name a word
    survey sizes $(present_volumes)
  else
    SURVEY=''
    log_warn "there is no image $DEVGEN_IMAGE here to look into the volumes with: start the dev container once to see sizes"
  fi
  if [ "$JSON" = 1 ]; then
    status_json
    return
  fi
  printf '%-24s %-11s %-8s %-7s %10s %10s  %s\n' VOLUME PERSISTENCE SCOPE BACKING SIZE EXPECTED STATE
  each_status status_row
  show_interrupted
}

# each_status COMMAND calls it with the facts of each volume: name, persistence, backing, scope, bytes expected, state,
# bytes, phase and items of the survey, and the containers that use it.
each_status() {
  local row name persistence backing scope expected size phase items
  for row in ${DEVGEN_VOLUMES[@]+"${DEVGEN_VOLUMES[@]}"}; do
    read -r name persistence backing scope expected _ <<<"$row"
    if [ "$persistence" = ephemeral ]; then
      "$1" "$name" "$persistence" "$backing" "$scope" "$expected" memory '' whole '' ''
      continue
    fi
    IFS='|' read -r size phase items <<<"$(surveyed "$name")"
    "$1" "$name" "$persistence" "$backing" "$scope" "$expected" "$(volume_state "$name")" "${size:+$((size * 1024))}" \
      "${phase:-whole}" "$items" "$(containers_of "$name")"
  done
  for name in $(orphaned_volumes); do
    IFS='|' read -r size phase items <<<"$(surveyed "$name")"
    "$1" "$name" - volume "$(volume_scope "$name")" 0 orphaned "${size:+$((size * 1024))}" "${phase:-whole}" "$items" "$(containers_of "$name")"
  done
}

status_row() {
  local size=- expected=- state=$6
  [ -z "$7" ] || size=$(human "$7")
  [ "$5" = 0 ] || expected=$(human "$5")
  case $state in
    present) state=ok ;;
    absent) state='not created yet' ;;
    memory) state='in memory' ;;
    foreign) state="$(engine_volume "$1") is not ours, as its labels say: left alone" ;;
    orphaned) state='no longer in the spec; clean it by this name' ;;
  esac
  [ -z "${10}" ] || state="in use by ${10//$NEWLINE/, }"
  case $8 in
    staging | out | in)
      if lock_holder "$(lock_file "$4")" >/dev/null; then
        state+='; a restore is at work'
      else
        state+='; a restore was interrupted: manage-volumes.sh restore finishes it'
      fi
      ;;
  esac
  [ -z "$9" ] || state+="; $(items_of "$1"): $9"
  if above "$5" "$7"; then
    state+="; ${YELLOW:-}larger than expected${NC:-}"
  fi
  printf '%-24s %-11s %-8s %-7s %10s %10s  %s\n' "$1" "$2" "$4" "$3" "$size" "$expected" "$state"
}

# above EXPECTED BYTES: 0 expects nothing, and what is not known is not above.
above() { [ "$1" -gt 0 ] && [ "${2:-0}" -gt "$1" ]; }

# items_of NAME
items_of() {
  case $(volume_row "$1") in
    */.nuget/packages) echo packages ;;
    *) echo extensions ;;
  esac
}

status_json() {
  local separator=$'\n'
  printf '{"version":1,"spec":%s,"project":%s,"volumes":[' "$(json_string "$DEVGEN_NAME")" "$(json_string "$COMPOSE_PROJECT")"
  each_status status_object
  printf '\n]}\n'
}

status_object() {
  local over=false
  if above "$5" "$7"; then
    over=true
  fi
  printf '%s{"name":%s,"persistence":%s,"backing":"%s","scope":"%s","expected_bytes":%s,"state":"%s","bytes":%s,"above":%s,"restore":"%s","items":%s,"containers":[%s]}' \
    "$separator" "$(json_string "$1")" "$(json_string "$2")" "$3" "$4" "$5" "$6" "${7:-null}" "$over" "$8" "${9:-null}" "$(json_strings "${10}")"
  separator=$',\n'
}

# json_strings LINES prints them as the elements of a list.
json_strings() {
  local line comma=''
  [ -n "$1" ] || return 0
  while IFS= read -r line; do
    printf '%s%s' "$comma" "$(json_string "$line")"
    comma=,
  done <<<"$1"
}

# show_interrupted tells of backups that have not come to their end.
show_interrupted() {
  local part
  [ -n "${STATE_DIR:-}" ] || return 0
  for part in "$STATE_DIR/backups/$COMPOSE_PROJECT"/*.part; do
    [ -d "$part" ] || continue
    if lock_holder "$part/.writer" >/dev/null; then
      log_info "a backup is being written: $part"
    else
      log_warn "a backup was interrupted: $part; the next backup removes it"
    fi
  done
}

# require_names NAME… refuses names that there are no volumes of.
require_names() {
  local name known
  [ $# -gt 0 ] || return 0
  known=$(volume_names)$'\n'$(orphaned_volumes)
  for name in "$@"; do
    if listed "$name" "$known"; then
      [ "$(volume_state "$name")" != foreign ] || die "$name: $(engine_volume "$name") is not ours, as its labels say: it is left alone"
    elif [ -n "$(volume_row "$name")" ]; then
      usage_error "$name lives in memory and ends with its container"
    else
      usage_error "there is no volume $name; the spec has $(volume_names | tr '\n' ' ')"
    fi
  done
}

# warn_foreign tells of volumes that look like ours.
warn_foreign() {
  local name
  for name in $(volume_names); do
    [ "$(volume_state "$name")" != foreign ] || log_warn "$(engine_volume "$name") is not ours, as its labels say: it is left alone"
  done
}

# [CLEAN] Removes volumes, or the content of folders of the host.
clean_volumes() {
  local name failed=0
  parse clean --shared --state --stop --yes --dry-run -- "$@"
  ask_engine
  require_names ${ARGUMENTS[@]+"${ARGUMENTS[@]}"}
  select_clean
  if [ -z "$SELECTED" ]; then
    log_info "there is nothing to clean"
    return
  fi
  if [ "$DRY_RUN" = 1 ]; then
    print_each 'would clean' "$SELECTED"
    return
  fi
  # shellcheck disable=SC2086 # words
  lock_volumes $SELECTED
  log_info "to be removed with all that they hold: ${SELECTED% }"
  confirm "Remove them?" || exit 1
  if [ "$STOP" = 1 ]; then
    compose down >&2
  fi
  for name in $SELECTED; do
    clean_volume "$name" || failed=1
  done
  [ "$failed" = 0 ] || die "not everything could be cleaned"
}

# select_clean fills SELECTED. What all clones share wants --shared even when it is named: it is the others', too.
select_clean() {
  local name persistence
  SELECTED=''
  for name in ${ARGUMENTS[@]+"${ARGUMENTS[@]}"}; do
    if [ "$(volume_scope "$name")" = shared ] && [ "$SHARED" = 0 ]; then
      usage_error "$name is shared by all clones: add --shared"
    fi
    [ "$(volume_state "$name")" = absent ] || select_volume "$name"
  done
  [ "${#ARGUMENTS[@]}" = 0 ] || return 0
  warn_foreign
  for name in $(volume_names); do
    [ "$(volume_state "$name")" = present ] || continue
    [ "$SHARED" = 1 ] || [ "$(volume_scope "$name")" = project ] || continue
    read -r _ persistence _ <<<"$(volume_row "$name")"
    [ "$STATE" = 1 ] || [ "$persistence" != state ] || continue
    SELECTED+="$name "
  done
}

clean_volume() {
  local users
  users=$(containers_of "$1" --all) || return 1
  if [ -n "$users" ]; then
    log_error "$1 is in use by ${users//$NEWLINE/, }: it was left alone; --stop takes this checkout's containers down"
    return 1
  fi
  if [ -n "$(volume_folder "$1")" ]; then
    empty_folder "$1" || return 1
  else
    docker volume rm -- "$(engine_volume "$1")" >/dev/null || return 1
  fi
  printf 'cleaned %s\n' "$1"
}

# empty_folder NAME: in the container, which may remove what belongs to others.
empty_folder() {
  (require_image) || return 1
  attended helper "$(volume_scope "$1")" "$(volume_mount "$1" /volume)" -- empty_volume </dev/null
}

# [BACKUP] One archive for each volume, in a folder that gets its name when it is whole.
backup_volumes() {
  local name
  parse backup --compress --dry-run -- "$@"
  ask_engine
  select_backup
  if [ -z "$SELECTED" ]; then
    log_info "there is nothing to back up"
    return
  fi
  backup_directory
  if [ "$DRY_RUN" = 1 ]; then
    for name in $SELECTED; do
      printf 'would write %s/%s\n' "$DIRECTORY" "$(archive_name "$name")"
    done
    return
  fi
  require_image
  if [ "$COMPRESS" = zstd ] && ! attended helper status -- has_program zstd </dev/null; then
    die "the image $DEVGEN_IMAGE has no zstd: install it there, or use gzip"
  fi
  # shellcheck disable=SC2086 # words
  lock_volumes $SELECTED
  refuse_unfinished
  begin_backup
  for name in $SELECTED; do
    back_up "$name"
  done
  finish_backup
}

# select_backup fills SELECTED, and DIRECTORY with what the arguments say: one that names a volume is a volume.
select_backup() {
  local argument known
  known=$(volume_names)$'\n'$(orphaned_volumes)
  SELECTED='' DIRECTORY=''
  for argument in ${ARGUMENTS[@]+"${ARGUMENTS[@]}"}; do
    if listed "$argument" "$known"; then
      require_names "$argument"
      [ "$(volume_state "$argument")" != absent ] || die "$argument: there is no such volume yet"
      select_volume "$argument"
    elif [ -z "$DIRECTORY" ] && [ -n "$argument" ]; then
      DIRECTORY=$argument
    else
      require_names "$argument"
    fi
  done
  [ -z "$SELECTED" ] || return 0
  warn_foreign
  for argument in $(volume_names); do
    [ "$(volume_state "$argument")" != present ] || SELECTED+="$argument "
  done
}

# backup_directory makes DIRECTORY a physical path outside the checkout, where nobody commits it.
backup_directory() {
  if [ -z "$DIRECTORY" ]; then
    [ -n "${STATE_DIR:-}" ] || usage_error "without HOME there is no place for backups: name a folder"
    DIRECTORY=$STATE_DIR/backups/$COMPOSE_PROJECT/$(date -u +%Y-%m-%dT%H%M%SZ)
  fi
  DIRECTORY=$(physical_path "$DIRECTORY")
  case $DIRECTORY/ in
    "$PROJECT_ROOT"/*) usage_error "$DIRECTORY lies in the checkout, where a backup would be committed; want a folder outside" ;;
    *.part/) usage_error "$DIRECTORY has the name of a backup that is not finished; want another" ;;
  esac
}

# physical_path PATH, of which the last parts need not exist.
physical_path() {
  local path=$1 rest=''
  case $path in
    /*) ;;
    *) path=$PWD/$path ;;
  esac
  while [ ! -d "$path/" ]; do
    case ${path##*/} in
      '' | .) ;;
      *) rest=/${path##*/}$rest ;;
    esac
    path=${path%/*}
  done
  case $rest/ in
    */../*) usage_error "$1 leads through a folder that does not exist" ;;
  esac
  path=$(cd -- "$path/" && pwd -P)
  printf '%s\n' "${path%/}$rest"
}

# archive_name NAME
archive_name() {
  case $COMPRESS in
    gzip) printf '%s.tar.gz\n' "$1" ;;
    zstd) printf '%s.tar.zst\n' "$1" ;;
  esac
}

# refuse_unfinished: in the middle of a restore the content is neither old nor new. Its rubbish is removed: an archive that
# has it in it could not be restored.
refuse_unfinished() {
  local name phase
  # shellcheck disable=SC2086 # words
  survey phases $SELECTED
  for name in $SELECTED; do
    IFS='|' read -r _ phase _ <<<"$(surveyed "$name")"
    case $phase in
      whole) ;;
      trash) attended in_volume "$name" discard_staging </dev/null || die "$name: cannot remove what a restore has replaced" ;;
      *) die "$name: a restore was interrupted; finish it with: manage-volumes.sh restore" ;;
    esac
  done
}

# begin_backup makes DIRECTORY.part. The link in it names the process that writes.
begin_backup() {
  local part
  umask 077
  if [ -e "$DIRECTORY" ] || [ -L "$DIRECTORY" ]; then
    rmdir -- "$DIRECTORY" 2>/dev/null || die "$DIRECTORY is there already; a backup wants a new folder"
  fi
  mkdir -p -- "${DIRECTORY%/*}/"
  if [ -n "${STATE_DIR:-}" ]; then
    for part in "$STATE_DIR/backups/$COMPOSE_PROJECT"/*.part; do
      [ ! -d "$part" ] || lock_holder "$part/.writer" >/dev/null || discard_backup "$part"
    done
  fi
  discard_backup "$DIRECTORY.part"
  mkdir -- "$DIRECTORY.part"
  on_exit abandon_backup # not before: another run may have made it
  ln -s "$(lock_link)" "$DIRECTORY.part/.writer"
  MANIFEST='' SUMS=''
}

# discard_backup PART removes what an interrupted backup has left, and nothing else.
discard_backup() {
  local holder
  [ -e "$1" ] || return 0
  if holder=$(lock_holder "$1/.writer"); then
    die "another run is writing $1 (process $holder)"
  fi
  if [ ! -L "$1/.writer" ] && ! rmdir -- "$1" 2>/dev/null; then
    die "$1 is in the way, and no backup of this script"
  fi
  rm -rf -- "$1"
  log_warn "removed a backup that was interrupted: $1"
}

abandon_backup() {
  [ -d "$DIRECTORY.part" ] || return 0
  end_helpers
  rm -rf -- "$DIRECTORY.part"
  log_error "the backup was not finished, and nothing of it was kept; the volumes are as they were: run it again"
}

# back_up NAME
back_up() {
  local users file line said sum bytes progress=''
  file=$(archive_name "$1")
  users=$(containers_of "$1")
  [ -z "$users" ] || log_warn "$1 is in use by ${users//$NEWLINE/, }: what changes meanwhile may be lost"
  if [ -t 2 ]; then
    show_progress "$1" "$DIRECTORY.part/$file" &
    progress=$!
  fi
  attended write_archive "$1" "$DIRECTORY.part/$file" || sum=failed
  [ -z "$progress" ] || end_progress "$progress"
  if [ "${sum:-}" = failed ]; then
    said=$(sed '/^ *[0-9]*$/d' "$DIRECTORY.part/.messages" | tail -n 5 | tr '\n' ' ')
    die "$1: its archive could not be written${said:+: $said}"
  fi
  bytes=$(wc -c <"$DIRECTORY.part/$file" | tr -d ' ')
  [ "$bytes" = "$(tail -n 1 "$DIRECTORY.part/.messages" | tr -d ' ')" ] || die "$1: not all that was sent has arrived"
  sed '$d' "$DIRECTORY.part/.messages" | while IFS= read -r line; do log_warn "$1: $line"; done
  read -r sum _ <"$DIRECTORY.part/.sum"
  SUMS+="$sum  $file"$'\n'
  MANIFEST+="${MANIFEST:+,$NEWLINE}    $(manifest_volume "$1" "$file" "$bytes" "$sum")"
  log_info "$1: $(human "$bytes")"
}

# write_archive NAME FILE leaves the checksum of what was written beside it, and what was said.
write_archive() {
  helper "$(volume_scope "$1")" "$(volume_mount "$1" /volume),readonly" -- archive_volume "$COMPRESS" \
    2>"$DIRECTORY.part/.messages" </dev/null | tee -- "$2" | sha256 - >"$DIRECTORY.part/.sum"
}

# manifest_volume NAME FILE BYTES SUM prints what backup.json says of a volume.
manifest_volume() {
  local place backing=host
  place=$(volume_folder "$1")
  if [ -z "$place" ]; then
    place=$(engine_volume "$1") backing=volume
  fi
  printf '{"name": %s, "scope": "%s", "backing": "%s", "place": %s, "archive": "%s", "bytes": %s, "sha256": "%s"}' \
    "$(json_string "$1")" "$(volume_scope "$1")" "$backing" "$(json_string "$place")" "$2" "$3" "$4"
}

# show_progress NAME FILE, on a terminal, until it is ended or the script is gone.
show_progress() {
  trap - EXIT ERR
  while sleep 1 && kill -0 "$$" 2>/dev/null; do
    [ ! -f "$2" ] || printf '\r%s: %s written ' "$1" "$(human "$(wc -c <"$2")")" >&2
  done
}

end_progress() {
  kill "$1" 2>/dev/null || :
  wait "$1" 2>/dev/null || :
  printf '\r%60s\r' '' >&2
}

# finish_backup: the last rename makes it a backup.
finish_backup() {
  local part=$DIRECTORY.part sum
  rm -f -- "$part/.messages" "$part/.sum"
  printf '{\n  "version": 1,\n  "spec": %s,\n  "project": %s,\n  "created": "%s",\n  "volumes": [\n%s\n  ]\n}\n' \
    "$(json_string "$DEVGEN_NAME")" "$(json_string "$COMPOSE_PROJECT")" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$MANIFEST" >"$part/backup.json"
  sum=$(sha256 - <"$part/backup.json")
  printf '%s%s  backup.json\n' "$SUMS" "${sum%% *}" >"$part/SHA256SUMS"
  mv -- "$part" "$DIRECTORY"
  rm -f -- "$DIRECTORY/.writer"
  printf '%s\n' "$DIRECTORY"
}

# [RESTORE] Everything is verified and unpacked before anything that is there is replaced.
restore_volumes() {
  local name
  parse restore --stop --force --yes --dry-run -- "$@"
  if [ "${#ARGUMENTS[@]}" = 0 ]; then
    resume_restore
    return
  fi
  open_backup "${ARGUMENTS[0]}"
  ask_engine
  select_restore ${ARGUMENTS[@]+"${ARGUMENTS[@]:1}"}
  check_sums
  if [ "$DRY_RUN" = 1 ]; then
    print_each 'would restore' "$SELECTED"
    return
  fi
  require_image
  # shellcheck disable=SC2086 # words
  lock_volumes $SELECTED
  log_info "to be replaced by the backup: ${SELECTED% }"
  confirm "Replace what they hold?" || exit 1
  read_engine_volumes # somebody may have thought about it for long
  # shellcheck disable=SC2086 # words
  require_names $SELECTED
  release_volumes
  finish_swaps
  STAGED='' CREATED='' STAGE=staging
  on_exit abandon_restore
  for name in $SELECTED; do
    stage "$name"
  done
  STAGE=swapping
  swap_all
}

# open_backup DIR reads what the folder says of itself.
open_backup() {
  local spec version
  case ${1%/} in
    *.part) die "$1 is a backup that was interrupted: it is not whole" ;;
  esac
  [ -d "$1" ] || die "there is no folder $1"
  BACKUP=$(unset CDPATH && cd -- "$1/" && pwd -P)
  if [ ! -f "$BACKUP/backup.json" ] || [ ! -f "$BACKUP/SHA256SUMS" ]; then
    die "$1 is not a backup: it has no backup.json or no SHA256SUMS"
  fi
  version=$(sed -n 's/^  "version": \([0-9]*\),$/\1/p' "$BACKUP/backup.json")
  [ "$version" = 1 ] || die "$1: format ${version:-unknown}; this script reads format 1"
  spec=$(sed -n 's/^  "spec": "\(.*\)",$/\1/p' "$BACKUP/backup.json")
  [ "$spec" = "$DEVGEN_NAME" ] || die "$1 is a backup of ${spec:-something else}, and this is $DEVGEN_NAME"
  read_sums
}

# read_sums fills ARCHIVES with the names of the files, and refuses lines that this script would not have written.
read_sums() {
  local line pattern='^[0-9a-f]{64}  (backup\.json|[A-Za-z0-9][A-Za-z0-9_.-]*\.tar\.(gz|zst))$'
  ARCHIVES=''
  while IFS= read -r line || [ -n "$line" ]; do
    [[ $line =~ $pattern ]] || die "$BACKUP/SHA256SUMS: cannot make sense of: $line"
    ! listed "${line:66}" "$ARCHIVES" || die "$BACKUP/SHA256SUMS names ${line:66} twice"
    ARCHIVES+=${line:66}$'\n'
  done <"$BACKUP/SHA256SUMS"
  listed backup.json "$ARCHIVES" || die "$BACKUP/SHA256SUMS does not name backup.json"
}

# archive_of NAME prints the file that holds the volume; nothing where the backup has none.
archive_of() {
  local file
  for file in "$1.tar.gz" "$1.tar.zst"; do
    if listed "$file" "$ARCHIVES"; then
      printf '%s\n' "$file"
      return
    fi
  done
}

# select_restore NAME… fills SELECTED: those, or all of the backup that the spec has. Files that nobody vouches for are
# not passed over in silence: a line may have been taken out.
select_restore() {
  local name file
  SELECTED=''
  for file in "$BACKUP"/*.tar.gz "$BACKUP"/*.tar.zst; do
    [ ! -e "$file" ] || listed "${file##*/}" "$ARCHIVES" || die "$BACKUP/SHA256SUMS does not name ${file##*/}"
  done
  require_names "$@"
  for name in "$@"; do
    [ -n "$(archive_of "$name")" ] || die "$BACKUP has no archive of $name"
    select_volume "$name"
  done
  [ $# = 0 ] || return 0
  for file in $ARCHIVES; do
    name=${file%.tar.*}
    if [ "$file" = backup.json ]; then
      continue
    elif ! listed "$name" "$(volume_names)"; then
      log_warn "$name is no longer in the spec: its archive is left out"
      continue
    fi
    require_names "$name"
    SELECTED+="$name "
  done
  [ -n "$SELECTED" ] || die "$BACKUP holds no volume of this spec"
}

# check_sums of all that is going to be used.
check_sums() {
  local name file sum
  for file in backup.json $(for name in $SELECTED; do archive_of "$name"; done); do
    if [ ! -f "$BACKUP/$file" ] || [ -L "$BACKUP/$file" ]; then
      die "$BACKUP/$file is missing: nothing was changed"
    fi
    sum=$(sha256 - <"$BACKUP/$file")
    grep -Fqx -- "${sum%% *}  $file" "$BACKUP/SHA256SUMS" || die "$BACKUP/$file is damaged, its checksum is another: nothing was changed"
  done
}

# release_volumes sees to it that no container works in what is going to be replaced.
release_volumes() {
  local name users in_use=0
  if [ "$STOP" = 1 ]; then
    compose stop >&2
  fi
  for name in $SELECTED; do
    users=$(containers_of "$name")
    if [ -n "$users" ] && [ "$FORCE" = 0 ]; then
      log_error "$name is in use by ${users//$NEWLINE/, }"
      in_use=1
    fi
  done
  [ "$in_use" = 0 ] || die "stop the containers (--stop stops this checkout's), or use --force: nothing was changed"
}

# in_volume NAME FUNCTION [ARGUMENT…] runs one of helper_functions in the volume. It fails as the function does.
in_volume() { helper "$(volume_scope "$1")" "$(volume_mount "$1" /volume)" -- "${@:2}"; }

# stage NAME unpacks its archive into the volume, beside what is there.
stage() {
  local file program=gzip
  file=$(archive_of "$1")
  case $file in
    *.zst) program=zstd ;;
  esac
  if [ "$(volume_state "$1")" = absent ]; then
    CREATED+="$1 "
    create_volume "$1"
  fi
  STAGED+="$1 "
  log_info "$1: unpacking"
  attended in_volume "$1" stage_archive "$program" <"$BACKUP/$file" || die "$1: $file cannot be unpacked"
}

# swap_all replaces one volume after the other. First it says so in all of them: a restore that is interrupted from there
# on is finished in all of them, too.
swap_all() {
  local name places=() purpose=project
  for name in $STAGED; do
    places+=("$(volume_mount "$name" "/volumes/$name")")
    [ "$(volume_scope "$name")" = project ] || purpose=shared
  done
  # shellcheck disable=SC2086 # words
  attended helper "$purpose" ${places[@]+"${places[@]}"} -- begin_swaps $STAGED </dev/null || die "the volumes could not be replaced"
  for name in $STAGED; do
    attended in_volume "$name" swap_volume </dev/null || die "$name: the new content is not in its place yet"
    printf 'restored %s\n' "$name"
  done
  STAGE=over
}

# abandon_restore runs at the end, whatever it is.
abandon_restore() {
  local name
  end_helpers
  case $STAGE in
    staging)
      for name in $STAGED; do
        in_volume "$name" discard_staging </dev/null || log_error "$name: the next restore removes what this one has unpacked"
      done
      for name in $CREATED; do
        [ -n "$(volume_folder "$name")" ] || docker volume rm -- "$(engine_volume "$name")" >/dev/null || :
      done
      log_error "nothing was restored: the volumes are as they were"
      ;;
    swapping) log_error "the restore was interrupted, nothing is lost: finish it with manage-volumes.sh restore" ;;
  esac
}

# finish_swaps completes what an earlier restore of the selected volumes has begun to swap, and takes away what one has
# only unpacked.
finish_swaps() {
  local name phase present=''
  for name in $SELECTED; do
    [ "$(volume_state "$name")" != present ] || present+="$name "
  done
  # shellcheck disable=SC2086 # words
  survey phases $present
  FINISHED=0
  for name in $present; do
    IFS='|' read -r _ phase _ <<<"$(surveyed "$name")"
    case $phase in
      staging)
        attended in_volume "$name" discard_staging </dev/null || die "$name: cannot remove what was unpacked"
        log_warn "$name: an interrupted restore had changed nothing; what it had unpacked is removed"
        ;;
      out | in)
        attended in_volume "$name" swap_volume </dev/null || die "$name: cannot finish the restore"
        log_warn "$name: an interrupted restore is finished, the content of that backup is in place"
        ;;
      trash) attended in_volume "$name" discard_staging </dev/null || die "$name: cannot remove what was replaced" ;;
      *) continue ;;
    esac
    FINISHED=$((FINISHED + 1))
  done
}

# resume_restore finishes whatever was interrupted.
resume_restore() {
  local name phase
  ask_engine
  SELECTED=''
  require_image
  # shellcheck disable=SC2046 # one name a word
  survey phases $(present_volumes)
  for name in $(present_volumes); do
    IFS='|' read -r _ phase _ <<<"$(surveyed "$name")"
    [ "$phase" = whole ] || SELECTED+="$name "
  done
  [ -n "$SELECTED" ] || usage_error "restore wants the folder of a backup: no restore was interrupted"
  if [ "$DRY_RUN" = 1 ]; then
    print_each 'would finish' "$SELECTED"
    return
  fi
  # shellcheck disable=SC2086 # words
  lock_volumes $SELECTED
  release_volumes
  finish_swaps
  print_each 'finished' "$SELECTED"
}

# [OPTIMIZE] Whole versions of NuGet packages only.
optimize_volumes() {
  local name row target freed=0
  parse optimize --days --dry-run -- "$@"
  no_arguments optimize
  ask_engine
  require_image
  SELECTED=''
  for name in $(volume_names); do
    row=$(volume_row "$name")
    read -r _ _ _ _ _ target <<<"$row"
    case $target in
      */.nuget/packages) [ "$(volume_state "$name")" != present ] || SELECTED+="$name " ;;
    esac
  done
  if [ -z "$SELECTED" ]; then
    log_info "there is no volume of NuGet packages"
    return
  fi
  if [ "$DRY_RUN" = 0 ]; then
    # shellcheck disable=SC2086 # words
    lock_volumes $SELECTED
    refuse_unfinished
  fi
  for name in $SELECTED; do
    optimize_volume "$name"
  done
  log_info "$([ "$DRY_RUN" = 1 ] && echo 'would free' || echo freed) $(human $((freed * 1024)))"
}

# optimize_volume NAME prints the versions and adds their kilobytes to freed.
optimize_volume() {
  local packages size package function=remove_packages verb=removed
  if [ "$DRY_RUN" = 1 ]; then
    function=old_packages verb='would remove'
  fi
  packages=$(attended in_volume "$1" "$function" "$DAYS" </dev/null) || die "$1: not all packages could be looked at"
  while read -r size package; do
    [ -n "$package" ] || continue
    printf '%s %s\n' "$verb" "$package"
    freed=$((freed + size))
  done <<<"$packages"
}

# parse COMMAND OPTION… -- ARGUMENT… reads the options that the command has.
parse() {
  local command=$1 allowed=$'\n'
  shift
  while [ "$1" != -- ]; do
    allowed+=$1$'\n'
    shift
  done
  shift
  ARGUMENTS=() SHARED=0 STATE=0 STOP=0 FORCE=0 JSON=0 DRY_RUN=0 DAYS=30 COMPRESS=gzip
  while [ $# -gt 0 ]; do
    case $1 in
      -h | --help)
        usage
        exit 0
        ;;
      --days=* | --compress=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" ;;
      --)
        shift
        ARGUMENTS+=("$@")
        return
        ;;
    esac
    case $1 in
      -*) listed "$1" "$allowed" || usage_error "$command has no option $1" ;;
    esac
    option "$@"
    case $1 in
      --days | --compress) shift ;;
    esac
    shift
  done
}

# option ARGUMENT [VALUE] sets one.
option() {
  case $1 in
    --shared) SHARED=1 ;;
    --state) STATE=1 ;;
    --stop) STOP=1 ;;
    --force) FORCE=1 ;;
    --json) JSON=1 ;;
    --yes) export ASSUME_YES=1 ;; # confirm reads it
    --dry-run) DRY_RUN=1 ;;
    --days)
      DAYS=${2:-}
      case $DAYS in
        '' | 0* | *[!0-9]* | ??????*) usage_error "--days wants a number of days, 1 or more" ;;
      esac
      ;;
    --compress)
      COMPRESS=${2:-}
      case $COMPRESS in
        gzip | zstd) ;;
        *) usage_error "--compress wants gzip or zstd" ;;
      esac
      ;;
    *) ARGUMENTS+=("$1") ;;
  esac
}

# no_arguments COMMAND
no_arguments() {
  [ "${#ARGUMENTS[@]}" = 0 ] || usage_error "$1 takes no argument: ${ARGUMENTS[0]}"
}

# show_menu is for a person at a terminal.
show_menu() {
  local choice folder=''
  printf '%s\n' "1) Initialize volumes" "2) Check volume status" "3) Clean all volumes" "4) Backup volumes" \
    "5) Restore volumes" "6) Optimize volumes" "0) Exit" >&2
  printf 'Select option: ' >&2
  read -r choice || choice=0
  case $choice in
    0) ;;
    1) run init ;;
    2) run status ;;
    3) run clean ;;
    4)
      printf 'Backup folder (Enter for the default): ' >&2
      read -r folder || :
      run backup ${folder:+"$folder"}
      ;;
    5)
      printf 'Folder of the backup: ' >&2
      read -r folder || :
      run restore ${folder:+"$folder"}
      ;;
    6) run optimize ;;
    *) usage_error "there is no option $choice" ;;
  esac
}

# run COMMAND ARGUMENT…
run() {
  case $1 in
    init | status | clean | backup | restore | optimize) metric_start "volumes-$1" ;;
    -h | --help | help)
      usage
      return
      ;;
    *) usage_error "there is no command $1" ;;
  esac
  case $1 in
    init) init_volumes "${@:2}" ;;
    status) check_volume_status "${@:2}" ;;
    clean) clean_volumes "${@:2}" ;;
    backup) backup_volumes "${@:2}" ;;
    restore) restore_volumes "${@:2}" ;;
    optimize) optimize_volumes "${@:2}" ;;
  esac
  metric_end "volumes-$1"
}

main() {
  core_init
  if [ $# -gt 0 ]; then
    run "$@"
  elif [ -t 0 ]; then
    show_menu
  else
    usage_error "want a command"
  fi
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  main "$@"
fi
