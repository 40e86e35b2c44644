// SPDX-License-Identifier: GPL-2.0-or-later
/* The diff command. */
#include "cmd/cmd.h"

#include <getopt.h>
#include <string.h>

#include "cmd/inspect_options.h"

static const struct option longopts[] = {
	INSPECT_LONG,
	{ NULL, 0, NULL, 0 },
};

static const struct inspect_syntax syntax = {
	.longopts = longopts,
	.usage = "e4pack diff [OPTIONS] IMAGE IMAGE",
	.help = "Shows what differs between two images: names, content, "
		"attributes, layout,\nand how many blocks do.\n\n",
};

int cmd_diff(int argc, char **argv)
{
	struct e4pack_inspect_options options;
	struct terminal t;
	int status;

	memset(&options, 0, sizeof(options));
	terminal_init(&t, argv[0]);
	status = inspect_parse(&options, &t, argc, argv, &syntax);
	if (status)
		return status - 1;
	if (argc - optind != 2)
		return terminal_usage(&t, "IMAGE", "two are needed: %s",
				      syntax.usage);
	return terminal_exit(&t, e4pack_diff(&options, argv[optind],
					     argv[optind + 1]));
}
