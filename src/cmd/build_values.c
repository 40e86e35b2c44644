// SPDX-License-Identifier: GPL-2.0-or-later
/* Values of options that are more than one number. */
#include "cmd/cmd.h"

#include <stdlib.h>
#include <string.h>

#include "base/number.h"

const char *parse_size_option(const char *text, struct e4pack_size *ret)
{
	size_t len = strlen(text);
	char number[24];

	if (!strcmp(text, "min")) {
		*ret = (struct e4pack_size){ E4PACK_SIZE_MIN, 0 };
		return NULL;
	}
	if (strncmp(text, "min+", 4)) {
		ret->kind = E4PACK_SIZE_BYTES;
		return number_parse_size(text, &ret->value) ?
			"is not a size: bytes with K, M, G or T, or min, "
			"min+N%, min+SIZE" : NULL;
	}
	text += 4;
	len -= 4;
	if (len && text[len - 1] == '%' && len < sizeof(number)) {
		memcpy(number, text, len - 1);
		number[len - 1] = '\0';
		ret->kind = E4PACK_SIZE_MIN_PERCENT;
		return number_parse(number, 1000000, &ret->value) ?
			"is not min+N% with N up to 1000000" : NULL;
	}
	ret->kind = E4PACK_SIZE_MIN_BYTES;
	return number_parse_size(text, &ret->value) ?
		"is not min+N% or min+SIZE" : NULL;
}

const char *parse_inodes_option(const char *text, struct e4pack_inodes *ret)
{
	struct e4pack_size size;

	if (!strncmp(text, "min", 3)) {
		if (parse_size_option(text, &size) ||
		    size.kind == E4PACK_SIZE_MIN_BYTES)
			return "is not a count or min+N%";
		*ret = (struct e4pack_inodes){ E4PACK_INODES_MIN_PERCENT,
					       size.value };
		return NULL;
	}
	ret->kind = E4PACK_INODES_COUNT;
	return number_parse(text, UINT32_MAX, &ret->value) || !ret->value ?
		"is not a count from 1 to 4294967295, or min+N%" : NULL;
}

/* "A:B" with two numbers that may be owners. */
static bool parse_pair(const char *text, size_t len, uint32_t *a, uint32_t *b)
{
	char first[16], second[16];
	const char *colon = memchr(text, ':', len);
	uint64_t x, y;
	size_t n;

	if (!colon)
		return false;
	n = (size_t)(colon - text);
	if (n >= sizeof(first) || len - n - 1 >= sizeof(second))
		return false;
	memcpy(first, text, n);
	first[n] = '\0';
	memcpy(second, colon + 1, len - n - 1);
	second[len - n - 1] = '\0';
	if (number_parse(first, UINT32_MAX - 1, &x) ||
	    number_parse(second, UINT32_MAX - 1, &y))
		return false;
	*a = (uint32_t)x;
	*b = (uint32_t)y;
	return true;
}

const char *parse_owner(const char *text, uint32_t *uid, uint32_t *gid)
{
	return parse_pair(text, strlen(text), uid, gid) ? NULL :
		"is not UID:GID, two numbers up to 4294967294";
}

const char *parse_owner_map(const char *text, struct e4pack_owner_map **map,
			    size_t *n)
{
	while (*text) {
		size_t len = strcspn(text, ",");
		struct e4pack_owner_map *grown;

		grown = realloc(*map, (*n + 1) * sizeof(*grown));
		if (!grown)
			return "out of memory";
		*map = grown;
		if (!parse_pair(text, len, &grown[*n].from, &grown[*n].to))
			return "is not FROM:TO[,FROM:TO...], numbers up to "
			       "4294967294";
		(*n)++;
		text += len;
		if (!*text)
			return NULL;
		text++;
	}
	return "ends where a pair should be";
}

const char *parse_times(const char *text, struct e4pack_options *o)
{
	if (!strcmp(text, "mtime")) {
		o->times = E4PACK_TIMES_MTIME;
		return NULL;
	}
	if (!strcmp(text, "source")) {
		o->times = E4PACK_TIMES_SOURCE;
		return NULL;
	}
	o->times = E4PACK_TIMES_FIXED;
	return number_parse_signed(text, INT64_MIN, INT64_MAX, &o->time_sec) ?
		"is not mtime, source, or a number of seconds" : NULL;
}

