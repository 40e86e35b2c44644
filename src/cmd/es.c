// SPDX-License-Identifier: GPL-2.0-or-later
/* The es command. */
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
	return terminal_exit(t, e4pack_es(arg, image, paths, n));
}

int cmd_es(int argc, char **argv)
{
	struct e4pack_inspect_options options = { 0 };
	const struct inspect_syntax syntax = {
		.longopts = longopts,
		.usage = "e4pack es [OPTIONS] IMAGE [PATH...]",
		.help = "Shows where the blocks of files lie, and the holes.\n\n",
		.inspect = &options, .run = run, .arg = &options,
	};

	return inspect_command(argc, argv, &syntax);
}
