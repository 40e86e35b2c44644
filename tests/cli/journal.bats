#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154,SC2016
# Journals that the kernel and debugfs wrote: shown, seen through, replayed.

load helper

# kernel_log OUT MKE2FS-OPTIONS: an image as it lies while it is mounted, with
# a log of several transactions, revokes in it.
kernel_log() {
	local out=$1 i
	shift
	need_root
	rm -rf base.img mnt
	truncate -s 64M base.img
	mke2fs -q -F "$@" base.img
	can_mount base.img || skip 'no loop mounts here'
	mkdir mnt
	mount -o "loop${MOUNT:+,$MOUNT}" base.img mnt
	for i in $(seq 1 40); do
		mkdir -p "mnt/d$i/e"
		seq 1 "$((i * 30))" >"mnt/d$i/f"
	done
	sync -f mnt
	rm -r mnt/d3 mnt/d5 mnt/d7
	for i in $(seq 1 300); do : >"mnt/d9/name-$i"; done
	sync -f mnt
	ln -s "$(printf 'x%.0s' $(seq 100))" mnt/slow
	seq 1 4000 >mnt/reused
	rm -r mnt/d9
	seq 1 9000 >mnt/reused-too
	sync -f mnt
	cp --sparse=always base.img "$out"
	umount mnt
	[[ $(superblock "$out" 'Filesystem features') = *needs_recovery* ]] ||
		fail 'the kernel left no log'
}

# debugfs_log OUT JO-OPTIONS -- JW-LINES: transactions that debugfs writes.
debugfs_log() {
	local out=$1
	shift
	{
		echo "jo $1"
		shift
		printf '%s\n' "$@"
		echo jc
	} >script
	debugfs -w -f script "$out" >/dev/null 2>&1
	dumpe2fs -h "$out" 2>/dev/null | grep -q '^Journal start: *[1-9]' ||
		fail 'debugfs left no log'
}

# only_supers A B: two images differ in the superblock at most, and in that
# of the journal.
only_supers() {
	local size journal
	size=$(superblock "$1" 'Block size')
	journal=$(debugfs -R 'bmap <8> 0' "$1" 2>/dev/null)
	cmp -l "$1" "$2" | awk -v s="$size" -v j="$journal" '
		{ at = $1 - 1; b = int(at / s) }
		b != j && (at < 1024 || at >= 2048) { print "byte " at; bad++ }
		bad > 5 { exit }
		END { exit bad > 0 }' || fail "$1 and $2 differ"
}

# replayed_alike IMAGE [check]: seen through, replayed by us, by e2fsck and by
# the kernel, it is the same; with "check" it is clean as well.
replayed_alike() {
	local image=$1 before seen
	before=$(sha256sum <"$image")
	seen=$(e4pack es --json "$image" 2>note) || fail 'es failed'
	grep -q 'shown as if' note || fail "no note: $(<note)"
	[ "$before" = "$(sha256sum <"$image")" ] || fail 'es changed the image'
	cp --sparse=always "$image" ours.img
	cp --sparse=always "$image" theirs.img
	run --separate-stderr e4pack journal --replay ours.img
	[ "$status" -eq 0 ] || fail "replay ended with $status"
	[[ $output = replayed* ]] || fail 'says nothing'
	e2fsck -E journal_only -y theirs.img >/dev/null 2>&1 ||
		fail "e2fsck ended with $?"
	only_supers ours.img theirs.img
	lacks_feature ours.img needs_recovery
	[ "$(e4pack es --json ours.img)" = "$seen" ] ||
		fail 'seen through is not replayed'
	[ "$(jq_of ours.img .sequence)" = "$(jq_of theirs.img .sequence)" ] ||
		fail 'the next transaction is another one'
	[[ ${2-} = check ]] || return 0
	clean_after_crash ours.img
	if can_mount "$image"; then
		mkdir -p kernel ours
		mount -o loop,noatime "$image" kernel
		mount -o loop,ro,noatime ours.img ours
		python3 -S "$LIB/treecmp.py" --times source kernel ours
		umount ours
		umount kernel
	fi
}

# clean_after_crash IMAGE: the kernel does not keep the counts of the
# superblock in its log, but counts anew when it mounts.
clean_after_crash() {
	local said
	said=$(e2fsck -fn "$1" 2>&1) || fail "e2fsck ended with $?: $said"
	! grep -E 'Fix\?|wrong|WARNING' <<<"$said" | grep -vE \
		'^Free (blocks|inodes) count wrong \(|^Fix\? no' ||
		fail "e2fsck is not content: $said"
}

