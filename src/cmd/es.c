// SPDX-License-Identifier: GPL-2.0-or-later
/* The es command. */
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
	.usage = "e4pack es [OPTIONS] IMAGE [PATH...]",
	.help = "Shows where the blocks of files lie, and the holes.\n\n",
};

int cmd_es(int argc, char **argv)
{
	struct e4pack_inspect_options options;
	struct terminal t;
	int status;

	memset(&options, 0, sizeof(options));
	terminal_init(&t, argv[0]);
	status = inspect_parse(&options, &t, argc, argv, &syntax);
	if (status)
		return status - 1;
	return terminal_exit(&t, e4pack_es(&options, argv[optind],
				(const char *const *)argv + optind + 1,
				(size_t)(argc - optind - 1)));
}
