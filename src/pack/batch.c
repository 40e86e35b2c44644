// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Running scripts.  A script is parsed whole, then its commands run one after
 * another on the staged tree; the first that fails ends the run, and nothing
 * of it reaches the target.
 */
#include "pack/batch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/number.h"
#include "pack/batch_run.h"
#include "pack/edit.h"

static batch_verb *const verbs[SCRIPT_VERBS] = {
	[SCRIPT_MKDIR] = batch_mkdir,
	[SCRIPT_PUT] = batch_put,
	[SCRIPT_TREE] = batch_tree,
	[SCRIPT_UNTAR] = batch_untar,
	[SCRIPT_WRITE] = batch_write,
	[SCRIPT_APPEND] = batch_append,
	[SCRIPT_TRUNCATE] = batch_truncate,
	[SCRIPT_FALLOCATE] = batch_fallocate,
	[SCRIPT_PUNCH] = batch_punch,
	[SCRIPT_LN] = batch_ln,
	[SCRIPT_SYMLINK] = batch_symlink,
	[SCRIPT_MKNOD] = batch_mknod,
	[SCRIPT_MKFIFO] = batch_mknod,
	[SCRIPT_MV] = batch_mv,
	[SCRIPT_RM] = batch_rm,
	[SCRIPT_RMDIR] = batch_rmdir,
	[SCRIPT_CHMOD] = batch_chmod,
	[SCRIPT_CHOWN] = batch_chown,
	[SCRIPT_TOUCH] = batch_touch,
	[SCRIPT_SETXATTR] = batch_setxattr,
	[SCRIPT_RMXATTR] = batch_rmxattr,
	[SCRIPT_CHATTR] = batch_chattr,
	[SCRIPT_FSYNC] = batch_fsync,
	[SCRIPT_SYNC] = batch_sync,
	[SCRIPT_ES] = batch_es,
	[SCRIPT_STAT] = batch_stat,
	[SCRIPT_DF] = batch_df,
	[SCRIPT_LS] = batch_ls,
	[SCRIPT_ECHO] = batch_echo,
};

struct edit_attributes batch_attributes(const struct batch *b, uint32_t mode)
{
	return (struct edit_attributes){
		.mode = mode, .time = b->tree->options.default_time,
	};
}

static char *place(const struct script_command *c)
{
	char *text;

	return asprintf(&text, "%s:%u", c->file, c->line) < 0 ? NULL : text;
}

/* The path of a command as messages have it, in two parts. */
static const char *slash(const struct script_command *c)
{
	return c->path && *c->path != '/' ? "/" : "";
}

static const char *path(const struct script_command *c)
{
	return c->path ? c->path : "";
}

static void tell_full(struct batch *b, const struct script_command *c,
		      const char *where)
{
	const struct delay *d = b->tree->delay;
	uint64_t left = reserve_available(&d->reserve) <<
			(d->block_bits + d->cluster_bits);
	const char *option = d->reserve.unbounded ? "use --max-size" :
						    "use --size";
	char human[NUMBER_HUMAN_LEN];

	diag_error(b->build->diag, where, E4PACK_ET_NO_SPACE,
		   "%s %s%s: the image has %s left: %s",
		   script_verb_name(c->verb), slash(c), path(c),
		   number_human(human, left), build_remedy(b->build, option));
}

/* Tell why a command failed, unless who knew more has told it. */
static void tell(struct batch *b, const struct script_command *c,
		 errcode_t err, unsigned int told)
{
	struct diag *diag = b->build->diag;
	const char *verb = script_verb_name(c->verb);
	char *where = place(c);

	if (diag->errors != told)
		diag_note(diag, DIAG_NOTE, where, "%s failed", verb);
	else if (err > 0 && err < 256)
		diag_error(diag, where, err, "%s %s%s", verb, slash(c),
			   path(c));
	else if (err == E4PACK_ET_NO_SPACE)
		tell_full(b, c, where);
	else if (err == E4PACK_ET_NO_INODES)
		diag_error(diag, where, err, "%s %s%s: not enough inodes: %s",
			   verb, slash(c), path(c),
			   build_remedy(b->build, "use -N"));
	else
		diag_error(diag, where, err, "%s %s%s: %s", verb, slash(c),
			   path(c), error_message(err));
	free(where);
}

/* One line of --json for a command that ran. */
static void put_result(struct batch *b, const struct script_command *c,
		       bool done)
{
	json_t *doc = json_pack("{s:s,s:i,s:s,s:b}", "file", c->file, "line",
				(int)c->line, "command",
				script_verb_name(c->verb), "ok", (int)done);

	if (doc && b->result && json_object_update(doc, b->result)) {
		json_decref(doc);
		doc = NULL;
	}
	emit_json(&b->out, doc);
}

