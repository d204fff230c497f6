# [VOLUMES] The volumes of the spec, and those of them that the engine has.
# shellcheck shell=bash
[ -z "${DEVGEN_VOLUMES_LOADED:-}" ] || return 0
DEVGEN_VOLUMES_LOADED=1
# shellcheck source-path=SCRIPTDIR source=docker.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/docker.sh"
