/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which options each of create, plan, verify, batch and add has. */
#ifndef E4PACK_CMD_BUILD_TABLE_H
#define E4PACK_CMD_BUILD_TABLE_H

#include <getopt.h>
#include <stdio.h>

#include "cmd/cmd.h"

enum {
	OPT_MAX_SIZE = OPTION_FIRST_LONG, OPT_OWNER, OPT_MAP_OWNER, OPT_TIMES,
	OPT_CLAMP, OPT_EXCLUDE, OPT_ONE_FS, OPT_UNREADABLE, OPT_VANISHED,
	OPT_DIR_LINKS, OPT_ORDER, OPT_THREADS, OPT_STRICT, OPT_PROGRESS,
	OPT_NO_PROGRESS, OPT_JSON, OPT_NO_SYNC, OPT_NEW, OPT_KEEP_GOING,
	OPT_DIRTY_LIMIT, OPT_NODELALLOC, OPT_ALLOCATOR, OPT_WHOLE_COPY,
	OPT_JOURNAL_ONLY, OPT_TRACE, OPT_TRACE_FORMAT,
};

/* Commands, as bits. */
enum {
	FOR_NEW = 1,		/* create and plan */
	FOR_BATCH = 2,
	FOR_ADD = 4,
	FOR_BUILD = FOR_NEW | FOR_BATCH,
	FOR_EDIT = FOR_BATCH | FOR_ADD,
	FOR_ALL = FOR_NEW | FOR_EDIT,
	FOR_VERIFY = 8,		/* with the options of FOR_NEW, which mean
				 * something else */
};

/* Return: the bit of the command; FOR_VERIFY comes with FOR_NEW. */
unsigned int build_table_command(const char *name);

enum { BUILD_OPTIONS_MAX = 64 };

/* Fill @out with the long options of a command, ended as getopt_long() wants
 * it.  Return: its short options. */
const char *build_table_options(struct option out[BUILD_OPTIONS_MAX],
				unsigned int command);

/* Show what the options of a command do. */
void build_table_help(unsigned int command);

/* How the user wrote the option with value @opt, or NULL for none. */
const char *build_table_name(int opt, char out[32]);

#endif