# jq_of IMAGE EXPRESSION: of the journal's superblock.
jq_of() {
	e4pack journal --json "$1" 2>/dev/null |
		jq -r "select(.record == \"superblock\") | $2"
}

# agrees_with_logdump IMAGE: the same transactions, tags and commits.
agrees_with_logdump() {
	e4pack journal --json "$1" 2>/dev/null | jq -r '
		if .record == "copy" then "copy \(.home) \(.block)"
		elif .record == "commit" then "commit \(.transaction)"
		else empty end' >ours.log
	debugfs -R 'logdump -a' "$1" 2>/dev/null | sed -n \
		-e 's/.*FS block \([0-9]*\) logged at .*journal block \([0-9]*\).*/copy \1 \2/p' \
		-e 's/.*expected sequence \([0-9]*\), commit at.*/commit \1/p' \
		-e 's/.*Found expected sequence \([0-9]*\), type 2.*/commit \1/p' \
		>theirs.log
	[ -s theirs.log ] || fail 'logdump shows nothing'
	diff ours.log theirs.log
}

@test "journal: a log of the kernel, 4K and checksums" {
	kernel_log p.img -t ext4 -b 4096
	agrees_with_logdump p.img
	replayed_alike p.img check
}

@test "journal: a log of the kernel, 1K and checksums" {
	kernel_log p.img -t ext4 -b 1024 -J size=4
	agrees_with_logdump p.img
	replayed_alike p.img check
}

@test "journal: a log of the kernel without checksums and 64bit" {
	kernel_log p.img -t ext4 -b 1024 -O ^metadata_csum,^64bit
	[ "$(jq_of p.img '.features | index("64bit")')" = null ]
	agrees_with_logdump p.img
	replayed_alike p.img check
}

@test "journal: a log of the kernel with checksums of version 1" {
	MOUNT=journal_checksum kernel_log p.img -t ext4 -b 4096 -O ^metadata_csum
	[ "$(jq_of p.img '.features | index("checksum")')" != null ]
	replayed_alike p.img check
}

@test "journal: a log of the kernel on ext3" {
	kernel_log p.img -t ext3 -b 1024
	replayed_alike p.img check
}

@test "journal: a log of the kernel that goes round its end" {
	need_root
	mke2fs -q -F -t ext4 -b 1024 -J size=1 base.img 64M >/dev/null
	can_mount base.img || skip 'no loop mounts here'
	mkdir mnt
	mount -o loop base.img mnt
	for i in $(seq 1 60); do
		mkdir "mnt/d$i"
		for k in 1 2 3 4 5 6 7 8; do seq 1 "$i" >"mnt/d$i/$k"; done
		[ $((i % 3)) -ne 0 ] || rm -r "mnt/d$((i - 1))"
		sync -f mnt
	done
	for i in $(seq 1 40); do
		echo "$i" >"mnt/more$i"
		sync -f mnt
		cp --sparse=always base.img p.img
		e4pack journal --json p.img 2>/dev/null | jq -r \
			'select(.block) | .block' >blocks
		sort -n -c blocks 2>/dev/null || break
	done
	umount mnt
	! sort -n -c blocks 2>/dev/null || fail 'it never went round'
	replayed_alike p.img check
}

@test "journal: revokes of the kernel keep what was reused" {
	kernel_log p.img -t ext4 -b 1024 -J size=4
	run --separate-stderr e4pack journal --json p.img
	[ "$(jq -r 'select(.record == "revoked") | .home' <<<"$output" |
		wc -l)" -gt 0 ]
	replayed_alike p.img check
	seq 1 4000 >want
	debugfs -R 'cat /reused' ours.img 2>/dev/null | cmp - want
}

# Each with the magic number in front of one block of three.
magic_blocks() {
	python3 -c 'import sys
size, n = int(sys.argv[1]), int(sys.argv[2])
for i in range(n):
    head = b"\xc0\x3b\x39\x98" if i % 3 == 1 else b"plain%3d" % (i % 999)
    sys.stdout.buffer.write(head.ljust(size, bytes([i % 251])))' "$@"
}

