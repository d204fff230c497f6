#!/usr/bin/env bash
# [SCRIPT] Not written yet.
set -euo pipefail
