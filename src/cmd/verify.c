// SPDX-License-Identifier: GPL-2.0-or-later
/* The verify command. */
#include "cmd/cmd.h"

#include <getopt.h>
#include <string.h>

#include "cmd/inspect_options.h"

static const struct option longopts[] = {
	INSPECT_LONG,
	{ NULL, 0, NULL, 0 },
};

static const char help[] =
"Checks every checksum, count and structure; exit 3 when something is wrong."
"\n\n";

int cmd_verify(int argc, char **argv)
{
	struct e4pack_inspect_options options;
	const struct inspect_syntax syntax = {
		.longopts = longopts,
		.usage = "e4pack verify [OPTIONS] IMAGE",
		.help = help,
	};
	struct terminal t;
	int status;

	memset(&options, 0, sizeof(options));
	terminal_init(&t, argv[0]);
	status = inspect_parse(&options, &t, argc, argv, &syntax);
	if (status)
		return status - 1;
	if (argc - optind > 1)
		return terminal_usage(&t, argv[optind + 1],
				      "is too much: there is one image");
	return terminal_exit(&t, e4pack_verify(&options, argv[optind]));
}
