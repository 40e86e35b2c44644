/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which inode of one image is which of the other: names that are one file in
 * both images have to be one in the same way.  Kept for inodes with several
 * names only.
 */
#ifndef E4PACK_REPORT_DIFF_LINKS_H
#define E4PACK_REPORT_DIFF_LINKS_H

#include <stdbool.h>
#include <stdint.h>

#include <bsd/sys/tree.h>
#include <et/com_err.h>

#include "base/arena.h"

struct link_pair {
	RB_ENTRY(link_pair) by_ino;
	uint32_t ino;		/* in one image */
	uint32_t other;		/* in the other */
	uint32_t ways;		/* in which they differ */
};

RB_HEAD(link_pairs, link_pair);

struct diff_links {
	struct link_pairs first, second;	/* from each image's side */
	struct arena memory;
};

void diff_links_init(struct diff_links *l);
void diff_links_release(struct diff_links *l);

/* What is known of a name that is inode @a in the first and @b in the second
 * image. */
enum link_state {
	LINK_NEW,	/* neither was met; diff_links_add() it */
	LINK_SAME,	/* they were met together */
	LINK_OTHER,	/* one was met with another inode */
};

/* Look it up; with LINK_SAME @ways gets what was kept. */
enum link_state diff_links_find(const struct diff_links *l, uint32_t a,
				uint32_t b, uint32_t *ways);

/* Remember that @a and @b were met together, and the @ways in which they
 * differ.  Return: 0 or ENOMEM. */
errcode_t diff_links_add(struct diff_links *l, uint32_t a, uint32_t b,
			 uint32_t ways);

#endif
