// SPDX-License-Identifier: GPL-2.0-or-later
/* The add command. */
#include "cmd/cmd.h"

static const char usage[] = "e4pack add [OPTIONS] IMAGE SOURCE...";

static int add(struct build_options *b, struct terminal *t, int n,
	       char **operands)
{
	int status = build_check_options(b, t, false);

	if (status)
		return status;
	t->subject = operands[0];
	return terminal_exit(t, e4pack_add(&b->options, operands[0],
					   (const char *const *)operands + 1,
					   (size_t)n - 1));
}

int cmd_add(int argc, char **argv)
{
	static const char *const operands[] = { "IMAGE", "SOURCE", NULL };

	return build_command(argc, argv, usage, operands, add);
}
