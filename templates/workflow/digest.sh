#!/usr/bin/env bash
# A step of the job build: leaves the digest of one platform for the job merge, as the name of an empty file.
# Outputs of a matrix overwrite each other, so digests travel as artifacts. Needs DIGEST.
set -euo pipefail

mkdir -p digests
: >"digests/${DIGEST#sha256:}"
