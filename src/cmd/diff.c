// SPDX-License-Identifier: GPL-2.0-or-later
/* The diff command. */
#include "cmd/cmd.h"

#include <getopt.h>

#include "cmd/inspect_options.h"

static const struct option longopts[] = {
	INSPECT_LONG,
	{ NULL, 0, NULL, 0 },
};

static int run(void *arg, struct terminal *t, const char *image,
	       const char *const *paths, size_t n)
{
	(void)n;
	return terminal_exit(t, e4pack_diff(arg, image, paths[0]));
}

int cmd_diff(int argc, char **argv)
{
	struct e4pack_inspect_options options = { 0 };
	const struct inspect_syntax syntax = {
		.longopts = longopts,
		.usage = "e4pack diff [OPTIONS] IMAGE IMAGE",
		.help = "Shows what differs between two images: names, content, "
			"attributes, layout,\nand how many blocks do.\n\n",
		.paths = PATHS_IMAGE,
		.inspect = &options, .run = run, .arg = &options,
	};

	return inspect_command(argc, argv, &syntax);
}
