// SPDX-License-Identifier: GPL-2.0-or-later
/* The program: finds the command and calls it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *does;
};

static const struct command commands[] = {
	{ "create", cmd_create, "a new image from directories and archives" },
	{ "plan", cmd_plan, "what create would make; nothing is written" },
	{ "add", cmd_add, "merge directories and archives into an image" },
	{ "batch", cmd_batch, "run scripts on an image, or on a new one" },
	{ "es", cmd_es, "extent status of files: lblk, len, pblk, status" },
	{ "frag", cmd_frag, "fragmentation and free space" },
	{ "diff", cmd_diff, "what differs between two images" },
	{ "info", cmd_info, "what the superblock, the journal, groups say" },
	{ "ls", cmd_ls, "the names in folders" },
	{ "stat", cmd_stat, "all attributes of a path" },
	{ "cat", cmd_cat, "the bytes of files, to standard output" },
	{ "extract", cmd_extract, "what is in it, to a folder or as a tar" },
	{ "journal", cmd_journal, "what is in the journal; --replay replays it" },
	{ "verify", cmd_verify, "whether everything in an image is right" },
};

static void help(FILE *out)
{
	size_t i;

	fputs("Usage: e4pack COMMAND [OPTIONS] IMAGE [ARGUMENTS]\n\n"
	      "Builds, edits and inspects ext4 images without mounting them.\n\n",
	      out);
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(out, "  %-8s%s\n", commands[i].name, commands[i].does);
	fputs("\n\"e4pack COMMAND --help\" tells more of each, "
	      "\"man e4pack-COMMAND\" all.\n", out);
}

/* A closed standard descriptor is taken in the wrong direction: no file that
 * is opened later gets its number, and its use fails as it should. */
static void hold_stdio(void)
{
	int fd;

	for (fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", fd ? O_RDONLY : O_WRONLY) < 0)
			return;
}

int main(int argc, char **argv)
{
	size_t i;

	hold_stdio();
	signals_catch();
	if (argc < 2) {
		help(stderr);
		return E4PACK_USAGE;
	}
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		help(stdout);
		return fflush(stdout) ? E4PACK_FAILED : E4PACK_OK;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("e4pack %s\n", e4pack_version());
		return fflush(stdout) ? E4PACK_FAILED : E4PACK_OK;
	}
	fprintf(stderr, "e4pack: %s: is not a command: see e4pack --help\n",
		argv[1]);
	return E4PACK_USAGE;
}
