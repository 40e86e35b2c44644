// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The identity of an image: a digest over the entry list without content, in
 * the order of numbers and paths, and over the options that shape it.  Its
 * first half becomes the UUID (marked as version 8, a custom one), its second
 * half the hash seed.
 *
 * What each entry has is fed as one row of bytes, and of its times only those
 * that are not its mtime:
 *
 *	0	le32	number of the folder
 *	4	le32	number, then mode, uid, gid, flags
 *	24	le64	mtime in seconds
 *	32	le32	and its nanoseconds
 *	36	u8	what follows the name: bits 0 to 3 other times, bit 4
 *			attributes
 *	37	u8	bytes of the name
 *	38		name; times as le64 and le32
 *
 * Attributes and what the type has come behind it.
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
#include "base/endian.h"
#include "base/errors.h"

/* Of one entry without its name, at most. */
enum { ENTRY_BYTES = 38 + 12 * INODE_TIMES };

enum { HAS_XATTRS = 1 << INODE_TIMES };

static void add_xattrs(struct digest *d, const struct xattr_set *set)
{
	uint32_t i;

	digest_add_u64(d, set->n);
	for (i = 0; i < set->n; i++) {
		const struct xattr *x = &set->entries[i];

		digest_add_u64(d, x->index);
		digest_add_u64(d, x->name_len);
		digest_add(d, x->name, x->name_len);
		digest_add_u64(d, x->value_len);
		digest_add(d, x->value, x->value_len);
	}
}

/* What every entry has, as bytes; @b has room for ENTRY_BYTES and the name.
 * Return: behind the last of them. */
static uint8_t *put_entry(uint8_t *b, const struct node *n)
{
	const struct tree_inode *inode = n->inode;
	const struct timestamp mtime = tree_time(inode, INODE_MTIME);
	struct timestamp t;
	uint8_t *more = b + 36;
	int i;

	put_le32(b, n->parent->inode->ino);
	put_le32(b + 4, inode->ino);
	put_le32(b + 8, inode->mode);
	put_le32(b + 12, inode->uid);
	put_le32(b + 16, inode->gid);
	put_le32(b + 20, inode->fs_flags);
	put_le64(b + 24, (uint64_t)mtime.sec);
	put_le32(b + 32, mtime.nsec);
	*more = inode->xattrs ? HAS_XATTRS : 0;
	b[37] = n->name_len;
	memcpy(b + 38, n->name, n->name_len);
	b += 38 + n->name_len;
	for (i = 0; i < INODE_TIMES; i++) {
		t = tree_time(inode, i);
		if (t.sec == mtime.sec && t.nsec == mtime.nsec)
			continue;
		*more |= 1 << i;
		put_le64(b, (uint64_t)t.sec);
		put_le32(b + 8, t.nsec);
		b += 12;
	}
	return b;
}

/* The size of a file, and where it has blocks. */
static void add_stretches(struct digest *d, const struct delayed_file *f)
{
	struct es_extent e;
	uint32_t lblk = 0;

	digest_add_u64(d, f->size);
	if (f->in_inode)
		digest_add_str(d, "inline");
	while (es_next_extent(&f->es, ES_MAPPED | ES_DELAYED, lblk, &e)) {
		digest_add_u64(d, (uint64_t)e.lblk << 32 | e.len);
		lblk = e.lblk + e.len;
	}
}

/* What only a type has. */
static void add_type(struct digest *d, const struct tree_inode *inode)
{
	switch (inode->mode & S_IFMT) {
	case S_IFREG:
		add_stretches(d, &inode->file);
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
	uint8_t bytes[ENTRY_BYTES + FORMAT_NAME_MAX];
	struct digest *d = arg;

	digest_add(d, bytes, put_entry(bytes, n) - bytes);
	if (n->inode->xattrs)
		add_xattrs(d, n->inode->xattrs);
	add_type(d, n->inode);
	return 0;
}

static void add_options(struct digest *d, const struct plan *p)
{
	const struct geometry_options *f = &p->frame;
	const struct e4pack_options *o = p->options;
	const struct e4pack_size size = plan_size(p);

	digest_add_str(d, "e4pack image 1");
	digest_add_u64(d, f->block_size);
	/* Only with bigalloc, so that no other image gets another UUID. */
	if (f->cluster_size != f->block_size)
		digest_add_u64(d, f->cluster_size);
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

	if (digest_init(&d))
		return diag_nomem(p->diag);
	add_options(&d, p);
	err = tree_walk(p->tree, add_node, &d);
	digest_final(&d, sum);
	digest_release(&d);
	if (err)
		return diag_nomem(p->diag);
	sum[6] = (uint8_t)((sum[6] & 0x0f) | 0x80);
	sum[8] = (uint8_t)((sum[8] & 0x3f) | 0x80);
	memcpy(p->frame.uuid, sum, 16);
	memcpy(p->frame.hash_seed, sum + 16, 16);
	err = given(p, o->uuid, "-U", p->frame.uuid);
	if (!err)
		err = given(p, o->hash_seed, "hash_seed", p->frame.hash_seed);
	return err;
}
