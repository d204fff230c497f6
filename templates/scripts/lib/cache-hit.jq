# [METRICS] The honest hit rate of one build, as one object: jq -nR -f cache-hit.jq.
#
# Input: BuildKit's SolveStatus objects, one a line (docker buildx build --progress rawjson, or docker buildx history logs
# --progress rawjson); lines of plain text between do not count. A step is a Dockerfile instruction that makes a layer:
# RUN, COPY, ADD or WORKDIR. FROM, [internal], imports and exports are never cached and do not count. A build without
# steps has no rate.
#
# Where two builds run at the same time BuildKit has them share steps. Such a step may have two digests, but one name, and
# the steps before one that is cached may never be looked at: a step that never starts in a finished build costs nothing.
def is_step: test("^\\[([^\\]]* )?[0-9]+/[0-9]+\\] (ONBUILD )?(RUN|COPY|ADD|WORKDIR) ");
def is_import: test("^importing cache manifest");
def is_export: test("^exporting (cache|inline cache|to GitHub Actions Cache)");

reduce (inputs | fromjson? | objects | .vertexes // [] | .[]) as $v ({};
  .[$v.digest] |= {
    name: ($v.name // .name // ""),
    cached: ((.cached // false) or ($v.cached // false)),
    started: ((.started // false) or $v.started != null),
    open: (if $v.started == null then .open else $v.completed == null and ($v.cached | not) end),
    failed: (if $v.started == null then .failed else $v.error != null end),
    error: ($v.error // .error)
  }
)
| [.[]] as $all
| all($all[]; (.open | not) and ((.failed | not) or (.name | is_import or is_export))) as $finished
| [reduce ($all[] | select(.name | is_step)) as $s ({};
    .[$s.name] |= {name: $s.name, cached: (.cached or $s.cached), started: (.started or $s.started)}
  )
  | .[] | .cached = (.cached or ($finished and (.started | not)))] as $steps
| {
    steps_total: ($steps | length),
    steps_cached: ([$steps[] | select(.cached)] | length),
    misses: [$steps[] | select(.cached | not) | .name],
    import_errors: [$all[] | select((.name | is_import) and .error != null) | .name],
    export_errors: [$all[] | select((.name | is_export) and .error != null) | .name]
  }
| .hit_rate = (if .steps_total == 0 then null else .steps_cached * 100 / .steps_total end)