static errcode_t run_one(struct batch *b, const struct script_command *c)
{
	unsigned int told = b->build->diag->errors;
	errcode_t err;

	b->result = NULL;
	err = verbs[c->verb](b, c);
	if (!err)
		err = build_settle(b->build);
	if (err && err != E4PACK_ET_INTERRUPTED)
		tell(b, c, err, told);
	if (b->options->json)
		put_result(b, c, !err);
	json_decref(b->result);
	b->result = NULL;
	return err;
}

/* The first command that places blocks, or counts free ones, or NULL. */
static const struct script_command *find_live(const struct script *s)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		const struct script_command *c = &s->commands[i];

		if (c->verb == SCRIPT_FSYNC || c->verb == SCRIPT_SYNC ||
		    c->verb == SCRIPT_DF)
			return c;
	}
	return NULL;
}

/* It needs the free space of a size that is known. */
static errcode_t check_size(const struct batch *b,
			    const struct script_command *c, struct diag *diag)
{
	char *where;
	errcode_t err;

	if (!c || b->options->build.size.kind == E4PACK_SIZE_BYTES)
		return 0;
	where = place(c);
	err = diag_error(diag, where, E4PACK_ET_USAGE, "%s needs a size in "
			 "bytes: use -s SIZE", script_verb_name(c->verb));
	free(where);
	return err;
}

/* What commands showed goes out before the image is changed or made: should
 * nobody take it, nothing has been done. */
static errcode_t put_out(struct batch *b)
{
	errcode_t err = emit_flush(&b->out);

	if (err == EPIPE)
		return E4PACK_ET_INTERRUPTED;
	return err ? diag_error(b->build->diag, "standard output", err,
				"cannot be written") : 0;
}

static errcode_t run_all(void *arg, struct build *build)
{
	struct batch *b = arg;
	errcode_t first = 0, err;
	size_t i;

	b->build = build;
	b->tree = &build->tree;
	progress_begin(build->progress, "script", b->script.n);
	tree_begin_source(&build->tree, false);
	for (i = 0; i < b->script.n; i++) {
		err = run_one(b, &b->script.commands[i]);
		if (!err)
			err = progress_add(build->progress, 1);
		if (err && !first)
			first = err;
		if (err && (!b->options->keep_going ||
			    err == E4PACK_ET_INTERRUPTED || err == ENOMEM))
			break;
	}
	return first ? first : put_out(b);
}

/* Read the scripts of @b, all of them even after an error. */
static errcode_t read_scripts(struct batch *b, const char *const *scripts,
			      size_t n, struct diag *diag,
			      const struct progress *progress)
{
	static const char *const input[] = { "-" };
	errcode_t err = 0;
	size_t i;

	if (!n) {
		scripts = input;
		n = 1;
	}
	script_init(&b->script);
	b->script.progress = progress;
	for (i = 0; i < n; i++) {
		errcode_t one = script_read(&b->script, scripts[i], diag);

		if (one && !err)
			err = one;
	}
	return err;
}

static errcode_t finish(struct batch *b, errcode_t err)
{
	emit_finish(&b->out);
	es_table_release(&b->table);
	script_release(&b->script);
	return err;
}

errcode_t pack_batch(const struct e4pack_batch_options *options,
		     const char *image, const char *const *scripts, size_t n,
		     struct e4pack_totals *totals, struct diag *diag,
		     struct progress *progress)
{
	struct batch b = { .options = options };
	struct build_stager stager = { .stage = run_all, .arg = &b };
	const struct script_command *live;
	errcode_t err = read_scripts(&b, scripts, n, diag, progress);

	emit_init(&b.out, options->output, options->output_arg);
	live = find_live(&b.script);
	stager.live = live != NULL;
	if (!err)
		err = check_size(&b, live, diag);
	if (!err)
		err = build_image(&options->build, image, &stager, totals,
				  diag, progress);
	return finish(&b, err);
}

errcode_t pack_batch_edit(const struct e4pack_batch_options *options,
			  const char *image, const char *const *scripts,
			  size_t n, struct diag *diag,
			  struct progress *progress)
{
	struct batch b = { .options = options };
	const struct build_stager stager = { .stage = run_all, .arg = &b };
	errcode_t err = read_scripts(&b, scripts, n, diag, progress);

	emit_init(&b.out, options->output, options->output_arg);
	if (!err)
		err = edit_image(&options->build, image, &stager, diag,
				 progress);
	return finish(&b, err);
}
