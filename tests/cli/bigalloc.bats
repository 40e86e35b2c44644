#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154,SC2016
# Images whose space is given in clusters: -O bigalloc and -C.

load helper

# agrees IMAGE: es and frag say what the tests' own reader and the superblock
# say.
agrees() {
	python3 -S "$LIB/check_reports.py" "$E4PACK" "$1" || return
	[ "$(e4pack frag --json "$1" | jq .free.blocks)" = \
		"$(superblock "$1" 'Free blocks')" ] || fail "free space of $1"
}

# says IMAGE JSON: the result of create adds up, and is what is in the image.
says() {
	jq -e '.blocks == .data_blocks + .metadata_blocks + .journal_blocks
			+ .free_blocks
		and .reserved_blocks == .allocated_blocks' <<<"$2" \
		>/dev/null || fail "the numbers do not add up: $2" || return
	[[ $(jq .free_blocks <<<"$2") = $(superblock "$1" 'Free blocks') ]] ||
		fail 'free blocks' || return
	[[ $(jq .blocks <<<"$2") = $(superblock "$1" 'Block count') ]] ||
		fail 'block count'
}

# least RATIO OPTIONS... SOURCE: a size of min does, and one cluster less, with
# RATIO blocks a cluster, does not.
least() {
	local ratio=$1 plan n bs
	shift
	plan=$(e4pack plan -s min --json "$@") || fail 'plan failed' || return
	n=$(jq .blocks <<<"$plan")
	bs=$(jq .block_size <<<"$plan")
	((n % ratio == 0)) || fail "$n blocks are no clusters" || return
	rm -f least.img
	create least.img -s $((n * bs)) "$@" || return
	[[ $(superblock least.img 'Block count') = "$n" ]] ||
		fail 'another size than asked for' || return
	refused -s $(((n - ratio) * bs)) "$@" || return
	mentions "$((n * bs)) bytes"
}

# changed IMAGE: the kernel writes into the image and deletes from it, and it
# stays clean.  Skipped without loop mounts.
changed() {
	can_mount "$1" || return 0
	mkdir -p mnt
	mount -o loop "$1" mnt || fail 'no mount' || return
	rm -rf mnt/bin mnt/block+1
	seq 1 3000 >mnt/fresh &&
		mkdir mnt/folder &&
		seq 1 200 >mnt/folder/small &&
		seq 1 2000 >>mnt/block-1 &&
		truncate -s 100 mnt/block &&
		fallocate -p -o 500K -l 4K mnt/hole ||
		fail 'the kernel does not write' || return
	umount mnt
	clean "$1"
}

# rich_tree DIR: what takes blocks of every kind.
rich_tree() {
	local d=$1 i
	small_tree "$d"
	for i in $(seq 1 100); do
		seq 1 $((i * 40)) >"$d/etc/file$i"
	done
	mkdir -p "$d/a/b/c/d/e/f/g/h/i/j"
	ln "$d/etc/file99" "$d/a/b/c/again"
	ln -s "$(head -c 300 /dev/zero | tr '\0' l)" "$d/long-link"
	# More stretches than an inode has room for, not all on clusters.
	truncate -s 3M "$d/stretches"
	for i in 1 9 40 41 100 230 400 401 700; do
		printf %05d $i | dd of="$d/stretches" bs=1 seek=$((i * 4096)) \
			conv=notrunc status=none
	done
	if setfattr -n user.a -v x "$d/one" 2>/dev/null; then
		setfattr -n user.long -v "$(head -c 700 /dev/zero |
			tr '\0' v)" "$d/one"
		setfattr -n user.long -v "$(head -c 700 /dev/zero |
			tr '\0' v)" "$d/a"
	fi
	find "$d" -depth -exec touch -h -d '@1600000000' {} +
}

