/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of batch: one run of its scripts, and what each verb does. */
#ifndef E4PACK_PACK_BATCH_RUN_H
#define E4PACK_PACK_BATCH_RUN_H

#include "base/emit.h"
#include "base/es_table.h"
#include "pack/build.h"
#include "source/script.h"
#include "tree/edit.h"

struct batch {
	const struct e4pack_batch_options *options;
	struct build *build;
	struct tree *tree;
	struct script script;
	struct emit out;
	struct es_table table;	/* of one file; kept for its memory */
	bool began;		/* a table was shown */
	json_t *result;		/* what the running command adds to its line */
};

/* Carry out one command.  Return: 0; an errno or a code that the runner
 * tells with FILE:LINE unless something was told already. */
typedef errcode_t batch_verb(struct batch *b, const struct script_command *c);

/* What a new object gets that no host object lends its attributes. */
struct edit_attributes batch_attributes(const struct batch *b, uint32_t mode);

/* batch_file.c: content. */
batch_verb batch_put, batch_write, batch_append, batch_truncate,
	batch_fallocate, batch_punch, batch_fsync, batch_sync;

/* batch_names.c: names and attributes. */
batch_verb batch_mkdir, batch_tree, batch_untar, batch_ln, batch_symlink,
	batch_mknod, batch_mv, batch_rm, batch_rmdir, batch_chmod,
	batch_chown, batch_touch, batch_setxattr, batch_rmxattr, batch_chattr;

/* batch_show.c: the state as staged now. */
batch_verb batch_es, batch_stat, batch_df, batch_ls, batch_echo;

#endif
