// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Everything is made new, by its name in a folder that was reached name by
 * name: what is there already is met with EEXIST and never opened, so that
 * no link leads out of the folder.  New folders are closed to others until
 * they are full; then they get their attributes, times last.
 *
 * Two kinds of attributes would hinder what is to come and are put off to
 * the end: the mode of a folder that keeps its owner out, while hard links
 * may lead into it, and the flags of a file that is to have further names.
 */
#include "report/extract_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/fileio.h"
#include "report/extract_attr.h"
#include "report/extract_batch.h"

enum { OWNER_RIGHTS = 0700 };

/* What is put off, in the order met: a file comes before its folder. */
struct put_off {
	struct place *place;
	uint32_t ino;
	char *name;
};

struct extract_dir {
	struct extract_state *state;
	int fd;			/* of the base */
	bool force;
	bool inherits;		/* default ACLs were there before */
	struct stat image;	/* of the image itself */
	struct extract_batch batch;
	struct put_off *late;
	size_t n_late, late_cap;
};

int extract_dir_fd(const struct extract_dir *d)
{
	return d->fd;
}

static errcode_t failed(const struct extract_dir *d,
			const struct extract_object *o, const char *what)
{
	return extract_error(d->state, o->path, errno, what);
}

static errcode_t nomem(const struct extract_dir *d)
{
	return diag_nomem(image_diag(d->state->img));
}

/* Open the folder of @o. */
static errcode_t open_place(const struct extract_dir *d, struct place *place,
			    const struct extract_object *o, int *fd)
{
	errcode_t err = place_fd(place, fd);

	return err ? extract_error(d->state, o->path, err,
				   "its folder cannot be opened") : 0;
}

/* A folder of before may hand an ACL down to what is made in it. */
static void look_for_acl(struct extract_dir *d, int folder, const char *name)
{
	int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
			O_CLOEXEC);

	if (fd < 0)
		return;
	if (fgetxattr(fd, "system.posix_acl_default", NULL, 0) > 0)
		d->inherits = true;
	close(fd);
}

/* Something has the name of @o already: remove it, where that is wanted. */
static errcode_t clear_way(struct extract_dir *d,
			   const struct extract_object *o, int folder)
{
	struct stat st;

	if (fstatat(folder, o->name, &st, AT_SYMLINK_NOFOLLOW))
		return failed(d, o, "cannot be examined");
	if (S_ISDIR(st.st_mode))
		return extract_error(d->state, o->path, E4PACK_ET_BAD_TYPE,
				     "a folder is in the way");
	if (!d->force)
		return extract_error(d->state, o->path, E4PACK_ET_EXISTS,
				     "exists already: use -F to replace it");
	if (st.st_dev == d->image.st_dev && st.st_ino == d->image.st_ino)
		return extract_error(d->state, o->path, E4PACK_ET_USAGE,
				     "is the image itself");
	if (unlinkat(folder, o->name, 0))
		return failed(d, o, "cannot be replaced");
	return 0;
}

/* One try to make @o in @folder, where nothing has its name.
 * Return: as a system call; a descriptor for a file. */
static int try_make(const struct extract_object *o, int folder)
{
	const struct inode_info *i = o->inode;
	uint32_t major = 0, minor = 0;

	switch (i->mode & S_IFMT) {
	case S_IFREG:
		return openat(folder, o->name, O_WRONLY | O_CREAT | O_EXCL |
			      O_NOFOLLOW | O_CLOEXEC, 0600);
	case S_IFDIR:
		return mkdirat(folder, o->name, OWNER_RIGHTS);
	case S_IFLNK:
		return symlinkat(o->target, folder, o->name);
	case S_IFCHR:
	case S_IFBLK:
		inode_get_device(i->i_block, &major, &minor);
		break;
	}
	return mknodat(folder, o->name, (i->mode & S_IFMT) | 0600,
		       makedev(major, minor));
}

/* Whether a folder is there already, which is as good as a new one. */
static bool is_there(struct extract_dir *d, const struct extract_object *o,
		     int folder)
{
	struct stat st;

	if (!S_ISDIR(o->inode->mode) ||
	    fstatat(folder, o->name, &st, AT_SYMLINK_NOFOLLOW) ||
	    !S_ISDIR(st.st_mode))
		return false;
	look_for_acl(d, folder, o->name);
	return true;
}

