#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Shell and Python files without a fault that a checker finds.
set -u

cd "${srcdir:-$(dirname "$0")/..}" || exit 1
wrong=0
command -v shellcheck >/dev/null || {
	echo 'shellcheck is not there'
	exit 77
}
for file in bootstrap .ci/run scripts/*.sh examples/*.sh tests/*.sh \
	tests/*/*.sh tests/cli/*.bats tests/cli/*.bash completion/e4pack.bash; do
	[ -f "$file" ] || continue
	shellcheck "$file" || wrong=1
done
for file in tests/*/*.py; do
	python3 -c 'import ast, sys
ast.parse(open(sys.argv[1], encoding="utf-8").read(), sys.argv[1])' \
		"$file" || wrong=1
done
for file in scripts/*.sh examples/*.sh tests/*.sh tests/*/*.sh; do
	[ -f "$file" ] || continue
	sh -n "$file" || wrong=1
	grep -q 'SPDX-License-Identifier: GPL-2.0-or-later' "$file" || {
		echo "$file has no licence"
		wrong=1
	}
done
exit "$wrong"
