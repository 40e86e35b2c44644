// SPDX-License-Identifier: GPL-2.0-or-later
/* The options of create, plan, batch and add: those of mke2fs under their
 * letters, and our own. */
#include "cmd/build_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

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

static const char *parse_trace_format(const char *text,
				      enum e4pack_trace_format *ret)
{
	*ret = strcmp(text, "kernel") ? E4PACK_TRACE_LOGICAL :
					E4PACK_TRACE_KERNEL;
	return *ret == E4PACK_TRACE_LOGICAL && strcmp(text, "logical") ?
		"is neither logical nor kernel" : NULL;
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
	case OPT_TRACE:
		o->trace_file = value;
		return NULL;
	case OPT_TRACE_FORMAT:
		return parse_trace_format(value, &o->trace_format);
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
		{ OPT_WHOLE_COPY, &o->whole_copy, true },
		{ OPT_JOURNAL_ONLY, &o->journal_only, true },
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
	const char *name = build_table_name(opt, out);

	if (name)
		return name;
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
	unsigned int command = build_table_command(t->command);
	struct option longs[BUILD_OPTIONS_MAX];
	const char *wrong, *shorts;
	char name[32];
	int opt;

	memset(b, 0, sizeof(*b));
	opterr = 0;
	optind = 0;
	shorts = build_table_options(longs, command);
	while ((opt = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (opt == 'h') {
			printf("Usage: %s\n\n", usage);
			build_table_help(command);
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

int build_check_options(const struct build_options *b, struct terminal *t,
			bool new_image)
{
	const struct e4pack_options *o = &b->options;
	const struct {
		bool set;
		const char *name;
	} of_new[] = {
		{ o->size.kind != E4PACK_SIZE_DEFAULT, "--size" },
		{ o->max_size, "--max-size" },
		{ o->inodes.kind == E4PACK_INODES_RATIO, "-i" },
		{ o->inodes.kind != E4PACK_INODES_DEFAULT, "-N" },
		{ o->block_size, "-b" }, { o->cluster_size, "-C" },
		{ o->inode_size, "-I" }, { o->journal_mib, "-J" },
		{ o->label, "-L" }, { o->uuid, "-U" },
		{ o->reserved_percent > 0, "-m" }, { o->features, "-O" },
		{ o->hash_seed || o->stride || o->stripe_width ||
		  o->resize_blocks || o->packed_meta_blocks ||
		  o->has_num_backup_sb || o->set_root_owner, "-E" },
		{ o->force, "-F" }, { o->order_file, "--order" },
		{ o->dirty_limit, "--dirty-limit" },
		{ o->nodelalloc, "--nodelalloc" },
		{ o->allocator != E4PACK_BEST_FIT, "--allocator" },
		{ o->no_sync, "--no-sync" },
	}, of_edits[] = {
		{ o->whole_copy, "--whole-copy" },
		{ o->journal_only, "--journal-only" },
	};
	size_t i;

	for (i = 0; new_image && i < sizeof(of_edits) / sizeof(of_edits[0]);
	     i++)
		if (of_edits[i].set)
			return terminal_usage(t, of_edits[i].name, "is for an "
					      "image that is there");
	for (i = 0; !new_image && i < sizeof(of_new) / sizeof(of_new[0]); i++)
		if (of_new[i].set)
			return terminal_usage(t, of_new[i].name, "is for a "
					      "new image only");
	if (o->whole_copy && o->journal_only)
		return terminal_usage(t, "--journal-only", "has no meaning "
				      "with --whole-copy");
	return 0;
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
