#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154,SC2016
# The file that create makes: under its name there is a whole image or what
# was there before.

load helper

@test "target: an existing file is refused without -F and stays (row 83)" {
	small_tree t
	echo precious >new.img
	run --separate-stderr e4pack create new.img t
	[ "$status" -eq 1 ]
	told create
	mentions '-F'
	[ "$(cat new.img)" = precious ]
	tidy
}

@test "row 83: an archive that the image would replace" {
	archive two
	for source in two.tar ./two.tar -; do
		cp two.tar same.img
		ln -f same.img two.tar
		run --separate-stderr e4pack create -F same.img "$source" \
			<two.tar
		[ "$status" -ne 0 ] || fail "$source was taken"
		mentions 'is the image itself'
		cmp same.img two.tar
		tidy
		rm same.img
	done
}

@test "target: -F replaces an existing file" {
	small_tree t
	echo precious >new.img
	create -F new.img t
	same t new.img
	tidy
}

@test "target: a failure under -F leaves the old file" {
	archive dotdot
	echo precious >new.img
	run --separate-stderr e4pack create -F new.img dotdot.tar
	[ "$status" -eq 1 ]
	[ "$(cat new.img)" = precious ]
	tidy
}

@test "target: a failure after staging leaves nothing" {
	small_tree t
	refused t -s 1M -J size=4
	refused t nowhere
}

@test "row 91: a symlink is refused, whatever it points to" {
	small_tree t
	echo precious >real
	ln -s real link.img
	for force in '' -F; do
		run --separate-stderr e4pack create $force link.img t
		[ "$status" -eq 1 ]
		told create
	done
	[ -L link.img ]
	[ "$(cat real)" = precious ]
	ln -s nothing dangling.img
	run --separate-stderr e4pack create dangling.img t
	[ "$status" -eq 1 ]
	[ ! -e nothing ]
	tidy
}

@test "row 91: folders, pipes and devices that are no disk are refused" {
	small_tree t
	mkdir folder.img
	mkfifo pipe.img
	for target in folder.img pipe.img - folder.img/ .; do
		run --separate-stderr e4pack create -F "$target" t
		[ "$status" -ne 0 ] || fail "$target was taken"
		[ -n "$stderr" ]
	done
	[ -d folder.img ]
	[ -p pipe.img ]
	if [ -c /dev/full ]; then
		run --separate-stderr e4pack create -F /dev/full t
		[ "$status" -ne 0 ]
	fi
}

@test "row 91: a folder that is not there or not writable" {
	small_tree t
	run --separate-stderr e4pack create no/such/new.img t
	[ "$status" -eq 1 ]
	told create
	[ "$EUID" -ne 0 ] || skip 'root may write anywhere'
	mkdir ro
	chmod 555 ro
	run --separate-stderr e4pack create ro/new.img t
	[ "$status" -eq 1 ]
	told create
}

@test "target: the mode is that of any new file" {
	small_tree t
	(umask 027 && e4pack create new.img t)
	[ "$(stat -c %a new.img)" = 640 ]
}

@test "target: a hole in the image is a hole in the file" {
	mkdir t
	create new.img t -s 1G
	[ "$(stat -c %s new.img)" -eq $((1 << 30)) ]
	[ "$(du -k new.img | cut -f1)" -lt 100000 ]
}

@test "row 90: a signal while it waits for input" {
	archive two
	for name in INT:130 TERM:143 HUP:129; do
		# The archive never ends: the signal always comes in time.
		result=$(head -c 700 two.tar | python3 "$LIB/interrupt.py" \
			"${name%:*}" 1 "$E4PACK" create new.img - 2>err)
		[ "$result" = "${name#*:}" ] ||
			fail "${name%:*}: ended with $result: $(cat err)"
		[ ! -e new.img ]
		tidy
	done
}

@test "row 90: a signal while it waits for a pipe's writer" {
	mkfifo pipe
	result=$(python3 "$LIB/interrupt.py" INT 0.5 "$E4PACK" create \
		new.img pipe 2>err </dev/null)
	[ "$result" = 130 ] || fail "without a writer: $result: $(cat err)"
	[ ! -e new.img ]
	tidy
	sleep 100 >pipe 3>&- &
	result=$(python3 "$LIB/interrupt.py" TERM 0.5 "$E4PACK" create \
		new.img pipe 2>err </dev/null)
	kill $!
	[ "$result" = 143 ] || fail "a silent writer: $result: $(cat err)"
	[ ! -e new.img ]
	tidy
}

@test "row 63: an archive through a pipe with a name" {
	archive two
	mkfifo pipe
	create want.img two.tar
	(sleep 0.3; head -c 700 two.tar; sleep 0.3; tail -c +701 two.tar) \
		>pipe 3>&- &
	create new.img pipe
	same_bytes want.img new.img
	: >pipe &
	refused pipe
	mentions empty
}

@test "row 90: a signal at any moment of the work" {
	mkdir t
	(cd t && seq 1 3000 | xargs touch && head -c 40M /dev/zero >big)
	for delay in 0.002 0.005 0.01 0.02 0.04 0.08 0.16; do
		rm -f new.img
		result=$(python3 "$LIB/interrupt.py" TERM "$delay" \
			"$E4PACK" create new.img t 2>err </dev/null)
		tidy
		if [ -e new.img ]; then
			# Too late: the image was there, whole, before.
			clean new.img
		else
			[ "$result" = 143 ] || fail "$delay: $result"
		fi
	done
}

