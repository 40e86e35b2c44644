// SPDX-License-Identifier: GPL-2.0-or-later
/* The plan command. */
#include "cmd/cmd.h"

#include <getopt.h>

static const char usage[] = "e4pack plan [OPTIONS] SOURCE...";

static int plan(struct build_options *b, struct terminal *t, char **sources,
		int n)
{
	struct e4pack_totals totals;
	enum e4pack_status status;

	status = e4pack_plan(&b->options, (const char *const *)sources,
			     (size_t)n, &totals);
	if (status == E4PACK_OK)
		status = e4pack_show_totals(&b->options.session, &totals,
					    b->json, terminal_output, t);
	return terminal_exit(t, status);
}

int cmd_plan(int argc, char **argv)
{
	struct build_options b;
	struct terminal t;
	int status;

	terminal_init(&t, argv[0]);
	status = build_options_parse(&b, &t, argc, argv, usage);
	if (status)
		status--;
	else if (argc == optind)
		status = terminal_usage(&t, "SOURCE", "is missing: %s", usage);
	else
		status = plan(&b, &t, argv + optind, argc - optind);
	build_options_release(&b);
	return status;
}
