#!/usr/bin/env bash
# The step of the job report: compares what cache-report.sh measured with the objectives, in the job summary.
# Needs HIT_RATE and HIT_RATE_FLOOR (percent), WARM_SECONDS, COLD_SECONDS, ENFORCE and PLATFORMS (the matrix that was
# built), and the reports as reports/*.json. A warm run that misses an objective fails; any other run only reports.
set -euo pipefail
shopt -s nullglob

reports=(reports/*.json)
expected=$(jq length <<<"$PLATFORMS")
if ((${#reports[@]} < expected)); then
  echo "::warning title=Cache::${#reports[@]} of $expected builds left a report"
  [[ $ENFORCE != true ]] || {
    echo '::error title=Cache::a warm build could not be measured'
    exit 1
  }
  ((${#reports[@]} > 0)) || exit 0
fi

jq -rs --argjson rate "$HIT_RATE" --argjson warm "$WARM_SECONDS" --argjson cold "$COLD_SECONDS" '
  def percent: if . == null then "n/a" else "\(floor)%" end;
  def code: if . == "" then "–" else "`\(.)`" end;
  "## Cache report", "",
  "| platform | steps cached | hit rate | build time | cache mode | digest |",
  "| --- | ---: | ---: | ---: | --- | --- |",
  (.[] | "| \(.platform) | \(.steps_cached) of \(.steps_total) | \(.hit_rate | percent) | \(.seconds) s | \(.cache_mode) | \(.digest | code) |"),
  "",
  "Objective for unchanged inputs: \($rate)% of the steps in \($warm) s. Without a cache a build took \($cold) s.",
  (.[] | select(.misses != []) | "", "<details><summary>\(.platform): steps that ran</summary>", "", (.misses[] | "- `\(gsub("`"; ""))`"), "", "</details>"),
  (.[] | select(.import_errors != []) | "", "**\(.platform): caches that were not there** (the first build of a branch has none)", "", (.import_errors[] | "- `\(gsub("`"; ""))`")),
  (.[] | select(.export_errors != []) | "", "**\(.platform): caches that could not be written**", "", (.export_errors[] | "- `\(gsub("`"; ""))`"))
' "${reports[@]}" >>"$GITHUB_STEP_SUMMARY"

jq -r --argjson floor "$HIT_RATE_FLOOR" '
  select(.hit_rate != null and .hit_rate < $floor)
  | "::warning title=Cache::\(.platform): \(.hit_rate | floor)% of the steps were cached, the floor is \($floor)%"
' "${reports[@]}"
jq -r 'select(.import_errors != []) | "::notice title=Cache::\(.platform): caches that were not there: \(.import_errors | length)"' "${reports[@]}"
jq -r 'select(.export_errors != []) | "::warning title=Cache::\(.platform): caches that could not be written: \(.export_errors | length)"' "${reports[@]}"

[[ $ENFORCE == true ]] || exit 0
jq -es --argjson rate "$HIT_RATE" --argjson warm "$WARM_SECONDS" '
  all(.[]; .hit_rate != null and .hit_rate >= $rate and .seconds <= $warm)
' "${reports[@]}" >/dev/null || {
  echo "::error title=Cache::a warm build missed the objective of ${HIT_RATE}% in ${WARM_SECONDS} s"
  exit 1
}
