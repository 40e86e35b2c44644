/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files in the order of their places.  Inner header of writeback. */
#ifndef E4PACK_DELAY_WRITE_ORDER_H
#define E4PACK_DELAY_WRITE_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <et/com_err.h>

#include "delay/writeback.h"

/* Items that follow each other in the array and on disk. */
struct write_stretch {
	size_t first, end;
};

struct write_order {
	struct writeback_item *items;
	struct write_stretch *stretches;	/* one after another on disk */
	size_t n, cap;
};

/* One item of it. */
struct write_position {
	size_t stretch, item;
};

/* Make the order of @n items, at least one; the array may be sorted, and must
 * stay.  Return: 0 with @o to write_order_release(), or ENOMEM. */
errcode_t write_order_init(struct write_order *o,
			   struct writeback_item *items, size_t n);
void write_order_release(struct write_order *o);

/* Return: the first item. */
struct write_position write_order_begin(const struct write_order *o);

/* Step to the next item.  Return: whether there is one; @at stays else. */
bool write_order_next(const struct write_order *o, struct write_position *at);

#endif
