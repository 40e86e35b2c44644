// SPDX-License-Identifier: GPL-2.0-or-later
/* The words of script commands: paths, numbers, owners, times, flags, and
 * where data is. */
#include "source/script_line.h"

#include <errno.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/errors.h"
#include "base/number.h"
#include "source/source.h"

/* What the longer one of ext4's two encodings of a device has room for, and
 * the kernel's limit of a name's length. */
enum { MAJOR_MAX = 4095, MINOR_MAX = 1048575, XATTR_NAME_BYTES = 255 };

errcode_t script_keep(const struct script_line *l, const char **ret,
		      const char *s)
{
	const char *copy = arena_dup(&l->script->arena, s, strlen(s) + 1);

	if (!copy)
		return diag_nomem(l->diag);
	*ret = copy;
	return 0;
}

/* Why source_clean_path() refused @path. */
static const char *path_problem(const char *path)
{
	const char *p = path;
	size_t len;

	for (; *p; p += len + (p[len] == '/')) {
		len = strcspn(p, "/");
		if (len == 2 && !memcmp(p, "..", 2))
			return "has a component ..";
		if (len > NAME_MAX)
			return "has a component over 255 bytes";
	}
	return "is over 4095 bytes";
}

static errcode_t clean(const struct script_line *l, const char **ret,
		       const char *word)
{
	char *path;
	bool changed;
	errcode_t err;

	if (!*word)
		return script_wrong(l, word, "is no path");
	err = source_clean_path(&path, word, &changed);
	if (err == ENOMEM)
		return diag_nomem(l->diag);
	if (err)
		return script_wrong(l, word, "%s", path_problem(word));
	err = script_keep(l, ret, path);
	free(path);
	return err;
}

/* Whether the last component is "." or nothing: only folders are named so. */
static bool names_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *last = slash ? slash + 1 : path;

	return *path && (!*last || !strcmp(last, "."));
}

errcode_t script_path(const struct script_line *l, struct script_command *c,
		      const char *word)
{
	return clean(l, &c->path, word);
}

errcode_t script_new_path(const struct script_line *l,
			  struct script_command *c, const char *word)
{
	return clean(l, &c->path2, word);
}

errcode_t script_file(const struct script_line *l, struct script_command *c,
		      const char *word)
{
	if (names_folder(word))
		return script_wrong(l, word, "is the name of a folder");
	return clean(l, &c->path, word);
}

errcode_t script_new_file(const struct script_line *l,
			  struct script_command *c, const char *word)
{
	if (names_folder(word))
		return script_wrong(l, word, "is the name of a folder");
	return clean(l, &c->path2, word);
}

errcode_t script_target(const struct script_line *l, struct script_command *c,
			const char *word)
{
	if (!*word)
		return script_wrong(l, word, "is no target");
	if (strlen(word) >= PATH_MAX)
		return script_wrong(l, word, "is over 4095 bytes");
	return script_keep(l, &c->path2, word);
}

errcode_t script_host(const struct script_line *l, struct script_command *c,
		      const char *word)
{
	if (!*word)
		return script_wrong(l, word, "is no name on the host");
	return script_keep(l, &c->path2, word);
}

errcode_t script_archive(const struct script_line *l,
			 struct script_command *c, const char *word)
{
	if (l->from_stdin && !strcmp(word, "-"))
		return script_wrong(l, word, "is this script already");
	return script_host(l, c, word);
}

errcode_t script_number(const char *word, size_t len, uint64_t max,
			uint64_t *ret)
{
	char digits[24];

	if (len >= sizeof(digits))
		return E4PACK_ET_BAD_NUMBER;
	memcpy(digits, word, len);
	digits[len] = '\0';
	return number_parse(digits, max, ret);
}

/* As number_parse_size(), but zero is a size. */
errcode_t script_bytes(const char *word, size_t len, uint64_t *ret)
{
	char number[32];
	const char *rest;

	/* Zeros in front add nothing but length. */
	for (; len > 1 && word[0] == '0' && word[1] >= '0' && word[1] <= '9';
	     len--)
		word++;
	if (len >= sizeof(number))
		return E4PACK_ET_BAD_NUMBER;
	memcpy(number, word, len);
	number[len] = '\0';
	rest = number + 1;
	if (number[0] != '0' ||
	    (*rest && (!strchr("KMGTkmgt", *rest) || rest[1])))
		return number_parse_size(number, ret);
	*ret = 0;
	return 0;
}

