// SPDX-License-Identifier: GPL-2.0-or-later
/* The batch command. */
#include "cmd/cmd.h"

#include <getopt.h>

static const char usage[] =
	"e4pack batch --new [OPTIONS] IMAGE [SCRIPT...]";

static int batch(struct build_options *b, struct terminal *t,
		 const char *image, char **scripts, int n)
{
	struct e4pack_batch_options options = {
		.build = b->options, .keep_going = b->keep_going,
		.json = b->json, .output = terminal_output, .output_arg = t,
	};

	t->subject = image;
	return terminal_exit(t, e4pack_batch_new(&options, image,
						 (const char *const *)scripts,
						 (size_t)n, NULL));
}

int cmd_batch(int argc, char **argv)
{
	struct build_options b;
	struct terminal t;
	int status;

	terminal_init(&t, argv[0]);
	status = build_options_parse(&b, &t, argc, argv, usage);
	if (status)
		status--;
	else if (argc == optind)
		status = terminal_usage(&t, "IMAGE", "is missing: %s", usage);
	else if (!b.new_image)
		status = terminal_usage(&t, argv[optind], "an image that is "
					"there cannot be edited yet: --new "
					"makes one");
	else
		status = batch(&b, &t, argv[optind], argv + optind + 1,
			       argc - optind - 1);
	build_options_release(&b);
	return status;
}
