// SPDX-License-Identifier: GPL-2.0-or-later
/* The verify command; it takes the command line of create. */
#include "cmd/cmd.h"

static const char usage[] = "e4pack verify [OPTIONS] IMAGE [SOURCE...]";

static int verify(struct build_options *b, struct terminal *t, int n,
		  char **operands)
{
	const struct e4pack_verify_options options = {
		.build = b->options, .json = b->json,
		.output = terminal_output, .output_arg = t,
	};

	return terminal_exit(t, e4pack_verify(&options, operands[0],
				(const char *const *)operands + 1,
				(size_t)n - 1));
}

int cmd_verify(int argc, char **argv)
{
	static const char *const operands[] = { "IMAGE", NULL };

	return build_command(argc, argv, usage, operands, verify);
}
