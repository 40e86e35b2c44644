#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154,SC2016
# The trace: reproducible, without effect on the image, in the words of the
# kernel, with sums that come out even.

load helper

# A script with every kind of step of the write path.
script() {
	cat >script <<-'END'
		mkdir -p /var/log
		write /var/log/b 0 random:1:30000
		append /var/log/b =more
		write /var/log/a 8192 zero:10000
		fallocate /var/log/a 0 40000
		truncate /var/log/b 9000
		punch /var/log/b 0 5000
		punch /var/log/a 30000 9000
		write /gone 0 random:2:70000
		rm /gone
		put =small /small
		ln /small /again
		symlink /small /link
		mknod /null c 1 3
		mv /var/log/b /var/log/c
	END
}

tree() {
	local i
	mkdir -p t/a t/a-b
	for i in 1 2 3 4 5 6 7 8; do
		head -c $((i * 5000)) /dev/urandom >"t/a/f$i"
	done
	truncate -s 1M t/a-b/hole
	echo data >>t/a-b/hole
	ln t/a/f1 t/a-b/link
	find t -exec touch -d @1000 {} +
}

batch() {
	run --separate-stderr e4pack batch --new -F -s 8M "$@" x.img script
	[[ $status = 0 ]] || fail "batch $* ended with $status"
}

# sum EVENT FIELD FILE: of all values that the event has in the field.
sum() {
	awk -v event="ext4_$1:" -v field="$2" '
		$2 == event {
			for (i = 3; i < NF; i++)
				if ($i == field)
					sum += $(i + 1)
		}
		END { print sum + 0 }' "$3"
}

@test "trace: two runs tell the same, whatever the number of threads" {
	script
	tree
	batch --trace one
	batch --trace two
	[[ -s one ]]
	cmp one two
	create -F x.img t --trace one --threads 1
	create -F x.img t --trace two --threads 4
	[[ $(wc -l <one) -gt 50 ]]
	cmp one two
	create -F x.img t --trace two --trace-format kernel
	[[ $(wc -l <one) = "$(wc -l <two)" ]]
}

@test "trace: the image does not depend on it" {
	script
	tree
	batch
	mv x.img without.img
	batch --trace t1
	cmp x.img without.img
	batch --trace t1 --trace-format kernel
	cmp x.img without.img
	create a.img t -s min
	create b.img t -s min --trace t1
	cmp a.img b.img
}

