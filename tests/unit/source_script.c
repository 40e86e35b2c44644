// SPDX-License-Identifier: GPL-2.0-or-later
/* Scripts as text: every verb, good and bad, and what ends lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/errors.h"
#include "source/lexer.h"
#include "source/script.h"

/* What one run over a script gave. */
struct run {
	struct script script;
	struct diag diag;
	errcode_t err;
	char path[64];
	char told[4096];	/* each message after another: "3: text\n" */
};

/* Names of the scratch file differ: only the line is kept. */
static void record(void *arg, enum diag_level level, const char *subject,
		   const char *text)
{
	struct run *r = arg;
	size_t len = strlen(r->told), prefix = strlen(r->path);

	(void)level;
	if (subject && !strncmp(subject, r->path, prefix))
		subject += prefix + (subject[prefix] == ':');
	snprintf(r->told + len, sizeof(r->told) - len, "%s: %s\n",
		 subject ? subject : "", text);
}

static void begin(struct run *r)
{
	memset(r, 0, sizeof(*r));
	strcpy(r->path, "/tmp/e4pack-test-XXXXXX");
	diag_init(&r->diag, record, r);
	script_init(&r->script);
}

static int make_script(struct run *r)
{
	int fd = mkstemp(r->path);

	assert_true(fd >= 0);
	return fd;
}

/* Read the script of @len bytes at @text. */
static void read_bytes(struct run *r, const char *text, size_t len)
{
	int fd;

	begin(r);
	fd = make_script(r);
	assert_int_equal(write(fd, text, len), len);
	close(fd);
	r->err = script_read(&r->script, r->path, &r->diag);
	unlink(r->path);
}

static void read_text(struct run *r, const char *text)
{
	read_bytes(r, text, strlen(text));
}

static void end(struct run *r)
{
	script_release(&r->script);
	diag_release(&r->diag);
}

