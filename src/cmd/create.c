// SPDX-License-Identifier: GPL-2.0-or-later
/* The create command. */
#include "cmd/cmd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/number.h"

static const char usage[] = "e4pack create [OPTIONS] IMAGE SOURCE...";

/* One run of the command. */
struct creation {
	struct build_options *b;
	struct terminal *t;
	const char *image;
};

static long put_summary(const struct creation *c,
			const struct e4pack_totals *totals)
{
	char human[NUMBER_HUMAN_LEN], *text;
	long err;
	int len;

	len = asprintf(&text, "%s: %s, %" PRIu64 " blocks (%" PRIu64
		       " free), %" PRIu64 " files in %" PRIu64 " extents\n",
		       c->image, number_human(human, totals->bytes),
		       totals->blocks, totals->free_blocks, totals->files,
		       totals->extents);
	if (len < 0)
		return ENOMEM;
	err = terminal_output(c->t, text, (size_t)len);
	free(text);
	return err;
}

/* The result is told before the image gets its name: where it cannot be
 * told, the command fails, and then there must be no image. */
static long tell(void *arg, const struct e4pack_totals *totals)
{
	const struct creation *c = arg;
	long err = 0;

	if (c->b->json || c->t->verbose)
		err = e4pack_show_totals(&c->b->options.session, totals,
					 c->b->json, terminal_output, c->t) ?
			EIO : 0;
	else if (!c->t->quiet)
		err = put_summary(c, totals);
	return err ? err : terminal_flush(c->t);
}

static int create(struct build_options *b, struct terminal *t, int n,
		  char **operands)
{
	struct creation c = { b, t, operands[0] };

	t->subject = c.image;
	b->options.made = tell;
	b->options.made_arg = &c;
	return terminal_exit(t, e4pack_create(&b->options, c.image,
					      (const char *const *)operands +
					      1, (size_t)n - 1, NULL));
}

int cmd_create(int argc, char **argv)
{
	static const char *const operands[] = { "IMAGE", "SOURCE", NULL };

	return build_command(argc, argv, usage, operands, create);
}
