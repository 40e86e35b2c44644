// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One walk, whatever the objects become, folder by folder: GNU tar sets the
 * time of a folder when the next member lies outside of it.  A name that
 * stands twice in its folder, and a folder that has two names, are damage:
 * the first counts.  Hard links need no look ahead: the first name in order
 * is the file, the others are links to it.
 */
#include "report/extract.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/errors.h"
#include "image/read_dir.h"
#include "image/read_link.h"
#include "report/extract_dir.h"
#include "report/extract_tar.h"
#include "report/inode_set.h"
#include "report/selection.h"
#include "report/walk.h"

struct extract {
	struct extract_state state;
	const struct extract_ops *ops;
	void *arg;		/* of @ops */
	struct selection selection;
	struct link_map links;
	struct inode_set folders;	/* met */
	struct places places;
	struct place *base;
	struct place *at;	/* the folder that the walk is in */
	struct buf last;	/* path met last */
	struct buf target;	/* of a link */
};

static errcode_t nomem(const struct extract *x)
{
	return diag_nomem(image_diag(x->state.img));
}

/* Bring x->at to the folder that @item lies in: it is there, or just entered,
 * as the walk leaves each folder it enters. */
static errcode_t follow_walk(struct extract *x, const struct walk_item *item)
{
	const char *end = strrchr(item->path, '/'), *begin;
	struct place *p;

	if (x->at->depth + 1 >= item->depth)
		return 0;
	for (begin = end; begin > item->path && begin[-1] != '/'; begin--)
		;
	p = place_new(x->at, begin, end - begin);
	if (!p)
		return nomem(x);
	place_put(x->at);
	x->at = p;
	return 0;
}

static void describe(struct extract_object *o, const struct extract *x,
		     const struct walk_item *item)
{
	memset(o, 0, sizeof(*o));
	o->path = item->path + 1;
	o->name = strrchr(item->path, '/') + 1;
	o->place = x->at;
	o->inode = item->inode;
}

/* See that the name was not met in this folder before. */
static errcode_t check_name(struct extract *x, const struct walk_item *item)
{
	bool twice = x->last.len == item->len &&
		     !memcmp(x->last.data, item->path, item->len);

	x->last.len = 0;
	if (buf_add(&x->last, item->path, item->len))
		return nomem(x);
	if (!twice)
		return 0;
	return image_bad(x->state.img, "inode %u: its name is in its folder "
			 "twice", item->inode->ino);
}

static errcode_t stop_at_first(void *arg, const struct dir_item *item)
{
	bool *found = arg;

	if (dir_item_is_dot(item))
		return 0;
	*found = true;
	return WALK_STOP;
}

/* Leave the lost+found that every file system has out while it is empty.
 * Return: EXTRACT_LEFT_OUT, 0, or as read_dir(). */
static errcode_t check_lost_found(struct extract *x,
				  const struct walk_item *item)
{
	bool found = false;
	errcode_t err;

	if (strcmp(item->path, "/lost+found") || !x->selection.all ||
	    !S_ISDIR(item->inode->mode))
		return 0;
	err = read_dir(x->state.img, item->inode, stop_at_first, &found);
	if (err && err != E4PACK_ET_BAD_IMAGE && err != WALK_STOP)
		return err;
	return err || found ? 0 : EXTRACT_LEFT_OUT;
}

/* What is encrypted cannot be given as it was.  Reports.
 * Return: EXTRACT_LEFT_OUT, or as diag_warning(). */
static errcode_t leave_encrypted(struct extract *x,
				 const struct walk_item *item)
{
	errcode_t err = diag_warning(image_diag(x->state.img), item->path,
				     "is encrypted and left out%s",
				     S_ISDIR(item->inode->mode) ?
				     ", with all that is in it" : "");

	return err ? err : EXTRACT_LEFT_OUT;
}

static errcode_t read_target(struct extract *x, struct extract_object *o)
{
	errcode_t err;

	if (!S_ISLNK(o->inode->mode))
		return 0;
	x->target.len = 0;
	err = read_link(&x->target, x->state.img, o->inode);
	if (!err && !buf_str(&x->target))
		err = nomem(x);
	o->target = (const char *)x->target.data;
	return err;
}