static errcode_t bytes_argument(const struct script_line *l, uint64_t *ret,
				const char *word, const char *what)
{
	errcode_t err = script_bytes(word, strlen(word), ret);

	if (err == E4PACK_ET_OVERFLOW)
		return script_wrong(l, word, "is over 2^63-1");
	return err ? script_wrong(l, word, "is no %s in bytes", what) : 0;
}

errcode_t script_offset(const struct script_line *l, struct script_command *c,
			const char *word)
{
	return bytes_argument(l, &c->offset, word, "offset");
}

errcode_t script_size(const struct script_line *l, struct script_command *c,
		      const char *word)
{
	return bytes_argument(l, &c->size, word, "size");
}

errcode_t script_length(const struct script_line *l, struct script_command *c,
			const char *word)
{
	errcode_t err = bytes_argument(l, &c->size, word, "length");

	if (!err && !c->size)
		err = script_wrong(l, word, "is no length: it must not be 0");
	return err;
}

errcode_t script_mode(const struct script_line *l, struct script_command *c,
		      const char *word)
{
	if (number_parse_mode(word, &c->mode))
		return script_wrong(l, word, "is no octal mode up to 7777");
	c->has_mode = true;
	return 0;
}

errcode_t script_owner(const struct script_line *l, struct script_command *c,
		       const char *word)
{
	const char *colon = strchr(word, ':');
	uint64_t uid, gid;

	/* The greatest number stands for "no owner". */
	if (!colon || script_number(word, colon - word, UINT32_MAX - 1,
				     &uid) ||
	    number_parse(colon + 1, UINT32_MAX - 1, &gid))
		return script_wrong(l, word,
				    "is no UID:GID, numbers up to 4294967294");
	c->uid = (uint32_t)uid;
	c->gid = (uint32_t)gid;
	c->has_owner = true;
	return 0;
}

/* Digits behind the point as nanoseconds. */
static bool parse_fraction(const char *s, uint32_t *ret)
{
	size_t len = strspn(s, "0123456789"), i;
	uint32_t v = 0;

	if (!len || len > 9 || s[len])
		return false;
	for (i = 0; i < 9; i++)
		v = 10 * v + (i < len ? (uint32_t)(s[i] - '0') : 0);
	*ret = v;
	return true;
}

errcode_t script_time(const struct script_line *l, struct script_command *c,
		      const char *word)
{
	bool negative = *word == '-';
	const char *digits = word + negative;
	const char *point = strchr(digits, '.');
	const char *end = point ? point : digits + strlen(digits);
	uint32_t nsec = 0;
	uint64_t sec;

	if (script_number(digits, end - digits, INT64_MAX, &sec) ||
	    (point && !parse_fraction(point + 1, &nsec)))
		return script_wrong(l, word, "is no time in seconds, with up "
				    "to 9 digits behind a point");
	c->time.sec = negative ? -(int64_t)sec : (int64_t)sec;
	/* Nanoseconds count forward: -0.25 s is 0.75 s after -1 s. */
	if (negative && nsec) {
		c->time.sec--;
		nsec = 1000000000 - nsec;
	}
	c->time.nsec = nsec;
	c->has_time = true;
	return 0;
}

errcode_t script_type(const struct script_line *l, struct script_command *c,
		      const char *word)
{
	static const struct {
		char letter;
		uint32_t type;
	} types[] = {
		{ 'b', S_IFBLK },
		{ 'c', S_IFCHR },
		{ 'p', S_IFIFO },
		{ 's', S_IFSOCK },
	};
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (word[0] == types[i].letter && !word[1])
			c->type = types[i].type;
	return c->type ? 0 : script_wrong(l, word, "is no type: b, c, p or s");
}

static errcode_t device_number(const struct script_line *l, uint32_t *ret,
			       const char *word, unsigned int max)
{
	uint64_t v;

	if (number_parse(word, max, &v))
		return script_wrong(l, word, "is no number up to %u", max);
	*ret = (uint32_t)v;
	return 0;
}

errcode_t script_major(const struct script_line *l, struct script_command *c,
		       const char *word)
{
	return device_number(l, &c->major, word, MAJOR_MAX);
}

