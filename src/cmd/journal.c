// SPDX-License-Identifier: GPL-2.0-or-later
/* The journal command. */
#include "cmd/cmd.h"

#include <getopt.h>

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

static int run(void *arg, struct terminal *t, const char *image,
	       const char *const *paths, size_t n)
{
	(void)paths;
	(void)n;
	return terminal_exit(t, e4pack_journal(arg, image));
}

int cmd_journal(int argc, char **argv)
{
	struct e4pack_journal_options options = { 0 };
	const struct inspect_syntax syntax = {
		.longopts = longopts,
		.usage = "e4pack journal [OPTIONS] IMAGE",
		.help = help, .paths = PATHS_NONE,
		.inspect = &options.inspect,
		.take = take, .run = run, .arg = &options,
	};

	return inspect_command(argc, argv, &syntax);
}