/* Append to the string of @cap bytes. */
static void add(char *out, size_t cap, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void add(char *out, size_t cap, const char *fmt, ...)
{
	size_t len = strlen(out);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(out + len, cap - len, fmt, ap);
	va_end(ap);
}

static void add_data(char *out, size_t cap, const struct script_data *d)
{
	static const char *const kinds[] = { "host", "part", "text", "zero",
					     "random" };

	/* A host file that no word names is the empty state. */
	if (d->kind == SCRIPT_DATA_HOST && !d->name)
		return;
	add(out, cap, " %s", kinds[d->kind]);
	if (d->name)
		add(out, cap, " <%s>", d->name);
	if (d->text)
		add(out, cap, " \"%s\"", d->text);
	if (d->text)
		assert_int_equal(d->len, strlen(d->text));
	if (d->seed)
		add(out, cap, " seed=%" PRIu64, d->seed);
	if (d->offset)
		add(out, cap, " at=%" PRIu64, d->offset);
	if (d->len)
		add(out, cap, " len=%" PRIu64, d->len);
}

/* Everything that is set in @c, in the order of its members. */
static void show(const struct script_command *c, char *out, size_t cap)
{
	snprintf(out, cap, "%s", script_verb_name(c->verb));
	if (c->path)
		add(out, cap, " <%s>", c->path);
	if (c->path2)
		add(out, cap, " <%s>", c->path2);
	if (c->offset)
		add(out, cap, " offset=%" PRIu64, c->offset);
	if (c->size)
		add(out, cap, " size=%" PRIu64, c->size);
	if (c->has_mode)
		add(out, cap, " mode=%o", (unsigned int)c->mode);
	if (c->has_owner)
		add(out, cap, " owner=%u:%u", c->uid, c->gid);
	if (c->type)
		add(out, cap, " type=%o", (unsigned int)c->type);
	if (c->major || c->minor)
		add(out, cap, " device=%u:%u", c->major, c->minor);
	if (c->parents)
		add(out, cap, " parents");
	if (c->recursive)
		add(out, cap, " recursive");
	if (c->flag_op)
		add(out, cap, " %c%x", c->flag_op, (unsigned int)c->flags);
	if (c->has_time)
		add(out, cap, " time=%" PRId64 ".%09u", c->time.sec,
		    (unsigned int)c->time.nsec);
	if (c->name)
		add(out, cap, " name=%s", c->name);
	if (c->text)
		add(out, cap, " text=\"%s\"", c->text);
	add_data(out, cap, &c->data);
}

struct good_case {
	const char *line, *shown;
};

static const struct good_case good[] = {
	{ "mkdir a", "mkdir <a>" },
	{ "mkdir /", "mkdir <>" },
	{ "mkdir -p //a/./b/", "mkdir <a/b> parents" },
	{ "mkdir -p -p a", "mkdir <a> parents" },
	{ "mkdir -- -p", "mkdir <-p>" },
	{ "mkdir /-p", "mkdir <-p>" },
	{ "put f /a", "put <a> host <f>" },
	{ "put -m 4755 -o 1:2 f a", "put <a> mode=4755 owner=1:2 host <f>" },
	{ "put -o 4294967294:0 =x a",
	  "put <a> owner=4294967294:0 text \"x\" len=1" },
	{ "put -m 0 = a", "put <a> mode=0 text \"\"" },
	{ "put ./=x a", "put <a> host <./=x>" },
	{ "put ./zero:1 a", "put <a> host <./zero:1>" },
	{ "put /abs/f a", "put <a> host </abs/f>" },
	{ "put 'a b' 'c d'", "put <c d> host <a b>" },
	{ "put part:1:2:f a", "put <a> part <f> at=1 len=2" },
	{ "put part:1K:2M:a:b a", "put <a> part <a:b> at=1024 len=2097152" },
	{ "put part:0:0:f a", "put <a> part <f>" },
	{ "put part:9223372036854775806:1:f a",
	  "put <a> part <f> at=9223372036854775806 len=1" },
	{ "put partial a", "put <a> host <partial>" },
	{ "tree d /", "tree <> <d>" },
	{ "tree ../d/ a/", "tree <a> <../d/>" },
	{ "untar f.tar a", "untar <a> <f.tar>" },
	{ "untar - a", "untar <a> <->" },
	{ "write a 0 =x", "write <a> text \"x\" len=1" },
	{ "write a 4K zero:1G", "write <a> offset=4096 zero len=1073741824" },
	{ "write a 000K zero:0", "write <a> zero" },
	{ "write a 7 random:0:1",
	  "write <a> offset=7 random len=1" },
	{ "write a 7 random:18446744073709551615:3k",
	  "write <a> offset=7 random seed=18446744073709551615 len=3072" },
	{ "write a 9223372036854775807 f",
	  "write <a> offset=9223372036854775807 host <f>" },
	{ "write a 9223372036854775806 =x",
	  "write <a> offset=9223372036854775806 text \"x\" len=1" },
	{ "append a/b '=x y'", "append <a/b> text \"x y\" len=3" },
	{ "append a =part:1:2:f", "append <a> text \"part:1:2:f\" len=10" },
	{ "truncate a 0", "truncate <a>" },
	{ "truncate a 7t", "truncate <a> size=7696581394432" },
	{ "fallocate a 0 1", "fallocate <a> size=1" },
	{ "fallocate a 9223372036854775806 1",
	  "fallocate <a> offset=9223372036854775806 size=1" },
	{ "punch a 1K 1M", "punch <a> offset=1024 size=1048576" },
	{ "ln a b", "ln <a> <b>" },
	{ "symlink ../x//y/. a", "symlink <a> <../x//y/.>" },
	{ "symlink '#' a", "symlink <a> <#>" },
	{ "mknod a b 4095 1048575",
	  "mknod <a> type=60000 device=4095:1048575" },
	{ "mknod a c 1 3", "mknod <a> type=20000 device=1:3" },
	{ "mknod a c 0 0", "mknod <a> type=20000" },
	{ "mknod a p", "mknod <a> type=10000" },
	{ "mknod a s", "mknod <a> type=140000" },
	{ "mkfifo a", "mkfifo <a>" },
	{ "mv a/ b/", "mv <a> <b>" },
	{ "rm a", "rm <a>" },
	{ "rm -r /", "rm <> recursive" },
	{ "rm -- -r", "rm <-r>" },
	{ "rmdir a/", "rmdir <a>" },
	{ "rmdir -p", "rmdir <-p>" },
	{ "chmod 07777 a", "chmod <a> mode=7777" },
	{ "chmod 0 .", "chmod <> mode=0" },
	{ "chown 0:0 a", "chown <a> owner=0:0" },
	{ "chown 007:4294967294 a", "chown <a> owner=7:4294967294" },
	{ "touch -t 0 a", "touch <a> time=0.000000000" },
	{ "touch -t 1.5 a", "touch <a> time=1.500000000" },
	{ "touch -t 1.000000001 a", "touch <a> time=1.000000001" },
	{ "touch -t -1 a", "touch <a> time=-1.000000000" },
	{ "touch -t -0.25 a", "touch <a> time=-1.750000000" },
	{ "touch -t -1.999999999 a", "touch <a> time=-2.000000001" },
	{ "touch -t -2.0 a", "touch <a> time=-2.000000000" },
	{ "touch -t 9223372036854775807.999999999 a",
	  "touch <a> time=9223372036854775807.999999999" },
	{ "touch -t -9223372036854775807.1 a",
	  "touch <a> time=-9223372036854775808.900000000" },
	{ "setxattr a user.x =v", "setxattr <a> name=user.x text \"v\" len=1" },
	{ "setxattr / user.x =", "setxattr <> name=user.x text \"\"" },
	{ "rmxattr a user.x", "rmxattr <a> name=user.x" },
	{ "chattr +i a", "chattr <a> +10" },
	{ "chattr -aAdDST a", "chattr <a> -300e8" },
	{ "chattr = a", "chattr <a> =0" },
	{ "chattr =dd a", "chattr <a> =40" },
	{ "fsync a", "fsync <a>" },
	{ "sync", "sync" },
	{ "es a", "es <a>" },
	{ "stat /", "stat <>" },
	{ "df", "df" },
	{ "ls a/", "ls <a>" },
	{ "echo", "echo text=\"\"" },
	{ "echo a", "echo text=\"a\"" },
	{ "echo -n  a\t'b  c' # d", "echo text=\"-n a b  c\"" },
	{ "echo '' ''", "echo text=\" \"" },
	{ "\t mkdir\ta # b", "mkdir <a>" },
	{ "'mk'dir \"a\"", "mkdir <a>" },
};

static void good_commands(void **state)
{
	bool seen[SCRIPT_VERBS] = { false };
	char shown[512];
	struct run r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		read_text(&r, good[i].line);
		assert_string_equal(r.told, "");
		assert_int_equal(r.err, 0);
		assert_int_equal(r.script.n, 1);
		assert_int_equal(r.script.commands[0].line, 1);
		assert_string_equal(r.script.commands[0].file, r.path);
		show(&r.script.commands[0], shown, sizeof(shown));
		assert_string_equal(shown, good[i].shown);
		seen[r.script.commands[0].verb] = true;
		end(&r);
	}
	for (i = 0; i < SCRIPT_VERBS; i++)
		assert_true(seen[i]);
}

