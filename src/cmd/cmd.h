/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands share: messages, progress, output, common options. */
#ifndef E4PACK_CMD_CMD_H
#define E4PACK_CMD_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "e4pack.h"

/* The commands, one file each.  argv[0] is the command's name.
 * Return: the exit status. */
int cmd_add(int argc, char **argv);
int cmd_batch(int argc, char **argv);
int cmd_cat(int argc, char **argv);
int cmd_create(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_es(int argc, char **argv);
int cmd_extract(int argc, char **argv);
int cmd_frag(int argc, char **argv);
int cmd_journal(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_ls(int argc, char **argv);
int cmd_plan(int argc, char **argv);
int cmd_stat(int argc, char **argv);
int cmd_verify(int argc, char **argv);

/* terminal.c: where messages and progress of one command go. */
struct terminal {
	const char *command;
	const char *subject;	/* stands where a message has none, or NULL */
	bool quiet, verbose;
	bool draw;		/* progress is drawn */
	bool drawn;		/* a progress line is on the screen */
	struct timespec phase_began, last_drawn;
	const char *phase;
};

/* Begin a command: messages to standard error, progress where that is a
 * terminal. */
void terminal_init(struct terminal *t, const char *command);

/* Fill @s so that a call reports to @t, and stops when a signal came. */
void terminal_session(struct terminal *t, struct e4pack_session *s);

/* Say that an option or argument is wrong.  Return: E4PACK_USAGE. */
int terminal_usage(struct terminal *t, const char *subject, const char *fmt,
		   ...) __attribute__((format(printf, 3, 4)));

/* Take the progress line off the screen and turn @status into the exit
 * status of the command: 128 + N where signal N ended it. */
int terminal_exit(struct terminal *t, enum e4pack_status status);

/* Hand standard output what was written to it.  Return: 0 or an errno. */
long terminal_flush(struct terminal *t);

/* An e4pack_output that writes to standard output. */
long terminal_output(void *arg, const char *text, size_t len);

/* signals.c: catch the signals that end a program, so that it can clean up. */
void signals_catch(void);
extern volatile sig_atomic_t signals_caught;	/* number of the last, or 0 */

/* build_options.c: the options that create, plan, batch and add share. */
struct build_options {
	struct e4pack_options options;
	bool json;
	bool new_image, keep_going;	/* of batch */
	const char **exclude;
	struct e4pack_owner_map *uid_map, *gid_map;
};

enum { OPTION_FIRST_LONG = 256 };

/* What a command does with its operands.  Return: the exit status. */
typedef int build_run(struct build_options *b, struct terminal *t, int n,
		      char **operands);

/* A whole command with these options: parse, call @run, clean up.
 * @operands names what must follow the options, ended by NULL. */
int build_command(int argc, char **argv, const char *usage,
		  const char *const *operands, build_run *run);

/* Check that no option is set that only a new image can have, or, with
 * @new_image, only one that is there.
 * Return: 0, or the exit status after it was told. */
int build_check_options(const struct build_options *b, struct terminal *t,
			bool new_image);

/* build_values.c: the values that have a form of their own.
 * Each returns NULL, or what is wrong with the value, in words. */
const char *parse_size_option(const char *text, struct e4pack_size *ret);
const char *parse_inodes_option(const char *text, struct e4pack_inodes *ret);
const char *parse_owner(const char *text, uint32_t *uid, uint32_t *gid);
const char *parse_times(const char *text, struct e4pack_options *o);
const char *parse_journal(const char *text, struct e4pack_options *o);
const char *parse_percent(const char *text, double *ret);
const char *parse_extended(char *text, struct e4pack_options *o);

/* Append the pairs of "U1:U2,U3:U4" to *@map. */
const char *parse_owner_map(const char *text, struct e4pack_owner_map **map,
			    size_t *n);

#endif