static errcode_t make_first(struct extract *x, struct extract_object *o)
{
	const struct inode_info *i = o->inode;
	errcode_t err = read_target(x, o);

	if (!err)
		err = x->ops->make(x->arg, o);
	if (err || S_ISDIR(i->mode) || i->links < 2)
		return err;
	return link_map_add(&x->links, i->ino, i->links, o->place, o->name) ?
	       nomem(x) : 0;
}

static errcode_t make_object(struct extract *x, struct extract_object *o)
{
	struct first_name *first = NULL;
	errcode_t err;

	if (!S_ISDIR(o->inode->mode) && o->inode->links > 1)
		first = link_map_find(&x->links, o->inode->ino);
	if (!first)
		return make_first(x, o);
	err = x->ops->link(x->arg, o, first);
	link_map_used(&x->links, first);
	return err;
}

static errcode_t check_object(struct extract *x, const struct walk_item *item)
{
	const uint64_t blocks = (uint64_t)FORMAT_MAX_LBLK + 1;
	const uint32_t bits = image_geometry(x->state.img)->block_bits;
	const struct inode_info *i = item->inode;

	if (i->flags & INODE_FLAG_ENCRYPT)
		return leave_encrypted(x, item);
	switch (i->mode & S_IFMT) {
	case S_IFREG:
		if (i->size > blocks << bits)
			return image_bad(x->state.img, "inode %u: its size of "
					 "%" PRIu64 " bytes is over what a "
					 "file can have", i->ino, i->size);
		return 0;
	case S_IFDIR:
		if (inode_set_add(&x->folders, i->ino))
			return 0;
		return image_bad(x->state.img, "folder inode %u has more "
				 "than one name", i->ino);
	case S_IFLNK:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		return 0;
	default:
		return image_bad(x->state.img, "inode %u: its type is none",
				 i->ino);
	}
}

static errcode_t take_chosen(struct extract *x, const struct walk_item *item,
			     bool above)
{
	struct extract_object o;
	errcode_t err = check_name(x, item);

	if (!err)
		err = check_lost_found(x, item);
	if (!err)
		err = check_object(x, item);
	if (err || (above && item->depth == 0))
		return err;
	err = follow_walk(x, item);
	if (err)
		return err;
	describe(&o, x, item);
	return make_object(x, &o);
}

static errcode_t enter(void *arg, const struct walk_item *item)
{
	struct extract *x = arg;
	enum selected selected;
	errcode_t err = 0;

	if (x->state.progress)
		err = progress_add(x->state.progress, 1);
	if (err)
		return err;
	selected = selection_of(&x->selection, item->path, item->len);
	if (selected == SELECTED_NOT)
		return WALK_PRUNE;
	err = take_chosen(x, item, selected == SELECTED_ABOVE);
	if (err == E4PACK_ET_BAD_IMAGE || err == EXTRACT_LEFT_OUT) {
		extract_pass(&x->state, err);
		return S_ISDIR(item->inode->mode) ? WALK_PRUNE : 0;
	}
	return err;
}

static errcode_t leave(void *arg, const struct walk_item *item)
{
	struct extract *x = arg;
	struct extract_object o;
	struct place *p = x->at;

	if (item->depth && p->depth == item->depth) {
		x->at = place_get(p->parent);
		place_put(p);
	}
	if (!x->ops->leave ||
	    (item->depth == 0 && !x->selection.all))
		return 0;
	describe(&o, x, item);
	return extract_pass(&x->state, x->ops->leave(x->arg, &o));
}

