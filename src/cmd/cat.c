// SPDX-License-Identifier: GPL-2.0-or-later
/* The cat command. */
#include "cmd/cmd.h"

#include <getopt.h>
#include <string.h>

#include "cmd/inspect_options.h"

static const struct option longopts[] = {
	{ "dereference", no_argument, NULL, 'L' },
	INSPECT_LONG_PLAIN,
	{ NULL, 0, NULL, 0 },
};

static const char help[] =
"Puts the bytes of files out, one after the other; holes are zeros.\n\n"
"  -L, --dereference     follow a symbolic link that PATH ends in\n";

static const char *take(void *arg, int opt, const char *value)
{
	struct e4pack_tree_options *o = arg;

	(void)value;
	if (opt == 'L')
		o->follow = true;
	return NULL;
}

int cmd_cat(int argc, char **argv)
{
	struct e4pack_tree_options options;
	const struct inspect_syntax syntax = {
		.shortopts = INSPECT_SHORT "L", .longopts = longopts,
		.usage = "e4pack cat [OPTIONS] IMAGE PATH...",
		.help = help, .paths = PATHS_SOME,
		.take = take, .arg = &options,
	};
	struct terminal t;
	int status;

	memset(&options, 0, sizeof(options));
	terminal_init(&t, argv[0]);
	status = inspect_parse(&options.inspect, &t, argc, argv, &syntax);
	if (status)
		return status - 1;
	return terminal_exit(&t, e4pack_cat(&options, argv[optind],
				(const char *const *)argv + optind + 1,
				(size_t)(argc - optind - 1)));
}
