// SPDX-License-Identifier: GPL-2.0-or-later
/* The plan command. */
#include "cmd/cmd.h"


static const char usage[] = "e4pack plan [OPTIONS] SOURCE...";

static int plan(struct build_options *b, struct terminal *t, int n,
		char **sources)
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
	static const char *const operands[] = { "SOURCE", NULL };

	return build_command(argc, argv, usage, operands, plan);
}
