/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A directory of the host as a source: the root, then every folder followed
 * by what is in it, names in byte order.  Nothing but regular files and
 * folders is ever opened, and no link is followed below the root.
 */
#ifndef E4PACK_SOURCE_DIR_H
#define E4PACK_SOURCE_DIR_H

#include "source/source.h"

/* Open the directory @path, or the one a link @path leads to.  What
 * @options->exclude names is not even looked at.  Reports.
 * Return: 0 with *@ret to source_free(), an errno, E4PACK_ET_USAGE or
 * ENOMEM.  Origins of its entries outlive the source. */
errcode_t dir_source_open(struct source **ret, const char *path,
			  const struct source_options *options);

#endif
