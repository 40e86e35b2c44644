// SPDX-License-Identifier: GPL-2.0-or-later
/* The batch command. */
#include "cmd/cmd.h"


static const char usage[] =
	"e4pack batch --new [OPTIONS] IMAGE [SCRIPT...]";

static int batch(struct build_options *b, struct terminal *t, int n,
		 char **operands)
{
	struct e4pack_batch_options options = {
		.build = b->options, .keep_going = b->keep_going,
		.json = b->json, .output = terminal_output, .output_arg = t,
	};

	int status = build_check_options(b, t, b->new_image);

	if (status)
		return status;
	t->subject = operands[0];
	if (!b->new_image)
		return terminal_exit(t, e4pack_batch(&options, operands[0],
						     (const char *const *)
						     operands + 1,
						     (size_t)n - 1));
	return terminal_exit(t, e4pack_batch_new(&options, operands[0],
						 (const char *const *)operands +
						 1, (size_t)n - 1, NULL));
}

int cmd_batch(int argc, char **argv)
{
	static const char *const operands[] = { "IMAGE", NULL };

	return build_command(argc, argv, usage, operands, batch);
}
