/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The features of a file system: their names, the default set, what goes
 * together, and what this program can write. */
#ifndef E4PACK_IMAGE_FEATURES_H
#define E4PACK_IMAGE_FEATURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <et/com_err.h>

#include "base/diag.h"

struct features {
	uint32_t compat, incompat, ro_compat;	/* as in the superblock */
};

/* Debian 12's ext4 set. */
struct features features_default(void);

/* Change @f by a list as mke2fs -O takes it: "a,^b", "none" clears all.
 * Reports.  Return: 0, or E4PACK_ET_USAGE for a name that is not known,
 * cannot be written, or does not go with the others. */
errcode_t features_edit(struct features *f, const char *list,
			struct diag *diag);

/* Whether @f has the feature called @name. */
bool features_has(const struct features *f, const char *name);

/* The names of all features in @f with spaces between; bits without a name
 * as e2fsprogs gives them ("FEATURE_I31").
 * Return: a string to free(), or NULL without memory. */
char *features_names(const struct features *f);

#endif
