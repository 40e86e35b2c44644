// SPDX-License-Identifier: GPL-2.0-or-later
/* The options of the commands that build and edit, and their help. */
#include "cmd/build_table.h"

#include <string.h>

static const struct {
	const char *name;
	int has_arg, opt;
	unsigned int commands;
} table[] = {
	{ "new", no_argument, OPT_NEW, FOR_BATCH },
	{ "keep-going", no_argument, OPT_KEEP_GOING, FOR_BATCH },
	{ "whole-copy", no_argument, OPT_WHOLE_COPY, FOR_EDIT },
	{ "journal-only", no_argument, OPT_JOURNAL_ONLY, FOR_EDIT },
	{ "size", required_argument, 's', FOR_BUILD },
	{ "max-size", required_argument, OPT_MAX_SIZE, FOR_BUILD },
	{ "owner", required_argument, OPT_OWNER, FOR_ALL },
	{ "map-owner", required_argument, OPT_MAP_OWNER, FOR_ALL },
	{ "times", required_argument, OPT_TIMES, FOR_ALL },
	{ "clamp-mtime", no_argument, OPT_CLAMP, FOR_ALL },
	{ "exclude", required_argument, OPT_EXCLUDE, FOR_ALL },
	{ "one-file-system", no_argument, OPT_ONE_FS, FOR_ALL },
	{ "ignore-unreadable", no_argument, OPT_UNREADABLE, FOR_ALL },
	{ "allow-vanished", no_argument, OPT_VANISHED, FOR_ALL },
	{ "keep-dir-symlinks", no_argument, OPT_DIR_LINKS, FOR_ALL },
	{ "order", required_argument, OPT_ORDER, FOR_BUILD },
	{ "dirty-limit", required_argument, OPT_DIRTY_LIMIT, FOR_BUILD },
	{ "nodelalloc", no_argument, OPT_NODELALLOC, FOR_BUILD },
	{ "allocator", required_argument, OPT_ALLOCATOR, FOR_BUILD },
	{ "threads", required_argument, OPT_THREADS, FOR_BUILD },
	{ "trace", required_argument, OPT_TRACE, FOR_ALL },
	{ "trace-format", required_argument, OPT_TRACE_FORMAT, FOR_ALL },
	{ "strict", no_argument, OPT_STRICT, FOR_ALL },
	{ "progress", no_argument, OPT_PROGRESS, FOR_ALL },
	{ "no-progress", no_argument, OPT_NO_PROGRESS, FOR_ALL },
	{ "json", no_argument, OPT_JSON, FOR_BUILD },
	{ "no-sync", no_argument, OPT_NO_SYNC, FOR_BUILD },
	{ "help", no_argument, 'h', FOR_ALL },
};