/* Tell once for each kind what is not as it is in the image. */
static errcode_t tell_lacks(struct extract *x)
{
	static const struct {
		const char *what, *happened;
	} texts[EXTRACT_LACKS] = {
		[LACK_OWNER] = { "owner", "could not be set" },
		[LACK_SET_ID] = { "set-user-ID or set-group-ID mode",
				  "left out with the owner" },
		[LACK_MODE] = { "mode", "could not be set" },
		[LACK_TIME] = { "time", "could not be set" },
		[LACK_DEVICE] = { "device", "could not be made" },
		[LACK_SOCKET] = { "socket", "left out: an archive has none" },
		[LACK_ACL] = { "ACL", "could not be set" },
		[LACK_TRUSTED] = { "trusted attribute", "could not be set" },
		[LACK_SECURITY] = { "security attribute", "could not be set" },
		[LACK_XATTR] = { "extended attribute", "could not be set" },
		[LACK_FLAGS] = { "file flag", "could not be set" },
	};
	errcode_t err = 0;
	size_t i;

	for (i = 0; i < EXTRACT_LACKS; i++) {
		if (!x->state.lacks[i])
			continue;
		if (diag_warning(image_diag(x->state.img), x->state.where,
				 "%" PRIu64 " %s%s %s", x->state.lacks[i],
				 texts[i].what,
				 x->state.lacks[i] == 1 ? "" : "s",
				 texts[i].happened))
			err = E4PACK_ET_STRICT;
	}
	return err;
}

static errcode_t run(struct extract *x)
{
	const struct walk_visitor v = {
		.enter = enter, .leave = leave, .arg = x, .nested = true,
	};
	struct inode_info root;
	errcode_t err = read_inode(&root, x->state.img, FORMAT_ROOT_INO);

	if (!err && !S_ISDIR(root.mode))
		err = image_bad(x->state.img, "its root is no folder");
	if (!err)
		err = extract_pass(&x->state,
				   walk_tree(x->state.img, "/", &root, &v));
	if (!err && x->ops->finish)
		err = x->ops->finish(x->arg);
	return err ? err : tell_lacks(x);
}

static errcode_t run_from_base(struct extract *x, int fd)
{
	errcode_t err;

	x->base = places_init(&x->places, fd);
	if (!x->base)
		return nomem(x);
	x->at = place_get(x->base);
	err = run(x);
	place_put(x->at);
	return err;
}

static errcode_t to_archive(struct extract *x,
			    const struct extract_options *o)
{
	struct extract_tar *tar = NULL;
	errcode_t err;

	err = extract_tar_new(&tar, &x->state, o->sink, o->sink_arg);
	x->ops = &extract_tar_ops;
	x->arg = tar;
	if (!err)
		err = run_from_base(x, -1);
	extract_tar_free(tar);
	return err;
}

/* Say how much there is, when the work ended early. */
static void tell_rest(const struct extract *x)
{
	diag_note(image_diag(x->state.img), DIAG_NOTE, x->state.where,
		  "stopped: objects that are whole: %" PRIu64 ", that were "
		  "not and are removed: %" PRIu64 "; folders on the way have "
		  "no attributes yet", x->state.objects, x->state.undone);
}

static errcode_t to_folder(struct extract *x, const struct extract_options *o)
{
	struct extract_dir *dir = NULL;
	errcode_t err = extract_dir_new(&dir, &x->state, o->force);
	bool began = !err;

	x->ops = &extract_dir_ops;
	x->arg = dir;
	if (!err)
		err = run_from_base(x, extract_dir_fd(dir));
	extract_dir_free(dir);
	if (began && err && err != E4PACK_ET_STRICT)
		tell_rest(x);
	return err;
}

errcode_t report_extract(struct image *img, const struct extract_options *o)
{
	struct extract x = {
		.state = {
			.img = img, .progress = o->progress,
			.where = o->directory ? o->directory : o->archive,
			.budget = image_geometry(img)->blocks,
		},
	};
	errcode_t err = inode_set_init(&x.folders, img);

	if (!err)
		err = extract_pass(&x.state,
				   selection_init(&x.selection, img, o->paths,
						  o->n_paths));
	if (!err && o->progress)
		progress_begin(o->progress, "extract", 0);
	if (!err)
		err = o->directory ? to_folder(&x, o) : to_archive(&x, o);
	link_map_release(&x.links);
	place_put(x.base);
	selection_release(&x.selection);
	inode_set_release(&x.folders);
	buf_release(&x.last);
	buf_release(&x.target);
	return !err && x.state.damaged ? E4PACK_ET_BAD_IMAGE : err;
}