/* The flags are what chattr(1) calls them. */
static void flags(void **state)
{
	static const struct {
		const char *line;
		uint32_t flag;
	} cases[] = {
		{ "chattr =a f", FS_APPEND_FL },
		{ "chattr =A f", FS_NOATIME_FL },
		{ "chattr =d f", FS_NODUMP_FL },
		{ "chattr =D f", FS_DIRSYNC_FL },
		{ "chattr =i f", FS_IMMUTABLE_FL },
		{ "chattr =S f", FS_SYNC_FL },
		{ "chattr =T f", FS_TOPDIR_FL },
	};
	struct run r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		read_text(&r, cases[i].line);
		assert_int_equal(r.err, 0);
		assert_int_equal(r.script.commands[0].flags, cases[i].flag);
		end(&r);
	}
}

/* What is told stands before "; the syntax is: " and the verb's syntax. */
static const struct good_case bad[] = {
	{ "mkdir", "an argument is missing" },
	{ "mkdir a b", "b is one argument too many" },
	{ "mkdir -r a", "-r is no option of mkdir" },
	{ "mkdir -pp a", "-pp is no option of mkdir" },
	{ "mkdir - a", "- is no option of mkdir" },
	{ "mkdir -: a", "-: is no option of mkdir" },
	{ "mkdir ''", "'' is no path" },
	{ "mkdir a/../b", "a/../b has a component .." },
	{ "mkdir ..", ".. has a component .." },
	{ "put f", "an argument is missing" },
	{ "put f a b", "b is one argument too many" },
	{ "put f a/", "a/ is the name of a folder" },
	{ "put f /", "/ is the name of a folder" },
	{ "put f a/.", "a/. is the name of a folder" },
	{ "put f .", ". is the name of a folder" },
	{ "put -m f a", "f is no octal mode up to 7777" },
	{ "put -m 10000 f a", "10000 is no octal mode up to 7777" },
	{ "put f a -m", "-m is one argument too many" },
	{ "put -m", "-m has no value" },
	{ "put -o 1 f a", "1 is no UID:GID, numbers up to 4294967294" },
	{ "put '' a", "'' is no data" },
	{ "put part: a", "part: is no part:OFFSET:LEN:HOSTFILE" },
	{ "put part:1:2 a", "part:1:2 is no part:OFFSET:LEN:HOSTFILE" },
	{ "put part:1:2: a", "part:1:2: is no part:OFFSET:LEN:HOSTFILE" },
	{ "put part::2:f a", "part::2:f is no part:OFFSET:LEN:HOSTFILE" },
	{ "put part:1:-2:f a", "part:1:-2:f is no part:OFFSET:LEN:HOSTFILE" },
	{ "put part:9223372036854775807:1:f a",
	  "part:9223372036854775807:1:f is no part:OFFSET:LEN:HOSTFILE" },
	{ "put zero: a", "zero: is no zero:LEN" },
	{ "put zero:1x a", "zero:1x is no zero:LEN" },
	{ "put zero:1Kb a", "zero:1Kb is no zero:LEN" },
	{ "put zero:9223372036854775808 a",
	  "zero:9223372036854775808 is no zero:LEN" },
	{ "put random:1 a", "random:1 is no random:SEED:LEN" },
	{ "put random::1 a", "random::1 is no random:SEED:LEN" },
	{ "put random:1: a", "random:1: is no random:SEED:LEN" },
	{ "put random:18446744073709551616:1 a",
	  "random:18446744073709551616:1 is no random:SEED:LEN" },
	{ "put random:000000000000000000000000000000001:1 a",
	  "random:000000000000000000000000000000001:1 is no random:SEED:LEN" },
	{ "tree d", "an argument is missing" },
	{ "tree '' a", "'' is no name on the host" },
	{ "tree d a/../..", "a/../.. has a component .." },
	{ "untar", "an argument is missing" },
	{ "untar '' a", "'' is no name on the host" },
	{ "write a 0", "an argument is missing" },
	{ "write a 0 =x y", "y is one argument too many" },
	{ "write a/ 0 =x", "a/ is the name of a folder" },
	{ "write a x =x", "x is no offset in bytes" },
	{ "write a -1 =x", "-1 is no offset in bytes" },
	{ "write a 1.5K =x", "1.5K is no offset in bytes" },
	{ "write a 0x10 =x", "0x10 is no offset in bytes" },
	{ "write a '' =x", "'' is no offset in bytes" },
	{ "write a K =x", "K is no offset in bytes" },
	{ "write a 9223372036854775808 =x",
	  "9223372036854775808 is over 2^63-1" },
	{ "write a 99999999T =x", "99999999T is over 2^63-1" },
	{ "write a 9223372036854775807 =x", "the data ends over 2^63-1" },
	{ "write a 1 zero:9223372036854775807", "the data ends over 2^63-1" },
	{ "append a", "an argument is missing" },
	{ "append a b c", "c is one argument too many" },
	{ "truncate a", "an argument is missing" },
	{ "truncate a ten", "ten is no size in bytes" },
	{ "truncate a 1KK", "1KK is no size in bytes" },
	{ "fallocate a 0", "an argument is missing" },
	{ "fallocate a 0 0", "0 is no length: it must not be 0" },
	{ "fallocate a 0 0K", "0K is no length: it must not be 0" },
	{ "fallocate a 0 x", "x is no length in bytes" },
	{ "fallocate a 9223372036854775807 1", "OFFSET + LEN is over 2^63-1" },
	{ "punch a 0 0", "0 is no length: it must not be 0" },
	{ "punch a 1 9223372036854775807", "OFFSET + LEN is over 2^63-1" },
	{ "ln a", "an argument is missing" },
	{ "ln -s a b", "b is one argument too many" },
	{ "ln a b/", "b/ is the name of a folder" },
	{ "ln a/ b", "a/ is the name of a folder" },
	{ "ln a b/..", "b/.. has a component .." },
	{ "symlink '' a", "'' is no target" },
	{ "symlink a b/", "b/ is the name of a folder" },
	{ "mknod a", "an argument is missing" },
	{ "mknod a d", "d is no type: b, c, p or s" },
	{ "mknod a bb 1 2", "bb is no type: b, c, p or s" },
	{ "mknod a '' 1 2", "'' is no type: b, c, p or s" },
	{ "mknod a b", "a device needs two numbers" },
	{ "mknod a c 1", "a device needs two numbers" },
	{ "mknod a p 1", "1 is a number; only devices have them" },
	{ "mknod a s 1 2", "2 is a number; only devices have them" },
	{ "mknod a b 4096 0", "4096 is no number up to 4095" },
	{ "mknod a b 0 1048576", "1048576 is no number up to 1048575" },
	{ "mknod a b x 0", "x is no number up to 4095" },
	{ "mknod a b 0 0 0", "0 is one argument too many" },
	{ "mkfifo a b", "b is one argument too many" },
	{ "mkfifo a/", "a/ is the name of a folder" },
	{ "mv a", "an argument is missing" },
	{ "mv a ''", "'' is no path" },
	{ "rm -f a", "-f is no option of rm" },
	{ "rm -r", "an argument is missing" },
	{ "rm a b", "b is one argument too many" },
	{ "rmdir -p a", "a is one argument too many" },
	{ "chmod u+x a", "u+x is no octal mode up to 7777" },
	{ "chmod 8 a", "8 is no octal mode up to 7777" },
	{ "chmod '' a", "'' is no octal mode up to 7777" },
	{ "chmod 644", "an argument is missing" },
	{ "chown root a", "root is no UID:GID, numbers up to 4294967294" },
	{ "chown 0 a", "0 is no UID:GID, numbers up to 4294967294" },
	{ "chown 0: a", "0: is no UID:GID, numbers up to 4294967294" },
	{ "chown :0 a", ":0 is no UID:GID, numbers up to 4294967294" },
	{ "chown 0:0:0 a", "0:0:0 is no UID:GID, numbers up to 4294967294" },
	{ "chown 4294967295:0 a",
	  "4294967295:0 is no UID:GID, numbers up to 4294967294" },
	{ "chown 0:4294967295 a",
	  "0:4294967295 is no UID:GID, numbers up to 4294967294" },
	{ "touch a", "-t is missing" },
	{ "touch -t", "-t has no value" },
	{ "touch -t 1", "an argument is missing" },
	{ "touch -t now a", "now is no time in seconds, with up to 9 digits "
	  "behind a point" },
	{ "touch -t 1. a", "1. is no time in seconds, with up to 9 digits "
	  "behind a point" },
	{ "touch -t .5 a", ".5 is no time in seconds, with up to 9 digits "
	  "behind a point" },
	{ "touch -t - a", "- is no time in seconds, with up to 9 digits "
	  "behind a point" },
	{ "touch -t 1.5.5 a", "1.5.5 is no time in seconds, with up to 9 "
	  "digits behind a point" },
	{ "touch -t 1.0000000001 a", "1.0000000001 is no time in seconds, "
	  "with up to 9 digits behind a point" },
	{ "touch -t 9223372036854775808 a", "9223372036854775808 is no time "
	  "in seconds, with up to 9 digits behind a point" },
	{ "setxattr a n", "an argument is missing" },
	{ "setxattr a '' =", "'' is no name of 1 to 255 bytes" },
	{ "rmxattr a", "an argument is missing" },
	{ "chattr i a", "i does not begin with +, - or =" },
	{ "chattr '' a", "'' does not begin with +, - or =" },
	{ "chattr + a", "+ has no flags" },
	{ "chattr - a", "- has no flags" },
	{ "chattr +e a", "+e has the flag e (extents), which cannot be set" },
	{ "chattr -ic a",
	  "-ic has the flag c (compressed), which cannot be set" },
	{ "chattr +q a", "+q has a letter that is no flag" },
	{ "chattr +i-a a", "+i-a has a letter that is no flag" },
	{ "fsync", "an argument is missing" },
	{ "sync a", "a is one argument too many" },
	{ "es", "an argument is missing" },
	{ "stat a b", "b is one argument too many" },
	{ "df /", "/ is one argument too many" },
	{ "ls", "an argument is missing" },
};