# written_by_debugfs OPTIONS-OF-JO SIZE MKE2FS-OPTIONS...
written_by_debugfs() {
	local jo=$1 size=$2 n
	shift 2
	for n in 1 252 253 254 255 600; do
		rm -f p.img
		mke2fs -q -F -t ext4 -b "$size" -J size=8 "$@" p.img 48M
		magic_blocks "$size" "$n" >data
		debugfs_log p.img "$jo" "jw -b 8500-$((8499 + n)) data"
		replayed_alike p.img
		dd if=ours.img bs="$size" skip=8500 count="$n" status=none |
			cmp - data
	done
}

@test "journal: debugfs, checksums v3, around the tags of a descriptor" {
	written_by_debugfs '-c -v 3' 4096
	written_by_debugfs '-c -v 3' 1024
}

@test "journal: debugfs, checksums v2" {
	written_by_debugfs '-c -v 2' 4096
	written_by_debugfs '-c -v 2' 1024 -O ^64bit
}

@test "journal: debugfs, no checksums, with 64bit and without" {
	written_by_debugfs '' 4096 -O ^metadata_csum
	written_by_debugfs '' 1024 -O ^metadata_csum,^64bit
}

@test "journal: debugfs, revokes before, in and after a transaction" {
	mke2fs -q -F -t ext4 -b 4096 -J size=8 p.img 48M
	magic_blocks 4096 10 >ten
	magic_blocks 4096 3 >three
	debugfs_log p.img '-c' 'jw -b 8500-8509 ten' \
		'jw -r 8502,8503' 'jw -b 8503,8504,8505 three'
	replayed_alike p.img
	run --separate-stderr e4pack journal --json p.img
	[ "$(jq -c 'select(.record == "revoked") | .home' <<<"$output" |
		tr '\n' ' ')" = '8502 8503 ' ]
	# 8502 is gone, 8503 is the later copy.
	[ "$(dd if=ours.img bs=4096 skip=8502 count=1 status=none |
		tr -d '\0' | wc -c)" -eq 0 ]
	dd if=ours.img bs=4096 skip=8503 count=3 status=none | cmp - three
}

# The superblock and the descriptors are in the log only; what lies behind
# the old end is there already.
@test "journal: a log that made the image grow" {
	mke2fs -q -F -t ext4 -b 1024 p.img 40M
	truncate -s 80M p.img
	cp --sparse=always p.img big.img
	resize2fs big.img >/dev/null 2>&1
	python3 -c 'import os
a, b = open("p.img", "r+b"), open("big.img", "rb")
homes, data = [], b""
for i in range(80 << 10):
    was, now = a.read(1024), b.read(1024)
    if was != now and i < 40960:
        homes.append(str(i))
        data += now
    elif was != now:
        os.pwrite(a.fileno(), now, i * 1024)
open("data", "wb").write(data)
open("list", "w").write(",".join(homes))'
	debugfs_log p.img -c "jw -b $(<list) data"
	[ "$(superblock p.img 'Block count')" -eq 40960 ]
	run --separate-stderr e4pack frag --json p.img
	[ "$status" -eq 0 ]
	[ "$(jq .free.blocks <<<"$output")" -eq \
		"$(e4pack frag --json big.img | jq .free.blocks)" ]
	replayed_alike p.img
	[ "$(superblock ours.img 'Block count')" -eq 81920 ]
	clean ours.img
}

@test "journal: what each block is" {
	kernel_log p.img -t ext4 -b 4096
	run --separate-stderr e4pack journal p.img
	[ "$status" -eq 0 ]
	for words in superblock 'descriptors of group' 'block bitmap of group' \
		'inode bitmap of group' 'inode table of group 0, inodes' \
		'folder /d1' 'link /slow' 'transaction 2' 'commit, 20' \
		'checksum good' 'the log ends at block' 'recovery replays'; do
		[[ $output = *"$words"* ]] || fail "no $words"
	done
	[[ $output != *WRONG* ]]
	run --separate-stderr e4pack journal --json p.img
	jq -e . <<<"$output" >/dev/null
	jq -se 'any(.owner.kind == "folder" and .owner.path == "/d1")' \
		<<<"$output" >/dev/null
	jq -se 'last | .record == "end" and .transactions > 1' <<<"$output"
}

