// SPDX-License-Identifier: GPL-2.0-or-later
/* The options of create and plan: those of mke2fs under their letters, and
 * our own. */
#include "cmd/cmd.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

enum {
	OPT_MAX_SIZE = OPTION_FIRST_LONG, OPT_OWNER, OPT_MAP_OWNER, OPT_TIMES,
	OPT_CLAMP, OPT_EXCLUDE, OPT_ONE_FS, OPT_UNREADABLE, OPT_VANISHED,
	OPT_DIR_LINKS, OPT_ORDER, OPT_THREADS, OPT_STRICT, OPT_PROGRESS,
	OPT_NO_PROGRESS, OPT_JSON, OPT_NO_SYNC, OPT_NEW, OPT_KEEP_GOING,
	OPT_DIRTY_LIMIT, OPT_NODELALLOC, OPT_ALLOCATOR,
};

static const char short_options[] = ":b:C:i:I:N:J:L:U:m:O:E:s:FnqvVh";

/* Those of batch come first. */
enum { BATCH_OPTIONS = 2 };

static const struct option long_options[] = {
	{ "new", no_argument, NULL, OPT_NEW },
	{ "keep-going", no_argument, NULL, OPT_KEEP_GOING },
	{ "size", required_argument, NULL, 's' },
	{ "max-size", required_argument, NULL, OPT_MAX_SIZE },
	{ "owner", required_argument, NULL, OPT_OWNER },
	{ "map-owner", required_argument, NULL, OPT_MAP_OWNER },
	{ "times", required_argument, NULL, OPT_TIMES },
	{ "clamp-mtime", no_argument, NULL, OPT_CLAMP },
	{ "exclude", required_argument, NULL, OPT_EXCLUDE },
	{ "one-file-system", no_argument, NULL, OPT_ONE_FS },
	{ "ignore-unreadable", no_argument, NULL, OPT_UNREADABLE },
	{ "allow-vanished", no_argument, NULL, OPT_VANISHED },
	{ "keep-dir-symlinks", no_argument, NULL, OPT_DIR_LINKS },
	{ "order", required_argument, NULL, OPT_ORDER },
	{ "dirty-limit", required_argument, NULL, OPT_DIRTY_LIMIT },
	{ "nodelalloc", no_argument, NULL, OPT_NODELALLOC },
	{ "allocator", required_argument, NULL, OPT_ALLOCATOR },
	{ "threads", required_argument, NULL, OPT_THREADS },
	{ "strict", no_argument, NULL, OPT_STRICT },
	{ "progress", no_argument, NULL, OPT_PROGRESS },
	{ "no-progress", no_argument, NULL, OPT_NO_PROGRESS },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "no-sync", no_argument, NULL, OPT_NO_SYNC },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const char option_help[] =
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
"                        num_backup_sb=N resize=BLOCKS\n"
"The sources:\n"
"      --owner UID:GID   the owner of every entry\n"
"      --map-owner FROM:TO[,...]  other owners for some\n"
"      --times WHAT      atime, ctime, crtime from mtime or source, or all\n"
"                        times a number of seconds [mtime]\n"
"      --clamp-mtime     no time later than SOURCE_DATE_EPOCH\n"
"      --exclude GLOB    leave out what matches\n"
"      --one-file-system, --ignore-unreadable, --allow-vanished,\n"
"      --keep-dir-symlinks  see the manual\n"
"      --order FILE      paths to place first, one a line\n"
"The write path (each needs -s with a number of bytes):\n"
"      --dirty-limit SIZE  allocate when more is staged\n"
"      --nodelalloc      allocate at each write\n"
"      --allocator NAME  best-fit, or kernel: as ext4 does [best-fit]\n"
"The run:\n"
"  -F                    replace an existing target\n"
"  -n                    dry run: write nothing\n"
"  -q, -v                say less, say more\n"
"      --strict          treat warnings as errors\n"
"      --threads N       workers [one a processor]\n"
"      --progress, --no-progress\n"
"      --json            the result as JSON\n"
"      --no-sync         do not wait for the disk\n"
"  -V, --help            version, this help\n";

static const char batch_help[] =
"The scripts (see e4pack-script(5); none: standard input):\n"
"      --new             begin with an empty image\n"
"      --keep-going      tell of every command that fails\n";

static bool is_batch(const struct terminal *t)
{
	return !strcmp(t->command, "batch");
}

static const char *parse_u32(const char *text, uint32_t max, uint32_t *ret)
{
	uint64_t v;

	if (number_parse(text, max, &v))
		return "is not a number in range";
	*ret = (uint32_t)v;
	return NULL;
}

