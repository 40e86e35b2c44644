#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# How long e4pack takes beside other tools, on this machine; see --help.
# E4PACK names the program (default: src/e4pack of the current folder).
exec python3 "$(dirname "$0")/bench.py" "$@"