static void bad_commands(void **state)
{
	char verb[16], want[512];
	struct run r;
	size_t i;
	int v;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		sscanf(bad[i].line, "%15s", verb);
		for (v = 0; strcmp(verb, script_verb_name(v)); v++)
			;
		snprintf(want, sizeof(want), "1: %s; the syntax is: %s\n",
			 bad[i].shown, script_syntax(v));
		read_text(&r, bad[i].line);
		assert_string_equal(r.told, want);
		assert_int_equal(r.err, E4PACK_ET_USAGE);
		assert_int_equal(r.script.n, 0);
		end(&r);
	}
}

/* Every letter of chattr(1) that ext4 does not keep is known by name. */
static void refused_flags(void **state)
{
	static const char letters[] = "cCeEFIjmNPstuVx";
	char line[] = "chattr +? f", want[32];
	struct run r;
	size_t i;

	(void)state;
	for (i = 0; letters[i]; i++) {
		line[8] = letters[i];
		snprintf(want, sizeof(want), "1: +%c has the flag %c (",
			 letters[i], letters[i]);
		read_text(&r, line);
		assert_int_equal(r.err, E4PACK_ET_USAGE);
		assert_memory_equal(r.told, want, strlen(want));
		end(&r);
	}
}

static void syntaxes(void **state)
{
	int v;

	(void)state;
	for (v = 0; v < SCRIPT_VERBS; v++) {
		const char *name = script_verb_name(v);
		const char *syntax = script_syntax(v);

		assert_memory_equal(syntax, name, strlen(name));
		assert_true(strchr(" ", syntax[strlen(name)]) != NULL);
	}
}

