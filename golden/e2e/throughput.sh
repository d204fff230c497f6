#!/usr/bin/env bash
# How fast manage-volumes.sh backs up and restores a volume, against nothing but tar and gzip in the same image: the
# median of three runs each, taken in turn. Half of the volume is text, half is what no program makes smaller.
#
# Usage: throughput.sh [MEGABYTES]. Needs the lab (lab.sh up; eval "$(lab.sh env)"); prints a line of figures each, and
# ends with 1 where the ratio is below 0.8.
# shellcheck disable=SC2016,SC2317 # what the container expands, and what is called by its name
set -euo pipefail

megabytes=${1:-1024}
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
name=throughput-$$
work=$(mktemp -d)
home=$HOME
export HOME=$work/home
image=${DEVGEN_LAB_REGISTRY:?"the lab is not named: eval \"\$(lab.sh env)\""}/$name/dev
volume=$name-packages

clean_up() {
  docker volume rm --force "$volume" "$volume-plain" >/dev/null
  docker rmi --force "$image" >/dev/null
  rm -rf -- "$work"
}
trap clean_up EXIT

# in_image OPTION… -- COMMAND…: in the same way as the script does.
in_image() {
  local options=()
  while [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  docker run --rm --interactive --user 0:0 --network none --log-driver none "${options[@]}" --entrypoint '' "$image" "${@:2}"
}

# seconds COMMAND… prints how long it took.
seconds() {
  local began=${EPOCHREALTIME/./}
  "$@" >/dev/null 2>"$work/messages" || {
    cat "$work/messages" >&2
    exit 1
  }
  local took=$((${EPOCHREALTIME/./} - began))
  printf '%d.%03d\n' $((took / 1000000)) $((took / 1000 % 1000))
}

plain_backup() { in_image -v "$volume:/volume:ro" -- sh -c 'tar -C /volume -cf - . | gzip -c' </dev/null >"$work/plain.tar.gz"; }
plain_restore() { in_image -v "$volume-plain:/volume" -- sh -c 'gzip -dc | tar -C /volume -xpf -' <"$work/plain.tar.gz"; }
backup() { .devcontainer/scripts/manage-volumes.sh backup "$work/backup"; }
restore() { .devcontainer/scripts/manage-volumes.sh restore "$work/backup" --yes; }

# compare WHAT PLAIN OURS prints the medians and their ratio.
compare() {
  awk -v what="$1" -v megabytes="$megabytes" -v plain="$(sort -n "$work/$2" | sed -n 2p)" -v ours="$(sort -n "$work/$3" | sed -n 2p)" 'BEGIN {
    printf "%s of %d MB: tar and gzip alone %.1f s (%.0f MB/s), manage-volumes.sh %.1f s (%.0f MB/s), ratio %.2f\n",
      what, megabytes, plain, megabytes / plain, ours, megabytes / ours, plain / ours
    exit plain / ours < 0.8
  }'
}

mkdir -p "$work/project" "$HOME"
(cd "$root" && HOME=$home go build -o "$work/devgen" ./cmd/devgen)
cd "$work/project"
cat >devcontainer.cue <<TEXT
name: "$name"
image: {registry: "${image%%/*}", repository: "$name/dev"}
platforms: "linux/amd64": {}
caches: registry: {}
volumes: packages: {target: "~/.packages", persistence: "cache"}
TEXT
"$work/devgen" >/dev/null
docker pull --quiet "${BASE:-${image%%/*}/library/debian:bookworm}" >/dev/null
docker tag "${BASE:-${image%%/*}/library/debian:bookworm}" "$image"
docker volume create --label "dev.devgen.spec=$name" --label dev.devgen.scope=shared "$volume" >/dev/null
in_image -v "$volume:/volume" -- sh -c '
  cd /volume && seq 1 100000 >text && i=0
  while [ $i -lt "$0" ]; do
    mkdir -p d$((i % 50))
    dd if=/dev/urandom of=d$((i % 50))/$i bs=512k count=1 2>/dev/null
    { echo $i && cat text; } | head -c 524288 >d$((i % 50))/$i.txt
    i=$((i + 1))
  done' "$megabytes" </dev/null

for _ in 1 2 3; do
  seconds plain_backup >>"$work/plain-backup"
  rm -rf -- "$work/backup"
  seconds backup >>"$work/our-backup"
done
for _ in 1 2 3; do
  docker volume rm --force "$volume-plain" >/dev/null
  docker volume create "$volume-plain" >/dev/null
  seconds plain_restore >>"$work/plain-restore"
  docker volume rm "$volume" >/dev/null
  seconds restore >>"$work/our-restore"
done
status=0
compare backup plain-backup our-backup || status=1
compare restore plain-restore our-restore || status=1
exit "$status"
