// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Canonical attribute sets: names become a number and the rest, ACLs their
 * shorter form, and what was given in any order becomes one sorted piece of
 * memory that can be compared and shared.
 */
#include "image/xattr.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/errors.h"
#include "image/acl.h"

enum { NAME_MAX_BYTES = 255, VALUE_MAX_BYTES = 65536 };

struct xattr_pending {
	struct xattr x;		/* points into @bytes */
	uint8_t *bytes;		/* name, then value */
	size_t turn;		/* how many were added before */
};

struct prefix {
	const char *text;
	uint8_t index;
	bool whole;		/* the text is the whole name: none is stored */
};

static const struct prefix prefixes[] = {
	{ "user.", 1, false },
	{ "system.posix_acl_access", 2, true },
	{ "system.posix_acl_default", 3, true },
	{ "trusted.", 4, false },
	{ "security.", 6, false },
	{ "system.richacl", 8, true },
	{ "system.", 7, false },
};

enum { INDEX_ACL_ACCESS = 2, INDEX_ACL_DEFAULT = 3 };

/* Return: the first prefix that fits @name, or NULL. */
static const struct prefix *find_prefix(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		const struct prefix *p = &prefixes[i];

		if (p->whole ? !strcmp(name, p->text) :
		    !strncmp(name, p->text, strlen(p->text)))
			return p;
	}
	return NULL;
}

const char *xattr_prefix(uint8_t index)
{
	size_t i;

	for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (prefixes[i].index == index)
			return prefixes[i].text;
	return NULL;
}

static errcode_t split_name(const char *name, struct xattr *x)
{
	const struct prefix *p;

	if (strlen(name) > NAME_MAX_BYTES)
		return E4PACK_ET_BAD_ENTRY;
	/* The name under which ext4 keeps inline file data. */
	if (!strcmp(name, "system.data"))
		return E4PACK_ET_UNSUPPORTED;
	p = find_prefix(name);
	if (!p)
		return E4PACK_ET_UNSUPPORTED;
	x->index = p->index;
	x->name = name + strlen(p->text);
	x->name_len = strlen(x->name);
	if (!x->name_len && !p->whole)
		return E4PACK_ET_BAD_ENTRY;
	return 0;
}

/* Copy @x to the end of the list. */
static errcode_t append(struct xattr_builder *b, const struct xattr *x)
{
	struct xattr_pending *p;
	errcode_t err;

	err = array_reserve(&b->list, &b->cap, b->n + 1, sizeof(*b->list));
	if (err)
		return err;
	p = &b->list[b->n];
	p->bytes = malloc(x->name_len + (size_t)x->value_len + 1);
	if (!p->bytes)
		return ENOMEM;
	p->x = *x;
	p->turn = b->n;
	p->x.name = memcpy(p->bytes, x->name, x->name_len);
	p->x.value = p->bytes + x->name_len;
	if (x->value_len)
		memcpy(p->bytes + x->name_len, x->value, x->value_len);
	b->n++;
	return 0;
}

errcode_t xattr_builder_add(struct xattr_builder *b, const char *name,
			    const void *value, size_t len)
{
	struct xattr x = { 0 };
	uint8_t *acl = NULL;
	errcode_t err;

	err = split_name(name, &x);
	if (err)
		return err;
	if (len > VALUE_MAX_BYTES)
		return E4PACK_ET_TOO_BIG;
	if (x.index == INDEX_ACL_ACCESS || x.index == INDEX_ACL_DEFAULT) {
		err = acl_to_disk(value, len, &acl, &len);
		if (err)
			return err;
		value = acl;
	}
	x.value = value;
	x.value_len = len;
	err = append(b, &x);
	free(acl);
	return err;
}

errcode_t xattr_builder_add_set(struct xattr_builder *b,
				const struct xattr_set *set)
{
	errcode_t err = 0;
	uint32_t i;

	for (i = 0; set && i < set->n && !err; i++)
		err = append(b, &set->entries[i]);
	return err;
}

static int compare_names(const struct xattr *a, const struct xattr *b)
{
	if (a->index != b->index)
		return a->index < b->index ? -1 : 1;
	if (a->name_len != b->name_len)
		return a->name_len < b->name_len ? -1 : 1;
	return memcmp(a->name, b->name, a->name_len);
}

