// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading scripts: bytes into lines, lines into words, words by the table of
 * verbs into commands.
 *
 * A line that is wrong is told and the next one is read, so that one run
 * tells them all; only what concerns the script as a whole ends the reading.
 */
#include "source/script.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/errors.h"
#include "base/fileio.h"
#include "source/lexer.h"
#include "source/script_line.h"

enum { READ_BYTES = 64 * 1024, MAX_ARGUMENTS = 4, SHOWN = 60 };

struct verb {
	const char *name;
	const char *syntax;
	const char *options;	/* letters; ':' after one that has a value */
	script_argument *arguments[MAX_ARGUMENTS];
	size_t optional;	/* of the last arguments, may be missing */
	script_argument *check;	/* of the whole command, NULL: none */
};

static const struct verb verbs[SCRIPT_VERBS] = {
	[SCRIPT_MKDIR] = { "mkdir", "mkdir [-p] PATH", "p",
		.arguments = { script_path } },
	[SCRIPT_PUT] = { "put", "put [-m MODE] [-o UID:GID] DATA PATH", "m:o:",
		.arguments = { script_data_word, script_file } },
	[SCRIPT_TREE] = { "tree", "tree HOSTDIR PATH", "",
		.arguments = { script_host, script_path } },
	[SCRIPT_UNTAR] = { "untar", "untar ARCHIVE PATH", "",
		.arguments = { script_archive, script_path } },
	[SCRIPT_WRITE] = { "write", "write PATH OFFSET DATA", "",
		.arguments = { script_file, script_offset, script_data_word },
		.check = script_check_write },
	[SCRIPT_APPEND] = { "append", "append PATH DATA", "",
		.arguments = { script_file, script_data_word } },
	[SCRIPT_TRUNCATE] = { "truncate", "truncate PATH SIZE", "",
		.arguments = { script_file, script_size } },
	[SCRIPT_FALLOCATE] = { "fallocate", "fallocate PATH OFFSET LEN", "",
		.arguments = { script_file, script_offset, script_length },
		.check = script_check_range },
	[SCRIPT_PUNCH] = { "punch", "punch PATH OFFSET LEN", "",
		.arguments = { script_file, script_offset, script_length },
		.check = script_check_range },
	[SCRIPT_LN] = { "ln", "ln OLD NEW", "",
		.arguments = { script_file, script_new_file } },
	[SCRIPT_SYMLINK] = { "symlink", "symlink TARGET PATH", "",
		.arguments = { script_target, script_file } },
	[SCRIPT_MKNOD] = { "mknod", "mknod PATH TYPE [MAJOR MINOR]", "",
		.arguments = { script_file, script_type, script_major,
			       script_minor },
		.optional = 2,
		.check = script_check_node },
	[SCRIPT_MKFIFO] = { "mkfifo", "mkfifo PATH", "",
		.arguments = { script_file } },
	[SCRIPT_MV] = { "mv", "mv OLD NEW", "",
		.arguments = { script_path, script_new_path } },
	[SCRIPT_RM] = { "rm", "rm [-r] PATH", "r",
		.arguments = { script_path } },
	[SCRIPT_RMDIR] = { "rmdir", "rmdir PATH", "",
		.arguments = { script_path } },
	[SCRIPT_CHMOD] = { "chmod", "chmod MODE PATH", "",
		.arguments = { script_mode, script_path } },
	[SCRIPT_CHOWN] = { "chown", "chown UID:GID PATH", "",
		.arguments = { script_owner, script_path } },
	[SCRIPT_TOUCH] = { "touch", "touch -t SEC[.NS] PATH", "t:",
		.arguments = { script_path },
		.check = script_check_touch },
	[SCRIPT_SETXATTR] = { "setxattr", "setxattr PATH NAME DATA", "",
		.arguments = { script_path, script_name, script_data_word } },
	[SCRIPT_RMXATTR] = { "rmxattr", "rmxattr PATH NAME", "",
		.arguments = { script_path, script_name } },
	[SCRIPT_CHATTR] = { "chattr", "chattr [+-=]FLAGS PATH", "",
		.arguments = { script_flags, script_path } },
	[SCRIPT_FSYNC] = { "fsync", "fsync PATH", "",
		.arguments = { script_path } },
	[SCRIPT_SYNC] = { "sync", "sync", "",
		.arguments = { NULL } },
	[SCRIPT_ES] = { "es", "es PATH", "",
		.arguments = { script_path } },
	[SCRIPT_STAT] = { "stat", "stat PATH", "",
		.arguments = { script_path } },
	[SCRIPT_DF] = { "df", "df", "",
		.arguments = { NULL } },
	[SCRIPT_LS] = { "ls", "ls PATH", "",
		.arguments = { script_path } },
	/* Its words are not arguments but one text. */
	[SCRIPT_ECHO] = { "echo", "echo TEXT", "",
		.arguments = { NULL } },
};