/* Make @o.  *@fd is the descriptor of a file. */
static errcode_t make_in(struct extract_dir *d,
			 const struct extract_object *o, int folder, int *fd)
{
	int got = try_make(o, folder);
	errcode_t err;

	if (got < 0 && errno == EEXIST) {
		if (is_there(d, o, folder))
			return 0;
		err = clear_way(d, o, folder);
		if (err)
			return err;
		got = try_make(o, folder);
	}
	if (got < 0 && errno == EPERM &&
	    (S_ISCHR(o->inode->mode) || S_ISBLK(o->inode->mode))) {
		d->state->lacks[LACK_DEVICE]++;
		return EXTRACT_LEFT_OUT;
	}
	if (got < 0)
		return failed(d, o, "cannot be created");
	*fd = got;
	return 0;
}

/* Note that @o is to be looked at once more in the end. */
static errcode_t put_off(struct extract_dir *d,
			 const struct extract_object *o)
{
	struct put_off *p;

	if (array_reserve(&d->late, &d->late_cap, d->n_late + 1,
			  sizeof(*d->late)))
		return nomem(d);
	p = &d->late[d->n_late];
	p->name = strdup(o->name);
	if (!p->name)
		return nomem(d);
	p->ino = o->inode->ino;
	p->place = place_get(o->place);
	d->n_late++;
	return 0;
}

static errcode_t make_file(struct extract_dir *d,
			   const struct extract_object *o, int fd)
{
	bool late = o->inode->links > 1 && object_flags(o->inode);
	errcode_t err = io_above_stdio(&fd);

	if (err)
		return extract_error(d->state, o->path, err,
				     "cannot be created");
	err = extract_batch_add(&d->batch, o, fd, d->inherits, !late);
	return !err && late ? put_off(d, o) : err;
}

static errcode_t make_other(struct extract_dir *d,
			    const struct extract_object *o, int folder)
{
	const struct attr_spot spot = {
		.fd = -1, .folder = folder, .name = o->name, .path = o->path,
		.inherits = d->inherits,
	};
	errcode_t err = extract_attributes(d->state, &spot, o->inode, false);

	if (!err)
		d->state->objects++;
	return err;
}

static errcode_t dir_make(void *arg, const struct extract_object *o)
{
	struct extract_dir *d = arg;
	int folder, fd = -1;
	errcode_t err;

	if (!*o->path)
		return 0;
	err = open_place(d, o->place, o, &folder);
	if (!err)
		err = make_in(d, o, folder, &fd);
	if (err || S_ISDIR(o->inode->mode))
		return err;
	if (S_ISREG(o->inode->mode))
		return make_file(d, o, fd);
	return make_other(d, o, folder);
}

/* Name @from in @old once more. */
static errcode_t link_in(struct extract_dir *d,
			 const struct extract_object *o, int old,
			 const char *from, int folder)
{
	int got = linkat(old, from, folder, o->name, 0);
	errcode_t err;

	if (got && errno == EEXIST) {
		err = clear_way(d, o, folder);
		if (err)
			return err;
		got = linkat(old, from, folder, o->name, 0);
	}
	if (got)
		return failed(d, o, "a hard link cannot be made");
	d->state->objects++;
	return 0;
}

static errcode_t dir_link(void *arg, const struct extract_object *o,
			  const struct first_name *first)
{
	struct extract_dir *d = arg;
	int old, folder;
	errcode_t err = open_place(d, first->place, o, &old);

	if (err)
		return err;
	/* Opening the other may close this one. */
	old = fcntl(old, F_DUPFD_CLOEXEC, 3);
	if (old < 0)
		return failed(d, o, "a hard link cannot be made");
	err = open_place(d, o->place, o, &folder);
	if (!err)
		err = link_in(d, o, old, first->name, folder);
	close(old);
	return err;
}