/* Take out what has the name of @x.  Return: whether there was any. */
static bool drop(struct xattr_builder *b, const struct xattr *x)
{
	size_t i, n = 0;
	bool found;

	for (i = 0; i < b->n; i++) {
		if (!compare_names(&b->list[i].x, x)) {
			free(b->list[i].bytes);
			continue;
		}
		b->list[n] = b->list[i];
		b->list[n].turn = n;
		n++;
	}
	found = n < b->n;
	b->n = n;
	return found;
}

errcode_t xattr_builder_remove(struct xattr_builder *b, const char *name)
{
	struct xattr x = { 0 };
	errcode_t err;

	err = split_name(name, &x);
	if (err)
		return err;
	return drop(b, &x) ? 0 : ENODATA;
}

/* Return: the access ACL that was added last, or NULL. */
static struct xattr_pending *find_access_acl(struct xattr_builder *b)
{
	size_t i;

	for (i = b->n; i; i--)
		if (b->list[i - 1].x.index == INDEX_ACL_ACCESS)
			return &b->list[i - 1];
	return NULL;
}

void xattr_builder_chmod(struct xattr_builder *b, uint32_t mode)
{
	struct xattr_pending *p = find_access_acl(b);

	if (p)
		acl_chmod(p->bytes + p->x.name_len, p->x.value_len, mode);
}

void xattr_builder_settle(struct xattr_builder *b, uint32_t *mode)
{
	struct xattr_pending *p = find_access_acl(b);
	struct xattr x = { .index = INDEX_ACL_ACCESS, .name = "" };

	if (p && !acl_get_mode(p->x.value, p->x.value_len, mode))
		drop(b, &x);
}

static int compare_pending(const void *a, const void *b)
{
	const struct xattr_pending *p = a, *q = b;
	int c = compare_names(&p->x, &q->x);

	if (c)
		return c;
	return p->turn < q->turn ? -1 : 1;
}

/* Sort the list and keep the last of each name. */
static void sort_unique(struct xattr_builder *b)
{
	size_t i, n = 0;

	qsort(b->list, b->n, sizeof(*b->list), compare_pending);
	for (i = 0; i < b->n; i++) {
		if (i + 1 < b->n &&
		    !compare_names(&b->list[i].x, &b->list[i + 1].x))
			free(b->list[i].bytes);
		else
			b->list[n++] = b->list[i];
	}
	b->n = n;
}

/* Bytes that the set of all in the list takes. */
static size_t set_bytes(const struct xattr_builder *b)
{
	size_t bytes = sizeof(struct xattr_set) + b->n * sizeof(struct xattr);
	size_t i;

	for (i = 0; i < b->n; i++)
		bytes += b->list[i].x.name_len + (size_t)b->list[i].x.value_len;
	return bytes;
}

errcode_t xattr_builder_finish(struct xattr_builder *b,
			       struct xattr_set **ret)
{
	struct xattr_set *set = NULL;
	uint8_t *p;
	size_t i;

	if (b->n) {
		sort_unique(b);
		set = malloc(set_bytes(b));
		if (!set)
			return ENOMEM;
		set->n = b->n;
		p = (uint8_t *)&set->entries[b->n];
		for (i = 0; i < b->n; i++) {
			const struct xattr *x = &b->list[i].x;
			size_t len = x->name_len + (size_t)x->value_len;

			set->entries[i] = *x;
			set->entries[i].name = memcpy(p, x->name, len);
			set->entries[i].value = p + x->name_len;
			p += len;
		}
	}
	xattr_builder_release(b);
	*ret = set;
	return 0;
}

void xattr_builder_release(struct xattr_builder *b)
{
	size_t i;

	for (i = 0; i < b->n; i++)
		free(b->list[i].bytes);
	free(b->list);
	memset(b, 0, sizeof(*b));
}

int xattr_set_cmp(const struct xattr_set *a, const struct xattr_set *b)
{
	uint32_t i;

	if (a->n != b->n)
		return a->n < b->n ? -1 : 1;
	for (i = 0; i < a->n; i++) {
		const struct xattr *x = &a->entries[i], *y = &b->entries[i];
		int c = compare_names(x, y);

		if (c)
			return c;
		if (x->value_len != y->value_len)
			return x->value_len < y->value_len ? -1 : 1;
		c = memcmp(x->value, y->value, x->value_len);
		if (c)
			return c;
	}
	return 0;
}