static void suggestions(void **state)
{
	static const struct good_case cases[] = {
		{ "wirte", "write" },
		{ "wrte", "write" },
		{ "writee", "write" },
		{ "wrize", "write" },
		{ "MKDIR", "mkdir" },
		{ "Put", "put" },
		{ "mkdri", "mkdir" },
		{ "makedir", "mkdir" },
		{ "mdir", "mkdir" },
		{ "rmdri", "rmdir" },
		{ "trucnate", "truncate" },
		{ "falocate", "fallocate" },
		{ "fallocat", "fallocate" },
		{ "setattr", "setxattr" },
		{ "getxattr", "setxattr" },
		{ "snyc", "sync" },
		{ "fsnyc", "fsync" },
		{ "sylink", "symlink" },
		{ "apend", "append" },
		{ "lls", "ls" },
		{ "xyzzy", NULL },
		{ "", NULL },
		{ "x", NULL },
		{ "qq", NULL },
		{ "fallocatefallocat", NULL },
		{ "fallocatefallocatefallocate", NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *near = script_suggest(cases[i].line);

		if (cases[i].shown) {
			assert_non_null(near);
			assert_string_equal(near, cases[i].shown);
		} else {
			assert_null(near);
		}
	}
	/* What is a verb is its own nearest one, but for the shortest. */
	for (i = 0; i < SCRIPT_VERBS; i++)
		assert_string_equal(script_suggest(script_verb_name(i)),
				    script_verb_name(i));
}

/* One run tells everything that is wrong, by the right line. */
static void all_errors_in_one_run(void **state)
{
	static const char text[] =
		"# a script\n"
		"mkdir a\r\n"
		"mkdri b\n"
		"\n"
		"put 'f a\r\n"
		"   \t \r\n"
		"put f\r\n"
		"echo \"a\n"
		"xyzzy a\\\n"
		"xyzzy\n"
		"rm b";
	struct run r;

	(void)state;
	read_text(&r, text);
	assert_int_equal(r.err, E4PACK_ET_USAGE);
	assert_string_equal(r.told,
		"3: mkdri is no verb; did you mean mkdir?\n"
		"5: a ' is not closed\n"
		"7: an argument is missing; the syntax is: "
		"put [-m MODE] [-o UID:GID] DATA PATH\n"
		"8: a \" is not closed\n"
		"9: a backslash ends the line\n"
		"10: xyzzy is no verb\n");
	assert_int_equal(r.diag.errors, 6);
	assert_int_equal(r.script.n, 2);
	assert_int_equal(r.script.commands[0].line, 2);
	assert_int_equal(r.script.commands[1].line, 11);
	end(&r);
}

static void line_ends(void **state)
{
	static const struct {
		const char *text;
		size_t len, n;
		const char *told;
	} cases[] = {
		{ "", 0, 0, "" },
		{ "\n", 1, 0, "" },
		{ "\r\n", 2, 0, "" },
		{ "df", 2, 1, "" },
		{ "df\n", 3, 1, "" },
		{ "df\r\n", 4, 1, "" },
		{ "df\r\ndf\r\n", 8, 2, "" },
		/* A CR without its LF is a byte of the word. */
		{ "df\r", 3, 0, "1: df\\015 is no verb; did you mean df?\n" },
		{ "df\n\n\ndf", 7, 2, "" },
		{ "\0", 1, 0, "1: a NUL byte is in the line\n" },
		{ "df\nd\0f\ndf\n", 10, 2, "2: a NUL byte is in the line\n" },
		{ "# \0\n", 4, 0, "1: a NUL byte is in the line\n" },
		{ "\xff\xfe\n", 3, 0, "1: \xff\xfe is no verb\n" },
	};
	struct run r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		read_bytes(&r, cases[i].text, cases[i].len);
		assert_string_equal(r.told, cases[i].told);
		assert_int_equal(r.script.n, cases[i].n);
		assert_int_equal(r.err, *r.told ? E4PACK_ET_USAGE : 0);
		end(&r);
	}
}