const char *parse_journal(const char *text, struct e4pack_options *o)
{
	uint64_t mib;

	if (strncmp(text, "size=", 5))
		return "is not size=MIB";
	text += 5;
	if (number_parse(text, UINT32_MAX, &mib)) {
		if (number_parse_size(text, &mib) || mib % (1 << 20))
			return "is not size= and a whole number of MiB";
		mib >>= 20;
	}
	if (!mib || mib > UINT32_MAX)
		return "is not size= and a number of MiB in range";
	o->journal_mib = (uint32_t)mib;
	return NULL;
}

const char *parse_percent(const char *text, double *ret)
{
	const char *dot = strchr(text, '.');
	char whole[16], part[16];
	uint64_t a = 0, b = 0;
	size_t n = dot ? (size_t)(dot - text) : strlen(text);
	double unit = 1;
	const char *p;

	if (n >= sizeof(whole) || (dot && strlen(dot + 1) >= 10))
		return "is not a percentage from 0 to 50";
	memcpy(whole, text, n);
	whole[n] = '\0';
	strcpy(part, dot ? dot + 1 : "0");
	if (number_parse(whole, 50, &a) || number_parse(part, UINT32_MAX, &b))
		return "is not a percentage from 0 to 50";
	for (p = part; *p; p++)
		unit *= 10;
	*ret = (double)a + (double)b / unit;
	return *ret > 50 ? "is not a percentage from 0 to 50" : NULL;
}

static const char *extended_number(const char *value, uint64_t max,
				   uint64_t *ret)
{
	if (!value || number_parse(value, max, ret))
		return "is not NAME=NUMBER with a number in range";
	return NULL;
}

static const char *parse_one_extended(const char *name, const char *value,
				      struct e4pack_options *o)
{
	uint64_t n = 0;
	const char *wrong;

	if (!strcmp(name, "packed_meta_blocks")) {
		wrong = value ? extended_number(value, 1, &n) : NULL;
		o->packed_meta_blocks = !value || n;
		return wrong;
	}
	if (!strcmp(name, "hash_seed")) {
		o->hash_seed = value;
		return value ? NULL : "is not hash_seed=UUID";
	}
	if (!strcmp(name, "root_owner")) {
		o->set_root_owner = true;
		return value ? parse_owner(value, &o->root_uid, &o->root_gid) :
			       "is not root_owner=UID:GID";
	}
	if (!strcmp(name, "offset")) {
		o->has_offset = true;
		return !value || (strcmp(value, "0") &&
				  number_parse_size(value, &o->offset)) ?
			"is not offset=BYTES" : NULL;
	}
	if (!strcmp(name, "stride")) {
		wrong = extended_number(value, UINT32_MAX, &n);
		o->stride = (uint32_t)n;
	} else if (!strcmp(name, "stripe_width") ||
		   !strcmp(name, "stripe-width")) {
		wrong = extended_number(value, UINT32_MAX, &n);
		o->stripe_width = (uint32_t)n;
	} else if (!strcmp(name, "num_backup_sb")) {
		wrong = extended_number(value, 2, &n);
		o->has_num_backup_sb = true;
		o->num_backup_sb = (uint32_t)n;
	} else if (!strcmp(name, "resize")) {
		wrong = extended_number(value, UINT32_MAX, &o->resize_blocks);
	} else {
		return "is not an extended option: see --help";
	}
	return wrong;
}

const char *parse_extended(char *text, struct e4pack_options *o)
{
	char *save = NULL, *word, *value;
	const char *wrong;

	for (word = strtok_r(text, ",", &save); word;
	     word = strtok_r(NULL, ",", &save)) {
		value = strchr(word, '=');
		if (value)
			*value++ = '\0';
		wrong = parse_one_extended(word, value, o);
		if (!wrong)
			continue;
		/* The message shows what is left in @text. */
		if (value)
			value[-1] = '=';
		memmove(text, word, strlen(word) + 1);
		return wrong;
	}
	return NULL;
}