@test "trace: lines are those of a kernel's trace file" {
	script
	tree
	batch --trace told --trace-format kernel
	create -F x.img t -s min+1M --trace more --trace-format kernel
	cat more >>told
	cat >forms <<-'END'
		ext4_request_inode dir \d+ mode 0\d+
		ext4_allocate_inode ino \d+ dir \d+ mode 0\d+
		ext4_mark_inode_dirty ino \d+ caller \w+\+0x0/0x0
		ext4_drop_inode ino \d+ drop 1
		ext4_evict_inode ino \d+ nlink 0
		e4pack_number_inode ino \d+ was \d+
		ext4_da_write_begin ino \d+ pos \d+ len \d+
		ext4_da_write_end ino \d+ pos \d+ len \d+ copied \d+
		ext4_da_reserve_space ino \d+ mode 0100\d+ i_blocks 0 reserve_blocks \d+reserved_data_blocks \d+
		ext4_da_update_reserve_space ino \d+ mode 0100\d+ i_blocks \d+ used_blocks \d+ reserved_data_blocks \d+ quota_claim 1
		ext4_da_release_space ino \d+ mode 0100\d+ i_blocks 0 freed_blocks \d+ reserved_data_blocks \d+
		ext4_es_lookup_extent_enter ino \d+ lblk \d+
		ext4_es_lookup_extent_exit ino \d+ found (0 \[0/0\) 0 |1 \[\d+/\d+\) 0 DR?)
		ext4_es_insert_extent ino \d+ es \[\d+/\d+\) mapped \d+ status [WU]
		ext4_es_insert_delayed_extent ino \d+ es \[\d+/\d+\) mapped 0 status D allocated 0 0
		ext4_es_remove_extent ino \d+ es \[\d+/\d+\)
		ext4_truncate_enter ino \d+ blocks 0
		ext4_truncate_exit ino \d+ blocks 0
		ext4_request_blocks ino \d+ flags (HINT_DATA\|DELALLOC_RESV\|USE_RESV)? len \d+ lblk 0 goal 0 lleft 0 lright 0 pleft 0 pright 0 
		ext4_mballoc_alloc inode \d+ orig \d+/\d+/\d+@\d+ goal \d+/\d+/\d+@\d+ result \d+/\d+/\d+@\d+ blks 1 grps 1 cr CR_(GOAL_LEN_SLOW|ANY_FREE) flags (HINT_DATA\|DELALLOC_RESV\|USE_RESV)? tail 0 broken 0
		ext4_allocate_blocks ino \d+ flags (HINT_DATA\|DELALLOC_RESV\|USE_RESV)? len \d+ block \d+ lblk \d+ goal 0 lleft 0 lright 0 pleft 0 pright 0
		ext4_writepages ino \d+ nr_to_write 9223372036854775807 pages_skipped 0 range_start 0 range_end 9223372036854775807 sync_mode 1 for_kupdate 0 range_cyclic 0 writeback_index 0
		ext4_da_write_folios_start ino \d+ start_pos 0x[0-9a-f]*0 next_pos 0x[0-9a-f]+000 nr_to_write \d+ sync_mode 1
		ext4_da_write_pages_extent ino \d+ lblk \d+ len \d+ flags 0x100
		ext4_da_write_folios_end ino \d+ start_pos 0x[0-9a-f]*0 next_pos 0x[0-9a-f]+000 nr_to_write \d+ ret 0
		ext4_writepages_result ino \d+ ret 0 pages_written \d+ pages_skipped 0 sync_mode 1 writeback_index \d+
	END
	run python3 -c '
import re, sys
forms = dict(l.rstrip("\n").split(" ", 1) for l in open("forms"))
seen = set()
for line in open("told"):
    m = re.fullmatch(r" {10}e4pack-1 {7}\[000\] \.{5} {5}0\."
                     r"\d{6}: (\w+): dev 0,0 (.*)\n", line)
    if not m or not re.fullmatch(forms.get(m[1], "(?!)").lstrip(), m[2]):
        sys.exit("wrong: " + line)
    seen.add(m[1])
if set(forms) - seen:
    sys.exit("never seen: %s" % (set(forms) - seen))'
	[[ $status = 0 ]] || fail "$output"
}

@test "trace: fsync and sync, as the kernel tells them" {
	cat >script <<-'END'
		mkdir /d
		write /d/a 0 random:1:20K
		fsync /d/a
		fsync /d/a
		write /b 0 random:1:20K
		symlink d/a /link
		fsync /link
		fsync /d
		sync
	END
	for more in '' '--allocator kernel'; do
		# shellcheck disable=SC2086
		batch $more --trace told --trace-format kernel
		sed -nE 's/.*: (ext4_(sync|writepages)[^:]*): dev 0,0/\1/p' \
			told | sed -E 's/(writepages\w* ino \S*) .*/\1/' >events
		diff events - <<-'END'
			ext4_sync_file_enter ino 13 parent 12 datasync 0 
			ext4_writepages ino 13
			ext4_writepages_result ino 13
			ext4_sync_file_exit ino 13 ret 0
			ext4_sync_file_enter ino 13 parent 12 datasync 0 
			ext4_sync_file_exit ino 13 ret 0
			ext4_sync_file_enter ino 13 parent 12 datasync 0 
			ext4_sync_file_exit ino 13 ret 0
			ext4_sync_file_enter ino 12 parent 2 datasync 0 
			ext4_sync_file_exit ino 12 ret 0
			ext4_writepages ino 14
			ext4_writepages_result ino 14
			ext4_sync_fs wait 0
			ext4_sync_fs wait 1
		END
	done
}