/* Lines across the ends of the pieces that are read, and up to 1 MiB. */
static void long_lines(void **state)
{
	const size_t max = LEXER_LINE_MAX;
	char *text = malloc(3 * max);
	struct run r;
	size_t len;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', 3 * max);
	memcpy(text, "append a =", 10);
	memcpy(text + max, "\r\ndf\n", 5);
	read_bytes(&r, text, max + 5);
	assert_string_equal(r.told, "");
	assert_int_equal(r.script.n, 2);
	assert_int_equal(r.script.commands[0].data.len, max - 10);
	assert_int_equal(r.script.commands[1].line, 2);
	end(&r);
	/* One more, then far more, with and without an end. */
	memcpy(text + max, "x\ndf\n", 5);
	read_bytes(&r, text, max + 5);
	assert_string_equal(r.told, "1: the line is over 1 MiB long\n");
	assert_int_equal(r.script.n, 1);
	end(&r);
	memcpy(text + max, "xxxxx", 5);
	memcpy(text + 3 * max - 4, "\ndf\n", 4);
	read_bytes(&r, text, 3 * max);
	assert_string_equal(r.told, "1: the line is over 1 MiB long\n");
	assert_int_equal(r.script.n, 1);
	assert_int_equal(r.script.commands[0].line, 2);
	end(&r);
	read_bytes(&r, text, 3 * max - 4);
	assert_string_equal(r.told, "1: the line is over 1 MiB long\n");
	end(&r);
	/* The end of a line at each side of the end of a piece. */
	for (len = 65536 - 3; len <= 65536 + 3; len++) {
		memset(text, 'x', len);
		memcpy(text, "append a =", 10);
		memcpy(text + len, "\r\ndf\n", 5);
		read_bytes(&r, text, len + 5);
		assert_int_equal(r.err, 0);
		assert_int_equal(r.script.commands[0].data.len, len - 10);
		assert_int_equal(r.script.n, 2);
		end(&r);
	}
	free(text);
}

