#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Real trees; prints TAP.
#
#   sh tests/real.sh           the folders of this machine
#   sh tests/real.sh --full    a Debian system, every way it can be packed and
#                              used afterwards (root, some GiB, some minutes)
#
# E4PACK names the program.  REAL_TAR is a tar archive of a Debian system to
# use; without it mmdebstrap makes one (standard, bookworm).
set -u

lib=$(cd "$(dirname "$0")/lib" && pwd)
PATH=$PATH:/usr/sbin:/sbin
LC_ALL=C
TZ=UTC
export PATH LC_ALL TZ
unset SOURCE_DATE_EPOCH
E4PACK=$(realpath "${E4PACK:-src/e4pack}")

work=$(mktemp -d "${TMPDIR:-/tmp}/e4pack-real.XXXXXX") || exit 1
mounts=$work/mnt
mkdir "$mounts"
cleanup() {
	umount "$mounts" 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
cd "$work" || exit 1

count=0
failed=0

# check NAME COMMAND...: one case.
check() {
	name=$1
	shift
	count=$((count + 1))
	if "$@" >out 2>&1; then
		echo "ok $count - $name"
		sed -n 's/^figures: /# /p' out
	else
		echo "not ok $count - $name"
		sed 's/^/#   /' out | tail -n 40
		failed=$((failed + 1))
	fi
}

skip() {
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

clean() {
	e2fsck -fn "$1" >judged 2>&1 || {
		cat judged
		return 1
	}
	! grep -E 'Fix\?|wrong|WARNING' judged
}

# Whether loop mounts work here.
probe() {
	[ "$(id -u)" = 0 ] && mke2fs -q -F -t ext4 probe 4M >/dev/null 2>&1 &&
		mount -o ro,loop probe "$mounts" 2>/dev/null && umount "$mounts"
}

compare() {
	python3 "$lib/treecmp.py" "$@"
}

# kernel EXPECTED IMAGE: compare through a mount.
kernel() {
	mount -o ro,loop,noatime "$2" "$mounts" || return 1
	compare "$1" "$mounts"
	result=$?
	umount "$mounts"
	return $result
}

# unavoidable IMAGE: no extent is more than it must be.
unavoidable() {
	"$E4PACK" frag --json "$1" | tee frag.json | jq -e \
		'.extents == .ideal_extents + .unavoidable_extents' || {
		cat frag.json
		return 1
	}
}

# agrees IMAGE: es and the kernel's FIEMAP list the same places.
agrees() {
	"$E4PACK" es --json "$1" >es.json || return 1
	mount -o ro,loop,noatime "$1" "$mounts" || return 1
	python3 "$lib/fiemap.py" "$mounts" es.json
	result=$?
	umount "$mounts"
	return $result
}

readable() {
	[ -z "$(find "$1" -xdev ! -type l ! -readable -print -quit \
		2>/dev/null)" ]
}

host_folder() {
	if [ ! -d "$1" ]; then
		skip "$1" 'is not there'
		return
	fi
	if ! readable "$1"; then
		skip "$1" 'cannot be read by this user'
		return
	fi
	kib=$(du -skx "$1" | cut -f1)
	if [ "$kib" -gt "${REAL_LIMIT_KIB:-1500000}" ]; then
		skip "$1" "is too big for every run: $kib KiB"
		return
	fi
	rm -f ./*.img
	check "$1: create" "$E4PACK" create --one-file-system a.img "$1"
	check "$1: clean" clean a.img
	check "$1: the same to our reader" compare "$1" a.img
	check "$1: no avoidable extent" unavoidable a.img
	if $can_mount; then
		check "$1: the same to the kernel" kernel "$1" a.img
		check "$1: es agrees with FIEMAP" agrees a.img
	else
		skip "$1: the kernel" 'no loop mounts here'
	fi
	check "$1: the least size" "$E4PACK" create --one-file-system \
		-s min m.img "$1"
	check "$1: the least size is clean" clean m.img
	rm -f ./*.img
}

# The size resize2fs comes to when it is asked until nothing changes.
smallest_by_resize2fs() {
	before=0
	now=$(stat -c %s "$1")
	while [ "$now" != "$before" ]; do
		before=$now
		e2fsck -fy "$1" >/dev/null 2>&1
		resize2fs -M "$1" >/dev/null 2>&1 || return 1
		now=$(stat -c %s "$1")
	done
	echo "$now"
}

no_larger() {
	journal=$(dumpe2fs -h min.img 2>/dev/null |
		sed -n 's/^Total journal size: *\([0-9]*\)k$/\1/p')
	journal=${journal:+$((journal / 1024))}
	journal=${journal:-$(dumpe2fs -h min.img 2>/dev/null |
		sed -n 's/^Total journal size: *\([0-9]*\)M$/\1/p')}
	mke2fs -q -F -t ext4 -b 4096 -I 256 -m 0 -J "size=$journal" \
		-d tree ref.ext4 3G >/dev/null 2>&1 || return 1
	theirs=$(smallest_by_resize2fs ref.ext4)
	ours=$(stat -c %s min.img)
	rm -f ref.ext4
	echo "figures: ours $ours, resize2fs -M $theirs"
	[ -n "$theirs" ] && [ "$ours" -le "$theirs" ]
}

little_overhead() {
	data=$("$E4PACK" plan -s min --json tree |
		jq '.data_blocks * .block_size')
	ours=$(stat -c %s min.img)
	echo "figures: image $ours, file data $data"
	[ $((ours * 100)) -lt $((data * 110)) ]
}

resized_offline() {
	cp --sparse=always folder.img copy.img &&
		truncate -s 3G copy.img && resize2fs copy.img && clean copy.img &&
		compare tree copy.img
}

# grown_online IMAGE SIZE: resize2fs while it is mounted.
grown_online() {
	truncate -s "$2" "$1" && device=$(losetup -f --show "$1") || return 1
	mount "$device" "$mounts" && resize2fs "$device"
	result=$?
	umount "$mounts"
	losetup -d "$device"
	return $result
}

# Whether this root may do so at all: it takes CAP_SYS_RESOURCE.
probe_online() {
	mke2fs -q -F -t ext4 probe 16M >/dev/null 2>&1 &&
		grown_online probe 32M >/dev/null 2>&1
}

resized_online() {
	cp --sparse=always folder.img copy.img &&
		grown_online copy.img 3G && clean copy.img &&
		compare --times ignore --no-root tree copy.img
}

without_journal() {
	cp --sparse=always folder.img copy.img &&
		tune2fs -O ^has_journal copy.img && clean copy.img &&
		compare tree copy.img
}

rehashed() {
	cp --sparse=always folder.img copy.img || return 1
	e2fsck -fyD copy.img
	[ $? -le 1 ] && clean copy.img && compare tree copy.img
}

written_to() {
	rm -f copy.img
	"$E4PACK" create -s min+100M copy.img tree &&
		mount -o loop copy.img "$mounts" || return 1
	(
		cd "$mounts" && mkdir new && cp -a etc new/etc &&
			seq 1 3000 | (cd new && xargs touch) &&
			rm -rf new/etc usr/share/doc &&
			seq 1 100000 >>etc/passwd && echo x >>etc/fstab &&
			mv etc/passwd moved && sync
	)
	result=$?
	umount "$mounts"
	[ $result = 0 ] && clean copy.img
}

same_bytes() {
	cmp "$1" "$2"
}

debian() {
	if [ "$(id -u)" != 0 ]; then
		skip 'a Debian system' 'needs root'
		return
	fi
	if [ -n "${REAL_TAR-}" ]; then
		cp "$REAL_TAR" system.tar
	elif command -v mmdebstrap >/dev/null; then
		mmdebstrap --quiet --variant=standard bookworm system.tar || {
			skip 'a Debian system' 'mmdebstrap failed'
			return
		}
	else
		skip 'a Debian system' 'neither REAL_TAR nor mmdebstrap'
		return
	fi
	mkdir tree
	tar --numeric-owner --xattrs --xattrs-include='*' -C tree \
		-xpf system.tar || {
		skip 'a Debian system' 'the archive cannot be unpacked here'
		return
	}
	# A root folder that the archive does not name has no known time.
	tar -tf system.tar | grep -qx '\./' ||
		touch -d @0 tree
	gzip -1 <system.tar >system.tar.gz
	zstd -q -1 <system.tar >system.tar.zst

	check 'debian: from a folder' "$E4PACK" create folder.img tree
	check 'debian: with one thread' "$E4PACK" create --threads 1 \
		one.img tree
	check 'debian: with four threads' "$E4PACK" create --threads 4 \
		four.img tree
	for way in one four; do
		check "debian: $way gives the same bytes" \
			same_bytes folder.img "$way.img"
		rm -f "$way.img"
	done
	check 'debian: from tar' "$E4PACK" create tar.img system.tar
	check 'debian: from tar.gz' "$E4PACK" create gz.img system.tar.gz
	check 'debian: from tar.zst' "$E4PACK" create zst.img system.tar.zst
	# shellcheck disable=SC2016
	check 'debian: from standard input' sh -c \
		'cat system.tar | "$1" create stdin.img -' sh "$E4PACK"
	for way in folder tar gz zst stdin; do
		check "debian: $way is clean" clean "$way.img"
	done
	for way in tar gz zst stdin; do
		check "debian: $way gives the bytes of the folder" \
			same_bytes folder.img "$way.img"
	done
	rm -f gz.img zst.img stdin.img
	check 'debian: extract to a folder' "$E4PACK" extract folder.img -C back
	check 'debian: that is the tree' compare --times ignore tree back
	check 'debian: extract to a tar' "$E4PACK" extract folder.img \
		-o back.tar
	for way in back back.tar; do
		check "debian: from $way" "$E4PACK" create -F back.img "$way"
		check "debian: $way gives the bytes of the folder" \
			same_bytes folder.img back.img
	done
	rm -rf back back.tar back.img
	check 'debian: the same to our reader' compare tree folder.img
	check 'debian: the same as the archive' compare system.tar tar.img
	check 'debian: no avoidable extent' unavoidable folder.img
	if $can_mount; then
		check 'debian: the same to the kernel' kernel tree folder.img
		check 'debian: es agrees with FIEMAP' agrees folder.img
		if probe_online; then
			check 'debian: resize2fs on-line' resized_online
		else
			skip 'debian: resize2fs on-line' \
				'not even of an image of mke2fs'
		fi
		check 'debian: written to and deleted from' written_to
	else
		skip 'debian: the kernel' 'no loop mounts here'
	fi
	check 'debian: resize2fs off-line' resized_offline
	check 'debian: tune2fs -O ^has_journal' without_journal
	check 'debian: e2fsck -fyD' rehashed
	check 'debian: -s min' "$E4PACK" create -s min min.img tree
	check 'debian: -s min is clean' clean min.img
	check 'debian: -s min is under 1.10 of the file data' little_overhead
	check 'debian: -s min is no larger than resize2fs -M' no_larger
}

can_mount=false
if probe; then
	can_mount=true
fi
rm -f probe

if [ "${1-}" = --full ]; then
	debian
else
	for folder in /etc /usr/bin /usr/share; do
		host_folder "$folder"
	done
fi
echo "1..$count"
[ "$failed" = 0 ]
