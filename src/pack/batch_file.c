// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands of batch that change content: they follow the kernel's write
 * path, so that a write finds or inserts a delayed extent and reserves. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/errors.h"
#include "base/trace.h"
#include "pack/batch_run.h"
#include "tree/stage.h"

/* The regular file at @path, made when it is not there. */
static errcode_t open_file(struct batch *b, const char *path,
			   struct tree_inode **ret)
{
	const struct edit_attributes a = batch_attributes(b, 0644);
	struct node *n;
	errcode_t err = edit_create(b->tree, path, &a, &n);

	if (!err)
		*ret = n->inode;
	return err;
}

/* A command opens its file, and closes it. */
static errcode_t close_file(struct batch *b, struct tree_inode *inode,
			    errcode_t err)
{
	if (b->build->live)
		live_close(b->build->live, inode);
	return err;
}

/* Write the bytes of DATA at @pos. */
static errcode_t write_data(struct batch *b, struct tree_inode *inode,
			    uint64_t pos, const struct script_data *data)
{
	struct origin *origin = NULL;
	uint64_t len = 0;
	errcode_t err;

	err = script_open_data(data, &origin, &len, NULL, b->build->diag);
	if (!err)
		err = da_write(b->tree->delay, &inode->file, pos, len, origin,
			       0);
	origin_put(origin);
	return close_file(b, inode, err);
}

errcode_t batch_write(struct batch *b, const struct script_command *c)
{
	struct tree_inode *inode;
	errcode_t err = open_file(b, c->path, &inode);

	return err ? err : write_data(b, inode, c->offset, &c->data);
}

errcode_t batch_append(struct batch *b, const struct script_command *c)
{
	struct tree_inode *inode;
	errcode_t err = open_file(b, c->path, &inode);

	return err ? err : write_data(b, inode, inode->file.size, &c->data);
}

errcode_t batch_truncate(struct batch *b, const struct script_command *c)
{
	struct tree_inode *inode;
	errcode_t err = open_file(b, c->path, &inode);

	if (err)
		return err;
	err = da_truncate(b->tree->delay, &inode->file, c->size);
	return close_file(b, inode, err);
}

errcode_t batch_fallocate(struct batch *b, const struct script_command *c)
{
	struct tree_inode *inode;
	errcode_t err = open_file(b, c->path, &inode);

	if (err)
		return err;
	err = da_fallocate(b->tree->delay, &inode->file, c->offset, c->size);
	return close_file(b, inode, err);
}

errcode_t batch_punch(struct batch *b, const struct script_command *c)
{
	struct node *n;
	errcode_t err = edit_open(b->tree, c->path, &n);

	if (err)
		return err;
	err = da_punch(b->tree->delay, &n->inode->file, c->offset, c->size);
	return close_file(b, n->inode, err);
}

/* Replace what @inode has by @e: attributes and content. */
static errcode_t replace(struct batch *b, struct tree_inode *inode,
			 const struct entry *e)
{
	struct stage_attributes attrs;
	errcode_t err;

	err = stage_check(b->tree, e);
	if (!err)
		err = stage_prepare(b->tree, e, &attrs);
	if (!err)
		err = stage_fill(b->tree, inode, e);
	if (!err)
		stage_apply(b->tree, inode, e, &attrs);
	return err;
}

/* What is not a whole host file lends no attributes: fill in defaults. */
static errcode_t plain_entry(struct batch *b, const struct script_command *c,
			     struct entry *e, struct origin *origin,
			     uint64_t len)
{
	const struct edit_attributes a = batch_attributes(b, 0644);
	errcode_t err = 0;

	if (c->data.kind == SCRIPT_DATA_HOST)
		return 0;
	if (c->data.kind != SCRIPT_DATA_PART) {
		e->mode = S_IFREG | a.mode;
		e->times[ENTRY_MTIME] = a.time;
		e->has_time[ENTRY_MTIME] = true;
	}
	e->size = len;
	if (origin)
		e->origin = origin_get(origin);
	if (len)
		err = entry_add_data(e, 0, len, 0);
	return err;
}

errcode_t batch_put(struct batch *b, const struct script_command *c)
{
	struct origin *origin = NULL;
	struct tree_inode *inode;
	uint64_t len = 0;
	struct entry e;
	errcode_t err;

	entry_init(&e);
	err = script_open_data(&c->data, &origin, &len, &e, b->build->diag);
	if (!err)
		err = plain_entry(b, c, &e, origin, len);
	if (!err && c->has_mode)
		e.mode = S_IFREG | c->mode;
	if (!err && c->has_owner) {
		e.uid = c->uid;
		e.gid = c->gid;
	}
	if (!err && !e.path)
		e.path = strdup(c->path);
	if (!err && !e.path)
		err = ENOMEM;
	if (!err)
		err = open_file(b, c->path, &inode);
	if (!err)
		err = close_file(b, inode, replace(b, inode, &e));
	entry_release(&e);
	origin_put(origin);
	return err;
}

errcode_t batch_fsync(struct batch *b, const struct script_command *c)
{
	struct node *n;
	errcode_t err = edit_lookup(b->tree, c->path, true, &n);

	return err ? err : live_fsync(b->build->live, n);
}

errcode_t batch_sync(struct batch *b, const struct script_command *c)
{
	errcode_t err = live_sync(b->build->live);

	(void)c;
	/* Of two passes only the second one waits. */
	TRACE(b->tree->delay->trace, TRACE_SYNC_FS, 0);
	TRACE(b->tree->delay->trace, TRACE_SYNC_FS, 1);
	return err;
}
