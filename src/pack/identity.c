// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The identity of an image: SHA-256 over the entry list without content, in
 * the order of numbers and paths, and over the options that shape it.  Its
 * first half becomes the UUID (marked as version 8, a custom one), its second
 * half the hash seed.
 *
 * The solved size is left out on purpose: the seed decides how names pack
 * into indexed folders, and that decides the size.
 */
#include "pack/identity.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <uuid.h>

#include "base/digest.h"
#include "base/errors.h"

static void add_xattrs(struct digest *d, const struct xattr_set *set)
{
	uint32_t i, n = set ? set->n : 0;

	digest_add_u64(d, n);
	for (i = 0; i < n; i++) {
		const struct xattr *x = &set->entries[i];

		digest_add_u64(d, x->index);
		digest_add_u64(d, x->name_len);
		digest_add(d, x->name, x->name_len);
		digest_add_u64(d, x->value_len);
		digest_add(d, x->value, x->value_len);
	}
}

static void add_inode(struct digest *d, const struct tree_inode *inode)
{
	int i;

	digest_add_u64(d, inode->ino);
	digest_add_u64(d, inode->mode);
	digest_add_u64(d, (uint64_t)inode->uid << 32 | inode->gid);
	digest_add_u64(d, inode->fs_flags);
	for (i = 0; i < INODE_TIMES; i++) {
		digest_add_u64(d, (uint64_t)inode->times[i].sec);
		digest_add_u64(d, inode->times[i].nsec);
	}
	add_xattrs(d, inode->xattrs);
	switch (inode->mode & S_IFMT) {
	case S_IFREG:
		digest_add_u64(d, inode->file.size);
		digest_add_u64(d, delayed_file_delayed_blocks(&inode->file));
		break;
	case S_IFLNK:
		digest_add_str(d, inode->link.target);
		break;
	case S_IFCHR:
	case S_IFBLK:
		digest_add_u64(d, (uint64_t)inode->dev.major << 32 |
				  inode->dev.minor);
		break;
	default:
		break;
	}
}

/* A name is fed with its folder's number, which stands for the path. */
static errcode_t add_node(void *arg, struct node *n)
{
	struct digest *d = arg;

	digest_add_u64(d, n->parent->inode->ino);
	digest_add_u64(d, n->name_len);
	digest_add(d, n->name, n->name_len);
	add_inode(d, n->inode);
	return 0;
}

static void add_options(struct digest *d, const struct plan *p)
{
	const struct geometry_options *f = &p->frame;
	const struct e4pack_options *o = p->options;
	const struct e4pack_size size = plan_size(p);

	digest_add_str(d, "e4pack image 1");
	digest_add_u64(d, f->block_size);
	digest_add_u64(d, f->inode_size);
	digest_add_u64(d, f->features.compat);
	digest_add_u64(d, f->features.incompat);
	digest_add_u64(d, f->features.ro_compat);
	digest_add_u64(d, size.kind);
	digest_add_u64(d, size.value);
	digest_add_u64(d, o->inodes.kind);
	digest_add_u64(d, o->inodes.value);
	digest_add_u64(d, o->journal_mib);
	digest_add_str(d, f->label);
}

/* A UUID as mke2fs takes it: the text form, or how to make one. */
static errcode_t given(const struct plan *p, const char *text,
		       const char *option, uint8_t out[16])
{
	if (!text)
		return 0;
	if (!strcmp(text, "clear") || !strcmp(text, "null"))
		uuid_clear(out);
	else if (!strcmp(text, "random"))
		uuid_generate_random(out);
	else if (!strcmp(text, "time"))
		uuid_generate_time(out);
	else if (uuid_parse(text, out))
		return diag_error(p->diag, option, E4PACK_ET_USAGE,
				  "\"%s\" is not a UUID", text);
	return 0;
}

errcode_t identity_settle(struct plan *p)
{
	const struct e4pack_options *o = p->options;
	uint8_t sum[DIGEST_LEN];
	struct digest d;
	errcode_t err;

	digest_init(&d);
	add_options(&d, p);
	err = tree_walk(p->tree, add_node, &d);
	if (err)
		return diag_nomem(p->diag);
	digest_final(&d, sum);
	sum[6] = (uint8_t)((sum[6] & 0x0f) | 0x80);
	sum[8] = (uint8_t)((sum[8] & 0x3f) | 0x80);
	memcpy(p->frame.uuid, sum, 16);
	memcpy(p->frame.hash_seed, sum + 16, 16);
	err = given(p, o->uuid, "-U", p->frame.uuid);
	if (!err)
		err = given(p, o->hash_seed, "hash_seed", p->frame.hash_seed);
	return err;
}