/* Options by their letter. */
static const struct {
	char letter;
	script_argument *set;
} options[] = {
	{ 'p', script_parents },
	{ 'r', script_recursive },
	{ 'm', script_mode },
	{ 'o', script_owner },
	{ 't', script_time },
};

const char *script_syntax(enum script_verb verb)
{
	return verbs[verb].syntax;
}

const char *script_verb_name(enum script_verb verb)
{
	return verbs[verb].name;
}

errcode_t script_wrong(const struct script_line *l, const char *word,
		       const char *fmt, ...)
{
	char *where = NULL, *what = NULL;
	size_t len = word ? strlen(word) : 0;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&what, fmt, ap) < 0)
		what = NULL;
	va_end(ap);
	if (asprintf(&where, "%s:%u", l->file, (unsigned int)l->number) < 0)
		where = NULL;
	if (word && !len)
		word = "''";
	diag_error(l->diag, where ? where : l->file, E4PACK_ET_USAGE,
		   "%.*s%s%s%s%s%s", SHOWN, word ? word : "",
		   len > SHOWN ? "..." : "", word ? " " : "",
		   what ? what : fmt, l->syntax ? "; the syntax is: " : "",
		   l->syntax ? l->syntax : "");
	free(what);
	free(where);
	return E4PACK_ET_USAGE;
}


static errcode_t find_verb(struct script_line *l, struct script_command *c,
			   const char *word)
{
	const char *near;
	int v;

	for (v = 0; v < SCRIPT_VERBS; v++) {
		if (strcmp(word, verbs[v].name))
			continue;
		c->verb = (enum script_verb)v;
		l->syntax = verbs[v].syntax;
		return 0;
	}
	near = script_suggest(word);
	if (near)
		return script_wrong(l, word, "is no verb; did you mean %s?",
				    near);
	return script_wrong(l, word, "is no verb");
}

/* The parser of the option @letter. */
static script_argument *find_option(char letter)
{
	size_t i = 0;

	while (options[i].letter != letter)
		i++;
	return options[i].set;
}

/* Parse the options at the beginning of @words; @next is the first word that
 * is none.  A verb without options takes every word as it is. */
static errcode_t read_options(const struct script_line *l,
			      struct script_command *c, char **words,
			      size_t n, size_t *next)
{
	const char *letters = verbs[c->verb].options, *at;
	errcode_t err = 0;
	size_t i = 0;

	while (!err && *letters && i < n && words[i][0] == '-') {
		const char *word = words[i++];

		if (!strcmp(word, "--"))
			break;
		at = word[1] && word[1] != ':' ? strchr(letters, word[1]) :
						 NULL;
		if (!at || word[2])
			return script_wrong(l, word, "is no option of %s",
					    verbs[c->verb].name);
		if (at[1] == ':' && i == n)
			return script_wrong(l, word, "has no value");
		if (at[1] == ':')
			word = words[i++];
		err = find_option(*at)(l, c, word);
	}
	*next = i;
	return err;
}

static errcode_t read_arguments(struct script_line *l,
				struct script_command *c, char **words,
				size_t n)
{
	const struct verb *v = &verbs[c->verb];
	size_t most = 0, i;
	errcode_t err = 0;

	while (most < MAX_ARGUMENTS && v->arguments[most])
		most++;
	l->given = n;
	if (n > most)
		return script_wrong(l, words[most], "is one argument too many");
	if (n < most - v->optional)
		return script_wrong(l, NULL, "an argument is missing");
	for (i = 0; !err && i < n; i++)
		err = v->arguments[i](l, c, words[i]);
	if (!err && v->check)
		err = v->check(l, c, words[n - 1]);
	return err;
}

static errcode_t join_words(const struct script_line *l,
			    struct script_command *c, char **words, size_t n)
{
	size_t len = 1, part, i;
	char *p;

	for (i = 0; i < n; i++)
		len += strlen(words[i]) + 1;
	p = arena_alloc(&l->script->arena, len);
	if (!p)
		return diag_nomem(l->diag);
	c->text = p;
	for (i = 0; i < n; i++) {
		part = strlen(words[i]);
		if (i)
			*p++ = ' ';
		memcpy(p, words[i], part);
		p += part;
	}
	return 0;
}

static errcode_t charge(struct script *s, uint64_t bytes, const char *file,
			struct diag *diag)
{
	/* Both are far below 2^63. */
	s->taken += bytes;
	if (s->taken <= SCRIPT_BYTES_MAX)
		return 0;
	return diag_error(diag, file, E4PACK_ET_TOO_BIG,
			  "the scripts are over 1 GiB, read and kept");
}

