# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion of e4pack for bash.

_e4pack()
{
	local cur prev command build inspect
	COMPREPLY=()
	cur=${COMP_WORDS[COMP_CWORD]}
	prev=${COMP_WORDS[COMP_CWORD - 1]}
	command=${COMP_WORDS[1]}
	build='-s --size --max-size -N -i -b -C -I -J -L -U -m -O -E --owner
		--map-owner --times --clamp-mtime --exclude --one-file-system
		--ignore-unreadable --allow-vanished --keep-dir-symlinks
		--order --dirty-limit --nodelalloc --allocator -F -n -q -v -V
		--strict --threads --trace --trace-format --progress
		--no-progress --json --no-sync --help'
	inspect='--json -E -q -v -V --strict --help'

	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W \
			'create plan add batch es frag diff info ls
			stat cat extract journal verify --help --version' -- "$cur")
		return
	fi
	case $prev in
	-s | --size)
		mapfile -t COMPREPLY < <(compgen -W 'min min+' -- "$cur")
		compopt -o nospace
		return
		;;
	-b)
		mapfile -t COMPREPLY < <(compgen -W '1024 2048 4096 8192 16384
			32768 65536' -- "$cur")
		return
		;;
	-C | --directory)
		if [[ $command = extract ]]; then
			mapfile -t COMPREPLY < <(compgen -d -- "$cur")
			compopt -o filenames
		else
			mapfile -t COMPREPLY < <(compgen -W '16K 64K 256K 1M' \
				-- "$cur")
		fi
		return
		;;
	-I)
		mapfile -t COMPREPLY < <(compgen -W '128 256 512 1024' -- \
			"$cur")
		return
		;;
	-J)
		mapfile -t COMPREPLY < <(compgen -W 'size=' -- "$cur")
		compopt -o nospace
		return
		;;
	-U)
		mapfile -t COMPREPLY < <(compgen -W 'clear random time' -- \
			"$cur")
		return
		;;
	-E)
		mapfile -t COMPREPLY < <(compgen -W 'hash_seed= root_owner=
			offset= packed_meta_blocks stride= stripe_width=
			num_backup_sb= resize=' -- "$cur")
		compopt -o nospace
		return
		;;
	-O)
		mapfile -t COMPREPLY < <(compgen -W '^has_journal ^resize_inode
			^64bit ^flex_bg ^metadata_csum ea_inode sparse_super2
			large_dir bigalloc' -- "$cur")
		compopt -o nospace
		return
		;;
	--times)
		mapfile -t COMPREPLY < <(compgen -W 'mtime source' -- "$cur")
		return
		;;
	--allocator)
		mapfile -t COMPREPLY < <(compgen -W 'best-fit kernel' -- "$cur")
		return
		;;
	--trace-format)
		mapfile -t COMPREPLY < <(compgen -W 'logical kernel' -- \
			"$cur")
		return
		;;
	-o | --output)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames
		return
		;;
	-N | -i | -L | -m | --max-size | --owner | --map-owner | --exclude | \
	--threads | --dirty-limit | --top | --fail-over)
		return
		;;
	esac
	if [[ $cur = -* ]]; then
		case $command in
		create | plan | verify) ;;
		add) build="--owner --map-owner --times --clamp-mtime --exclude
			--one-file-system --ignore-unreadable --allow-vanished
			--keep-dir-symlinks --whole-copy --journal-only -E -n
			--trace --trace-format
			-q -v -V --strict --progress --no-progress --help" ;;
		batch) build="--new --keep-going --whole-copy --journal-only
			$build" ;;
		es | diff) build=$inspect ;;
		frag) build="$inspect --top --fail-over --csv --svg" ;;
		journal) build="$inspect --replay" ;;
		info) build="$inspect --groups" ;;
		ls) build="$inspect -l -R -i -0 -a -A -L --dereference" ;;
		stat) build="$inspect -L --dereference" ;;
		cat) build="${inspect/--json /} -L --dereference" ;;
		extract) build="${inspect/--json /} -C --directory -o --output -F
			--force" ;;
		*) build= ;;
		esac
		mapfile -t COMPREPLY < <(compgen -W "$build" -- "$cur")
		return
	fi
	compopt -o filenames
	mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}
complete -F _e4pack e4pack
