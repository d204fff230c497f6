#!/usr/bin/env bash
# The step of the job plan: decides what this run builds, where it pushes, and which caches it reads and writes.
# Everything it knows comes through the environment, so that no text of a user is ever expanded inside a script:
#
#   EVENT REF REF_NAME BASE_REF REPOSITORY HEAD_REPOSITORY ACTOR CRON  what started the run
#   HOME_REPOSITORY DEFAULT_BRANCH IMAGE PLATFORMS                     what the spec says
#   CACHE REFRESH                                                      and may leave out
#   FORK_IMAGE                                                         the image that a fork names for itself
#   HAS_LOGIN SPREAD_LOGIN                                             whether the registry's secret is set, and is JSON of several lines
#   WRITERS_<BACKEND>                                                  a regular expression of branches
#   HAS_<BACKEND>                                                      whether the secrets that a cache needs are set
#   INPUT_PLATFORM INPUT_CACHE_MODE INPUT_NO_CACHE                     the choices of a run by hand
set -euo pipefail

fail() {
  echo "::error::${1//$'\n'/%0A}"
  exit 1
}

# A fork works with an image of its own, if it names one.
home=true cache=${CACHE:-}
if [[ ${REPOSITORY,,} != "${HOME_REPOSITORY,,}" ]]; then
  home=false
  if [[ -n $FORK_IMAGE ]]; then
    home=true
    registry=${IMAGE%%/*}
    # Names in a registry are lower case, names on GitHub need not be.
    IMAGE=${FORK_IMAGE,,}
    [[ $IMAGE =~ ^"$registry"(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)+$ ]] ||
      fail "the variable for the fork's image must look like $registry/owner/name, not '$FORK_IMAGE'"
    cache=$IMAGE-cache
  fi
fi

# A pull request never pushes. Forks and Dependabot get no secrets and a token that cannot write.
push=$home trusted=true
if [[ $ACTOR == 'dependabot[bot]' && $EVENT =~ ^(push|pull_request)$ ]]; then
  push=false trusted=false
fi
if [[ $EVENT == pull_request ]]; then
  push=false
  [[ $HEAD_REPOSITORY == "$REPOSITORY" ]] || trusted=false
fi

login=$trusted
if [[ $HAS_LOGIN != true ]]; then
  login=false
  [[ $push != true ]] || fail 'the secret for the registry is not set'
fi
# Each line of a secret is one, and a job's output that holds one is dropped: the matrix has braces, too.
[[ ${SPREAD_LOGIN:-} != true ]] ||
  fail 'the secret for the registry is JSON of several lines, and GitHub would hide every brace of this run; store it in one line, as jq -c prints it'

# A run by hand may build one platform. Its image would lack the others, so it takes no tag.
want=${INPUT_PLATFORM:-all}
matrix=$(jq -ce --arg want "$want" '
  map(select($want == "all" or .platform == $want))
  | if length == 0 then error("unknown platform: \($want)") else . end
' <<<"$PLATFORMS") || fail "'$want' is not a platform of the spec"
publish=$push
[[ $(jq length <<<"$matrix") == "$(jq length <<<"$PLATFORMS")" ]] || publish=false

case ${INPUT_CACHE_MODE:-} in
  '' | min | max) ;;
  spec) INPUT_CACHE_MODE='' ;;
  *) fail "the cache mode must be min or max, not '$INPUT_CACHE_MODE'" ;;
esac

case ${INPUT_NO_CACHE:-} in
  '' | true | false) ;;
  *) fail "the choice of no cache must be true or false, not '$INPUT_NO_CACHE'" ;;
esac

# The refresh takes up new packages; every other scheduled run proves that the cache is warm, where it may be read.
no_cache=${INPUT_NO_CACHE:-false} enforce=false
if [[ $EVENT == schedule ]]; then
  enforce=$push
  if grep -Fxq -- "$CRON" <<<"${REFRESH:-}"; then
    no_cache=true enforce=false
  fi
fi

# A trusted branch has its own cache and reads the default branch's too. A pull request reads that of its base.
branch=''
case $REF in
  refs/heads/*) branch=$REF_NAME ;;
  refs/pull/*) branch=$BASE_REF ;;
esac
caches=()
for variable in "${!WRITERS_@}"; do
  backend=${variable#WRITERS_}
  read=true write=false suffix=''
  secrets=HAS_$backend
  if [[ -n ${!secrets:-} ]]; then
    read=$trusted
    if [[ ${!secrets} != true ]]; then
      read=false
      [[ $push != true ]] || echo "::warning title=Cache::the secrets of the cache ${backend,,} are not set; it is left out"
    fi
    caches+=("read_${backend,,}=$read")
  fi
  if [[ -n $branch && $branch =~ ${!variable} ]]; then
    [[ $read != true ]] || write=$push
    if [[ $branch != "$DEFAULT_BRANCH" ]]; then
      slug=$(tr '[:upper:]' '[:lower:]' <<<"$branch" | tr -c 'a-z0-9._\n' '-')
      suffix=-${slug:0:80}
      # Two branches never share a cache. A name in which only slashes became dashes says enough; where there was a
      # dash already, or more was changed, a checksum tells the names apart.
      [[ $branch != *-* && $suffix == "-${branch//\//-}" ]] || suffix+=-$(sha256sum <<<"$branch" | cut -c 1-8)
    fi
  fi
  caches+=("write_${backend,,}=$write" "suffix_${backend,,}=$suffix")
done

{
  echo "image=$IMAGE"
  echo "cache=$cache"
  echo "push=$push"
  echo "publish=$publish"
  echo "login=$login"
  echo "matrix=$matrix"
  echo "cache_mode=${INPUT_CACHE_MODE:-}"
  echo "no_cache=$no_cache"
  echo "enforce=$enforce"
  [[ -z ${caches[*]} ]] || printf '%s\n' "${caches[@]}"
} | tee -a "$GITHUB_OUTPUT"
