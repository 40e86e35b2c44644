// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The data that commands bring: the word DATA, and its bytes as an origin.
 *
 * A host file is only looked at here, and read at flush like one of a folder:
 * by its name, which must lead to the same file in the same state.
 */
#include "source/script_line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/errors.h"
#include "source/dir_entry.h"
#include "source/host_file.h"

/* What follows "part:". */
static errcode_t parse_part(const struct script_line *l,
			    struct script_data *d, const char *word,
			    const char *rest)
{
	const char *colon = strchr(rest, ':');
	const char *second = colon ? strchr(colon + 1, ':') : NULL;

	d->kind = SCRIPT_DATA_PART;
	if (!second || !second[1] ||
	    script_bytes(rest, colon - rest, &d->offset) ||
	    script_bytes(colon + 1, second - colon - 1, &d->len) ||
	    d->len > INT64_MAX - d->offset)
		return script_wrong(l, word, "is no part:OFFSET:LEN:HOSTFILE");
	return script_keep(l, &d->name, second + 1);
}

/* What follows "zero:". */
static errcode_t parse_zero(const struct script_line *l,
			    struct script_data *d, const char *word,
			    const char *rest)
{
	d->kind = SCRIPT_DATA_ZERO;
	if (script_bytes(rest, strlen(rest), &d->len))
		return script_wrong(l, word, "is no zero:LEN");
	return 0;
}

/* What follows "random:". */
static errcode_t parse_random(const struct script_line *l,
			      struct script_data *d, const char *word,
			      const char *rest)
{
	const char *colon = strchr(rest, ':');

	d->kind = SCRIPT_DATA_RANDOM;
	if (!colon ||
	    script_number(rest, colon - rest, UINT64_MAX, &d->seed) ||
	    script_bytes(colon + 1, strlen(colon + 1), &d->len))
		return script_wrong(l, word, "is no random:SEED:LEN");
	return 0;
}

/* What follows "=". */
static errcode_t parse_text(const struct script_line *l,
			    struct script_data *d, const char *word,
			    const char *rest)
{
	(void)word;
	d->kind = SCRIPT_DATA_TEXT;
	d->len = strlen(rest);
	return script_keep(l, &d->text, rest);
}

errcode_t script_data_word(const struct script_line *l,
			   struct script_command *c, const char *word)
{
	static const struct {
		const char *prefix;
		errcode_t (*parse)(const struct script_line *l,
				   struct script_data *d, const char *word,
				   const char *rest);
	} kinds[] = {
		{ "=", parse_text },
		{ "part:", parse_part },
		{ "zero:", parse_zero },
		{ "random:", parse_random },
	};
	size_t i, len;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		len = strlen(kinds[i].prefix);
		if (!strncmp(word, kinds[i].prefix, len))
			return kinds[i].parse(l, &c->data, word, word + len);
	}
	if (!*word)
		return script_wrong(l, word, "is no data");
	c->data.kind = SCRIPT_DATA_HOST;
	return script_keep(l, &c->data.name, word);
}

/* The name under which @name is no link, as origins follow none: @name, or
 * *@made, to free().  Reports. */
static errcode_t follow(const char *name, const char **ret, char **made,
			struct statx *st, struct diag *diag)
{
	if (statx(AT_FDCWD, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, st))
		return diag_error(diag, name, errno, "cannot be read");
	if (S_ISLNK(st->stx_mode)) {
		*ret = *made = realpath(name, NULL);
		if (!*made && errno == ENOMEM)
			return diag_nomem(diag);
		if (!*made || statx(AT_FDCWD, *made, AT_SYMLINK_NOFOLLOW,
				    STATX_BASIC_STATS, st))
			return diag_error(diag, name, errno, "cannot be read");
	}
	if (!S_ISREG(st->stx_mode))
		return diag_error(diag, name, E4PACK_ET_UNSUPPORTED,
				  "is no regular file");
	if (faccessat(AT_FDCWD, *ret, R_OK, AT_EACCESS))
		return diag_error(diag, name, errno, "cannot be read");
	return 0;
}

