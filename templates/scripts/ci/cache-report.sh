#!/usr/bin/env bash
# [METRICS] What the cache was worth in one finished build.
#
# Runs in the workflow behind docker/build-push-action and writes $REPORT. Needs BUILDER, BUILD (buildx.build.ref of the
# action's metadata, which as a whole may be more than a variable can hold: the event is in it), PLATFORM, CACHE_MODE and
# REPORT; DIGEST may be empty.
set -euo pipefail

: "${BUILDER:?}" "${BUILD:?the build has no reference}" "${PLATFORM:?}" "${CACHE_MODE:?}" "${REPORT:?}"

scripts=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)

reference=${BUILD##*/}

seconds=$(docker buildx history inspect --builder "$BUILDER" "$reference" --format json |
  jq -er '.Duration / 1e9 | ceil')

# rawjson goes to standard error, among warnings in plain text.
docker buildx history logs --builder "$BUILDER" --progress rawjson "$reference" 2>&1 >/dev/null |
  jq -nR -f "$scripts/lib/cache-hit.jq" |
  jq --arg platform "$PLATFORM" --arg mode "$CACHE_MODE" --arg digest "${DIGEST:-}" --argjson seconds "$seconds" \
    '{platform: $platform, seconds: $seconds, cache_mode: $mode, digest: $digest} + .' >"$REPORT"

jq -r '"\(.platform): \(.steps_cached) of \(.steps_total) steps cached in \(.seconds) s", (.misses[] | "  ran: " + .)' "$REPORT"
