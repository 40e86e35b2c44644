// SPDX-License-Identifier: GPL-2.0-or-later
/* The create command. */
#include "cmd/cmd.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/number.h"

static const char usage[] = "e4pack create [OPTIONS] IMAGE SOURCE...";

static void summary(const char *image, const struct e4pack_totals *t)
{
	char human[NUMBER_HUMAN_LEN];

	printf("%s: %s, %" PRIu64 " blocks (%" PRIu64 " free), %" PRIu64
	       " files in %" PRIu64 " extents\n", image,
	       number_human(human, t->bytes), t->blocks, t->free_blocks,
	       t->files, t->extents);
}

static int create(struct build_options *b, struct terminal *t,
		  const char *image, char **sources, int n)
{
	struct e4pack_totals totals;
	enum e4pack_status status;

	t->subject = image;
	status = e4pack_create(&b->options, image,
			       (const char *const *)sources, (size_t)n,
			       &totals);
	if (status == E4PACK_OK && (b->json || t->verbose))
		status = e4pack_show_totals(&b->options.session, &totals,
					    b->json, terminal_output, t);
	else if (status == E4PACK_OK && !t->quiet)
		summary(image, &totals);
	return terminal_exit(t, status);
}

int cmd_create(int argc, char **argv)
{
	struct build_options b;
	struct terminal t;
	int status;

	terminal_init(&t, argv[0]);
	status = build_options_parse(&b, &t, argc, argv, usage);
	if (status)
		status--;
	else if (argc - optind < 2)
		status = terminal_usage(&t, argc == optind ? "IMAGE" :
					"SOURCE", "is missing: %s", usage);
	else
		status = create(&b, &t, argv[optind], argv + optind + 1,
				argc - optind - 1);
	build_options_release(&b);
	return status;
}
