# [METRICS] The honest hit rate of one build, as one object.
#
# Input: BuildKit's SolveStatus objects, slurped (docker buildx build --progress rawjson, or docker buildx history
# logs --progress rawjson). A step is a Dockerfile instruction that makes a layer: RUN, COPY, ADD or WORKDIR. FROM,
# [internal], imports and exports are never cached and do not count. A build without steps has no rate.
def is_step: test("^\\[([^\\]]* )?[0-9]+/[0-9]+\\] (RUN|COPY|ADD|WORKDIR)\\b");

reduce (.[] | .vertexes // [] | .[]) as $v ({};
  .[$v.digest] |= {
    name: ($v.name // .name // ""),
    cached: ((.cached // false) or ($v.cached // false)),
    error: ($v.error // .error)
  }
)
| [.[]] as $all
| [$all[] | select(.name | is_step)] as $steps
| {
    steps_total: ($steps | length),
    steps_cached: ([$steps[] | select(.cached)] | length),
    misses: [$steps[] | select(.cached | not) | .name],
    import_errors: [$all[] | select((.name | startswith("importing cache manifest")) and .error != null) | .name],
    export_errors: [$all[] | select((.name | startswith("exporting cache")) and .error != null) | .name]
  }
| .hit_rate = (if .steps_total == 0 then null else .steps_cached * 100 / .steps_total end)