@test "bigalloc: clusters have 16 blocks, or what -C says" {
	small_tree t
	create new.img -O bigalloc t
	has_feature new.img bigalloc
	[ "$(superblock new.img 'Cluster size')" -eq 65536 ]
	[ "$(superblock new.img 'Blocks per group')" -eq 524288 ]
	[ "$(superblock new.img 'Clusters per group')" -eq 32768 ]
	same t new.img
	rm new.img
	create new.img -b 1024 -O bigalloc t
	[ "$(superblock new.img 'Cluster size')" -eq 16384 ]
	[ "$(superblock new.img 'First block')" -eq 0 ]
	rm new.img
	create new.img -O bigalloc -C 8K t
	[ "$(superblock new.img 'Cluster size')" -eq 8192 ]
}

@test "bigalloc: the frame is that of mke2fs" {
	mkdir t
	for words in '-b 1024 -C 2048' '-b 1024 -C 65536' '-b 4096 -C 16384'; do
		# shellcheck disable=SC2086
		mke2fs -q -F -t ext4 -O bigalloc $words ref.img 300M
		# shellcheck disable=SC2086
		create new.img -F -O bigalloc $words -s 300M t
		for field in 'Block count' 'First block' 'Blocks per group' \
			'Clusters per group' 'Cluster size' \
			'Reserved GDT blocks' 'Filesystem features'; do
			[ "$(superblock new.img "$field")" = \
				"$(superblock ref.img "$field")" ] ||
				fail "$words: $field"
		done
	done
}

@test "bigalloc: what cannot be is refused by name" {
	mkdir t
	misused create new.img -C 64K t
	mentions '-C: .*needs -O bigalloc'
	misused create new.img -O bigalloc,^extent t
	mentions 'bigalloc needs extent'
	for size in 4096 2048 12K 1 512M 1G; do
		misused create new.img -O bigalloc -C "$size" t
		mentions '-C: .*power of two'
	done
	misused create new.img -O bigalloc -C 5G t
	misused create new.img -O bigalloc -C x t
	misused plan -C 64K t
	misused batch --new -C 64K new.img
}

@test "bigalloc: every block size and ratio holds a tree exactly" {
	local said
	rich_tree t
	for bs in 1024 2048 4096; do
		for ratio in 2 4 16 64; do
			create new.img -F --json -b $bs -C $((bs * ratio)) \
				-O bigalloc -s min+2M t
			said=$output
			says new.img "$said"
			same t new.img
			agrees new.img
			changed new.img
		done
	done
}

@test "bigalloc: blocks over the page size, and the largest clusters" {
	rich_tree t
	create new.img -b 65536 -O bigalloc t
	same t new.img
	rm new.img
	mkdir few
	seq 1 9 >few/file
	create new.img -O bigalloc -C 256M few
	same few new.img
	agrees new.img
}

@test "bigalloc: one cluster less than min fails" {
	rich_tree t
	least 2 -b 1024 -C 2048 -O bigalloc t
	least 64 -b 1024 -C 65536 -O bigalloc t
	least 4 -b 2048 -C 8192 -O bigalloc,^has_journal t
	least 16 -O bigalloc t
	mkdir empty
	least 16 -O bigalloc empty
}

@test "bigalloc: min is the least over several groups" {
	mkdir t
	for i in 1 2 3 4 5; do
		head -c 9M /dev/zero | tr '\0' "$i" >"t/$i"
	done
	least 2 -b 1024 -C 2048 -O bigalloc t
	same t least.img
	least 2 -b 1024 -C 2048 -O bigalloc,^flex_bg t
	least 2 -b 1024 -C 2048 -O bigalloc,^has_journal -i 4096 t
}

@test "bigalloc: a size is rounded down to whole clusters" {
	small_tree t
	create new.img -O bigalloc -s $((10 * 1024 * 1024 + 65535)) t
	[ "$(superblock new.img 'Block count')" -eq 2560 ]
	[ "$(stat -c %s new.img)" -eq $((10 * 1024 * 1024)) ]
}