# The lines of the first are what Linux 6.18 told of the same calls, but for
# its unwritten extents.
@test "trace: clusters, as the kernel tells them" {
	cat >script <<-'END'
		write /a 5120 zero:5000
		write /a 3072 zero:1000
		fsync /a
		write /a 11264 zero:3000
		write /a 0 zero:100
		fsync /a
	END
	clusters='-b 1024 -O bigalloc -C 4096 -s 64M --trace-format kernel'
	# shellcheck disable=SC2086
	e4pack batch --new -q $clusters --allocator kernel --trace told \
		new.img script
	clean new.img
	grep -E '_(request_bl|allocate_bl|map_blocks|get_impl|mballoc_[ap])' \
		told | grep -Ev ' ino(de)? (2|11) ' | sed -E '
		s/.*: ext4_([^:]*): dev 0,0/\1/
		s/\|METADATA_NOFAIL\|IO_SUBMIT\|EX_NOCACHE//
		s/\|DELALLOC_RESV(.*)\|USE_RESV/\1/' >events
	diff events - <<-'END'
		ext_map_blocks_enter ino 12 lblk 3 len 1 flags CREATE|DELALLOC
		request_blocks ino 12 flags HINT_DATA len 1 lblk 0 goal 32765 lleft 3 lright 3 pleft 0 pright 0 
		mballoc_alloc inode 12 orig 0/8191/1@0 goal 0/8191/128@0 result 1/128/128@0 blks 1 grps 1 cr CR_POWER2_ALIGNED flags HINT_DATA|HINT_GRP_ALLOC tail 0 broken 0
		allocate_blocks ino 12 flags HINT_DATA len 1 block 33280 lblk 0 goal 32765 lleft 3 lright 3 pleft 0 pright 0
		ext_map_blocks_exit ino 12 flags CREATE|DELALLOC lblk 3 pblk 33283 len 1 mflags NM ret 1
		ext_map_blocks_enter ino 12 lblk 5 len 5 flags CREATE|DELALLOC
		get_implied_cluster_alloc_exit m_lblk 5 m_pblk 0 m_len 5 m_flags  ret 0
		request_blocks ino 12 flags HINT_DATA len 2 lblk 4 goal 33284 lleft 3 lright 5 pleft 33283 pright 0 
		mballoc_prealloc inode 12 orig 1/129/2@4 result 1/129/2@4
		allocate_blocks ino 12 flags HINT_DATA len 2 block 33284 lblk 4 goal 33284 lleft 3 lright 5 pleft 33283 pright 0
		ext_map_blocks_exit ino 12 flags CREATE|DELALLOC lblk 5 pblk 33285 len 5 mflags NM ret 5
		ext_map_blocks_enter ino 12 lblk 0 len 1 flags CREATE|DELALLOC
		get_implied_cluster_alloc_exit m_lblk 0 m_pblk 33280 m_len 1 m_flags  ret 1
		ext_map_blocks_exit ino 12 flags CREATE|DELALLOC lblk 0 pblk 33280 len 1 mflags NM ret 1
		ext_map_blocks_enter ino 12 lblk 11 len 3 flags CREATE|DELALLOC
		get_implied_cluster_alloc_exit m_lblk 11 m_pblk 33291 m_len 1 m_flags  ret 1
		ext_map_blocks_exit ino 12 flags CREATE|DELALLOC lblk 11 pblk 33291 len 1 mflags NM ret 1
		ext_map_blocks_enter ino 12 lblk 12 len 2 flags CREATE|DELALLOC
		request_blocks ino 12 flags HINT_DATA len 1 lblk 12 goal 33292 lleft 11 lright 12 pleft 33291 pright 0 
		mballoc_prealloc inode 12 orig 1/131/1@12 result 1/131/1@12
		allocate_blocks ino 12 flags HINT_DATA len 1 block 33292 lblk 12 goal 33292 lleft 11 lright 12 pleft 33291 pright 0
		ext_map_blocks_exit ino 12 flags CREATE|DELALLOC lblk 12 pblk 33292 len 2 mflags NM ret 2
	END
	# shellcheck disable=SC2086
	e4pack batch --new -q -F $clusters --trace told new.img script
	sed -nE 's/.*: ext4_(request|allocate)_blocks: dev 0,0 ino 12 flags \S* (len [0-9]*) .*(lblk [0-9]*).*/\2 \3/p' told >events
	diff events - <<-'END'
		len 3 lblk 0
		len 3 lblk 0
		len 1 lblk 12
		len 1 lblk 12
	END
}

@test "trace: what was preallocated is told when it becomes written" {
	cat >script <<-'END'
		fallocate /a 0 20K
		fsync /a
		write /a 4096 zero:8192
		sync
	END
	batch --trace told --trace-format kernel
	# As the kernel tells the end of such a write.
	grep -A 3 'flags CREATE|UNWRIT|CONVERT|IO_SUBMIT' told |
		sed -nE 's/.*: ext4_([^:]*): dev 0,0 ino 12/\1/; 1,4p' >events
	grep -o 'pblk [0-9]*' events | head -n 1 >place
	read -r _ pblk <place
	diff events - <<-END
		ext_map_blocks_enter lblk 1 len 2 flags CREATE|UNWRIT|CONVERT|IO_SUBMIT|EX_NOCACHE
		ext_handle_unwritten_extents m_lblk 1 m_pblk $pblk m_len 2 flags CREATE|UNWRIT|CONVERT|METADATA_NOFAIL|IO_SUBMIT|EX_NOCACHE allocated 2 newblock $pblk
		ext_map_blocks_exit flags CREATE|UNWRIT|CONVERT|IO_SUBMIT|EX_NOCACHE lblk 1 pblk $pblk len 2 mflags M ret 2
		es_insert_extent es [1/2) mapped $pblk status W
	END
}