/* A word that is told is not told whole. */
static void long_words(void **state)
{
	char text[400];
	struct run r;

	(void)state;
	memset(text, 'x', sizeof(text));
	read_bytes(&r, text, sizeof(text));
	assert_int_equal(strlen(r.told), 3 + 60 + 3 + sizeof(" is no verb"));
	assert_non_null(strstr(r.told, "xxx... is no verb"));
	end(&r);
	snprintf(text, sizeof(text), "mkdir a/%0256d", 0);
	read_text(&r, text);
	assert_non_null(strstr(r.told, "has a component over 255 bytes"));
	end(&r);
	snprintf(text, sizeof(text), "mkdir a/%0255d", 0);
	read_text(&r, text);
	assert_int_equal(r.err, 0);
	end(&r);
	snprintf(text, sizeof(text), "rmxattr a u.%0254d", 0);
	read_text(&r, text);
	assert_non_null(strstr(r.told, "is no name of 1 to 255 bytes"));
	end(&r);
	snprintf(text, sizeof(text), "write a %0300d =x", 7);
	read_text(&r, text);
	assert_int_equal(r.script.commands[0].offset, 7);
	end(&r);
}

static void long_paths(void **state)
{
	static char text[8192];
	struct run r;
	size_t i;

	(void)state;
	strcpy(text, "rm ");
	for (i = 0; i < 2048; i++)
		strcpy(text + 3 + 2 * i, "a/");
	read_text(&r, text);
	assert_int_equal(r.err, 0);
	assert_int_equal(strlen(r.script.commands[0].path), 4095);
	end(&r);
	strcat(text, "a");
	read_text(&r, text);
	assert_non_null(strstr(r.told, "is over 4095 bytes; the syntax"));
	end(&r);
	snprintf(text, sizeof(text), "symlink %04095d a", 0);
	read_text(&r, text);
	assert_int_equal(r.err, 0);
	end(&r);
	snprintf(text, sizeof(text), "symlink %04096d a", 0);
	read_text(&r, text);
	assert_non_null(strstr(r.told, "is over 4095 bytes; the syntax"));
	end(&r);
}

/* A message holds to its subject: control bytes are escaped. */
static void control_bytes(void **state)
{
	struct run r;

	(void)state;
	read_text(&r, "'\033[2J' a\n");
	assert_string_equal(r.told, "1: \\033[2J is no verb\n");
	end(&r);
}

static void many_lines(void **state)
{
	enum { LINES = 100000 };
	char *text = malloc(LINES * 64), *p = text;
	struct run r;
	size_t i;

	(void)state;
	assert_non_null(text);
	for (i = 0; i < LINES; i++)
		p += sprintf(p, "write /logs/%zu.log %zuK random:%zu:4K\n",
			     i % 50, i, i);
	read_bytes(&r, text, (size_t)(p - text));
	assert_int_equal(r.err, 0);
	assert_int_equal(r.script.n, LINES);
	for (i = 0; i < LINES; i++) {
		assert_int_equal(r.script.commands[i].line, i + 1);
		assert_int_equal(r.script.commands[i].offset, i << 10);
		assert_int_equal(r.script.commands[i].data.seed, i);
	}
	assert_string_equal(r.script.commands[LINES - 1].path, "logs/49.log");
	end(&r);
	free(text);
}

