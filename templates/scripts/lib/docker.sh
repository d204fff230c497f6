# [DOCKER] The engine, Compose and the platforms of the image.
# shellcheck shell=bash
[ -z "${DEVGEN_DOCKER_LOADED:-}" ] || return 0
DEVGEN_DOCKER_LOADED=1
# shellcheck source-path=SCRIPTDIR source=core.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/core.sh"
