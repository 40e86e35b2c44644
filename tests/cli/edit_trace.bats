#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154
# The trace of an edit: the side of jbd2, whose counts are those of the log
# and whose lines and order are the kernel's.

load helper

teardown() {
	local mount
	[[ ! -d ${INSTANCE-} ]] || rmdir "$INSTANCE" || true
	while read -r mount; do
		umount "$mount" || umount -l "$mount" || true
	done < <(awk -v d="$BATS_TEST_TMPDIR/" \
		'index($2, d) == 1 { print $2 }' /proc/mounts 2>/dev/null)
}

old_image() {
	mkdir -p t/d
	head -c 100000 /dev/urandom >t/big
	mke2fs -q -F -t ext4 "$@" -d t old.img 24M 2>/dev/null
}

edit() {
	timeout -k 5 "${LIMIT:-120}" "$E4PACK" batch "$@"
}

steps() {
	cat <<-'END'
		put =new /d/n
		mkdir /d/sub
		write /big 5000 =middle
		append /big =tail
		setxattr /big user.k =v
	END
}

# events FILE: the names of jbd2's events in it, in order.
events() {
	awk '{ sub(/:$/, "", $2) } $2 ~ /^jbd2_/ { print $2 }' "$1"
}

# value EVENT FIELD FILE
value() {
	awk -v event="$1:" -v field="$2" '
		$2 == event {
			for (i = 3; i < NF; i++)
				if ($i == field)
					print $(i + 1)
		}' "$3"
}

COMMIT='jbd2_handle_start
jbd2_handle_stats
jbd2_write_superblock
jbd2_start_commit
jbd2_commit_locking
jbd2_commit_flushing
jbd2_commit_logging
jbd2_run_stats
jbd2_end_commit'

CHECKPOINT='jbd2_checkpoint
jbd2_checkpoint_stats
jbd2_drop_transaction
jbd2_write_superblock
jbd2_update_log_tail'

@test "edit trace: the order of a commit, with and without a checkpoint" {
	old_image
	cp old.img other.img
	steps | edit -q --trace told old.img
	[ "$(events told)" = "$COMMIT"$'\n'"$CHECKPOINT" ]
	steps | edit -q --trace told --journal-only other.img
	[ "$(events told)" = "$COMMIT" ]
	# The kernel's steps lie around them; only the root is read before.
	[[ $(sed 1q told) = '1 ext4_load_inode: ino 2' ]]
	[[ $(sed -n 2p told) = '2 ext4_journal_start_sb: '* ]]
	[[ $(tail -n 1 told) = *jbd2_end_commit* ]]
}

# agree IMAGE: what "told" says of the log of IMAGE is what lies there.
agree() {
	local tid copies blocks
	"$E4PACK" journal --json "$1" >log 2>/dev/null
	tid=$(jq -s '.[] | select(.record == "commit") | .transaction' log)
	copies=$(jq -s 'map(select(.record == "copy")) | length' log)
	blocks=$(jq -s '.[] | select(.record == "end") | .blocks_used' log)
	[ "$(value jbd2_run_stats blocks told)" = "$copies" ]
	[ "$(value jbd2_run_stats blocks_logged told)" = "$blocks" ]
	[ "$(value jbd2_handle_stats dirtied_blocks told)" = "$copies" ]
	[ "$(value jbd2_run_stats tid told)" = "$tid" ]
	[ "$(value jbd2_start_commit transaction told)" = "$tid" ]
	[ "$(value jbd2_end_commit head told)" = "$tid" ]
	# Each block of the log is looked up once, the commit block last.
	awk '$2 == "jbd2_commit_logging:" { on = 1 }
		$2 == "jbd2_run_stats:" { on = 0 }
		on && $2 == "ext4_es_lookup_extent_enter:" { print $6 }' \
		told >looked
	jq -s '.[] | select(.record | IN("descriptor", "copy", "commit")) |
		.block' log >there
	cmp looked there
}

@test "edit trace: the counts are those of the log" {
	need jq
	old_image -b 1024 -J size=4
	steps | edit -q --trace told --journal-only old.img
	agree old.img
	# Several descriptors.
	old_image -b 1024 -J size=4
	for i in $(seq 1 400); do
		echo "write /big $((i * 200 % 99000)) =x"
	done | edit -q --trace told --journal-only old.img
	agree old.img
	[[ $(value jbd2_run_stats blocks told) -gt 80 ]]
	old_image -b 1024 -J size=4 -O ^metadata_csum,^64bit
	steps | edit -q --trace told --journal-only old.img
	agree old.img
}

