#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154
# Rows 70 to 74: info, ls, stat and cat on damaged and hostile images.

load helper

# damaged_tree: t, with something for each kind of structure.
damaged_tree() {
	mkdir -p t/d t/many
	seq 1 40 >t/f
	setfattr -n user.in -v inode t/f 2>/dev/null || true
	setfattr -n user.block -v "$(printf '%0300d' 7)" t/f 2>/dev/null ||
		true
	echo y >t/d/g
	ln -s f t/fast
	ln -s "$(printf '%0100d' 7)" t/slow
	mknod t/dev c 1 3 2>/dev/null || mkfifo t/dev
	for i in $(seq 1 80); do : >"t/many/name-$i"; done
	for i in 0 2 4 6 8 10 12; do
		dd if=/dev/zero of=t/holes bs=4096 seek=$i count=1 \
			conv=notrunc status=none
		printf x | dd of=t/holes bs=4096 seek=$i conv=notrunc \
			status=none
	done
}

# damaged_image [CREATE OPTIONS]: bad.img of that tree.
damaged_image() {
	damaged_tree
	create bad.img -s 6M "$@" t
	[[ $(e4pack stat --json bad.img f | jq .xattr_block) != null ]] ||
		skip 'no attributes here'
}

# Every how many-th case: all of them would take minutes.
EVERY=${DAMAGE_EVERY:-61}

@test "damage: every field, without checksums" {
	damaged_image -b 1024 -O ^metadata_csum
	python3 "$LIB/damage.py" "$E4PACK" bad.img "$EVERY" "${SEED:-1}"
}

@test "damage: every field, with checksums" {
	damaged_image -b 4096
	python3 "$LIB/damage.py" "$E4PACK" bad.img "$((EVERY * 2))" \
		"${SEED:-2}"
}

@test "damage: every field, with inline data" {
	damaged_tree
	mke2fs -q -F -t ext4 -O inline_data,^metadata_csum,^resize_inode \
		-b 1024 -d t bad.img 6M
	[ "$(e4pack stat --json bad.img f | jq -r .mapping)" = inline ]
	[ "$(e4pack stat --json bad.img d | jq -r .mapping)" = inline ]
	python3 "$LIB/damage.py" "$E4PACK" bad.img "$EVERY" "${SEED:-3}"
}

@test "damage: every field, with indirect blocks" {
	damaged_tree
	mke2fs -q -F -t ext2 -b 1024 -d t bad.img 6M
	python3 "$LIB/damage.py" "$E4PACK" bad.img "$EVERY" "${SEED:-4}"
}

@test "row 70: wrong checksums are told, the rest is shown" {
	damaged_image
	place=$(e4pack stat --json bad.img f |
		jq '.table_block * 4096 + .table_offset')
	block=$(e4pack stat --json bad.img f | jq '.xattr_block * 4096')
	printf '\x01' | dd of=bad.img bs=1 seek=$((place + 36)) conv=notrunc \
		status=none
	run --separate-stderr e4pack stat --json bad.img f
	[ "$status" -eq 0 ]
	warned 'inode.*checksum'
	jq -e '.checksum_good == false and .version == 1' <<<"$output"
	printf '\x09' | dd of=bad.img bs=1 seek=$((block + 4)) conv=notrunc \
		status=none
	run --separate-stderr e4pack stat --json bad.img f
	warned 'attribute block.*checksum'
	run --separate-stderr e4pack cat --strict bad.img f
	[ "$status" -eq 1 ]
}

@test "row 73: a folder in itself, and one with two names" {
	mkdir -p t/d/e
	create bad.img -O ^metadata_csum,^dir_index t
	debugfs -w -R 'link d d/e/loop' bad.img 2>/dev/null
	LIMIT=20 run --separate-stderr e4pack ls -R bad.img
	[ "$status" -eq 1 ]
	mentions 'more than one name'
	[[ $output = *'/d/e:'* ]]
	LIMIT=20 run --separate-stderr e4pack ls bad.img '*/*/*/*/*/*/*/*'
	[ "$status" -eq 0 ]
}

