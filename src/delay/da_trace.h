/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inner door of the trace points of this room: what they all need to say of
 * a file.  All but DA_TRACE() is for a trace that is on.
 */
#ifndef E4PACK_DELAY_DA_TRACE_H
#define E4PACK_DELAY_DA_TRACE_H

#include "base/trace.h"
#include "delay/delayed_file.h"

struct da_untold;
struct run_list;

/* Tell @event of file @f, whose number comes first; the other values are
 * evaluated only if somebody listens. */
#define DA_TRACE(d, f, event, ...)					\
	TRACE((d)->trace, event, da_trace_ino(d, f), __VA_ARGS__)

uint32_t da_trace_ino(const struct delay *d, const struct delayed_file *f);
uint32_t da_trace_mode(const struct delay *d, const struct delayed_file *f);

/* i_blocks as far as content goes, in sectors. */
uint64_t da_trace_sectors(const struct delay *d,
			  const struct delayed_file *f);

/* How the kernel returns @err: 0, or an errno below zero. */
int da_trace_return(errcode_t err);

/* Tell that @e is inserted, cached or found; NULL: nothing is. */
void da_trace_es(const struct delay *d, const struct delayed_file *f,
		 enum trace_event event, const struct es_extent *e);

/* Tell that @e, which was unwritten, becomes written. */
void da_trace_converted(const struct delay *d, const struct delayed_file *f,
			const struct es_extent *e);

/* Tell the end of a look-up that found @e, or NULL. */
void da_trace_lookup(const struct delay *d, const struct delayed_file *f,
		     const struct es_extent *e);

/* Tell that @n clusters are reserved, used or given back, where @reserved
 * clusters are the file's. */
void da_trace_space(const struct delay *d, const struct delayed_file *f,
		    enum trace_event event, uint32_t n, uint32_t reserved);

/* Clusters of @e that hold blocks of @untold, which may be NULL. */
uint32_t da_untold_in(const struct da_untold *untold,
		      const struct es_extent *e, uint32_t cluster_bits);

/* Tell, as da_trace_space(), that a promise of @n clusters ends, but for
 * those of @untold; they are at most @most. */
void da_trace_promise(const struct delay *d, const struct delayed_file *f,
		      enum trace_event event, uint32_t n, uint32_t most,
		      struct da_untold *untold);

/* Pages that the writeback of one file has come to.  A page has 4096 bytes,
 * whatever the block size. */
struct da_pages {
	uint64_t written;
	uint64_t next;		/* behind the last one */
};

void da_trace_writepages(const struct delay *d, const struct delayed_file *f);
void da_trace_writepages_result(const struct delay *d,
				const struct delayed_file *f,
				const struct da_pages *pages, errcode_t err);

/* Tell that blocks [@lblk, @lblk + @len), delayed, are to be written. */
void da_trace_folios_start(const struct delay *d,
			   const struct delayed_file *f,
			   const struct da_pages *pages, uint32_t lblk,
			   uint64_t len);
void da_trace_folios_end(const struct delay *d, const struct delayed_file *f,
			 const struct da_pages *pages, errcode_t err);

/* Count the pages of the blocks of @e. */
void da_pages_add(struct da_pages *pages, const struct delay *d,
		  const struct es_extent *e);

/* Tell that @asked blocks from that of @req on are to be mapped, and of which
 * neighbours it was seen that they share no cluster with it. */
void da_trace_map(const struct delay *d, const struct delayed_file *f,
		  const struct da_request *req, uint64_t asked,
		  uint32_t flags);

/* Tell the same of @req in a cluster that a neighbour has, and that it is
 * mapped thereby. */
void da_trace_implied(const struct delay *d, const struct delayed_file *f,
		      const struct da_request *req, uint64_t asked,
		      uint32_t flags);

/* Tell that the beginning of @req got the places @runs, or failed. */
void da_trace_mapped(const struct delay *d, const struct delayed_file *f,
		     const struct da_request *req, uint32_t flags,
		     const struct run_list *runs, errcode_t err);

#endif