@test "edit trace: the checkpoint writes what it does not leave" {
	old_image
	steps | edit -q --trace told old.img
	[ $(($(value jbd2_checkpoint_stats written told) + \
	     $(value jbd2_checkpoint_stats dropped told))) = \
		"$(value jbd2_run_stats blocks told)" ]
	[ "$(value jbd2_update_log_tail freed told)" = \
		"$(value jbd2_run_stats blocks_logged told)" ]
	# The next transaction begins with the number after the one it frees.
	next=$(value jbd2_update_log_tail to told)
	echo 'append /d/n =more' | edit -q --trace told old.img
	[ "$(value jbd2_start_commit transaction told)" -gt \
		"$((next - 1))" ]
	clean old.img
}

@test "edit trace: nothing changed is a handle that dirties nothing" {
	old_image
	echo 'echo nothing' | edit -q --trace told old.img
	[ "$(value jbd2_handle_stats dirtied_blocks told)" = 0 ]
	[ "$(events told | wc -l)" = 2 ]
	# Without a journal there is nothing of it to tell.
	old_image -O ^has_journal
	steps | edit -q --trace told --whole-copy old.img
	[ -s told ]
	[ -z "$(events told)" ]
}

@test "edit trace: lines as in a kernel's trace file" {
	old_image
	steps | edit -q --trace told --trace-format kernel old.img
	sed 's/^.* \(jbd2_[a-z_]*: \)/\1/; t; d' told |
		sed 's/[0-9]\+/N/g' >ours
	# From the trace of a kernel 6.18, but for what N stands for.
	cat >kernels <<-'END'
		jbd2_handle_start: dev 7,0 tid 2 type 4 line_no 2822 requested_blocks 47
		jbd2_handle_stats: dev 7,0 tid 2 type 4 line_no 2822 interval 0 sync 0 requested_blocks 47 dirtied_blocks 5
		jbd2_write_superblock: dev 7,0 write_flags 9800
		jbd2_start_commit: dev 7,0 transaction 2 sync 0
		jbd2_commit_locking: dev 7,0 transaction 2 sync 0
		jbd2_commit_flushing: dev 7,0 transaction 2 sync 0
		jbd2_commit_logging: dev 7,0 transaction 2 sync 0
		jbd2_run_stats: dev 7,0 tid 2 wait 0 request_delay 0 running 0 locked 0 flushing 0 logging 8 handle_count 5 blocks 7 blocks_logged 9
		jbd2_end_commit: dev 7,0 transaction 2 sync 0 head 2
		jbd2_checkpoint: dev 7,0 result 1
		jbd2_checkpoint_stats: dev 7,0 tid 2 chp_time 0 forced_to_close 0 written 0 dropped 0
		jbd2_drop_transaction: dev 7,0 transaction 2 sync 0
		jbd2_write_superblock: dev 7,0 write_flags 69800
		jbd2_update_log_tail: dev 7,0 from 2 to 3 offset 10 freed 9
	END
	sed 's/[0-9]\+/N/g' kernels >want
	diff want ours
	grep -q 'write_flags 9800$' told
	grep -q 'write_flags 69800$' told
}

@test "edit trace: what is read of the old image" {
	old_image
	steps | edit -q --trace told --trace-format kernel old.img
	sed -nE 's/.*: (ext4_(load_inode|read_block)[^:]*): dev 0,0/\1/p' \
		told >reads
	grep -qx 'ext4_load_inode ino 2' reads
	grep -qx 'ext4_read_block_bitmap_load group 0 prefetch 0' reads
	# Nothing is read twice.
	[ -z "$(sort reads | uniq -d)" ]
}

# What the running kernel tells of one commit and its end, on a loop device.
@test "edit trace: the running kernel's own order" {
	need_root
	old_image
	cp old.img ours.img
	mkdir m tracing
	mount -t tracefs none tracing || skip 'no tracefs'
	[[ -d tracing/events/jbd2 ]] || skip 'no events of jbd2'
	INSTANCE=tracing/instances/e4pack.$$
	mkdir "$INSTANCE" || skip 'no instance of the trace'
	# Without commits that a timer begins.
	mount -o loop,commit=600 old.img m || skip 'no loop device'
	dev=$(stat -c %d m)
	echo 1 >"$INSTANCE/events/jbd2/enable"
	echo new >m/d/n
	umount m
	cat "$INSTANCE/trace" >all
	rmdir "$INSTANCE"
	awk -v dev="dev $((dev / 256)),$((dev % 256)) " \
		'index($0, dev) && match($0, /jbd2_[a-z_]+:/) {
			print substr($0, RSTART, RLENGTH - 1) }' all >theirs
	echo 'put =new /d/n' | edit -q --trace told ours.img
	# Handles, and the superblocks of a log that is emptied on its own,
	# may be more; neither has the other's events in another order.
	grep -v 'handle\|write_superblock\|submit\|shrink\|lock_buffer' \
		theirs | uniq >want
	events told | grep -v 'handle\|write_superblock' >have
	diff want have
}
