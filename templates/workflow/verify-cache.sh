#!/usr/bin/env bash
# The step of the job verify-cache: proves the registry cache of one platform, and shows in the job summary what came of
# it. Everything it knows comes through the environment:
#
#   DEVGEN_SCRIPT    verify-registry-cache.sh
#   DEVGEN_PLATFORM  what to build, and DEVGEN_CACHE the repository of its cache
#   DEVGEN_REPORT    the file for the measurements
#
# The secrets of the build stand beside them, under the names of the spec, which never begin with DEVGEN_.
set -euo pipefail

status=0
"$DEVGEN_SCRIPT" --enforce --platform "$DEVGEN_PLATFORM" --cache-repository "$DEVGEN_CACHE" --json "$DEVGEN_REPORT" || status=$?

# A backtick would end the code, and what follows would be markup.
[[ ! -s $DEVGEN_REPORT ]] || jq -r --arg platform "$DEVGEN_PLATFORM" '
  "## Registry cache: \($platform)", "",
  "| test | result |",
  "| --- | --- |",
  (.tests[] | "| \(.id): \(.description) | \(.result) |"),
  (.values | select(.seconds) | "", "\(.steps_cached) of \(.steps_total) steps from the cache in \(.seconds) s on a builder that had nothing."),
  (.values.misses // [] | select(. != []) | "", "<details><summary>steps that ran</summary>", "", (.[] | "- `\(gsub("`"; ""))`"), "", "</details>")
' "$DEVGEN_REPORT" >>"$GITHUB_STEP_SUMMARY"

exit "$status"
