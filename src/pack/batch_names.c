// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands of batch that change names and attributes. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/errors.h"
#include "base/fileio.h"
#include "pack/batch_run.h"
#include "pack/stage.h"

errcode_t batch_mkdir(struct batch *b, const struct script_command *c)
{
	const struct edit_attributes a = batch_attributes(b, 0755);

	return edit_mkdir(b->tree, c->path, c->parents, &a);
}

static errcode_t stage_host(struct batch *b, const struct script_command *c,
			    bool archive)
{
	struct build *build = b->build;
	struct stat st;

	if (stat(c->path2, &st) < 0 && !(archive && *c->path2 == '-'))
		return diag_error(build->diag, c->path2, errno,
				  "cannot be read");
	if (S_ISDIR(st.st_mode) == archive)
		return diag_error(build->diag, c->path2, E4PACK_ET_BAD_TYPE,
				  archive ? "is a directory" :
				  "is no directory");
	return stage_source(build, c->path2, c->path);
}

errcode_t batch_tree(struct batch *b, const struct script_command *c)
{
	return stage_host(b, c, false);
}

errcode_t batch_untar(struct batch *b, const struct script_command *c)
{
	return stage_host(b, c, true);
}

errcode_t batch_ln(struct batch *b, const struct script_command *c)
{
	return edit_link(b->tree, c->path, c->path2);
}

errcode_t batch_symlink(struct batch *b, const struct script_command *c)
{
	const struct edit_attributes a = batch_attributes(b, 0777);

	return edit_symlink(b->tree, c->path2, c->path, &a);
}

errcode_t batch_mknod(struct batch *b, const struct script_command *c)
{
	const uint32_t type = c->verb == SCRIPT_MKFIFO ? S_IFIFO : c->type;
	const struct edit_attributes a = batch_attributes(b, 0644);

	return edit_mknod(b->tree, c->path, type, c->major, c->minor, &a);
}

errcode_t batch_mv(struct batch *b, const struct script_command *c)
{
	return edit_rename(b->tree, c->path, c->path2);
}

errcode_t batch_rm(struct batch *b, const struct script_command *c)
{
	return c->recursive ? edit_remove_tree(b->tree, c->path) :
			      edit_unlink(b->tree, c->path);
}

errcode_t batch_rmdir(struct batch *b, const struct script_command *c)
{
	return edit_rmdir(b->tree, c->path);
}

errcode_t batch_chmod(struct batch *b, const struct script_command *c)
{
	return edit_chmod(b->tree, c->path, c->mode);
}

errcode_t batch_chown(struct batch *b, const struct script_command *c)
{
	return edit_chown(b->tree, c->path, c->uid, c->gid);
}

errcode_t batch_touch(struct batch *b, const struct script_command *c)
{
	return edit_touch(b->tree, c->path, c->time);
}

errcode_t batch_chattr(struct batch *b, const struct script_command *c)
{
	return edit_chattr(b->tree, c->path, c->flag_op, c->flags);
}

errcode_t batch_rmxattr(struct batch *b, const struct script_command *c)
{
	return edit_rmxattr(b->tree, c->path, c->name);
}

enum { XATTR_VALUE_MAX = 65536 };

/* Read all of DATA into memory: a value is small. */
static errcode_t read_value(struct batch *b, const struct script_data *data,
			    struct buf *value)
{
	struct diag *diag = b->build->diag;
	struct origin_reader r;
	struct origin *origin = NULL;
	uint64_t len = 0;
	errcode_t err;

	err = script_open_data(data, &origin, &len, NULL, diag);
	if (!err && len > XATTR_VALUE_MAX)
		err = E4PACK_ET_TOO_BIG;
	if (!err)
		err = buf_add_zero(value, len);
	if (!err && origin && len) {
		err = origin->ops->open(origin, &r, diag);
		if (!err) {
			errcode_t closed;

			err = origin->ops->read(&r, value->data, len, 0, diag);
			closed = origin->ops->close(&r, err ? NULL : diag);
			err = err ? err : closed;
		}
	}
	origin_put(origin);
	return err;
}

errcode_t batch_setxattr(struct batch *b, const struct script_command *c)
{
	struct buf value = BUF_INIT;
	errcode_t err = read_value(b, &c->data, &value);

	if (!err)
		err = edit_setxattr(b->tree, c->path, c->name, value.data,
				    value.len);
	buf_release(&value);
	return err;
}
