#!/usr/bin/env bash
# The lab is the machine that the end-to-end cases run on: an engine, BuildKit, a registry, stores that speak S3 and Azure's
# blobs, a runner of workflows, and base images of two platforms for the Dockerfiles. Nothing in it needs the internet: what
# a Dockerfile names is answered by the registry.
#
# Usage: lab.sh up | env | fresh | down [--purge] | --help
#
# DEVGEN_LAB       its folder; devgen-e2e in the folder of temporary files unless said
# DEVGEN_LAB_PORT  the port of the registry on this machine; 5100 unless said. The stores have the next two
set -euo pipefail
unset CDPATH

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
lab=${DEVGEN_LAB:-${TMPDIR:-/tmp}/devgen-e2e}
port=${DEVGEN_LAB_PORT:-5100}
registry=localhost:$port
s3=localhost:$((port + 1))
blobs=localhost:$((port + 2))
buildkit=unix://$lab/run/buildkitd.sock
export DOCKER_CONFIG=$lab/docker
unset BUILDX_BUILDER BUILDX_CONFIG

usage() {
  cat <<EOF
Usage: lab.sh up | env | fresh | down [--purge] | --help

  up             build and start what is not there yet
  env            print what a shell needs to use the lab: eval "\$(lab.sh env)"
  fresh          restart BuildKit with nothing in its cache: as new as a runner of CI
  down           end what up has started; --purge: and remove the lab's folder
EOF
}

die() {
  printf 'lab.sh: %s\n' "$*" >&2
  exit 1
}

# step TEXT COMMAND [ARGUMENT...]: runs a command and tells how long it took.
step() {
  local began=${EPOCHREALTIME/./}
  "${@:2}"
  local tenths=$(((${EPOCHREALTIME/./} - began) / 100000))
  printf 'lab.sh: %-28s %3d.%d s\n' "$1" "$((tenths / 10))" "$((tenths % 10))" >&2
}

# logged NAME COMMAND [ARGUMENT...]: what a command says goes to a file, and is shown if the command fails.
logged() {
  "${@:2}" >"$lab/log/$1.log" 2>&1 || {
    tail -n 40 "$lab/log/$1.log" >&2
    die "$1 failed; $lab/log/$1.log has it all"
  }
}

# The programs that run meanwhile: each has a file with its process id, and a command line that holds the lab's folder.

# running NAME: it is up, and nobody else has got its process id.
running() {
  local pid
  pid=$(cat "$lab/run/$1.pid" 2>/dev/null) && tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF -- "$lab/"
}

# start NAME COMMAND [ARGUMENT...]
start() {
  setsid nohup "${@:2}" >>"$lab/log/$1.log" 2>&1 </dev/null &
  echo $! >"$lab/run/$1.pid"
}

# vacant ADDRESS: nobody listens there. A program of somebody else would be taken for the lab's own.
vacant() {
  ! (: <"/dev/tcp/127.0.0.1/${1#*:}") 2>/dev/null || die "port ${1#*:} is somebody else's; set DEVGEN_LAB_PORT"
}

# answers NAME COMMAND [ARGUMENT...]: waits until a command succeeds.
answers() {
  local tries
  for ((tries = 0; tries < 300; tries++)); do
    "${@:2}" >/dev/null 2>&1 && return
    sleep 0.1
  done
  tail -n 20 "$lab/log/$1.log" >&2
  die "$1 does not answer"
}

# end NAME: with force, if it has not ended within half a minute.
end() {
  running "$1" || return 0
  local pid tries
  pid=$(cat "$lab/run/$1.pid")
  kill "$pid"
  for ((tries = 0; tries < 300; tries++)); do
    running "$1" || break
    sleep 0.1
  done
  ! running "$1" || kill -KILL "$pid"
  rm -f "$lab/run/$1.pid"
}

