/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attribute sets, each kept once: equal sets are the same pointer. */
#ifndef E4PACK_TREE_INTERN_H
#define E4PACK_TREE_INTERN_H

#include <bsd/sys/tree.h>
#include <et/com_err.h>

#include "base/arena.h"
#include "image/xattr.h"

struct interned;
RB_HEAD(intern, interned);

void intern_init(struct intern *in);

/* Take over *@set and make it the equal set that was taken before, if there
 * is one; NULL stays NULL.  The set lives until intern_release().
 * Return: 0, or ENOMEM with *@set freed. */
errcode_t intern_take(struct intern *in, struct arena *arena,
		      struct xattr_set **set);

/* Free every set. */
void intern_release(struct intern *in);

#endif
