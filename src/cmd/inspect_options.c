// SPDX-License-Identifier: GPL-2.0-or-later
/* The options of every command that asks an image something. */
#include "cmd/inspect_options.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/number.h"

static const char *take_extended(struct e4pack_inspect_options *o,
				 const char *value)
{
	static const char name[] = "offset=";

	if (strncmp(value, name, sizeof(name) - 1))
		return "knows offset=BYTES only";
	value += sizeof(name) - 1;
	if (strcmp(value, "0") && number_parse_size(value, &o->offset))
		return "needs a number of bytes: offset=BYTES";
	return NULL;
}

/* The columns of the terminal that the report goes to, or 0. */
static uint32_t columns(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) ||
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		return 0;
	return size.ws_col;
}

static const char *take(struct terminal *t, int opt,
			const struct inspect_syntax *syntax)
{
	struct e4pack_inspect_options *o = syntax->inspect;

	switch (opt) {
	case INSPECT_JSON:
		o->json = true;
		return NULL;
	case INSPECT_STRICT:
		o->session.strict = true;
		return NULL;
	case 'q':
		t->quiet = true;
		return NULL;
	case 'v':
		t->verbose = true;
		return NULL;
	case 'E':
		return take_extended(o, optarg);
	case ':':
		return "needs a value: see --help";
	default:
		if (opt == '?' || !syntax->take)
			return "is not an option here: see --help";
		return syntax->take(syntax->arg, opt, optarg);
	}
}

/* How the option is written that getopt gave as @opt, or refused. */
static const char *written(char out[32], const struct option *l, char **argv,
			   int opt)
{
	if (opt == '?' || opt == ':')
		opt = optopt;
	if (opt > 0 && opt < OPTION_FIRST_LONG) {
		snprintf(out, 32, "-%c", opt);
		return out;
	}
	for (; l->name; l++) {
		if (l->val == opt) {
			snprintf(out, 32, "--%s", l->name);
			return out;
		}
	}
	return argv[optind - 1];
}

static void help(const struct inspect_syntax *syntax)
{
	const struct option *l = syntax->longopts;

	while (l->name && l->val != INSPECT_JSON)
		l++;
	printf("Usage: %s\n\n%s%s%s", syntax->usage, syntax->help,
	       l->name ? INSPECT_HELP_JSON : "", INSPECT_HELP);
}

/* An empty word is a variable that was not set, more often than the root. */
static int check_paths(struct terminal *t, int n, char **operands)
{
	int i;

	for (i = 0; i < n; i++)
		if (!*operands[i])
			return terminal_usage(t, i ? "PATH" : "IMAGE",
					      "is empty%s", i ? ": the root "
					      "is /" : "");
	return 0;
}

static int check_operands(struct terminal *t, int n,
			  const struct inspect_syntax *syntax)
{
	if (n == 0)
		return terminal_usage(t, "IMAGE", "is missing: %s",
				      syntax->usage);
	if (n == 1 && syntax->paths == PATHS_SOME)
		return terminal_usage(t, "PATH", "is missing: %s",
				      syntax->usage);
	if (n > 1 && syntax->paths == PATHS_NONE)
		return terminal_usage(t, "IMAGE", "is the only argument: %s",
				      syntax->usage);
	if (n != 2 && syntax->paths == PATHS_IMAGE)
		return terminal_usage(t, "IMAGE", "two are needed: %s",
				      syntax->usage);
	return 0;
}

/* Return: 0 to go on, or an exit status plus one (1: help was shown). */
static int parse(struct terminal *t, int argc, char **argv,
		 const struct inspect_syntax *syntax)
{
	const char *shortopts = syntax->shortopts ? syntax->shortopts :
						    INSPECT_SHORT;
	const char *wrong;
	char name[32];
	int opt;

	opterr = 0;
	optind = 0;
	while ((opt = getopt_long(argc, argv, shortopts, syntax->longopts,
				  NULL)) != -1) {
		if (opt == 'h') {
			help(syntax);
			return 1 + terminal_exit(t, E4PACK_OK);
		}
		if (opt == 'V') {
			printf("e4pack %s\n", e4pack_version());
			return 1 + terminal_exit(t, E4PACK_OK);
		}
		wrong = take(t, opt, syntax);
		if (wrong)
			return 1 + terminal_usage(t, written(name,
						syntax->longopts, argv, opt),
						"%s", wrong);
	}
	return 0;
}

int inspect_command(int argc, char **argv, const struct inspect_syntax *syntax)
{
	struct terminal t;
	int status;

	terminal_init(&t, argv[0]);
	status = parse(&t, argc, argv, syntax);
	if (status)
		return status - 1;
	status = check_operands(&t, argc - optind, syntax);
	if (!status)
		status = check_paths(&t, argc - optind, argv + optind);
	if (status)
		return status;
	terminal_session(&t, &syntax->inspect->session);
	syntax->inspect->output = terminal_output;
	syntax->inspect->output_arg = &t;
	syntax->inspect->width = columns();
	return syntax->run(syntax->arg, &t, argv[optind],
			   (const char *const *)argv + optind + 1,
			   (size_t)(argc - optind - 1));
}

const char *inspect_take_follow(void *arg, int opt, const char *value)
{
	struct e4pack_tree_options *o = arg;

	(void)value;
	if (opt == 'L')
		o->follow = true;
	return NULL;
}
