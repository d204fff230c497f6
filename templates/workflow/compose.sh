#!/usr/bin/env bash
# The step of the drift workflow in which Compose reads every set of files that people may give it.
# Needs SETS, one a line in the form of COMPOSE_FILE. OPTION is one of docker compose config.
set -euo pipefail

mapfile -t files <<<"${SETS%$'\n'}"
failed=0
for COMPOSE_FILE in "${files[@]}"; do
  export COMPOSE_FILE
  if docker compose config --quiet ${OPTION:+"$OPTION"}; then
    echo "accepted: $COMPOSE_FILE"
  else
    echo "::error title=Compose::docker compose refuses $COMPOSE_FILE"
    failed=1
  fi
done
exit "$failed"
