#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The one place that knows which packages e4pack needs.
#
#   sh scripts/setup.sh build    what the program needs to be built and judged
#   sh scripts/setup.sh test     the same, and what the tests use
#
# Missing packages are installed with apt-get, as root or through sudo; where
# neither is possible they are named, and the exit status is 1.
set -eu

build_packages='gcc make autoconf automake pkg-config libext2fs-dev
	comerr-dev e2fsprogs zlib1g-dev libarchive-dev uuid-dev libjansson-dev
	libbsd-dev libxxhash-dev'
test_packages='libcmocka-dev bats attr acl libcap2-bin cpio zstd xz-utils
	bzip2 gzip lz4 jq python3 shellcheck libarchive-tools mandoc groff-base
	valgrind strace file util-linux mount clang libclang-rt-dev'

say() {
	echo "setup: $*" >&2
}

missing_of() {
	for package in "$@"; do
		status=$(dpkg-query -W -f '${db:Status-Status}' "$package" \
			2>/dev/null) || status=
		[ "$status" = installed ] || printf ' %s' "$package"
	done
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif [ -t 0 ]; then
		sudo "$@"
	else
		sudo -n "$@"
	fi
}

case ${1-} in
build) wanted=$build_packages ;;
test) wanted="$build_packages $test_packages" ;;
*)
	say "usage: setup.sh build|test"
	exit 2
	;;
esac

if ! command -v dpkg-query >/dev/null 2>&1; then
	# shellcheck disable=SC2086
	say 'this is no Debian system: packages are not checked; the Debian' \
		'names are:' $wanted
	exit 0
fi

# The words of the list are package names.
# shellcheck disable=SC2086
missing=$(missing_of $wanted)
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null 2>&1; then
	say "these packages are missing:$missing"
	say "install them as root: apt-get install$missing"
	exit 1
fi

# The words of apt-get matter only when it fails.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
say "installing (this may take some minutes):$missing"
# shellcheck disable=SC2086
if ! as_root apt-get update -q >"$log" 2>&1 ||
   ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
	--no-install-recommends $missing >>"$log" 2>&1 </dev/null; then
	tail -n 30 "$log" >&2
	say "these packages are missing and cannot be installed:$missing"
	exit 1
fi