prepare() {
  [ "$(id -u)" = 0 ] || die "BuildKit and the engine need root"
  local tool
  for tool in go npm node docker runc curl ip apt-get dpkg-deb; do
    command -v "$tool" >/dev/null || die "$tool is not installed"
  done
  [ "$(uname -m)" = x86_64 ] || die "the lab is written for x86_64, and arm64 emulated; this is $(uname -m)"
  case $lab in
    /*) ;;
    *) die "DEVGEN_LAB is $lab; want an absolute path" ;;
  esac
  mkdir -p "$lab"
  # Root runs what lies there, and everybody may make a folder of that name in /tmp.
  if [ -L "$lab" ] || [ ! -O "$lab" ]; then
    die "$lab is somebody else's; set DEVGEN_LAB"
  fi
  mkdir -p "$lab"/{bin,debian,docker,etc,image,log,npm,run}
  : >"$lab/lab" # so that down knows its own
  # The plugins of the engine's command line, without touching anybody's home.
  printf '{"cliPluginsExtraDirs": ["%s"]}\n' "$lab/bin" >"$DOCKER_CONFIG/config.json"
}

# tools builds them from the go.mod of each module below tools, which say their versions.
tools() {
  cat "$here"/tools/go.mod "$here"/tools/*/go.mod | cmp -s - "$lab/bin/go.mod" && return
  build . docker-buildx github.com/docker/buildx/cmd/buildx github.com/docker/buildx/version.Version
  build . buildkitd github.com/moby/buildkit/cmd/buildkitd github.com/moby/buildkit/version.Version
  build . buildctl github.com/moby/buildkit/cmd/buildctl github.com/moby/buildkit/version.Version
  build . docker-compose github.com/docker/compose/v5/cmd github.com/docker/compose/v5/internal.Version
  build . dockerfile-frontend github.com/moby/buildkit/frontend/dockerfile/cmd/dockerfile-frontend github.com/moby/buildkit/version.Version
  build act act github.com/nektos/act main.version
  build s3 versitygw github.com/versity/versitygw/cmd/versitygw main.Version
  cat "$here"/tools/go.mod "$here"/tools/*/go.mod >"$lab/bin/go.mod"
}

# version MODULE PACKAGE: that of the module which the package is part of.
version() { go list -C "$here/tools/$1" -f '{{.Module.Version}}' "$2"; }

# build MODULE NAME PACKAGE VARIABLE: a program that tells its version.
build() {
  local version
  version=$(version "$1" "$3" 2>"$lab/log/$2.log") || die "no version of $2: $(cat "$lab/log/$2.log")"
  CGO_ENABLED=0 logged "$2" go build -C "$here/tools/$1" -buildvcs=false -ldflags "-s -w -X $4=$version" -o "$lab/bin/$2" "$3"
}

# npm_packages are the dev container CLI, Azure's emulator of its store, and GitHub's parser of workflows with esbuild,
# because node reads that parser only as one file.
npm_packages() {
  cmp -s "$here/tools/package-lock.json" "$lab/npm/installed" && return
  cp "$here/tools/package.json" "$here/tools/package-lock.json" "$lab/npm/"
  logged npm npm ci --prefix "$lab/npm" --no-audit --no-fund --ignore-scripts
  cp "$here/tools/package-lock.json" "$lab/npm/installed" # only now: npm may have been interrupted
}

# debian takes packages apart instead of installing them: the registry would become a service of this machine.
debian() {
  unpacked amd64 docker-registry qemu-user-static busybox-static bash-static
  unpacked arm64 busybox-static bash-static
  install "$lab/debian/amd64/usr/bin/docker-registry" "$lab/bin/registry" # with its own name it would pass for a plugin of docker
}

# unpacked ARCHITECTURE PACKAGE...: their files, in a folder that is called like the architecture.
unpacked() {
  local dir=$lab/debian/$1 package
  [ ! -d "$dir" ] || return 0
  rm -rf "$dir.part"
  mkdir -p "$dir.part"/{packages,files,lists/partial,cache/archives/partial}
  logged "debian-$1" download "$dir.part" "$@"
  for package in "$dir.part"/packages/*.deb; do
    dpkg-deb -x "$package" "$dir.part/files"
  done
  mv "$dir.part/files" "$dir"
  rm -rf "$dir.part"
}

# download FOLDER ARCHITECTURE PACKAGE...: with lists of its own, for the machine's have its own architecture only, if any.
download() (
  cd "$1/packages"
  apt=(apt-get -q -o "APT::Architecture=$2" -o "APT::Architectures=$2" -o "Dir::State=$1" -o "Dir::State::Lists=$1/lists"
    -o Dir::State::status=/dev/null -o "Dir::Cache=$1/cache" -o APT::Sandbox::User=root -o Acquire::Languages=none)
  "${apt[@]}" update
  "${apt[@]}" download "${@:3}"
)

# emulation has the kernel run the programs of arm64, too. The interpreter is read when it is registered, and so is there in
# every container.
emulation() {
  local kernel=/proc/sys/fs/binfmt_misc debian=/usr/libexec/qemu-binfmt
  if [ ! -e "$kernel/register" ]; then
    mount -t binfmt_misc binfmt_misc "$kernel" || die "without binfmt_misc the kernel runs nothing of arm64"
    : >"$lab/run/binfmt"
  fi
  [ ! -e "$kernel/qemu-aarch64" ] || return 0
  sed "s,:$debian/,:$lab/debian/amd64$debian/," "$lab/debian/amd64/usr/lib/binfmt.d/qemu-aarch64.conf" >"$kernel/register"
  : >"$lab/run/qemu"
}

# end_emulation takes back what this lab has registered, if the machine was not started anew since.
end_emulation() {
  local kernel=/proc/sys/fs/binfmt_misc
  [ ! -e "$lab/run/qemu" ] || [ ! -e "$kernel/qemu-aarch64" ] || echo -1 >"$kernel/qemu-aarch64"
  [ ! -e "$lab/run/binfmt" ] || ! mountpoint -q "$kernel" || umount "$kernel"
}

# engine uses the one that is up. Its own is kept off the machine's: a socket and a folder in the lab, no firewall rules.
engine() {
  running dockerd || ! docker info >/dev/null 2>&1 || return 0
  export DOCKER_HOST=unix://$lab/run/docker.sock
  if ! running dockerd; then
    command -v dockerd >/dev/null || die "no engine answers, and dockerd is not installed"
    ip link show docker0 >/dev/null 2>&1 || : >"$lab/run/docker0"
    local runtime=()
    may_all || runtime=(--add-runtime "lab=$(modest_runtime)" --default-runtime lab)
    start dockerd dockerd --host "$DOCKER_HOST" --data-root "$lab/engine" --exec-root "$lab/run/engine" --pidfile "$lab/run/engine.pid" \
      --iptables=false "${runtime[@]}"
  fi
  answers dockerd docker info
}

# may_all: root has CAP_SYS_RESOURCE, the 24th. A virtual machine of CI may have taken it away, and then runc refuses what
# asks for all capabilities, as BuildKit's own containers do.
may_all() {
  local capabilities
  capabilities=$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)
  ((0x$capabilities >> 24 & 1))
}

# modest_runtime writes a runc that asks for all capabilities but that one, and prints where it is.
modest_runtime() {
  cat >"$lab/bin/runc-lab" <<'EOF'
#!/bin/sh
bundle=. process= command= before=
for argument; do
  case $before in
    --bundle | -b) bundle=$argument ;;
    --process | -p) process=$argument ;;
  esac
  case $argument in
    --bundle=*) bundle=${argument#--bundle=} ;;
    --process=*) process=${argument#--process=} ;;
    create | run | exec) [ -n "$command" ] || command=$argument ;;
  esac
  before=$argument
done
case $command in
  create | run) file=$bundle/config.json ;;
  exec) file=$process ;;
  *) file= ;;
esac
[ ! -f "$file" ] || sed -i 's/"CAP_SYS_RESOURCE",//g; s/,"CAP_SYS_RESOURCE"//g' "$file"
exec runc "$@"
EOF
  chmod +x "$lab/bin/runc-lab"
  printf '%s' "$lab/bin/runc-lab"
}

start_registry() {
  running registry && return
  vacant "$registry"
  cat >"$lab/etc/registry.yml" <<EOF
version: 0.1
log: {level: warn}
storage: {filesystem: {rootdirectory: $lab/registry}, delete: {enabled: true}}
http: {addr: 127.0.0.1:${registry#*:}}
EOF
  start registry "$lab/bin/registry" serve "$lab/etc/registry.yml"
  answers registry curl -fsS "http://$registry/v2/"
}

start_buildkit() {
  running buildkitd && return
  cat >"$lab/etc/buildkitd.toml" <<EOF
root = "$lab/buildkit"
[grpc]
address = ["$buildkit"]
[worker.containerd]
enabled = false
[registry."$registry"]
http = true
[registry."docker.io"]
mirrors = ["$registry"]
[registry."mcr.microsoft.com"]
mirrors = ["$registry"]
EOF
  start buildkitd "$lab/bin/buildkitd" --config "$lab/etc/buildkitd.toml"
  answers buildkitd "$lab/bin/buildctl" --addr "$buildkit" debug workers
  docker buildx inspect lab >/dev/null 2>&1 || docker buildx create --name lab --driver remote "$buildkit" >/dev/null
}

# start_s3: a folder is a bucket.
start_s3() {
  running versitygw && return
  vacant "$s3"
  mkdir -p "$lab/s3/cache"
  ROOT_ACCESS_KEY=lab ROOT_SECRET_KEY=lab-secret start versitygw "$lab/bin/versitygw" --quiet --port "${s3/localhost/127.0.0.1}" --health /health posix "$lab/s3"
  answers versitygw curl -fsS "http://$s3/health"
}

start_blobs() {
  running azurite && return
  vacant "$blobs"
  mkdir -p "$lab/blobs"
  start azurite node "$lab/npm/node_modules/azurite/dist/src/blob/main.js" --silent --location "$lab/blobs" \
    --blobHost 127.0.0.1 --blobPort "${blobs#*:}" --disableTelemetry --skipApiVersionCheck
  answers azurite curl -sS "http://$blobs/"
}

# push_image FOLDER PLATFORMS TAG...: the Dockerfile comes from standard input.
push_image() {
  local tag tags=()
  for tag in "${@:3}"; do tags+=(--tag "$registry/$tag"); done
  logged image docker buildx build --builder lab --provenance=false --platform "$2" --push "${tags[@]}" --file - "$1"
}

# base_image is small: a shell, busybox, and the user of the images that it stands for.
base_image() {
  rm -rf "$lab/image/base"
  base_files amd64
  base_files arm64
  find "$lab/image/base" -exec touch -h -d @0 {} + # so that the image is the same the next time
  push_image "$lab/image/base" linux/amd64,linux/arm64 library/debian:bookworm devcontainers/base:debian <<EOF
FROM scratch
ARG TARGETARCH
COPY \$TARGETARCH /
ENV PATH=/usr/local/bin:/usr/bin:/bin
CMD ["/bin/bash"]
EOF
}

# base_files ARCHITECTURE: this machine's own busybox tells the programs that both have.
base_files() {
  local root=$lab/image/base/$1 program
  mkdir -p "$root"/{bin,etc,home/vscode,proc,root,sys,dev,tmp,usr/bin,usr/local/bin,var/tmp}
  cp "$lab/debian/$1/bin/busybox" "$root/bin/"
  cp "$lab/debian/$1/bin/bash-static" "$root/bin/bash"
  for program in $("$lab/debian/amd64/bin/busybox" --list); do
    [ -e "$root/bin/$program" ] || ln -s busybox "$root/bin/$program"
  done
  ln -s /bin/bash /bin/env "$root/usr/bin/"
  printf 'root:x:0:0::/root:/bin/bash\nvscode:x:1000:1000::/home/vscode:/bin/bash\n' >"$root/etc/passwd"
  printf 'root:x:0:\nvscode:x:1000:\n' >"$root/etc/group"
  printf 'ID=lab\nNAME="lab"\n' >"$root/etc/os-release"
  chmod 1777 "$root/tmp" "$root/var/tmp"
  chown 1000:1000 "$root/home/vscode"
}

# frontend_image answers "# syntax=docker/dockerfile:1".
frontend_image() {
  mkdir -p "$lab/image/frontend"
  cp -p "$lab/bin/dockerfile-frontend" "$lab/image/frontend/"
  push_image "$lab/image/frontend" linux/amd64 docker/dockerfile:1 <<EOF
FROM scratch
COPY dockerfile-frontend /bin/
LABEL moby.buildkit.frontend.network.none="true"
LABEL moby.buildkit.frontend.caps="moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests,moby.buildkit.frontend.contexts"
ENTRYPOINT ["/bin/dockerfile-frontend"]
EOF
}

# buildkit_image is what buildx starts a builder of its own from, under the name that it has itself and under that of a
# workflow: it cannot be pulled here, so the engine's is taken.
buildkit_image() {
  local image=moby/buildkit:buildx-stable-1 named root=$lab/image/buildkit library
  named=moby/buildkit:$(version . github.com/moby/buildkit/cmd/buildkitd)
  docker image inspect "$image" "$named" >/dev/null 2>&1 && return
  rm -rf "$root"
  mkdir -p "$root/usr/bin"
  cp "$lab/bin/buildkitd" "$lab/bin/buildctl" "$root/usr/bin/"
  cp "$(command -v runc)" "$root/usr/bin/buildkit-runc"
  for library in $(ldd "$root/usr/bin/buildkit-runc" | grep -o '/[^ ]*'); do
    install -D "$(readlink -f "$library")" "$root$library"
  done
  logged image docker buildx build --builder lab --provenance=false --load --tag "$image" --tag "$named" --file - "$root" <<EOF
FROM debian:bookworm
COPY . /
VOLUME /var/lib/buildkit
ENTRYPOINT ["buildkitd"]
EOF
  printf '%s\n' "$image" "$named" >"$lab/run/images"
}

up() {
  step 'what must be installed' prepare
  step 'Go tools' tools
  step 'npm packages' npm_packages
  step 'Debian packages' debian
  step 'emulation of arm64' emulation
  step 'engine' engine
  step 'registry' start_registry
  step 'S3' start_s3
  step 'blobs' start_blobs
  step 'BuildKit' start_buildkit
  step 'base image' base_image
  step 'Dockerfile frontend' frontend_image
  step 'BuildKit image' buildkit_image
}

env_lines() {
  [ -d "$lab/bin" ] || die "there is no lab; lab.sh up makes it"
  printf 'export DEVGEN_LAB=%q\n' "$lab"
  printf 'export DEVGEN_LAB_REGISTRY=%q\n' "$registry"
  printf 'export DEVGEN_LAB_S3=%q\n' "http://$s3"
  printf 'export DEVGEN_LAB_BLOBS=%q\n' "http://$blobs"
  printf 'export DOCKER_CONFIG=%q\n' "$DOCKER_CONFIG"
  printf 'export BUILDX_BUILDER=lab\n'
  # shellcheck disable=SC2016 # whoever evaluates it has the PATH
  printf 'export PATH=%q:"$PATH"\n' "$lab/bin:$lab/npm/node_modules/.bin"
  ! running dockerd || printf 'export DOCKER_HOST=%q\n' "unix://$lab/run/docker.sock"
}

fresh() {
  end buildkitd
  rm -rf "${lab:?}/buildkit"
  start_buildkit
}

# own_images are those that the lab has brought to an engine that is not its own: only the lab's registry has their names.
own_images() {
  cat "$lab/run/images" 2>/dev/null || :
  ! running registry || docker image ls --format '{{.Repository}}:{{.Tag}}' | grep "^$registry/" || :
}

down() {
  [ -e "$lab/lab" ] || die "$lab is no lab: it was left alone"
  if running dockerd; then
    # What a case has lost the name of, such as an image that it has built anew.
    DOCKER_HOST=unix://$lab/run/docker.sock docker system prune --force --volumes >/dev/null || :
    end dockerd
    [ ! -e "$lab/run/docker0" ] || ip link delete docker0
    awk -v run="$lab/run/" 'index($2, run) == 1 {print $2}' /proc/mounts | xargs -r umount
  else
    own_images | xargs -r docker image rm >/dev/null || :
  fi
  local program
  for program in buildkitd registry versitygw azurite; do end "$program"; done
  end_emulation
  rm -rf "$lab/run" "$lab/registry" "$lab/s3" "$lab/blobs"
}

main() {
  case ${1:-} in
    up | fresh) "$1" ;;
    env) env_lines ;;
    down)
      step 'down' down
      [ "${2:-}" != --purge ] || rm -rf --one-file-system "$lab"
      ;;
    -h | --help) usage ;;
    *)
      usage >&2
      exit 2
      ;;
  esac
}

main "$@"