static const char *parse_bytes(const char *text, uint32_t *ret)
{
	uint64_t v;

	if (number_parse_size(text, &v) || v > UINT32_MAX)
		return "is not a number of bytes in range";
	*ret = (uint32_t)v;
	return NULL;
}

static const char *parse_ratio(const char *text, struct e4pack_inodes *ret)
{
	ret->kind = E4PACK_INODES_RATIO;
	return number_parse_size(text, &ret->value) ?
		"is not a number of bytes" : NULL;
}

static const char *parse_allocator(const char *text,
				   enum e4pack_allocator *ret)
{
	*ret = strcmp(text, "kernel") ? E4PACK_BEST_FIT : E4PACK_KERNEL;
	return *ret == E4PACK_BEST_FIT && strcmp(text, "best-fit") ?
		"is neither best-fit nor kernel" : NULL;
}

static const char *add_exclude(struct build_options *b, const char *glob)
{
	struct e4pack_options *o = &b->options;
	const char **grown = realloc(b->exclude, (o->n_exclude + 1) *
						 sizeof(*grown));

	if (!grown)
		return "out of memory";
	b->exclude = grown;
	b->exclude[o->n_exclude++] = glob;
	o->exclude = b->exclude;
	return *glob ? NULL : "is empty";
}

static const char *add_owner_map(struct build_options *b, const char *text)
{
	struct e4pack_options *o = &b->options;
	const char *wrong;

	wrong = parse_owner_map(text, &b->uid_map, &o->n_uid_map);
	if (!wrong)
		wrong = parse_owner_map(text, &b->gid_map, &o->n_gid_map);
	o->uid_map = b->uid_map;
	o->gid_map = b->gid_map;
	return wrong;
}

/* The options with a value. */
static const char *take_value(struct build_options *b, int opt, char *value)
{
	struct e4pack_options *o = &b->options;
	struct e4pack_size size;
	const char *wrong;

	switch (opt) {
	case 'b':
		return parse_bytes(value, &o->block_size);
	case 'C':
		return parse_bytes(value, &o->cluster_size);
	case 'I':
		return parse_bytes(value, &o->inode_size);
	case 'i':
		return parse_ratio(value, &o->inodes);
	case 'N':
		return parse_inodes_option(value, &o->inodes);
	case 'J':
		return parse_journal(value, o);
	case 'L':
		o->label = value;
		return NULL;
	case 'U':
		o->uuid = value;
		return NULL;
	case 'm':
		return parse_percent(value, &o->reserved_percent);
	case 'O':
		o->features = value;
		return NULL;
	case 'E':
		return parse_extended(value, o);
	case 's':
		return parse_size_option(value, &o->size);
	case OPT_MAX_SIZE:
		wrong = parse_size_option(value, &size);
		o->max_size = size.value;
		return wrong || size.kind != E4PACK_SIZE_BYTES ?
			"is not a size in bytes, K, M, G or T" : NULL;
	case OPT_DIRTY_LIMIT:
		return number_parse_size(value, &o->dirty_limit) ||
		       !o->dirty_limit ?
			"is not a size in bytes, K, M, G or T" : NULL;
	case OPT_ALLOCATOR:
		return parse_allocator(value, &o->allocator);
	case OPT_OWNER:
		o->set_owner = true;
		return parse_owner(value, &o->owner_uid, &o->owner_gid);
	case OPT_MAP_OWNER:
		return add_owner_map(b, value);
	case OPT_TIMES:
		return parse_times(value, o);
	case OPT_EXCLUDE:
		return add_exclude(b, value);
	case OPT_ORDER:
		o->order_file = value;
		return NULL;
	case OPT_THREADS:
		wrong = parse_u32(value, 1024, &o->threads);
		return wrong || !o->threads ? "is not a number from 1 to 1024" :
					      NULL;
	default:
		return "is not known";
	}
}

