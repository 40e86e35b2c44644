/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Quotas: what users, groups and projects use, counted while the inodes are
 * checked, and what the quota files say of it.  Invariant, for each kind:
 *
 *	usage of an id = sum of its inodes' clusters, and of 1 + the values
 *	with inodes of their own that each has
 *
 * over the inodes that have names; memory is one entry for each id.
 */
#ifndef E4PACK_REPORT_CHECK_QUOTA_H
#define E4PACK_REPORT_CHECK_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <et/com_err.h>

struct check;
struct check_inode;

struct quota_use {
	uint32_t id;
	bool seen;		/* the file has an entry for it */
	uint64_t inodes;	/* 0: a free place of the table */
	uint64_t clusters;
};

/* Usage by id, a hash table; zero it, or quota_uses_release(). */
struct quota_uses {
	struct quota_use *table;
	size_t n, cap;		/* in use, places: a power of 2 */
};

void quota_uses_release(struct quota_uses *u);

/* Add to what @id uses; @inodes is 1 at least.  Return: 0 or ENOMEM. */
errcode_t quota_uses_add(struct quota_uses *u, uint32_t id, uint64_t inodes,
			 uint64_t clusters);

/* Return: the entry of @id, or NULL. */
struct quota_use *quota_uses_find(const struct quota_uses *u, uint32_t id);

/* Bring the @u->n entries to the front, ascending by id; nothing is added or
 * found after that. */
void quota_uses_sort(struct quota_uses *u);

enum quota_kind { QUOTA_USER, QUOTA_GROUP, QUOTA_PROJECT, QUOTA_KINDS };

/* Count the inode @i, which was checked.  Reports.
 * Return: 0 or ENOMEM. */
errcode_t check_quota_count(struct check *c, const struct check_inode *i);

/* A pass: compare each quota file with what was counted.  Return: as a
 * pass. */
errcode_t check_quotas(struct check *c);

#endif
