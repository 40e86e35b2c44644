// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Clusters and reservations.
 *
 * With bigalloc space is promised and allocated in clusters of several
 * blocks.  A cluster needs a reservation while it holds a delayed block and
 * is not allocated; once any of its blocks has a place the whole cluster
 * does.  A cluster that is allocated and holds delayed blocks is pending:
 *
 *	reserved = clusters with a delayed block - pending clusters
 *
 * Removing delayed pieces gives back one reservation for each cluster that
 * had a piece, less those that keep another delayed block, less those that
 * were pending (they had none, and now stop being pending).  The pieces fill
 * one range of blocks, so only its first and last cluster can keep any.
 *
 * Mapping a range uses the reservations of the clusters that it empties of
 * delayed blocks (the same count), and of those at its ends that keep some
 * but were not allocated before: they become pending.
 *
 * With one block per cluster a cluster is never both, and the count is the
 * number of blocks.
 */
#include "delay/pending.h"

#include <stddef.h>

void pending_init(struct pending_set *p)
{
	RB_INIT(&p->clusters);
}

void pending_release(struct pending_set *p, struct es_stats *s)
{
	struct es_node *n;

	while ((n = RB_ROOT(&p->clusters))) {
		RB_REMOVE(es_head, &p->clusters, n);
		es_node_give(s, n);
	}
}

static struct es_node *find(const struct pending_set *p, uint32_t lclu)
{
	struct es_node *n = RB_ROOT(&p->clusters);

	while (n && n->lblk != lclu) {
		if (lclu < n->lblk)
			n = RB_LEFT(n, by_lblk);
		else
			n = RB_RIGHT(n, by_lblk);
	}
	return n;
}

bool is_pending(const struct pending_set *p, uint32_t lclu)
{
	return find(p, lclu) != NULL;
}

bool insert_pending(struct pending_set *p, struct es_stats *s, uint32_t lclu)
{
	struct es_node *n;

	if (is_pending(p, lclu))
		return false;
	n = es_node_take(s);
	n->lblk = lclu;
	n->len = 1;
	RB_INSERT(es_head, &p->clusters, n);
	return true;
}

bool remove_pending(struct pending_set *p, struct es_stats *s, uint32_t lclu)
{
	struct es_node *n = find(p, lclu);

	if (!n)
		return false;
	RB_REMOVE(es_head, &p->clusters, n);
	es_node_give(s, n);
	return true;
}

void rsvd_count_init(struct rsvd_count *rc, uint32_t cluster_bits)
{
	*rc = (struct rsvd_count){ .cluster_bits = cluster_bits };
}

void rsvd_count_add(struct rsvd_count *rc, uint32_t lblk, uint32_t end)
{
	uint32_t from = lblk >> rc->cluster_bits;
	uint32_t to = end >> rc->cluster_bits;

	if (!rc->clusters)
		rc->first = from;
	else if (from == rc->last)
		rc->clusters--;
	rc->clusters += to - from + 1;
	rc->last = to;
}

/* Remove the pending clusters among [@first, @last].
 * Return: how many there were. */
static uint32_t remove_range(struct pending_set *p, struct es_stats *s,
			     uint32_t first, uint32_t last)
{
	struct es_node key = { .lblk = first }, *n, *next;
	uint32_t removed = 0;

	n = RB_NFIND(es_head, &p->clusters, &key);
	for (; n && n->lblk <= last; n = next) {
		next = RB_NEXT(es_head, &p->clusters, n);
		RB_REMOVE(es_head, &p->clusters, n);
		es_node_give(s, n);
		removed++;
	}
	return removed;
}

uint32_t get_rsvd(const struct rsvd_count *rc, const struct es_tree *t,
		  struct pending_set *p, struct es_stats *s)
{
	uint32_t n = rc->clusters, bits = rc->cluster_bits;
	uint32_t first = rc->first, last = rc->last;
	bool left, right;

	if (!n || !bits)
		return n;
	left = es_scan_clu(t, ES_DELAYED, bits, first << bits);
	right = first == last ? left :
		es_scan_clu(t, ES_DELAYED, bits, last << bits);
	if (left) {
		n--;
		first++;
	}
	if (right && first <= last) {
		n--;
		last--;
	}
	if (n && first <= last)
		n -= remove_range(p, s, first, last);
	return n;
}

/* Set whether @lclu, allocated now, is pending.
 * Return: 1 if it became so. */
static uint32_t revise_cluster(struct pending_set *p, struct es_stats *s,
			       uint32_t lclu, bool delayed)
{
	if (delayed)
		return insert_pending(p, s, lclu);
	remove_pending(p, s, lclu);
	return 0;
}

uint32_t revise_pending(struct pending_set *p, struct es_stats *s,
			const struct es_tree *t, uint32_t cluster_bits,
			uint32_t lblk, uint32_t len)
{
	uint32_t end = lblk + len - 1;
	uint32_t first = lblk >> cluster_bits, last = end >> cluster_bits;
	uint32_t count;

	if (!cluster_bits)
		return 0;
	count = revise_cluster(p, s, first,
			       es_scan_clu(t, ES_DELAYED, cluster_bits, lblk));
	if (last != first)
		count += revise_cluster(p, s, last,
					es_scan_clu(t, ES_DELAYED,
						    cluster_bits, end));
	return count;
}