/* The options without one.  Return: whether @opt is one of them. */
static bool take_flag(struct build_options *b, struct terminal *t, int opt)
{
	struct e4pack_options *o = &b->options;
	const struct {
		int opt;
		bool *flag;
		bool value;
	} flags[] = {
		{ 'F', &o->force, true },
		{ 'n', &o->dry_run, true },
		{ 'q', &t->quiet, true },
		{ 'v', &t->verbose, true },
		{ OPT_CLAMP, &o->clamp_mtime, true },
		{ OPT_ONE_FS, &o->one_file_system, true },
		{ OPT_UNREADABLE, &o->ignore_unreadable, true },
		{ OPT_VANISHED, &o->allow_vanished, true },
		{ OPT_DIR_LINKS, &o->keep_dir_symlinks, true },
		{ OPT_NODELALLOC, &o->nodelalloc, true },
		{ OPT_STRICT, &o->session.strict, true },
		{ OPT_PROGRESS, &t->draw, true },
		{ OPT_NO_PROGRESS, &t->draw, false },
		{ OPT_JSON, &b->json, true },
		{ OPT_NO_SYNC, &o->no_sync, true },
		{ OPT_NEW, &b->new_image, true },
		{ OPT_KEEP_GOING, &b->keep_going, true },
	};
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (flags[i].opt != opt)
			continue;
		*flags[i].flag = flags[i].value;
		return true;
	}
	return false;
}

/* How the user wrote the option that getopt just gave. */
static const char *written(int argc, char **argv, int opt, char out[32])
{
	const struct option *l;

	for (l = long_options; l->name; l++) {
		if (l->val == opt && opt > 255) {
			snprintf(out, 32, "--%s", l->name);
			return out;
		}
	}
	if (opt > 0 && opt < 256) {
		snprintf(out, 32, "-%c", opt);
		return out;
	}
	return optind > 1 && optind <= argc ? argv[optind - 1] : "option";
}

static int bad_option(struct terminal *t, int argc, char **argv, bool missing)
{
	char name[32];

	return 1 + terminal_usage(t, written(argc, argv, optopt, name),
				  missing ? "needs a value: see --help" :
				  "is not an option here: see --help");
}

static int take_epoch(struct build_options *b, struct terminal *t)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");
	struct e4pack_options *o = &b->options;

	if (!text || !*text) {
		if (o->clamp_mtime)
			return 1 + terminal_usage(t, "--clamp-mtime",
						  "needs SOURCE_DATE_EPOCH in "
						  "the environment");
		return 0;
	}
	if (number_parse_signed(text, 0, (INT64_C(1) << 34) - 1, &o->epoch))
		return 1 + terminal_usage(t, "SOURCE_DATE_EPOCH",
					  "\"%s\" is not a number of seconds "
					  "since 1970", text);
	o->has_epoch = true;
	return 0;
}

/* Parse the options; optind then tells where the operands begin.
 * Return: 0 to go on, or an exit status plus one (1: help was shown). */
static int build_options_parse(struct build_options *b, struct terminal *t,
			       int argc, char **argv, const char *usage)
{
	const struct option *longs = long_options;
	const char *wrong;
	char name[32];
	int opt;

	memset(b, 0, sizeof(*b));
	opterr = 0;
	optind = 0;
	if (!is_batch(t))
		longs += BATCH_OPTIONS;
	while ((opt = getopt_long(argc, argv, short_options, longs, NULL)) !=
	       -1) {
		if (opt == 'h') {
			printf("Usage: %s\n\n%s%s", usage,
			       is_batch(t) ? batch_help : "", option_help);
			return 1 + terminal_exit(t, E4PACK_OK);
		}
		if (opt == 'V') {
			printf("e4pack %s\n", e4pack_version());
			return 1 + terminal_exit(t, E4PACK_OK);
		}
		if (opt == '?' || opt == ':')
			return bad_option(t, argc, argv, opt == ':');
		if (take_flag(b, t, opt))
			continue;
		wrong = take_value(b, opt, optarg);
		if (wrong)
			return 1 + terminal_usage(t, written(argc, argv, opt,
							     name),
						  "\"%s\" %s", optarg, wrong);
	}
	if (t->quiet && !t->verbose)
		t->draw = false;
	terminal_session(t, &b->options.session);
	return take_epoch(b, t);
}

static void build_options_release(struct build_options *b)
{
	free(b->exclude);
	free(b->uid_map);
	free(b->gid_map);
}

int build_command(int argc, char **argv, const char *usage,
		  const char *const *operands, build_run *run)
{
	struct build_options b;
	struct terminal t;
	int status, i;

	terminal_init(&t, argv[0]);
	status = build_options_parse(&b, &t, argc, argv, usage);
	if (status) {
		build_options_release(&b);
		return status - 1;
	}
	for (i = 0; operands[i] && optind + i < argc; i++)
		;
	if (operands[i])
		status = terminal_usage(&t, operands[i], "is missing: %s",
					usage);
	else
		status = run(&b, &t, argc - optind, argv + optind);
	build_options_release(&b);
	return status;
}