@test "row 90: killed, it leaves no half image under the name" {
	mkdir t
	(cd t && seq 1 3000 | xargs touch && head -c 40M /dev/zero >big)
	for delay in 0.005 0.02 0.08; do
		rm -f new.img .*.tmp
		python3 "$LIB/interrupt.py" KILL "$delay" \
			"$E4PACK" create new.img t 2>err </dev/null
		[ ! -e new.img ] || clean new.img
	done
}

@test "target: -E offset writes into a file and leaves the rest" {
	small_tree t
	head -c 32M /dev/zero | tr '\0' z >disk.raw
	run --separate-stderr e4pack create -E offset=1048576 disk.raw t -s 16M
	[ "$status" -eq 0 ]
	[ "$(stat -c %s disk.raw)" -eq $((32 << 20)) ]
	dd if=disk.raw of=part.img bs=1M skip=1 count=16 status=none
	clean part.img
	same t part.img
	[ "$(head -c 1M disk.raw | tr -d z | wc -c)" -eq 0 ]
	[ "$(tail -c 15M disk.raw | tr -d z | wc -c)" -eq 0 ]
}

@test "target: -E offset in a file that is not there" {
	small_tree t
	run --separate-stderr e4pack create -E offset=1M no.raw t -s 16M
	[ "$status" -ne 0 ]
	[ ! -e no.raw ]
}

@test "target: a block device, through its name and a symlink to it" {
	need_root
	need losetup
	small_tree t
	truncate -s 24M disk
	device=$(losetup -f --show disk 2>/dev/null) || skip 'no loop device'
	run --separate-stderr e4pack create -F "$device" t
	made=$status
	cp disk copy.img
	ln -s "$device" link
	run --separate-stderr e4pack create -F link t -s 16M
	linked=$status
	sync
	cp disk copy2.img
	losetup -d "$device"
	[ "$made" -eq 0 ]
	[ "$linked" -eq 0 ]
	clean copy.img
	same t copy.img
	clean copy2.img
	same t copy2.img
}

@test "row 38: an image inside its source" {
	small_tree t
	run --separate-stderr e4pack create t/new.img t
	[ "$status" -eq 1 ]
	told create
	[ ! -e t/new.img ]
	[ -z "$(find t -name '*.tmp')" ]
	echo old >t/old.img
	run --separate-stderr e4pack create -F t/old.img t
	[ "$status" -eq 1 ]
	[ "$(cat t/old.img)" = old ]
}

@test "target: sources are never changed" {
	small_tree t
	find t -printf '%p %m %s %A@ %T@ %C@ %i\n' | sort >before
	e4pack create new.img t
	find t -printf '%p %m %s %A@ %T@ %C@ %i\n' | sort >after
	# Times of access of the folders may move where the mount keeps them.
	diff <(sed 's/ [0-9.]* / /3' before | cut -d' ' -f1-3,5-) \
		<(sed 's/ [0-9.]* / /3' after | cut -d' ' -f1-3,5-)
}

@test "target: fsynced before it has its name, unless --no-sync" {
	need strace
	small_tree t
	strace -f -o log -e trace=fsync,fdatasync,rename,renameat,renameat2 \
		"$E4PACK" create -q new.img t 2>/dev/null ||
		skip 'strace cannot trace here'
	sync_line=$(grep -En 'f(data)?sync\(' log | head -n 1 | cut -d: -f1)
	name_line=$(grep -n 'rename' log | head -n 1 | cut -d: -f1)
	[ "$sync_line" -lt "$name_line" ]
	tail -n +"$name_line" log | grep -Eq 'f(data)?sync\('
	strace -f -o log -e trace=fsync,fdatasync,rename,renameat,renameat2 \
		"$E4PACK" create -q --no-sync other.img t
	run ! grep -Eq 'f(data)?sync\(' log
}

# Each chunk of 4 MiB goes to disk while the next is put together, so that
# fsync has little to wait for; where that fails, fsync is what tells.
@test "target: the disk begins before the fsync, unless --no-sync" {
	need strace
	mkdir t
	head -c 20M /dev/urandom >t/f
	strace -f -o log -e trace=sync_file_range \
		"$E4PACK" create -q --no-sync same.img t 2>/dev/null ||
		skip 'strace cannot trace here'
	run ! grep sync_file_range log
	strace -f -o log -e trace=sync_file_range,fsync \
		-e inject=sync_file_range:error=EIO:when=2 \
		"$E4PACK" create -q new.img t
	[ "$(sed '/fsync/q' log | grep -c sync_file_range)" -ge 5 ]
	clean new.img
	cmp new.img same.img
}

@test "target: -n writes nothing and answers as plan does" {
	small_tree t
	run --separate-stderr e4pack create -n --json new.img t
	[ "$status" -eq 0 ]
	[ ! -e new.img ]
	tidy
	planned=$(e4pack plan --json t)
	[ "$(jq -S . <<<"$output")" = "$(jq -S . <<<"$planned")" ]
	echo precious >old.img
	run --separate-stderr e4pack create -n -F old.img t
	[ "$status" -eq 0 ]
	[ "$(cat old.img)" = precious ]
}

@test "target: a result that cannot be told makes no image" {
	small_tree t
	[ -c /dev/full ] || skip '/dev/full is not there'
	run bash -c '"$E4PACK" create new.img t >/dev/full'
	[ "$status" -eq 1 ]
	[ ! -e new.img ]
	create new.img t
	cp new.img old.img
	touch t/more
	run bash -c '"$E4PACK" create --json -F new.img t >&-'
	[ "$status" -eq 1 ]
	cmp new.img old.img
}