static void several_scripts(void **state)
{
	struct run r;
	char first[64];
	int fd;

	(void)state;
	read_text(&r, "df\nls /\n");
	strcpy(first, r.path);
	strcpy(r.path, "/tmp/e4pack-test-XXXXXX");
	fd = make_script(&r);
	assert_int_equal(write(fd, "\nsync\nx\n", 8), 8);
	close(fd);
	assert_int_equal(script_read(&r.script, r.path, &r.diag),
			 E4PACK_ET_USAGE);
	assert_string_equal(r.told, "3: x is no verb\n");
	assert_int_equal(r.script.n, 3);
	assert_string_equal(r.script.commands[1].file, first);
	assert_int_equal(r.script.commands[1].line, 2);
	assert_string_equal(r.script.commands[2].file, r.path);
	assert_int_equal(r.script.commands[2].line, 2);
	unlink(r.path);
	end(&r);
}

static void standard_input(void **state)
{
	int saved = dup(STDIN_FILENO), ends[2];
	struct run r;

	(void)state;
	begin(&r);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "df\nuntar - a\n", 13), 13);
	close(ends[1]);
	dup2(ends[0], STDIN_FILENO);
	close(ends[0]);
	r.err = script_read(&r.script, "-", &r.diag);
	assert_int_equal(r.err, E4PACK_ET_USAGE);
	assert_string_equal(r.told, "standard input:2: - is this script "
			    "already; the syntax is: untar ARCHIVE PATH\n");
	assert_int_equal(r.script.n, 1);
	assert_string_equal(r.script.commands[0].file, "standard input");
	/* It was not closed. */
	assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0);
	dup2(saved, STDIN_FILENO);
	close(saved);
	end(&r);
}

static void unreadable_scripts(void **state)
{
	struct run r;

	(void)state;
	begin(&r);
	assert_int_equal(script_read(&r.script, "/nonexistent/s", &r.diag),
			 ENOENT);
	assert_string_equal(r.told, "/nonexistent/s: the script cannot be "
			    "opened: No such file or directory\n");
	r.told[0] = '\0';
	assert_int_equal(script_read(&r.script, "/", &r.diag), EISDIR);
	assert_string_equal(r.told, "/: cannot be read: Is a directory\n");
	assert_int_equal(r.script.n, 0);
	end(&r);
}

/* Whatever is given, memory has a bound. */
static void endless_script(void **state)
{
	struct run r;
	int fd;

	(void)state;
	begin(&r);
	fd = make_script(&r);
	if (ftruncate(fd, SCRIPT_BYTES_MAX + 1)) {
		close(fd);
		unlink(r.path);
		skip();
	}
	close(fd);
	r.err = script_read(&r.script, r.path, &r.diag);
	unlink(r.path);
	assert_int_equal(r.err, E4PACK_ET_TOO_BIG);
	assert_string_equal(r.told,
			    ": the scripts are over 1 GiB, read and kept\n");
	end(&r);
	/* What is kept counts, not only what is read. */
	begin(&r);
	fd = make_script(&r);
	assert_int_equal(write(fd, "df\n", 3), 3);
	close(fd);
	r.script.taken = SCRIPT_BYTES_MAX - 3;
	r.err = script_read(&r.script, r.path, &r.diag);
	unlink(r.path);
	assert_int_equal(r.err, E4PACK_ET_TOO_BIG);
	assert_int_equal(r.script.n, 0);
	end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_commands),
		cmocka_unit_test(flags),
		cmocka_unit_test(bad_commands),
		cmocka_unit_test(refused_flags),
		cmocka_unit_test(syntaxes),
		cmocka_unit_test(suggestions),
		cmocka_unit_test(all_errors_in_one_run),
		cmocka_unit_test(line_ends),
		cmocka_unit_test(long_lines),
		cmocka_unit_test(long_words),
		cmocka_unit_test(long_paths),
		cmocka_unit_test(control_bytes),
		cmocka_unit_test(many_lines),
		cmocka_unit_test(several_scripts),
		cmocka_unit_test(standard_input),
		cmocka_unit_test(unreadable_scripts),
		cmocka_unit_test(endless_script),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
