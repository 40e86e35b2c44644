// SPDX-License-Identifier: GPL-2.0-or-later
/* Edits that find a name or make one. */
#include "tree/edit.h"

#include <errno.h>
#include <string.h>

#include "base/errors.h"
#include "tree/node.h"
#include "tree/path.h"
#include "tree/stage.h"

errcode_t edit_lookup(struct tree *t, const char *path, bool follow,
		      struct node **ret)
{
	struct path_place place;
	errcode_t err;

	err = path_place(t, t->root, path, strlen(path),
			 follow ? PATH_FOLLOW : PATH_NOFOLLOW, &place);
	if (err)
		return err;
	if (!place.node)
		return ENOENT;
	*ret = place.node;
	return 0;
}

/* Find the place of a name that is to be made and must be free. */
static errcode_t find_free(struct tree *t, const char *path, bool folder,
			   struct path_place *place)
{
	errcode_t err;

	err = path_place(t, t->root, path, strlen(path), PATH_NOFOLLOW, place);
	if (err)
		return err;
	if (place->node)
		return EEXIST;
	return place->slash && !folder ? ENOENT : 0;
}

static errcode_t make_inode(struct tree *t, const struct node *dir,
			    uint32_t type,
			    const struct edit_attributes *a,
			    struct tree_inode **ret)
{
	struct tree_inode *inode;

	if (!stage_owner_fits(a->uid, a->gid))
		return EINVAL;
	inode = inode_new(t, dir, type | (a->mode & 07777));
	if (!inode)
		return ENOMEM;
	inode->uid = a->uid;
	inode->gid = a->gid;
	stage_time(t, inode, a->time);
	*ret = inode;
	return 0;
}

/* Name @inode at @place, which is free. */
static errcode_t name_inode(struct tree *t, struct path_place *place,
			    struct tree_inode *inode)
{
	/* Without a source, a name would count as made for a child's sake. */
	if (!t->source)
		return E4PACK_ET_SEQUENCE;
	place->node = node_insert(t, place->dir, place->name, place->len,
				  inode);
	if (!place->node)
		return ENOMEM;
	inode_touch_content(t, place->dir->inode);
	inode_touch(t, inode);
	return 0;
}

/* Make an inode that has nothing but attributes, at a free place. */
static errcode_t make_plain(struct tree *t, struct path_place *place,
			    uint32_t type, const struct edit_attributes *a)
{
	struct tree_inode *inode;
	errcode_t err;

	err = make_inode(t, place->dir, type, a, &inode);
	if (!err)
		err = name_inode(t, place, inode);
	return err;
}

/* Take @n as a file whose content is going to change. */
static errcode_t open_node(struct tree *t, struct node *n,
			   struct node **ret)
{
	errcode_t err;

	if (node_is_folder(n))
		return EISDIR;
	if (!S_ISREG(n->inode->mode))
		return EINVAL;
	err = load_open(t, n->inode);
	if (err)
		return err;
	n->inode->content_changed = true;
	inode_touch_content(t, n->inode);
	tree_note_change(t, n->inode);
	*ret = n;
	return 0;
}

errcode_t edit_open(struct tree *t, const char *path, struct node **ret)
{
	struct node *n;
	errcode_t err;

	err = edit_lookup(t, path, true, &n);
	return err ? err : open_node(t, n, ret);
}

errcode_t edit_create(struct tree *t, const char *path,
		      const struct edit_attributes *a, struct node **ret)
{
	struct path_place place;
	errcode_t err;

	err = path_place(t, t->root, path, strlen(path), PATH_CREATE, &place);
	if (!err && !place.node)
		err = make_plain(t, &place, S_IFREG, a);
	return err ? err : open_node(t, place.node, ret);
}

/* Find or make the folder that is called @name in @at. */
static errcode_t make_parent(struct tree *t, struct node **at,
			     const char *name, size_t len,
			     const struct edit_attributes *a)
{
	struct path_place place;
	errcode_t err;

	err = path_place(t, *at, name, len, PATH_NOFOLLOW, &place);
	if (!err && !place.node)
		err = make_plain(t, &place, S_IFDIR, a);
	else if (!err)
		err = path_place(t, *at, name, len, PATH_FOLLOW, &place);
	if (err)
		return err;
	/* A link that leads nowhere has the name. */
	if (!place.node)
		return EEXIST;
	if (!node_is_folder(place.node))
		return name[len] ? ENOTDIR : EEXIST;
	*at = place.node;
	return 0;
}

static errcode_t make_parents(struct tree *t, const char *path,
			      const struct edit_attributes *a)
{
	struct node *at = t->root;
	errcode_t err = 0;

	while (!err && *path) {
		size_t len = strcspn(path, "/");

		err = make_parent(t, &at, path, len, a);
		path += len;
		path += strspn(path, "/");
	}
	return err;
}

errcode_t edit_mkdir(struct tree *t, const char *path, bool parents,
		     const struct edit_attributes *a)
{
	struct path_place place;
	errcode_t err;

	if (parents)
		return make_parents(t, path, a);
	err = find_free(t, path, true, &place);
	return err ? err : make_plain(t, &place, S_IFDIR, a);
}

errcode_t edit_symlink(struct tree *t, const char *target, const char *path,
		       const struct edit_attributes *a)
{
	struct edit_attributes own = *a;
	struct path_place place;
	struct tree_inode *inode;
	errcode_t err;

	if (!*target)
		return ENOENT;
	if (strlen(target) > stage_target_max(t))
		return ENAMETOOLONG;
	own.mode = 0777;
	err = find_free(t, path, false, &place);
	if (!err)
		err = make_inode(t, place.dir, S_IFLNK, &own, &inode);
	if (!err)
		err = stage_target(t, inode, target);
	if (!err)
		err = name_inode(t, &place, inode);
	return err;
}

errcode_t edit_mknod(struct tree *t, const char *path, uint32_t type,
		     uint32_t major, uint32_t minor,
		     const struct edit_attributes *a)
{
	bool device = type == S_IFCHR || type == S_IFBLK;
	struct path_place place;
	errcode_t err;

	if (!device && type != S_IFIFO && type != S_IFSOCK)
		return EINVAL;
	if (device && !stage_device_fits(major, minor))
		return EINVAL;
	err = find_free(t, path, false, &place);
	if (!err)
		err = make_plain(t, &place, type, a);
	if (!err && device) {
		place.node->inode->dev.major = major;
		place.node->inode->dev.minor = minor;
	}
	return err;
}

errcode_t edit_link(struct tree *t, const char *old, const char *new)
{
	struct path_place place;
	struct node *n;
	errcode_t err;

	err = edit_lookup(t, old, false, &n);
	if (!err)
		err = find_free(t, new, false, &place);
	if (err)
		return err;
	if (node_is_folder(n))
		return EPERM;
	if (n->inode->links >= FORMAT_LINK_MAX)
		return EMLINK;
	return name_inode(t, &place, n->inode);
}