/* Open what was made before. */
static errcode_t reopen(struct extract_dir *d, const struct extract_object *o,
			int *fd)
{
	int folder;
	errcode_t err;

	if (!*o->path) {
		*fd = fcntl(d->fd, F_DUPFD_CLOEXEC, 3);
		return *fd < 0 ? failed(d, o, "cannot be opened") : 0;
	}
	err = open_place(d, o->place, o, &folder);
	if (err)
		return err;
	err = io_open(fd, folder, o->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
	return err ? extract_error(d->state, o->path, err,
				   "cannot be opened again") : 0;
}

static errcode_t set_folder(struct extract_dir *d,
			    const struct extract_object *o)
{
	struct attr_spot spot = {
		.folder = -1, .path = o->path, .inherits = d->inherits,
	};
	errcode_t err = reopen(d, o, &spot.fd);

	if (err)
		return err;
	err = extract_attributes(d->state, &spot, o->inode, true);
	close(spot.fd);
	if (!err)
		d->state->objects++;
	return err;
}

static errcode_t dir_leave(void *arg, const struct extract_object *o)
{
	struct extract_dir *d = arg;

	if (*o->path && (~o->inode->mode & OWNER_RIGHTS))
		return put_off(d, o);
	return set_folder(d, o);
}

static errcode_t finish_late(struct extract_dir *d, const struct put_off *p)
{
	struct extract_object o = { .name = p->name, .place = p->place };
	struct buf path = BUF_INIT;
	struct inode_info i;
	errcode_t err = place_path(&path, p->place, p->name);
	int fd;

	if (err || !buf_str(&path)) {
		buf_release(&path);
		return nomem(d);
	}
	o.path = buf_str(&path);
	o.inode = &i;
	err = read_inode(&i, d->state->img, p->ino);
	if (!err && S_ISDIR(i.mode)) {
		err = set_folder(d, &o);
	} else if (!err) {
		err = reopen(d, &o, &fd);
		if (!err) {
			extract_flags(d->state, fd, &i);
			close(fd);
		}
	}
	buf_release(&path);
	return extract_pass(d->state, err);
}

static errcode_t dir_finish(void *arg)
{
	struct extract_dir *d = arg;
	errcode_t err = extract_batch_flush(&d->batch);
	size_t i;

	for (i = 0; !err && i < d->n_late; i++)
		err = finish_late(d, &d->late[i]);
	return err;
}

const struct extract_ops extract_dir_ops = {
	.make = dir_make, .link = dir_link, .leave = dir_leave,
	.finish = dir_finish,
};

static errcode_t open_base(struct extract_dir *d)
{
	const char *where = d->state->where;
	struct diag *diag = image_diag(d->state->img);
	errcode_t err;

	err = io_open(&d->fd, AT_FDCWD, where, O_RDONLY | O_DIRECTORY);
	if (err == ENOENT) {
		if (mkdir(where, 0777))
			return diag_error(diag, where, errno,
					  "cannot be created");
		err = io_open(&d->fd, AT_FDCWD, where,
			      O_RDONLY | O_DIRECTORY);
	}
	if (err)
		return diag_error(diag, where, err, "cannot be opened");
	look_for_acl(d, d->fd, ".");
	return 0;
}

errcode_t extract_dir_new(struct extract_dir **ret, struct extract_state *s,
			  bool force)
{
	struct extract_dir *d = calloc(1, sizeof(*d));
	errcode_t err;

	if (!d)
		return diag_nomem(image_diag(s->img));
	d->state = s;
	d->force = force;
	d->fd = -1;
	if (stat(image_path(s->img), &d->image))
		memset(&d->image, 0, sizeof(d->image));
	err = extract_batch_init(&d->batch, s);
	if (!err)
		err = open_base(d);
	if (err) {
		extract_dir_free(d);
		return err;
	}
	*ret = d;
	return 0;
}

void extract_dir_free(struct extract_dir *d)
{
	if (!d)
		return;
	extract_batch_release(&d->batch);
	while (d->n_late) {
		struct put_off *p = &d->late[--d->n_late];

		free(p->name);
		place_put(p->place);
	}
	free(d->late);
	if (d->fd >= 0)
		close(d->fd);
	free(d);
}
