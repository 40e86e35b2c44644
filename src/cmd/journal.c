// SPDX-License-Identifier: GPL-2.0-or-later
/* The journal command. */
#include "cmd/cmd.h"

#include <getopt.h>
#include <string.h>

#include "cmd/inspect_options.h"

enum { OPT_REPLAY = INSPECT_FIRST_OWN };

static const struct option longopts[] = {
	{ "replay", no_argument, NULL, OPT_REPLAY },
	INSPECT_LONG,
	{ NULL, 0, NULL, 0 },
};

static const char help[] =
"Shows the journal: its transactions, and what each block in it is.\n\n"
"      --replay          replay it, as a mount would; the image is written\n";

static const char *take(void *arg, int opt, const char *value)
{
	struct e4pack_journal_options *o = arg;

	(void)opt;
	(void)value;
	o->replay = true;
	return NULL;
}

int cmd_journal(int argc, char **argv)
{
	struct e4pack_journal_options options;
	const struct inspect_syntax syntax = {
		.longopts = longopts,
		.usage = "e4pack journal [OPTIONS] IMAGE",
		.help = help, .take = take, .arg = &options,
	};
	struct terminal t;
	int status;

	memset(&options, 0, sizeof(options));
	terminal_init(&t, argv[0]);
	status = inspect_parse(&options.inspect, &t, argc, argv, &syntax);
	if (status)
		return status - 1;
	if (argc - optind > 1)
		return terminal_usage(&t, argv[optind + 1],
				      "is too much: there is one image");
	return terminal_exit(&t, e4pack_journal(&options, argv[optind]));
}
