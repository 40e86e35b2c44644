#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The one place that knows which packages e4pack needs.
#
#   sh scripts/setup.sh build    what the program needs to be built and judged
#   sh scripts/setup.sh test     the same, and what the tests use
#
# Missing packages are installed with apt-get, as root or through sudo; where
# neither is possible they are named, and the exit status is 1.  A few tests
# have packages of their own: without these they are skipped, and the status
# stays 0.
set -eu

build_packages='gcc make autoconf automake pkg-config libext2fs-dev
	comerr-dev e2fsprogs zlib1g-dev libarchive-dev uuid-dev libjansson-dev
	libbsd-dev libxxhash-dev'
test_packages='libcmocka-dev bats attr acl libcap2-bin cpio zstd xz-utils
	bzip2 gzip lz4 jq python3 shellcheck libarchive-tools mandoc groff-base
	valgrind strace file util-linux mount clang libclang-rt-dev'
few_packages='btrfs-progs xfsprogs'

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

few=
case ${1-} in
build) wanted=$build_packages ;;
test)
	wanted="$build_packages $test_packages"
	few=$few_packages
	;;
*)
	say "usage: setup.sh build|test"
	exit 2
	;;
esac

if ! command -v dpkg-query >/dev/null 2>&1; then
	# shellcheck disable=SC2086
	say 'this is no Debian system: packages are not checked; the Debian' \
		'names are:' $wanted $few
	exit 0
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# install PACKAGE...: the words of apt-get matter only when it fails.
install() {
	if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null 2>&1; then
		say "these packages are missing: $*"
		say "install them as root: apt-get install $*"
		return 1
	fi
	say "installing (this may take some minutes): $*"
	if ! as_root apt-get update -q >"$log" 2>&1 ||
	   ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
		--no-install-recommends "$@" >>"$log" 2>&1 </dev/null; then
		tail -n 30 "$log" >&2
		say "these packages are missing and cannot be installed: $*"
		return 1
	fi
}

# The words of the lists are package names.
# shellcheck disable=SC2086
{
	missing=$(missing_of $wanted)
	[ -z "$missing" ] || install $missing
	missing=$(missing_of $few)
	[ -z "$missing" ] || install $missing ||
		say 'the tests that need them are skipped'
}
