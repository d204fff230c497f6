# [METRICS] The honest hit rate of one build, as one object.
#
# Input: BuildKit's SolveStatus objects, slurped (docker buildx build --progress rawjson, or docker buildx history
# logs --progress rawjson). A step is a Dockerfile instruction that makes a layer: RUN, COPY, ADD or WORKDIR. FROM,
# [internal], imports and exports are never cached and do not count. A build without steps has no rate.
#
# Where two builds run at the same time BuildKit has them share steps. Such a step may have two digests, but one name, and
# the steps before one that is cached may never be looked at: a step that never starts in a finished build costs nothing.
def is_step: test("^\\[([^\\]]* )?[0-9]+/[0-9]+\\] (RUN|COPY|ADD|WORKDIR)\\b");

reduce (.[] | .vertexes // [] | .[]) as $v ({};
  .[$v.digest] |= {
    name: ($v.name // .name // ""),
    cached: ((.cached // false) or ($v.cached // false)),
    started: ((.started // false) or $v.started != null),
    error: ($v.error // .error)
  }
)
| [.[]] as $all
| [reduce ($all[] | select(.name | is_step)) as $s ({};
    .[$s.name] |= {name: $s.name, cached: (.cached or $s.cached), started: (.started or $s.started)}
  )
  | .[] | .cached = (.cached or (.started | not))] as $steps
| {
    steps_total: ($steps | length),
    steps_cached: ([$steps[] | select(.cached)] | length),
    misses: [$steps[] | select(.cached | not) | .name],
    import_errors: [$all[] | select((.name | startswith("importing cache manifest")) and .error != null) | .name],
    export_errors: [$all[] | select((.name | startswith("exporting cache")) and .error != null) | .name]
  }
| .hit_rate = (if .steps_total == 0 then null else .steps_cached * 100 / .steps_total end)