@test "journal: an empty log, and none" {
	mkdir t
	create new.img t
	run --separate-stderr e4pack journal new.img
	[ "$status" -eq 0 ]
	[[ $output = *empty* ]]
	before=$(sha256sum <new.img)
	run --separate-stderr e4pack journal --replay new.img
	[ "$status" -eq 0 ]
	[[ $output = 'nothing to replay' ]]
	[ "$before" = "$(sha256sum <new.img)" ]
	create none.img t -O ^has_journal
	run --separate-stderr e4pack journal none.img
	[ "$status" -eq 1 ]
	mentions 'has no journal'
}

@test "journal: RECOVER with an empty log is cleared" {
	mkdir t
	create new.img t
	debugfs -w -R 'feature needs_recovery' new.img
	run --separate-stderr e4pack journal --replay new.img
	[ "$status" -eq 0 ]
	lacks_feature new.img needs_recovery
	clean new.img
	run --separate-stderr e4pack journal --replay --json new.img
	[ "$(jq -c . <<<"$output")" = '{"transactions":0,"copies":0,"revoked":0,"blocks_written":0}' ]
}

@test "journal: a log that nobody announced is left alone" {
	mke2fs -q -F -t ext4 -b 4096 -J size=8 p.img 48M
	magic_blocks 4096 3 >data
	debugfs_log p.img -c 'jw -b 8500-8502 data'
	debugfs -w -R 'feature ^needs_recovery' p.img
	before=$(sha256sum <p.img)
	run --separate-stderr e4pack journal --replay p.img
	[ "$status" -eq 1 ]
	told journal
	mentions 'discards'
	run --separate-stderr e4pack journal p.img
	[ "$status" -eq 0 ]
	[[ $output = *discards* ]]
	[ "$before" = "$(sha256sum <p.img)" ]
}

@test "journal: on another device" {
	mke2fs -q -F -t ext4 -b 4096 p.img 16M
	tune2fs -O ^has_journal p.img >/dev/null 2>&1
	# has_journal, no inode, a device number.
	printf '\004' | dd of=p.img bs=1 seek=1116 conv=notrunc status=none
	printf '\000' | dd of=p.img bs=1 seek=1248 conv=notrunc status=none
	printf '\001' | dd of=p.img bs=1 seek=1252 conv=notrunc status=none
	run --separate-stderr e4pack journal p.img
	[ "$status" -eq 1 ]
	mentions 'another device.*UUID [0-9a-f]{8}-'
}

@test "journal: a mounted image is not replayed" {
	need_root
	mke2fs -q -F -t ext4 p.img 16M
	can_mount p.img || skip 'no loop mounts here'
	mkdir mnt
	mount -o loop p.img mnt
	run --separate-stderr e4pack journal --replay p.img
	umount mnt
	[ "$status" -eq 1 ]
	mentions 'in use by /dev/loop'
	flock -x p.img sleep 5 &
	sleep 1
	run --separate-stderr e4pack journal --replay p.img
	wait
	[ "$status" -eq 1 ]
	mentions 'cannot be locked'
}

@test "journal: fast commits are refused by name" {
	need_root
	mke2fs -q -F -t ext4 -O fast_commit -b 4096 base.img 64M >/dev/null
	can_mount base.img || skip 'no loop mounts here'
	mkdir mnt
	mount -o loop base.img mnt
	seq 1 100 >mnt/file
	sync -f mnt
	cp --sparse=always base.img none.img
	python3 -c 'import os
for i in range(3):
    fd = os.open("mnt/file", os.O_WRONLY | os.O_APPEND)
    os.write(fd, b"x" * 5000)
    os.fsync(fd)'
	cp --sparse=always base.img p.img
	umount mnt
	! cmp -s p.img none.img || fail 'nothing was committed'
	[ "$(jq_of p.img '.features | index("fast_commit")')" != null ] ||
		skip 'this kernel makes no fast commits'
	run --separate-stderr e4pack journal --replay p.img
	[ "$status" -eq 1 ]
	mentions 'fast commits'
	run --separate-stderr e4pack es p.img
	[ "$status" -eq 1 ]
	warned 'before its journal'
	# The log before the first of them is as any other.
	replayed_alike none.img check
}

@test "journal: multi-mount protection is honoured" {
	mke2fs -q -F -t ext4 -b 4096 -O mmp -J size=8 p.img 48M
	magic_blocks 4096 3 >data
	debugfs_log p.img -c 'jw -b 8500-8502 data'
	cp p.img held.img
	block=$(dumpe2fs -h p.img 2>/dev/null |
		sed -n 's/^MMP block number: *//p')
	printf '\001\000\000\000' | dd of=held.img bs=1 \
		seek=$((block * 4096 + 4)) conv=notrunc status=none
	run --separate-stderr e4pack journal --replay held.img
	[ "$status" -eq 1 ]
	mentions 'multi-mount'
	run --separate-stderr e4pack journal --replay p.img
	[ "$status" -eq 0 ]
}

