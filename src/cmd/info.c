// SPDX-License-Identifier: GPL-2.0-or-later
/* The info command. */
#include "cmd/cmd.h"

#include <getopt.h>

#include "cmd/inspect_options.h"

enum { OPT_GROUPS = INSPECT_FIRST_OWN };

static const struct option longopts[] = {
	{ "groups", no_argument, NULL, OPT_GROUPS },
	INSPECT_LONG,
	{ NULL, 0, NULL, 0 },
};

static const char help[] =
"Shows what the superblock and the journal say.\n\n"
"      --groups          each block group, too\n";

static const char *take(void *arg, int opt, const char *value)
{
	struct e4pack_info_options *o = arg;

	(void)value;
	if (opt == OPT_GROUPS)
		o->groups = true;
	return NULL;
}

static int run(void *arg, struct terminal *t, const char *image,
	       const char *const *paths, size_t n)
{
	(void)paths;
	(void)n;
	return terminal_exit(t, e4pack_info(arg, image));
}

int cmd_info(int argc, char **argv)
{
	struct e4pack_info_options options = { 0 };
	const struct inspect_syntax syntax = {
		.longopts = longopts,
		.usage = "e4pack info [OPTIONS] IMAGE",
		.help = help, .paths = PATHS_NONE,
		.inspect = &options.inspect,
		.take = take, .run = run, .arg = &options,
	};

	return inspect_command(argc, argv, &syntax);
}