@test "bigalloc: each object takes whole clusters" {
	mkdir t
	printf x >t/small
	printf x >t/second
	: >t/empty
	ln -s short t/fast
	create new.img --json -O bigalloc -s 16M t
	says new.img "$output"
	[ "$(jq .data_blocks <<<"$output")" -eq 32 ]
	[ "$(jq .reserved_blocks <<<"$output")" -eq 32 ]
	[[ $(stat_of new.img /small) = *'Blockcount: 128'* ]]
	[[ $(stat_of new.img /empty) = *'Blockcount: 0'* ]]
	[[ $(stat_of new.img /) = *'Blockcount: 128'* ]]
	# Both bytes begin a cluster, and not the same.
	first=$(e4pack es --json new.img /small | jq '.extents[0].pblk')
	second=$(e4pack es --json new.img /second | jq '.extents[0].pblk')
	((first % 16 == 0 && second % 16 == 0 && first != second))
}

@test "bigalloc: features of every kind of frame" {
	rich_tree t
	for features in sparse_super2 meta_bg ^has_journal ^flex_bg \
		^resize_inode ^64bit ^sparse_super,^resize_inode \
		^metadata_csum uninit_bg ea_inode large_dir; do
		create new.img -F -b 1024 -C 4096 -s 80M \
			-O "bigalloc,$features" t || fail "$features"
		same t new.img || fail "$features"
		agrees new.img || fail "$features"
	done
	create new.img -F -b 1024 -C 2048 -s 80M -O bigalloc \
		-E packed_meta_blocks t
	same t new.img
	create new.img -F -b 1024 -C 2048 -s 80M -O bigalloc \
		-E resize=4000000 t
	changed new.img
}

@test "bigalloc: a value with an inode of its own is charged in clusters" {
	local value
	mkdir t
	value=$(head -c 5000 /dev/zero | tr '\0' v)
	cat >script <<-END
		put =x /one
		put =y /two
		setxattr /one user.long =$value
		setxattr /two user.long =$value
	END
	run --separate-stderr e4pack batch --new new.img \
		-O bigalloc,ea_inode script
	[ "$status" -eq 0 ]
	clean new.img
	# A cluster of data, and one for the value.
	[[ $(stat_of new.img /one) = *'Blockcount: 256'* ]]
}

@test "bigalloc: holes and preallocated blocks inside a cluster" {
	cat >script <<-'END'
		write /a 20480 =inside
		fallocate /a 32768 8K
		write /a 69632 =next
		fallocate /b 0 300K
		write /b 8192 =mid
		punch /b 16384 4096
		write /c 262143 zero:2
		truncate /c 262144
		append /d random:1:100000
		punch /d 0 70000
	END
	run --separate-stderr e4pack batch --new new.img -O bigalloc \
		--json script
	[ "$status" -eq 0 ]
	clean new.img
	agrees new.img
	run --separate-stderr e4pack es --json new.img /a
	[ "$(jq -c '[.extents[] | [.lblk, .len, .status]]' <<<"$output")" = \
		'[[0,5,"hole"],[5,1,"written"],[6,2,"hole"],[8,2,"unwritten"],[10,7,"hole"],[17,1,"written"]]' ]
	# All of a block's places in a cluster are its places in the file.
	[ "$(jq '[.extents[] | select(.pblk) | (.pblk - .lblk) % 16] | add' \
		<<<"$output")" -eq 0 ]
	[[ $(stat_of new.img /a) = *'Blockcount: 256'* ]]
	[[ $(stat_of new.img /b) = *'Blockcount: 640'* ]]
	mounted new.img mnt
	[ "$(tail -c +20481 mnt/a | head -c 6)" = inside ]
	[ "$(tail -c +69633 mnt/a)" = next ]
	[ "$(tail -c +8193 mnt/b | head -c 3)" = mid ]
	[ "$(stat -c %b mnt/b)" -eq 640 ]
	[ "$(stat -c %s mnt/c)" -eq 262144 ]
	umount mnt
}

