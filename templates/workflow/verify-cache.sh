#!/usr/bin/env bash
# The step of the job verify-cache: proves the registry cache of one platform, and shows in the job summary what came of
# it. Everything it knows comes through the environment:
#
#   VERIFY    verify-registry-cache.sh
#   PLATFORM  what to build, and CACHE the repository of its cache
#   REPORT    the file for the measurements
set -euo pipefail

status=0
"$VERIFY" --enforce --platform "$PLATFORM" --cache-repository "$CACHE" --json "$REPORT" || status=$?

# A backtick would end the code, and what follows would be markup.
[[ ! -s $REPORT ]] || jq -r --arg platform "$PLATFORM" '
  "## Registry cache: \($platform)", "",
  "| test | result |",
  "| --- | --- |",
  (.tests[] | "| \(.id): \(.description) | \(.result) |"),
  (.values | select(.seconds) | "", "\(.steps_cached) of \(.steps_total) steps from the cache in \(.seconds) s on a builder that had nothing."),
  (.values.misses // [] | select(. != []) | "", "<details><summary>steps that ran</summary>", "", (.[] | "- `\(gsub("`"; ""))`"), "", "</details>")
' "$REPORT" >>"$GITHUB_STEP_SUMMARY"

exit "$status"