errcode_t script_minor(const struct script_line *l, struct script_command *c,
		       const char *word)
{
	return device_number(l, &c->minor, word, MINOR_MAX);
}

errcode_t script_name(const struct script_line *l, struct script_command *c,
		      const char *word)
{
	if (!*word || strlen(word) > XATTR_NAME_BYTES)
		return script_wrong(l, word,
				    "is no name of 1 to 255 bytes");
	return script_keep(l, &c->name, word);
}

static errcode_t flag_bit(const struct script_line *l, const char *word,
			  char letter, uint32_t *ret)
{
	/* The letters of chattr(1); 0 for what is not the user's to set. */
	static const struct {
		char letter;
		uint32_t flag;
		const char *name;
	} flags[] = {
		{ 'a', FS_APPEND_FL, NULL },
		{ 'A', FS_NOATIME_FL, NULL },
		{ 'd', FS_NODUMP_FL, NULL },
		{ 'D', FS_DIRSYNC_FL, NULL },
		{ 'i', FS_IMMUTABLE_FL, NULL },
		{ 'S', FS_SYNC_FL, NULL },
		{ 'T', FS_TOPDIR_FL, NULL },
		{ 'c', 0, "compressed" },
		{ 'C', 0, "no copy on write" },
		{ 'e', 0, "extents" },
		{ 'E', 0, "encrypted" },
		{ 'F', 0, "case folded" },
		{ 'I', 0, "indexed" },
		{ 'j', 0, "journaled data" },
		{ 'm', 0, "not compressed" },
		{ 'N', 0, "inline data" },
		{ 'P', 0, "project hierarchy" },
		{ 's', 0, "secure deletion" },
		{ 't', 0, "no tail merging" },
		{ 'u', 0, "undeletable" },
		{ 'V', 0, "verity" },
		{ 'x', 0, "direct access" },
	};
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (flags[i].letter != letter)
			continue;
		*ret |= flags[i].flag;
		if (flags[i].flag)
			return 0;
		return script_wrong(l, word, "has the flag %c (%s), which "
				    "cannot be set", letter, flags[i].name);
	}
	return script_wrong(l, word, "has a letter that is no flag");
}

errcode_t script_flags(const struct script_line *l, struct script_command *c,
		       const char *word)
{
	const char *p;
	errcode_t err = 0;

	if (!*word || !strchr("+-=", *word))
		return script_wrong(l, word, "does not begin with +, - or =");
	/* "=" alone clears all of them. */
	if (!word[1] && *word != '=')
		return script_wrong(l, word, "has no flags");
	c->flag_op = *word;
	for (p = word + 1; !err && *p; p++)
		err = flag_bit(l, word, *p, &c->flags);
	return err;
}

errcode_t script_parents(const struct script_line *l,
			 struct script_command *c, const char *word)
{
	(void)l;
	(void)word;
	c->parents = true;
	return 0;
}

errcode_t script_recursive(const struct script_line *l,
			   struct script_command *c, const char *word)
{
	(void)l;
	(void)word;
	c->recursive = true;
	return 0;
}

errcode_t script_check_range(const struct script_line *l,
			     struct script_command *c, const char *word)
{
	(void)word;
	if (c->size <= INT64_MAX - c->offset)
		return 0;
	return script_wrong(l, NULL, "OFFSET + LEN is over 2^63-1");
}

/* The length of a host file is not known yet. */
errcode_t script_check_write(const struct script_line *l,
			     struct script_command *c, const char *word)
{
	(void)word;
	if (c->data.len <= INT64_MAX - c->offset)
		return 0;
	return script_wrong(l, NULL, "the data ends over 2^63-1");
}

errcode_t script_check_node(const struct script_line *l,
			    struct script_command *c, const char *word)
{
	bool device = c->type == S_IFBLK || c->type == S_IFCHR;

	if (device && l->given != 4)
		return script_wrong(l, NULL, "a device needs two numbers");
	if (!device && l->given != 2)
		return script_wrong(l, word, "is a number; only devices have "
				    "them");
	return 0;
}

errcode_t script_check_touch(const struct script_line *l,
			     struct script_command *c, const char *word)
{
	(void)word;
	return c->has_time ? 0 : script_wrong(l, NULL, "-t is missing");
}
