// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The walk's order is the order of the stream, and data is read as the stream
 * asks for it.  All that can be wrong with a mapping or an attribute shows
 * before the header of its member is put out.
 */
#include "report/extract_tar.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/endian.h"
#include "base/errors.h"
#include "image/acl.h"
#include "image/inode.h"
#include "image/read_inline.h"
#include "report/file_extents.h"

enum { DATA_AT_ONCE = 1 << 20 };

struct extract_tar {
	struct extract_state *state;
	struct tar_writer writer;
	struct file_extents extents;	/* of one file; kept for its memory */
	struct tar_run *runs;	/* likewise */
	size_t n_runs, runs_cap;
	struct buf data;		/* inline, of one file */
	uint8_t *buffer;		/* DATA_AT_ONCE bytes */
};

/* The attributes of a member in the forms that the stream has them. */
struct member_xattrs {
	struct object_xattrs list;
	struct tar_xattr *plain;
	struct buf access, standard;	/* ACLs as text */
};

static void release_xattrs(struct member_xattrs *m)
{
	object_xattrs_release(&m->list);
	free(m->plain);
	buf_release(&m->access);
	buf_release(&m->standard);
}

static errcode_t nomem(const struct extract_tar *t)
{
	return diag_nomem(image_diag(t->state->img));
}

/* Whether libarchive reads the text form of the ACL wrong: it takes ids for
 * numbers of 31 bits. */
static bool has_large_id(const struct buf *host)
{
	enum { HEADER = 4, ENTRY = 8, AT_ID = 4 };
	size_t at;

	for (at = HEADER; at + ENTRY <= host->len; at += ENTRY) {
		uint32_t id = get_le32(host->data + at + AT_ID);

		if (id > INT32_MAX && id != UINT32_MAX)
			return true;
	}
	return false;
}

/* Write the ACL @x to @text and, where that is not enough, bring its value
 * into the form of getxattr(2); *@both says so. */
static errcode_t convert_acl(struct buf *text, struct object_xattr *x,
			     bool *both)
{
	struct buf host = BUF_INIT;
	errcode_t err = acl_from_disk(&host, x->value, x->len);

	if (!err)
		err = acl_to_text(text, x->value, x->len);
	if (!err && !buf_str(text))
		err = ENOMEM;
	*both = !err && has_large_id(&host);
	if (*both) {
		free(x->value);
		x->len = host.len;
		x->value = (uint8_t *)buf_detach(&host);
		err = x->value ? 0 : ENOMEM;
	}
	buf_release(&host);
	return err;
}

static errcode_t add_acl(struct extract_tar *t, struct tar_member *m,
			 struct member_xattrs *x, struct object_xattr *o,
			 const struct inode_info *i)
{
	bool access = o->index == XATTR_INDEX_ACL_ACCESS;
	struct buf *text = access ? &x->access : &x->standard;
	bool both;
	errcode_t err = convert_acl(text, o, &both);

	if (err == ENOMEM)
		return nomem(t);
	if (err)
		return extract_pass(t->state,
				    image_bad(t->state->img, "inode %u: its "
					      "ACL is damaged", i->ino));
	if (both)
		x->plain[m->n_xattrs++] = (struct tar_xattr) {
			o->name, o->value, o->len };
	if (access)
		m->acl_access = (const char *)text->data;
	else
		m->acl_default = (const char *)text->data;
	return 0;
}

/* Read the attributes of @i and hang them on @m. */
static errcode_t fill_xattrs(struct tar_member *m,
			     struct member_xattrs *x, struct extract_tar *t,
			     const struct inode_info *i)
{
	errcode_t err = object_xattrs_read(&x->list, t->state, i);
	size_t k;

	if (err || !x->list.n)
		return err;
	x->plain = calloc(x->list.n, sizeof(*x->plain));
	if (!x->plain)
		return nomem(t);
	for (k = 0; !err && k < x->list.n; k++) {
		struct object_xattr *o = &x->list.x[k];

		if (o->index == XATTR_INDEX_ACL_ACCESS ||
		    o->index == XATTR_INDEX_ACL_DEFAULT)
			err = add_acl(t, m, x, o, i);
		else
			x->plain[m->n_xattrs++] = (struct tar_xattr) {
				o->name, o->value, o->len };
	}
	m->xattrs = x->plain;
	return err;
}

