// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Origins that only scripts need.
 *
 * Random data is a function of its place: SplitMix64 adds a constant to its
 * state at each step, so number n, which holds bytes 8n to 8n+7 little-endian,
 * is mix(seed + (n+1) * GAMMA) and is found without the ones before it.
 */
#include "source/script_line.h"

#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/errors.h"

#define GAMMA UINT64_C(0x9e3779b97f4a7c15)

struct random_origin {
	struct origin origin;
	uint64_t seed, len;
};

static uint64_t random_number(uint64_t seed, uint64_t n)
{
	uint64_t z = seed + (n + 1) * GAMMA;

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static errcode_t random_open(struct origin *o, struct origin_reader *r,
			     struct diag *diag)
{
	(void)diag;
	*r = (struct origin_reader){ .origin = o, .fd = -1 };
	return 0;
}

static errcode_t random_read(struct origin_reader *r, void *data, size_t len,
			     uint64_t offset, struct diag *diag)
{
	const struct random_origin *m = (struct random_origin *)r->origin;
	uint8_t number[8], *p = data;
	size_t skip, n;

	if (offset > m->len || len > m->len - offset)
		return diag_error(diag, NULL, E4PACK_ET_CHANGED,
				  "random data ended early");
	for (; len; len -= n, p += n, offset += n) {
		put_le64(number, random_number(m->seed, offset / 8));
		skip = offset % 8;
		n = len < 8 - skip ? len : 8 - skip;
		memcpy(p, number + skip, n);
	}
	return 0;
}

static errcode_t random_close(struct origin_reader *r, struct diag *diag)
{
	(void)diag;
	r->origin = NULL;
	return 0;
}

static void random_free(struct origin *o)
{
	free(o);
}

static const struct origin_ops random_ops = {
	.open = random_open,
	.read = random_read,
	.close = random_close,
	.free = random_free,
};

struct origin *script_random_origin(uint64_t seed, uint64_t len)
{
	struct random_origin *m = malloc(sizeof(*m));

	if (!m)
		return NULL;
	*m = (struct random_origin){ { .ops = &random_ops, .refs = 1 },
				     seed, len };
	return &m->origin;
}

/* A stretch of another origin.  Readers are the inner one's with another
 * base, which is right as long as they keep nothing but a descriptor. */
struct part_origin {
	struct origin origin;
	struct origin *inner;
	uint64_t offset, len;
};

/* The reader as the inner origin knows it. */
static struct origin_reader inner_reader(const struct origin_reader *r)
{
	const struct part_origin *p = (struct part_origin *)r->origin;

	return (struct origin_reader){ p->inner, r->fd, r->base - p->offset };
}

static errcode_t part_open(struct origin *o, struct origin_reader *r,
			   struct diag *diag)
{
	struct part_origin *p = (struct part_origin *)o;
	errcode_t err = p->inner->ops->open(p->inner, r, diag);

	if (err)
		return err;
	r->origin = o;
	r->base += p->offset;
	return 0;
}

static errcode_t part_read(struct origin_reader *r, void *data, size_t len,
			   uint64_t offset, struct diag *diag)
{
	const struct part_origin *p = (struct part_origin *)r->origin;
	struct origin_reader inner = inner_reader(r);

	if (offset > p->len || len > p->len - offset)
		return diag_error(diag, NULL, E4PACK_ET_CHANGED,
				  "a part of a file ended early");
	return p->inner->ops->read(&inner, data, len, p->offset + offset,
				   diag);
}

static errcode_t part_close(struct origin_reader *r, struct diag *diag)
{
	struct origin_reader inner = inner_reader(r);

	*r = (struct origin_reader){ .fd = -1 };
	return inner.origin->ops->close(&inner, diag);
}

static void part_free(struct origin *o)
{
	origin_put(((struct part_origin *)o)->inner);
	free(o);
}

static const struct origin_ops part_ops = {
	.open = part_open,
	.read = part_read,
	.close = part_close,
	.free = part_free,
};

struct origin *script_part_origin(struct origin *inner, uint64_t offset,
				  uint64_t len)
{
	struct part_origin *p = malloc(sizeof(*p));

	if (!p) {
		origin_put(inner);
		return NULL;
	}
	*p = (struct part_origin){ { .ops = &part_ops, .refs = 1 },
				   inner, offset, len };
	return &p->origin;
}