static errcode_t read_command(struct script_line *l, char **words, size_t n)
{
	struct script_command c = { .file = l->file, .line = l->number };
	struct script *s = l->script;
	size_t next = 0;
	errcode_t err;

	l->syntax = NULL;
	err = find_verb(l, &c, *words++);
	n--;
	if (!err && c.verb == SCRIPT_ECHO) {
		err = join_words(l, &c, words, n);
	} else if (!err) {
		err = read_options(l, &c, words, n, &next);
		if (!err)
			err = read_arguments(l, &c, words + next, n - next);
	}
	if (!err)
		err = charge(s, sizeof(c), l->file, l->diag);
	if (!err && array_reserve(&s->commands, &s->cap, s->n + 1, sizeof(c)))
		err = diag_nomem(l->diag);
	if (!err)
		s->commands[s->n++] = c;
	return err;
}

struct reader {
	struct script_line line;
	struct lexer lexer;
	struct buf begun;	/* a line whose end was not read yet */
	bool wrong;		/* a line was */
};

/* Parse one whole line.  Return: 0 also when it is wrong. */
static errcode_t take_line(struct reader *r, const char *text, size_t len)
{
	struct lexer *x = &r->lexer;
	errcode_t err;

	r->line.number++;
	r->line.syntax = NULL;
	err = lexer_split(x, text, len);
	if (err == ENOMEM)
		return diag_nomem(r->line.diag);
	if (err)
		err = script_wrong(&r->line, NULL, "%s", x->problem);
	else if (x->n_words)
		err = read_command(&r->line, x->words, x->n_words);
	if (err != E4PACK_ET_USAGE)
		return err;
	r->wrong = true;
	return 0;
}

/* Keep the beginning of a line.  Of one that is too long there is no need for
 * more than what tells that it is. */
static errcode_t begin_line(struct reader *r, const char *text, size_t len)
{
	const size_t most = LEXER_LINE_MAX + 3;

	if (len > most - r->begun.len)
		len = most - r->begun.len;
	return buf_add(&r->begun, text, len) ? diag_nomem(r->line.diag) : 0;
}

static errcode_t end_line(struct reader *r)
{
	errcode_t err = take_line(r, (char *)r->begun.data, r->begun.len);

	r->begun.len = 0;
	return err;
}

static errcode_t take_bytes(struct reader *r, const char *p, size_t len)
{
	const char *end = p + len, *newline;
	errcode_t err = 0;

	while (!err && p < end) {
		newline = memchr(p, '\n', end - p);
		if (!newline)
			return begin_line(r, p, end - p);
		newline++;
		if (r->begun.len) {
			err = begin_line(r, p, newline - p);
			if (!err)
				err = end_line(r);
		} else {
			err = take_line(r, p, newline - p);
		}
		p = newline;
	}
	return err;
}

static errcode_t read_lines(struct reader *r, int fd)
{
	const char *name = r->line.file;
	char *data = malloc(READ_BYTES);
	errcode_t err = 0;
	size_t got = 0;

	if (!data)
		return diag_nomem(r->line.diag);
	do {
		err = io_read_stoppable(fd, data, READ_BYTES, &got,
					r->line.script->progress);
		if (err && err != E4PACK_ET_INTERRUPTED)
			diag_error(r->line.diag, name, err, "cannot be read");
		if (!err)
			err = charge(r->line.script, got, name, r->line.diag);
		if (!err)
			err = take_bytes(r, data, got);
	} while (!err && got == READ_BYTES);
	if (!err && r->begun.len)
		err = end_line(r);
	free(data);
	return err;
}

void script_init(struct script *s)
{
	memset(s, 0, sizeof(*s));
	arena_init(&s->arena);
}

void script_release(struct script *s)
{
	free(s->commands);
	arena_release(&s->arena);
	script_init(s);
}

errcode_t script_read(struct script *s, const char *name, struct diag *diag)
{
	bool from_stdin = !strcmp(name, "-");
	const char *shown = from_stdin ? "standard input" : name;
	struct reader r = { .line = { .script = s, .diag = diag,
				      .from_stdin = from_stdin } };
	int fd = STDIN_FILENO;
	errcode_t err;

	if (!from_stdin) {
		err = io_open(&fd, AT_FDCWD, name, O_NOCTTY | O_NONBLOCK);
		if (err)
			return diag_error(diag, name, err,
					  "the script cannot be opened");
	}
	lexer_init(&r.lexer);
	r.line.file = arena_dup(&s->arena, shown, strlen(shown) + 1);
	err = r.line.file ? read_lines(&r, fd) : diag_nomem(diag);
	lexer_release(&r.lexer);
	buf_release(&r.begun);
	if (!from_stdin)
		close(fd);
	if (!err && r.wrong)
		err = E4PACK_ET_USAGE;
	return err;
}
