#!/usr/bin/env bash
# The step of the job merge: joins the digests of all platforms under the tags.
# Needs IMAGE, PLATFORMS (the matrix that was built), METADATA (the json output of docker/metadata-action) and the
# digests as file names in the folder digests.
set -euo pipefail
shopt -s nullglob

cd digests
digests=(*)
expected=$(jq length <<<"$PLATFORMS")
if ((${#digests[@]} != expected)); then
  echo "::error::expected the digests of $expected platforms, got ${#digests[@]}"
  exit 1
fi

mapfile -t tags < <(jq -r '.tags[]' <<<"$METADATA")
((${#tags[@]} > 0)) || {
  echo '::error::no tag applies to this run'
  exit 1
}

arguments=()
for tag in "${tags[@]}"; do
  arguments+=(--tag "$tag")
done
for digest in "${digests[@]}"; do
  arguments+=("$IMAGE@sha256:$digest")
done
docker buildx imagetools create "${arguments[@]}"
docker buildx imagetools inspect "${tags[0]}"
digest=$(docker buildx imagetools inspect "${tags[0]}" --format '{{.Manifest.Digest}}')
echo "digest=$digest" >>"$GITHUB_OUTPUT"
