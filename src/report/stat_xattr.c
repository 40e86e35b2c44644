// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Extended attributes for people.  ACLs and capabilities have their own text
 * forms; other values are shown quoted where they are text, else as
 * hexadecimal digits.
 */
#include "report/stat.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/errors.h"
#include "image/acl.h"
#include "image/cap_text.h"
#include "image/read_xattr.h"

struct xattr_show {
	struct sheet *sheet;
	const struct image *img;
	json_t *list;		/* in JSON */
	struct buf name, text;
	bool damaged;
};

/* The name with its prefix; one with a number that has none as "N:name". */
static errcode_t make_name(struct buf *out, const struct xattr *x)
{
	const char *prefix = xattr_prefix(x->index);
	char number[8];

	out->len = 0;
	if (!prefix) {
		snprintf(number, sizeof(number), "%u:", x->index);
		prefix = number;
	}
	if (buf_add_str(out, prefix) ||
	    buf_add(out, x->name, x->name_len) || !buf_str(out))
		return ENOMEM;
	return 0;
}

/* What the value means, where it is of a known kind.
 * Return: 0, also for no such kind with @text empty; ENOMEM;
 * E4PACK_ET_BAD_ENTRY. */
static errcode_t decode(const char **key, struct buf *text, const char *name,
			const struct xattr *x)
{
	text->len = 0;
	if (!strcmp(name, "system.posix_acl_access") ||
	    !strcmp(name, "system.posix_acl_default")) {
		*key = "acl";
		return acl_to_text(text, x->value, x->value_len);
	}
	if (!strcmp(name, "security.capability")) {
		*key = "capabilities";
		return cap_to_text(text, x->value, x->value_len);
	}
	return 0;
}

/* SELinux ends its labels with a NUL, which is not shown. */
static size_t shown_len(const struct xattr_show *s, const struct xattr *x)
{
	size_t len = x->value_len;

	if (len && x->value[len - 1] == '\0' &&
	    !strcmp((char *)s->name.data, "security.selinux"))
		len--;
	return len;
}

static bool is_text(const uint8_t *value, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if ((value[i] < 0x20 && value[i] != '\n' &&
		     value[i] != '\t') || value[i] == 0x7f)
			return false;
	return true;
}

static errcode_t add_quoted(struct buf *out, const uint8_t *value, size_t len)
{
	char *safe;
	const char *p;
	errcode_t err = buf_add(out, "\"", 1);

	safe = diag_escape_bytes((const char *)value, len);
	if (!safe)
		return ENOMEM;
	for (p = safe; !err && *p; p++)
		err = *p == '"' ? buf_add_str(out, "\\042") :
				  buf_add(out, p, 1);
	free(safe);
	return err ? err : buf_add(out, "\"", 1);
}

static errcode_t add_hex(struct buf *out, const uint8_t *value, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	errcode_t err = buf_add_str(out, "0x");
	size_t i;

	for (i = 0; !err && i < len; i++) {
		const char pair[2] = { digits[value[i] >> 4],
				       digits[value[i] & 15] };

		err = buf_add(out, pair, sizeof(pair));
	}
	return err;
}

static errcode_t show_line(struct xattr_show *s, const struct xattr_entry *e)
{
	const size_t len = shown_len(s, &e->x);
	errcode_t err = 0;
	char *name;

	if (!s->text.len && is_text(e->x.value, len))
		err = add_quoted(&s->text, e->x.value, len);
	else if (!s->text.len)
		err = add_hex(&s->text, e->x.value, len);
	name = diag_escape_bytes((char *)s->name.data, s->name.len);
	if (err || !name) {
		free(name);
		return ENOMEM;
	}
	sheet_key(s->sheet, "xattr");
	emit_text(s->sheet->out, "%s: ", name);
	emit_bytes(s->sheet->out, (char *)s->text.data, s->text.len);
	emit_text(s->sheet->out, "\n");
	free(name);
	return s->sheet->out->err;
}

static errcode_t show_row(struct xattr_show *s, const struct xattr_entry *e,
			  const char *key, bool in_block)
{
	const struct xattr *x = &e->x;
	json_t *row = json_object();
	int failed = emit_json_name(row, "name", (char *)s->name.data,
				    s->name.len) ||
		     emit_json_name(row, "value", (const char *)x->value,
				    x->value_len) ||
		     json_object_set_new(row, "place", json_string(in_block ?
					 "block" : "inode"));

	if (!failed && s->text.len)
		failed = json_object_set_new(row, key,
				json_stringn((char *)s->text.data,
					     s->text.len));
	if (!failed && e->value_ino)
		failed = json_object_set_new(row, "value_inode",
					     json_integer(e->value_ino));
	if (failed) {
		json_decref(row);
		return ENOMEM;
	}
	return json_array_append_new(s->list, row) ? ENOMEM : 0;
}

static errcode_t show_xattr(void *arg, const struct xattr_entry *e,
			    bool in_block)
{
	struct xattr_show *s = arg;
	const char *key = NULL;
	errcode_t err = make_name(&s->name, &e->x);

	if (!err)
		err = decode(&key, &s->text, (char *)s->name.data, &e->x);
	if (err == E4PACK_ET_BAD_ENTRY) {
		image_bad(s->img, "the value of %s is malformed",
			  (char *)s->name.data);
		s->damaged = true;
		s->text.len = 0;
		err = 0;
	}
	if (!err)
		err = s->sheet->json ? show_row(s, e, key, in_block) :
				       show_line(s, e);
	return err == ENOMEM ? diag_nomem(image_diag(s->img)) : err;
}

errcode_t stat_show_xattrs(struct sheet *s, struct image *img,
			   const struct inode_info *i)
{
	struct xattr_show show = { .sheet = s, .img = img };
	errcode_t err;

	if (s->json)
		show.list = json_array();
	err = read_xattrs(img, i, show_xattr, &show);
	if (s->json)
		sheet_json(s, "xattrs", show.list);
	buf_release(&show.name);
	buf_release(&show.text);
	return !err && show.damaged ? E4PACK_ET_BAD_IMAGE : err;
}
