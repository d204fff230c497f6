#!/bin/sh
# [OWNERSHIP] Not written yet.
set -eu
