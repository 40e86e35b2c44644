#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# copy-source.sh FOLDER: copies the source tree, without anything that was
# built in it, so that building leaves the original as it is and works also
# where that one was configured in place.
set -eu

to=${1:?usage: copy-source.sh FOLDER}
mkdir -p "$to"
to=$(cd "$to" && pwd)
cd "$(dirname "$0")/.."
list=$(mktemp)
trap 'rm -f "$list"' EXIT

if git ls-files -z --cached --others --exclude-standard >"$list" 2>/dev/null
then
	# A file deleted but not committed is listed and not there.
	tar --null --no-recursion --ignore-failed-read -T "$list" -cf - \
		2>/dev/null | tar -C "$to" -xf -
else
	tar --exclude=./.git --exclude='./build*' --exclude=./autom4te.cache \
		--exclude=config.status --exclude='*.o' --exclude='*.a' \
		--exclude='*.stamp' --exclude=.deps --exclude=./Makefile \
		--exclude=./config.h --exclude=./src/base/errors.[ch] \
		--exclude=./src/e4pack --exclude='*.log' --exclude='*.trs' \
		-cf - . | tar -C "$to" -xf -
fi
