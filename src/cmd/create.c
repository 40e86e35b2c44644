// SPDX-License-Identifier: GPL-2.0-or-later
/* The create command. */
#include "cmd/cmd.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/number.h"

static const char usage[] = "e4pack create [OPTIONS] IMAGE SOURCE...";

static long summary(struct terminal *t, const char *image,
		    const struct e4pack_totals *totals)
{
	char human[NUMBER_HUMAN_LEN], *text;
	long err;
	int len;

	len = asprintf(&text, "%s: %s, %" PRIu64 " blocks (%" PRIu64
		       " free), %" PRIu64 " files in %" PRIu64 " extents\n",
		       image, number_human(human, totals->bytes),
		       totals->blocks, totals->free_blocks, totals->files,
		       totals->extents);
	if (len < 0)
		return ENOMEM;
	err = terminal_output(t, text, (size_t)len);
	free(text);
	return err;
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
	else if (status == E4PACK_OK && !t->quiet &&
		 summary(t, image, &totals))
		status = E4PACK_FAILED;
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
