// SPDX-License-Identifier: GPL-2.0-or-later
/* Inode numbers and the order of placement. */
#include "pack/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/errors.h"
#include "base/fileio.h"
#include "base/trace.h"
#include "pack/live_frame.h"

/* e2fsck 1.47.0 "repairs" times of this stretch, 2310 to 2378, which the
 * kernel writes and reads: they are stored, and warned of. */
#define E2FSCK_BAD_FROM	(INT64_C(5) << 31)
#define E2FSCK_BAD_END	(INT64_C(6) << 31)

static const char *name_or_root(const char *path)
{
	return path && *path ? path : "/";
}

static errcode_t check_times(struct plan *p, struct node *n)
{
	struct tree_inode *inode = n->inode;
	bool fits = true, doubtful = false;
	errcode_t err = 0;
	char *path;
	int i;

	for (i = 0; i < INODE_TIMES; i++) {
		const struct timestamp given = tree_time(inode, i);
		const struct timestamp t = inode_time_clamp(&p->format, given);

		tree_set_time(inode, i, t);
		/* That small inodes have no nanoseconds is no news. */
		if (t.sec != given.sec)
			fits = false;
		if (t.sec >= E2FSCK_BAD_FROM && t.sec < E2FSCK_BAD_END)
			doubtful = true;
	}
	if (fits && !doubtful)
		return 0;
	path = tree_path(n);
	if (!fits)
		err = diag_warning(p->diag, name_or_root(path),
				   "its time is out of range and was clamped");
	else
		err = diag_warning(p->diag, name_or_root(path),
				   "its time is stored, but e2fsck 1.47 will "
				   "want to change it");
	free(path);
	return err;
}

static errcode_t number(struct plan *p, struct node *n, uint32_t ino)
{
	if (ino != n->inode->serial)
		TRACE(p->tree->delay->trace, TRACE_NUMBER_INODE, ino,
		      n->inode->serial);
	n->inode->ino = ino;
	return check_times(p, n);
}

/* Append the inode of @n, its first name. */
static errcode_t add_inode(struct plan *p, struct node *n)
{
	if (array_reserve(&p->names, &p->cap_names, p->n_names + 1,
			  sizeof(*p->names)))
		return diag_nomem(p->diag);
	p->names[p->n_names++] = n;
	p->n_inodes++;
	return progress_add(p->progress, 1);
}

static errcode_t number_next(void *arg, struct node *n)
{
	struct plan *p = arg;
	errcode_t err;

	if (n->inode->ino)
		return 0;
	if (p->last_ino == UINT32_MAX)
		return diag_error(p->diag, NULL, E4PACK_ET_TOO_BIG,
				  "more than 4294967295 inodes");
	err = add_inode(p, n);
	return err ? err : number(p, n, ++p->last_ino);
}

/* A path as a person writes it: leading slashes and "./" do not count. */
static const char *skip_prefix(const char *path)
{
	for (;;) {
		if (*path == '/')
			path++;
		else if (path[0] == '.' && path[1] == '/')
			path += 2;
		else
			return path;
	}
}

/* Number the paths of the --order file, one a line; a name that is not there
 * is told and passed over, since such lists are made once and used long. */
static errcode_t number_listed(struct plan *p, char *text)
{
	char *line = text, *end;
	errcode_t err = 0;

	for (; !err && line && *line; line = end) {
		const char *path;
		struct node *n;

		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		path = skip_prefix(line);
		if (!*path)
			continue;
		n = tree_find(p->tree, path);
		if (n)
			err = number_next(p, n);
		else
			diag_note(p->diag, DIAG_NOTE, path,
				  "is named by --order, but not in the tree");
	}
	return err;
}

static errcode_t read_order(struct plan *p, struct buf *text)
{
	const char *name = p->options->order_file;
	size_t got = 1;
	errcode_t err;
	int fd;

	err = io_open(&fd, AT_FDCWD, name, 0);
	if (err)
		return diag_error(p->diag, name, err, "cannot be opened");
	while (!err && got) {
		err = buf_reserve(text, 1 << 16);
		if (!err)
			err = io_read(fd, text->data + text->len, 1 << 16,
				      &got);
		if (!err)
			text->len += got;
	}
	close(fd);
	if (!err && !buf_str(text))
		err = ENOMEM;
	if (err)
		return diag_error(p->diag, name, err, "cannot be read");
	if (memchr(text->data, '\0', text->len))
		return diag_error(p->diag, name, E4PACK_ET_BAD_PATH,
				  "holds a NUL byte");
	return 0;
}

static errcode_t number_order(struct plan *p)
{
	struct buf text = BUF_INIT;
	errcode_t err;

	if (!p->options->order_file)
		return 0;
	err = read_order(p, &text);
	if (!err)
		err = number_listed(p, (char *)text.data);
	buf_release(&text);
	return err;
}

/* The first name of each inode, by the number of the inode. */
struct first_names {
	struct node **nodes;
	uint32_t n;
};

static errcode_t note_first(void *arg, struct node *n)
{
	struct first_names *names = arg;
	uint32_t ino = n->inode->ino;

	if (!ino || ino >= names->n)
		return E4PACK_ET_BUG;
	if (!names->nodes[ino])
		names->nodes[ino] = n;
	return 0;
}

/* On a live image numbers were given when inodes were made. */
static errcode_t take_numbers(struct plan *p)
{
	struct first_names names = { .n = p->live->next_ino };
	uint32_t ino;
	errcode_t err;

	names.nodes = calloc(names.n, sizeof(struct node *));
	if (!names.nodes)
		return diag_nomem(p->diag);
	err = tree_walk(p->tree, note_first, &names);
	if (err)
		diag_error(p->diag, NULL, err, NULL);
	for (ino = FORMAT_LOST_FOUND_INO + 1; !err && ino < names.n; ino++) {
		if (!names.nodes[ino])
			continue;
		p->last_ino = ino;
		err = add_inode(p, names.nodes[ino]);
		if (!err)
			err = check_times(p, names.nodes[ino]);
	}
	free(names.nodes);
	return err;
}

errcode_t place_number(struct plan *p)
{
	errcode_t err;

	p->last_ino = FORMAT_LOST_FOUND_INO;
	p->lost_found = tree_find(p->tree, "lost+found");
	err = number(p, p->tree->root, FORMAT_ROOT_INO);
	if (!err)
		err = number(p, p->lost_found, FORMAT_LOST_FOUND_INO);
	if (!err && p->live)
		return take_numbers(p);
	if (!err)
		err = number_order(p);
	if (!err)
		err = tree_walk(p->tree, number_next, p);
	return err;
}
