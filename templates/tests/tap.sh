# [TAP] Results of tests in the Test Anything Protocol.
# shellcheck shell=bash