static const struct {
	unsigned int commands;
	const char *text;
} help[] = {
	{ FOR_VERIFY,
"Checks every checksum, count and structure of an image.  With the sources\n"
"that create was given, also whether it holds just what they do: every name,\n"
"attribute and byte.\n\n" },
	{ FOR_BATCH,
"The scripts (see e4pack-script(5); none: standard input):\n"
"      --new             begin with an empty image; the options of create\n"
"                        are for it\n"
"      --keep-going      tell of every command that fails\n" },
	{ FOR_EDIT,
"An image that is there:\n"
"      --whole-copy      edit a copy, which then takes its name\n"
"      --journal-only    leave the change in the journal\n" },
	{ FOR_BUILD,
"The size:\n"
"  -s, --size SIZE       bytes (K M G T), min, min+N%, min+SIZE [min+10%]\n"
"      --max-size SIZE   the largest size that may be solved for\n"
"  -N COUNT|min+N%       inodes\n"
"  -i BYTES              bytes per inode\n"
"The file system:\n"
"  -b BYTES              block size [4096]\n"
"  -C BYTES              cluster size, with -O bigalloc [16 blocks]\n"
"  -I BYTES              inode size [256]\n"
"  -J size=MIB           journal size\n"
"  -L LABEL              volume label, up to 16 bytes\n"
"  -U UUID               UUID, or clear, random, time\n"
"  -m PERCENT            blocks reserved for root [0]\n"
"  -O FEATURE[,...]      features, ^ before one that is not wanted\n"
"  -E OPTION[,...]       hash_seed=UUID root_owner=UID:GID offset=BYTES\n"
"                        packed_meta_blocks stride=N stripe_width=N\n"
"                        num_backup_sb=N resize=BLOCKS\n" },
	{ FOR_ADD,
"  -E offset=BYTES       where the image begins in its file\n" },
	{ FOR_ALL | FOR_VERIFY,
"The sources:\n"
"      --owner UID:GID   the owner of every entry\n"
"      --map-owner FROM:TO[,...]  other owners for some\n"
"      --times WHAT      atime, ctime, crtime from mtime or source, or all\n"
"                        times a number of seconds [mtime]\n"
"      --clamp-mtime     no time later than SOURCE_DATE_EPOCH\n"
"      --exclude GLOB    leave out what matches\n"
"      --one-file-system, --ignore-unreadable, --allow-vanished,\n"
"      --keep-dir-symlinks  see the manual\n" },
	{ FOR_BUILD,
"      --order FILE      paths to place first, one a line\n"
"The write path (each needs -s with a number of bytes):\n"
"      --dirty-limit SIZE  allocate when more is staged\n"
"      --nodelalloc      allocate at each write\n"
"      --allocator NAME  best-fit, or kernel: as ext4 does [best-fit]\n" },
	{ FOR_ALL,
"The run:\n"
"  -n                    dry run: write nothing\n"
"  -q, -v                say less, say more\n"
"      --strict          treat warnings as errors\n"
"      --trace FILE      write what is done, step by step, to FILE\n"
"      --trace-format FORMAT  logical, or kernel: as ext4 does [logical]\n"
"      --progress, --no-progress\n" },
	{ FOR_BUILD,
"  -F                    replace an existing target\n"
"      --threads N       workers [one a processor]\n"
"      --json            the result as JSON\n"
"      --no-sync         do not wait for the disk\n" },
	{ FOR_VERIFY,
"The run:\n"
"  -E offset=BYTES       where the image begins in its file\n"
"     root_owner=UID:GID  as given to create\n"
"  -q, -v                say less, say more\n"
"      --strict          treat warnings as errors\n"
"      --progress, --no-progress\n"
"      --threads N       workers that compare [one a processor]\n"
"      --json            JSON instead of text\n"
"Further options of create are taken without effect, so that its command\n"
"line may be used again:\n"
"  -s, --size, --max-size, -N, -i, -b, -C, -I, -J, -L, -U, -m, -O, -F, -n,\n"
"  --order, --dirty-limit, --nodelalloc, --allocator, --trace,\n"
"  --trace-format, --no-sync\n\n" },
	{ FOR_ALL | FOR_VERIFY,
"  -V, --help            version, this help\n" },
};

unsigned int build_table_command(const char *name)
{
	if (!strcmp(name, "batch"))
		return FOR_BATCH;
	if (!strcmp(name, "verify"))
		return FOR_NEW | FOR_VERIFY;
	return strcmp(name, "add") ? FOR_NEW : FOR_ADD;
}

const char *build_table_options(struct option out[BUILD_OPTIONS_MAX],
				unsigned int command)
{
	size_t i, n = 0;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].commands & command)
			out[n++] = (struct option){
				table[i].name, table[i].has_arg, NULL,
				table[i].opt,
			};
	memset(&out[n], 0, sizeof(out[n]));
	return command == FOR_ADD ? ":E:nqvVh" :
				    ":b:C:i:I:N:J:L:U:m:O:E:s:FnqvVh";
}

void build_table_help(unsigned int command)
{
	size_t i;

	if (command & FOR_VERIFY)
		command = FOR_VERIFY;
	for (i = 0; i < sizeof(help) / sizeof(help[0]); i++)
		if (help[i].commands & command)
			fputs(help[i].text, stdout);
}

const char *build_table_name(int opt, char out[32])
{
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].opt == opt && opt > 255) {
			snprintf(out, 32, "--%s", table[i].name);
			return out;
		}
	}
	if (opt <= 0 || opt > 255)
		return NULL;
	snprintf(out, 32, "-%c", opt);
	return out;
}