/* Fill @e and @st from the host file @name in @root. */
static errcode_t read_attributes(struct entry *e, struct statx *st,
				 struct host_dir *root, const char *name,
				 struct diag *diag)
{
	struct source_options options = { .diag = diag };
	struct dir_look look;
	struct dir_scan scan;
	bool skip;
	errcode_t err = 0;

	dir_look_at(&look, AT_FDCWD, "", name, AT_SYMLINK_NOFOLLOW);
	dir_scan_init(&scan, &options);
	if (buf_add_str(&scan.path, name) || !buf_str(&scan.path))
		err = diag_nomem(diag);
	else
		err = dir_entry_read(&scan, e, &look, root, AT_FDCWD, name,
				     &skip);
	dir_scan_release(&scan);
	*st = look.st;
	if (!err && !S_ISREG(e->mode))
		err = diag_error(diag, name, E4PACK_ET_CHANGED, NULL);
	/* It is one file of a script, not one name in a tree. */
	free(e->path);
	e->path = NULL;
	e->has_identity = false;
	return err;
}

/* What commands without attributes need of the host file. */
static errcode_t whole_bytes(struct origin **ret, uint64_t *len,
			     const struct statx *st, struct host_dir *root,
			     const char *name, struct diag *diag)
{
	*len = st->stx_size;
	*ret = NULL;
	if (!*len)
		return 0;
	*ret = host_file_origin(root, name, st);
	return *ret ? 0 : diag_nomem(diag);
}

/* Cut the file *@ret, of *@len bytes, down to the part. */
static errcode_t cut(const struct script_data *d, struct origin **ret,
		     uint64_t *len, struct diag *diag)
{
	if (d->offset > *len || d->len > *len - d->offset)
		return diag_error(diag, d->name, E4PACK_ET_SHORT,
				  "has %llu bytes: the part is not in it",
				  (unsigned long long)*len);
	*len = d->len;
	if (!d->len) {
		origin_put(*ret);
		*ret = NULL;
	} else if (*ret) {
		*ret = script_part_origin(*ret, d->offset, d->len);
		if (!*ret)
			return diag_nomem(diag);
	}
	return 0;
}

/* A part's holes are not those of the whole: it has only attributes. */
static void drop_content(struct entry *e)
{
	origin_put(e->origin);
	e->origin = NULL;
	e->n_data = 0;
	e->size = 0;
}

static errcode_t open_host(const struct script_data *d, struct origin **ret,
			   uint64_t *len, struct entry *attributes,
			   struct diag *diag)
{
	/* Without a descriptor: there may be 100,000 of them. */
	struct host_dir *root = host_dir_root(AT_FDCWD, "");
	struct origin *o = NULL;
	uint64_t size = 0;
	const char *name = d->name;
	struct statx st;
	char *made = NULL;
	errcode_t err = root ? follow(d->name, &name, &made, &st, diag) :
			       diag_nomem(diag);

	if (!err && attributes) {
		err = read_attributes(attributes, &st, root, name, diag);
		size = attributes->size;
		o = attributes->origin ? origin_get(attributes->origin) : NULL;
	} else if (!err) {
		err = whole_bytes(&o, &size, &st, root, name, diag);
	}
	if (!err && d->kind == SCRIPT_DATA_PART) {
		err = cut(d, &o, &size, diag);
		if (attributes)
			drop_content(attributes);
	}
	if (err) {
		origin_put(o);
		if (attributes)
			entry_clear(attributes);
	} else {
		*ret = o;
		*len = size;
	}
	host_dir_put(root);
	free(made);
	return err;
}

errcode_t script_open_data(const struct script_data *d, struct origin **ret,
			   uint64_t *len, struct entry *attributes,
			   struct diag *diag)
{
	struct origin *o = NULL;

	if (d->kind == SCRIPT_DATA_HOST || d->kind == SCRIPT_DATA_PART)
		return open_host(d, ret, len, attributes, diag);
	if (d->len && d->kind != SCRIPT_DATA_ZERO) {
		o = d->kind == SCRIPT_DATA_TEXT ?
			origin_memory(d->text, d->len) :
			script_random_origin(d->seed, d->len);
		if (!o)
			return diag_nomem(diag);
	}
	*ret = o;
	*len = d->len;
	return 0;
}
