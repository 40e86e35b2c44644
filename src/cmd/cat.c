// SPDX-License-Identifier: GPL-2.0-or-later
/* The cat command. */
#include "cmd/cmd.h"

#include <getopt.h>

#include "cmd/inspect_options.h"

static const struct option longopts[] = {
	{ "dereference", no_argument, NULL, 'L' },
	INSPECT_LONG_PLAIN,
	{ NULL, 0, NULL, 0 },
};

static const char help[] =
"Puts the bytes of files out, one after the other; holes are zeros.\n\n"
"  -L, --dereference     follow a symbolic link that PATH ends in\n";

static int run(void *arg, struct terminal *t, const char *image,
	       const char *const *paths, size_t n)
{
	return terminal_exit(t, e4pack_cat(arg, image, paths, n));
}

int cmd_cat(int argc, char **argv)
{
	struct e4pack_tree_options options = { 0 };
	const struct inspect_syntax syntax = {
		.shortopts = INSPECT_SHORT "L", .longopts = longopts,
		.usage = "e4pack cat [OPTIONS] IMAGE PATH...",
		.help = help, .paths = PATHS_SOME,
		.inspect = &options.inspect, .take = inspect_take_follow,
		.run = run, .arg = &options,
	};

	return inspect_command(argc, argv, &syntax);
}