/* Add a stretch of data, joined to the one before where they touch. */
static errcode_t add_run(struct extract_tar *t, uint64_t offset, uint64_t len)
{
	struct tar_run *last = t->n_runs ? &t->runs[t->n_runs - 1] : NULL;

	if (last && last->offset + last->len == offset) {
		last->len += len;
		return 0;
	}
	if (array_reserve(&t->runs, &t->runs_cap, t->n_runs + 1,
			  sizeof(*t->runs)))
		return nomem(t);
	t->runs[t->n_runs++] = (struct tar_run) { offset, len };
	return 0;
}

/* Cut the written extent @e at the end of file.  Return: its bytes. */
static uint64_t bytes_of(const struct extract_tar *t, const struct extent *e,
			 uint64_t size)
{
	const uint32_t bits = image_geometry(t->state->img)->block_bits;
	uint64_t offset = (uint64_t)e->lblk << bits;
	uint64_t len = (uint64_t)e->len << bits;

	if (e->unwritten || offset >= size)
		return 0;
	return len < size - offset ? len : size - offset;
}

static errcode_t find_runs(struct extract_tar *t, const struct inode_info *i)
{
	const uint32_t bits = image_geometry(t->state->img)->block_bits;
	errcode_t err = file_extents_read(&t->extents, t->state->img, i,
					  &t->state->budget);
	size_t k;

	for (k = 0; !err && k < t->extents.n; k++) {
		const struct extent *e = &t->extents.e[k];
		uint64_t len = bytes_of(t, e, i->size);

		if (len)
			err = add_run(t, (uint64_t)e->lblk << bits, len);
	}
	return err;
}

/* Find where @i has data. */
static errcode_t look_at_data(struct extract_tar *t,
			      const struct inode_info *i)
{
	errcode_t err;

	t->n_runs = 0;
	t->extents.n = 0;
	t->data.len = 0;
	if (!(i->flags & INODE_FLAG_INLINE))
		return find_runs(t, i);
	err = read_inline(&t->data, t->state->img, i);
	if (t->data.len > i->size)
		t->data.len = i->size;
	return !err && t->data.len ? add_run(t, 0, t->data.len) : err;
}

static errcode_t put(struct extract_tar *t, const void *data, size_t len)
{
	errcode_t err = tar_write_data(&t->writer, data, len);

	if (err == ENOMEM)
		return nomem(t);
	if (!err && t->state->progress)
		err = progress_check(t->state->progress);
	return err;
}

static errcode_t put_extent(struct extract_tar *t, const struct extent *e,
			    uint64_t len)
{
	const uint32_t bits = image_geometry(t->state->img)->block_bits;
	uint64_t pblk = e->pblk;
	errcode_t err = 0;

	while (!err && len) {
		uint64_t n = len < DATA_AT_ONCE ? len : DATA_AT_ONCE;
		uint64_t blocks = (n + (UINT64_C(1) << bits) - 1) >> bits;

		err = image_read(t->state->img, pblk, blocks, t->buffer);
		/* The header has promised the data. */
		if (err == E4PACK_ET_BAD_IMAGE)
			err = E4PACK_ET_FAILED;
		if (!err)
			err = put(t, t->buffer, n);
		pblk += blocks;
		len -= n;
	}
	return err;
}

