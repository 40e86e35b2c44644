/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of every command that asks an image something. */
#ifndef E4PACK_CMD_INSPECT_OPTIONS_H
#define E4PACK_CMD_INSPECT_OPTIONS_H

#include <getopt.h>

#include "cmd/cmd.h"

enum {
	INSPECT_JSON = OPTION_FIRST_LONG, INSPECT_STRICT,
	INSPECT_FIRST_OWN,	/* a command's own long options begin here */
};

/* For the tables of a command. */
#define INSPECT_SHORT ":E:qvVh"
#define INSPECT_LONG						\
	{ "json", no_argument, NULL, INSPECT_JSON },		\
	INSPECT_LONG_PLAIN
#define INSPECT_LONG_PLAIN	/* of a command without JSON */	\
	{ "strict", no_argument, NULL, INSPECT_STRICT },	\
	{ "help", no_argument, NULL, 'h' },			\
	{ "version", no_argument, NULL, 'V' }

/* Their lines in the help of a command. */
#define INSPECT_HELP_JSON					\
"      --json            JSON instead of text\n"
#define INSPECT_HELP						\
"  -E offset=BYTES       where the image begins in its file\n"	\
"  -q, -v                say less, say more\n"			\
"      --strict          treat warnings as errors\n"		\
"  -V, --help            version, this help\n"

/* What a command does with an option of its own.
 * Return: NULL, or what is wrong with the value, in words. */
typedef const char *inspect_take(void *arg, int opt, const char *value);

/* The command itself, with the @n paths behind the image.
 * Return: its exit status. */
typedef int inspect_run(void *arg, struct terminal *t, const char *image,
			const char *const *paths, size_t n);

/* What follows the image. */
enum inspect_paths { PATHS_ANY, PATHS_SOME, PATHS_NONE, PATHS_IMAGE };

/* A command: how its options are told, and what it does. */
struct inspect_syntax {
	const char *shortopts;	/* INSPECT_SHORT with own ones behind it;
				 * NULL: none of its own */
	const struct option *longopts;	/* with INSPECT_LONG in them */
	const char *usage;	/* one line */
	const char *help;	/* the lines below it */
	enum inspect_paths paths;
	struct e4pack_inspect_options *inspect;	/* what all have is put
						 * there */
	inspect_take *take;	/* NULL: no options of its own */
	inspect_run *run;
	void *arg;		/* of take and run */
};

/* Parse the options, which may also follow the image, and run the command
 * that @syntax tells.  Return: the exit status. */
int inspect_command(int argc, char **argv, const struct inspect_syntax *syntax);

/* The options of commands whose only own one is -L: INSPECT_SHORT "L". */
const char *inspect_take_follow(void *arg, int opt, const char *value);

#endif