@test "journal: a copy with a wrong checksum is passed over and told" {
	mke2fs -q -F -t ext4 -b 4096 -J size=8 p.img 48M
	magic_blocks 4096 10 >data
	debugfs_log p.img -c 'jw -b 8500-8509 data'
	at=$(e4pack journal --json p.img 2>/dev/null |
		jq 'select(.home == 8504) | .block')
	place=$(debugfs -R "bmap <8> $at" p.img 2>/dev/null)
	printf x | dd of=p.img bs=1 seek=$((place * 4096 + 99)) conv=notrunc \
		status=none
	run --separate-stderr e4pack journal p.img
	[ "$status" -eq 1 ]
	[[ $output = *'checksum WRONG'* ]]
	run --separate-stderr e4pack es p.img
	[ "$status" -eq 0 ]
	warned '1 of 10 blocks'
	run --separate-stderr e4pack journal --replay p.img
	[ "$status" -eq 1 ]
	mentions '1 of 10 blocks'
	has_feature p.img needs_recovery
	dd if=p.img bs=4096 skip=8505 count=5 status=none |
		cmp - <(tail -c 20480 data)
	[ "$(dd if=p.img bs=4096 skip=8504 count=1 status=none |
		tr -d '\0' | wc -c)" -eq 0 ]
}

@test "journal: a damaged log refuses, and the image is shown without it" {
	mke2fs -q -F -t ext4 -b 4096 -J size=8 p.img 48M
	magic_blocks 4096 10 >data
	debugfs_log p.img -c 'jw -b 8500-8509 data'
	place=$(debugfs -R 'bmap <8> 1' p.img 2>/dev/null)
	printf x | dd of=p.img bs=1 seek=$((place * 4096 + 3000)) \
		conv=notrunc status=none
	run --separate-stderr e4pack es p.img
	[ "$status" -eq 1 ]
	mentions 'journal is damaged'
	warned 'before its journal'
	before=$(sha256sum <p.img)
	run --separate-stderr e4pack journal --replay p.img
	[ "$status" -eq 1 ]
	[ "$before" = "$(sha256sum <p.img)" ]
	run --separate-stderr e4pack journal p.img
	[ "$status" -eq 1 ]
	[[ $output = *'recovery fails'* ]]
}

# damage FILE SEED AT LEN: change 8 bytes somewhere in there.
damage() {
	python3 -c 'import random, sys
seed, at, n = map(int, sys.argv[2:])
rng = random.Random(seed)
with open(sys.argv[1], "r+b") as f:
    for i in range(8):
        f.seek(at + rng.randrange(n if i % 2 else 64))
        f.write(bytes([rng.choice([0, 1, 0x7f, 0x80, 0xff])]))' "$@"
}

@test "journal: bytes changed anywhere in it never crash or hang a reader" {
	mke2fs -q -F -t ext4 -b 1024 -J size=1 good.img 16M
	magic_blocks 1024 200 >data
	debugfs_log good.img -c 'jw -b 8500-8699 data' 'jw -r 8510-8520'
	place=$(debugfs -R 'bmap <8> 0' good.img 2>/dev/null)
	for seed in $(seq 1 60); do
		cp --sparse=always good.img bad.img
		damage bad.img "$seed" "$((place * 1024))" 70000
		before=$(sha256sum <bad.img)
		for command in journal es; do
			LIMIT=20 run --separate-stderr e4pack "$command" bad.img
			[ "$status" -le 1 ] || fail "seed $seed: $status"
		done
		[ "$before" = "$(sha256sum <bad.img)" ] || fail changed
	done
}

@test "journal: opened read-only, one image, unknown options" {
	mkdir t
	create new.img t
	chmod 0444 new.img
	run --separate-stderr e4pack journal new.img
	[ "$status" -eq 0 ]
	run --separate-stderr e4pack journal new.img other.img
	[ "$status" -eq 2 ]
	run --separate-stderr e4pack journal --top 3 new.img
	[ "$status" -eq 2 ]
	run --separate-stderr e4pack journal --replay no.img
	[ "$status" -eq 1 ]
}