static errcode_t put_content(struct extract_tar *t,
			     const struct inode_info *i)
{
	errcode_t err = t->data.len ? put(t, t->data.data, t->data.len) : 0;
	size_t k;

	for (k = 0; !err && k < t->extents.n; k++)
		err = put_extent(t, &t->extents.e[k],
				 bytes_of(t, &t->extents.e[k], i->size));
	return err;
}

static void fill_member(struct tar_member *m,
			const struct extract_object *o)
{
	const struct inode_info *i = o->inode;

	memset(m, 0, sizeof(*m));
	m->path = o->path;
	m->target = o->target;
	m->mode = i->mode;
	m->uid = i->uid;
	m->gid = i->gid;
	m->mtime = i->times[INODE_MTIME];
	m->atime = i->times[INODE_ATIME];
	m->ctime = i->times[INODE_CTIME];
	if (S_ISREG(i->mode) || S_ISDIR(i->mode))
		m->fs_flags = object_flags(i);
	if (S_ISCHR(i->mode) || S_ISBLK(i->mode))
		inode_get_device(i->i_block, &m->major, &m->minor);
}

static errcode_t put_header(struct extract_tar *t,
			    const struct tar_member *m)
{
	errcode_t err = tar_write_member(&t->writer, m);

	if (err == ENOMEM)
		return nomem(t);
	return err == EFBIG ? extract_error(t->state, m->path, err,
					    "has too many attributes") : err;
}

static errcode_t tar_make(void *arg, const struct extract_object *o)
{
	struct extract_tar *t = arg;
	struct member_xattrs x;
	struct tar_member m;
	errcode_t err = 0;

	if (S_ISSOCK(o->inode->mode)) {
		t->state->lacks[LACK_SOCKET]++;
		return EXTRACT_LEFT_OUT;
	}
	memset(&x, 0, sizeof(x));
	fill_member(&m, o);
	if (S_ISREG(m.mode)) {
		err = look_at_data(t, o->inode);
		m.size = o->inode->size;
		m.runs = t->runs;
		m.n_runs = t->n_runs;
	}
	if (!err)
		err = fill_xattrs(&m, &x, t, o->inode);
	if (!err)
		err = put_header(t, &m);
	if (!err && S_ISREG(m.mode))
		err = put_content(t, o->inode);
	if (!err)
		t->state->objects++;
	release_xattrs(&x);
	return err;
}

static errcode_t tar_link(void *arg, const struct extract_object *o,
			  const struct first_name *first)
{
	struct extract_tar *t = arg;
	struct tar_member m;
	struct buf path = BUF_INIT;
	errcode_t err = place_path(&path, first->place, first->name);

	fill_member(&m, o);
	m.hard = true;
	m.fs_flags = 0;
	m.target = buf_str(&path);
	err = err || !m.target ? nomem(t) : put_header(t, &m);
	if (!err)
		t->state->objects++;
	buf_release(&path);
	return err;
}

static errcode_t tar_finish(void *arg)
{
	struct extract_tar *t = arg;
	errcode_t err = tar_write_end(&t->writer);

	return err == ENOMEM ? nomem(t) : err;
}

const struct extract_ops extract_tar_ops = {
	.make = tar_make, .link = tar_link, .finish = tar_finish,
};

errcode_t extract_tar_new(struct extract_tar **ret, struct extract_state *s,
			  tar_sink *sink, void *arg)
{
	struct extract_tar *t = calloc(1, sizeof(*t));

	if (!t)
		return diag_nomem(image_diag(s->img));
	t->state = s;
	t->writer.sink = sink;
	t->writer.arg = arg;
	t->buffer = malloc(DATA_AT_ONCE);
	if (!t->buffer) {
		extract_tar_free(t);
		return diag_nomem(image_diag(s->img));
	}
	*ret = t;
	return 0;
}

void extract_tar_free(struct extract_tar *t)
{
	if (!t)
		return;
	tar_writer_release(&t->writer);
	file_extents_release(&t->extents);
	free(t->runs);
	buf_release(&t->data);
	free(t->buffer);
	free(t);
}