@test "row 73: a folder full of faults has some of them told" {
	mkdir -p t/d
	(cd t/d && seq -f 'wrong-%g' 1000 | xargs touch && : >right)
	create bad.img -O ^metadata_csum t
	sed -i 's,wrong-,wrong/,g' bad.img
	run --separate-stderr e4pack ls bad.img d
	[ "$status" -eq 1 ]
	[ "$output" = right ]
	[ "$(wc -l <<<"$stderr")" -eq 11 ]
	mentions 'block [0-9]*: a name has a slash'
	mentions 'inode [0-9]*: 990 faults more'
}

@test "row 73: damage met on the way is told once, and is a failure" {
	local command block
	mkdir -p t/d
	for name in {1..200}; do echo "$name" >"t/d/a-longer-name-$name"; done
	create bad.img -O ^metadata_csum t
	block=$(debugfs -R 'bmap /d 0' bad.img 2>/dev/null)
	head -c 4096 /dev/zero | tr '\0' '\7' | dd of=bad.img bs=4096 \
		seek="$block" count=1 conv=notrunc status=none
	for command in cat stat ls; do
		run --separate-stderr e4pack "$command" bad.img \
			/d/a-longer-name-7
		[ "$status" -eq 1 ]
		mentions 'folder inode.*wrong length'
		[ "$(wc -l <<<"$stderr")" -eq 1 ]
		[ -n "$output" ]
	done
}

@test "row 74: sizes that no file can have" {
	mkdir t
	echo x >t/f
	ln -s target t/l
	create bad.img -O ^metadata_csum t
	debugfs -w -R 'sif f size 0x7fffffffffffffff' bad.img 2>/dev/null
	debugfs -w -R 'sif l size 0xffffffff' bad.img 2>/dev/null
	LIMIT=20 run --separate-stderr e4pack cat bad.img f
	[ "$status" -eq 1 ]
	mentions 'size'
	LIMIT=20 run --separate-stderr e4pack ls -l bad.img
	[[ $output = *9223372036854775807* ]]
	LIMIT=20 run --separate-stderr e4pack stat bad.img l
	[ "$status" -eq 1 ]
}

@test "row 74: the high half of a folder's size, which large_dir gives it" {
	mkdir -p t/d
	echo x >t/d/f
	create low.img -O ^metadata_csum t
	create high.img -O ^metadata_csum,large_dir t
	for image in low.img high.img; do
		debugfs -w -R 'sif d size 0x100001000' $image 2>/dev/null
		e2fsck -fn $image >said 2>&1 && fail "nothing: $(<said)"
		run e4pack verify $image
		[ "$status" -eq 3 ]
	done
	e4pack stat --json low.img d | jq -e '.size == 4096'
	[ "$(e4pack cat low.img d/f)" = x ]
	[ "$(e4pack ls low.img d)" = f ]
	e4pack stat --json high.img d | jq -e '.size == 4294971392'
	LIMIT=20 run --separate-stderr e4pack ls -R high.img
	[ "$status" -eq 1 ]
	mentions 'folders are larger than the image'
}

@test "row 74: values that should have an inode of their own" {
	cat >script <<-'END'
		put =x f
		setxattr f user.big zero:20000
	END
	e4pack batch --new -O ea_inode,^metadata_csum bad.img script
	e4pack stat --json bad.img f |
		jq -e '.xattrs[0] | (.value | length) == 20000 and
			.value_inode > 11'
	ino=$(e4pack stat --json bad.img f | jq '.xattrs[0].value_inode')
	own=$(e4pack stat --json bad.img f | jq '.inode')
	debugfs -w -R "sif <$ino> flags 0x80000" bad.img 2>/dev/null
	run --separate-stderr e4pack stat bad.img f
	[ "$status" -eq 1 ]
	mentions "inode $own.*inode $ino"
	[[ $output = *path:* ]]
}