@test "trace: what is reserved is used or given back" {
	script
	tree
	for kind in batch create; do
		if [[ $kind = batch ]]; then
			batch --trace told
		else
			create -F x.img t --trace told
		fi
		reserved=$(sum da_reserve_space reserve_blocks told)
		used=$(sum da_update_reserve_space used_blocks told)
		freed=$(sum da_release_space freed_blocks told)
		((used > 0 && reserved == used + freed)) ||
			fail "$kind: $reserved reserved, $used and $freed"
		delayed=$(awk '$2 == "ext4_es_insert_delayed_extent:" {
			split($6, e, /[\/)]/); n += e[2] } END { print n }' told)
		((delayed == reserved)) || fail "$delayed delayed, $reserved"
	done
}

@test "trace: allocations are those of the image" {
	tree
	create x.img t -s min --trace told
	run --separate-stderr e4pack es --json x.img
	[[ $status = 0 ]]
	python3 - <<-'END' "$output"
		import json, re, sys
		told = set()
		for line in open("told"):
		    m = re.match(r"\d+ ext4_allocate_blocks: ino (\d+) flags \S+ "
		                 r"len (\d+) block (\d+) ", line)
		    if m:
		        told.add(tuple(map(int, m.groups())))
		files = 0
		for line in sys.argv[1].splitlines():
		    f = json.loads(line)
		    for e in f["extents"]:
		        if "pblk" not in e:
		            continue
		        files += 1
		        if not (f["inode"], e["len"], e["pblk"]) in told:
		            sys.exit("not told: %s %s" % (f, e))
		if files < 9:
		    sys.exit("only %d" % files)
		data = [t for t in told if t[0] > 11]
		if len(set(t[0] for t in data)) != len(data):
		    sys.exit("told more than once")
	END
}

@test "trace: numbers that come later are told" {
	printf 'write /b 0 =b\nwrite /a 0 =a\nwrite /c 0 =c\n' >script
	batch --trace told
	grep e4pack_number_inode told | cut -d' ' -f3- >numbers
	diff numbers - <<-'END'
		ino 12 was 13
		ino 13 was 12
	END
	grep -q 'ext4_da_write_begin: ino 13 pos 0' told
	grep -q 'ext4_writepages: ino 14' told
	# What is not there at the end has no number.
	echo 'rm /a' >>script
	batch --trace told
	run grep -c e4pack_number_inode told
	[[ $output = 1 ]]
	grep -q 'ext4_evict_inode: ino 13 nlink 0' told
}

@test "trace: a dry run and plan write one, too" {
	tree
	run --separate-stderr e4pack plan t --trace told
	[[ $status = 0 ]]
	grep -q ext4_allocate_blocks told
	rm told
	run --separate-stderr e4pack create x.img t -n --trace told
	[[ $status = 0 ]]
	[[ -s told && ! -e x.img ]]
}

@test "trace: a failed write of it fails the run, told once" {
	[[ -w /dev/full ]] || skip 'no /dev/full'
	script
	run --separate-stderr e4pack batch --new --trace /dev/full new.img script
	[[ $status = 1 ]]
	[[ $stderr = 'e4pack: batch: /dev/full: the trace cannot be written: '* ]]
	[[ $(wc -l <<<"$stderr") = 1 ]]
	[[ ! -e new.img ]]
	tidy
	tree
	refused t --trace /dev/full
	refused t --trace missing/told
	mentions 'missing/told: cannot be opened for the trace: No such file'
	refused t --trace t
	mentions 'Is a directory'
}

@test "trace: it is never written over the image" {
	tree
	misused create new.img t --trace new.img
	create x.img t
	cp x.img kept
	ln x.img other
	for name in x.img ./x.img other; do
		run --separate-stderr e4pack create -F x.img t --trace $name
		[[ $status = 2 ]]
		mentions 'is the image'
		cmp x.img kept
	done
}

@test "trace: wrong formats" {
	tree
	misused create new.img t --trace told --trace-format json
	[[ $stderr = *'--trace-format: "json" is neither logical nor kernel'* ]]
	[[ ! -e told ]]
}