@test "bigalloc: the same tree and cluster size give the same bytes" {
	rich_tree t
	create a.img -O bigalloc --threads 1 t
	create b.img -O bigalloc -C 64K --threads 4 t
	same_bytes a.img b.img
	create c.img -O bigalloc -C 32K t
	[ "$(superblock a.img 'Filesystem UUID')" != \
		"$(superblock c.img 'Filesystem UUID')" ]
}

@test "bigalloc: more inodes than a group of clusters has bits for" {
	local i
	for i in $(seq 1 9000); do
		echo "symlink t$i /l$i"
	done >script
	run --separate-stderr e4pack batch --new least.img -s min -b 1024 \
		-C 2048 -O bigalloc script
	[ "$status" -eq 0 ]
	clean least.img
	# 8192 of them are in the first group.
	[ "$(superblock least.img 'Inode count')" -gt 9000 ]
	run --separate-stderr e4pack batch --new new.img -s 12M -b 1024 \
		-C 2048 -O bigalloc script
	[ "$status" -eq 1 ]
	grep -q "needs .*$(stat -c %s least.img) bytes.*use --size" \
		<<<"$stderr"
	# The headroom in inodes ends where the groups are full.
	head -n 3000 script >some
	run --separate-stderr e4pack batch --new new.img -s 16M -b 1024 \
		-C 2048 -O bigalloc some
	[ "$status" -eq 0 ]
	clean new.img
	[ "$(superblock new.img 'Inode count')" -eq 8192 ]
}

@test "bigalloc: es and frag on an image that the kernel wrote" {
	need_root
	rich_tree t
	for words in '-b 1024 -C 2048' '-b 1024 -C 65536' '-b 4096 -C 65536'; do
		# shellcheck disable=SC2086
		mke2fs -q -F -t ext4 -O bigalloc $words ref.img 200M
		can_mount ref.img || skip 'no loop mounts here'
		mkdir -p mnt
		mount -o loop ref.img mnt
		cp -a t/. mnt
		fallocate -l 3M mnt/unwritten
		umount mnt
		agrees ref.img
	done
}

@test "bigalloc: an edit that adds no block to a file counts its clusters" {
	mke2fs -q -F -t ext4 -b 4096 -C 16384 -O bigalloc image.img 24M \
		2>/dev/null
	for edit in 'put random:1:50000 /f' 'write /f 1 =x' 'truncate /f 30000' \
		'punch /f 4096 4096' 'append /f random:2:100' \
		'punch /f 16384 4096' 'truncate /f 700'; do
		e4pack batch -q image.img <<<"$edit"
		clean image.img
	done
}

@test "bigalloc: edits find no old bytes in clusters that they share" {
	local args
	edit() { e4pack batch -q old.img; }
	for args in '-b 1024' '-b 4096'; do
		# shellcheck disable=SC2086
		mke2fs -q -F -t ext4 -O bigalloc $args old.img 16M 2>/dev/null
		edit <<<'put random:1:3M /a'
		edit <<<'rm /a'
		edit <<<'put =short /b'
		edit <<<'write /b 9300 =late'
		clean old.img
		e4pack cat old.img /b |
			cmp - <(printf short; head -c 9295 /dev/zero
				printf late)
		edit <<<'put random:1:48K /c'
		edit <<<'put random:2:48K /d'
		edit <<-'END'
			truncate /c 1000
			write /c 9000 =later
			punch /d 8192 32768
			fallocate /d 16384 8192
			write /d 20000 =here
		END
		clean old.img
		e4pack cat old.img /c | tail -c +1001 |
			cmp - <(head -c 8000 /dev/zero; printf later)
		e4pack cat old.img /d | tail -c +8193 | head -c 32768 |
			cmp - <(head -c 11808 /dev/zero; printf here
				head -c 20956 /dev/zero)
	done
}
