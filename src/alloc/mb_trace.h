/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the allocator tell a trace; for them alone.  All of it is
 * for a trace that is on. */
#ifndef E4PACK_ALLOC_MB_TRACE_H
#define E4PACK_ALLOC_MB_TRACE_H

#include "alloc/mballoc_state.h"
#include "base/trace.h"

/* Tell that @len clusters are asked for from logical block @lblk on. */
void mb_trace_request(const struct mballoc *mb,
		      const struct alloc_request *req, uint32_t lblk,
		      uint64_t len);

/* Tell that @len clusters from @pblk on were given, 0: none. */
void mb_trace_allocated(const struct mballoc *mb,
			const struct alloc_request *req, uint32_t lblk,
			uint64_t len, uint64_t pblk);

/* Tell how the last request of kernel mode was served. */
void mb_trace_served(const struct mballoc *mb,
		     const struct alloc_request *req);

/* Tell a request of best fit and the @n runs that it got. */
void mb_trace_best_fit(const struct mballoc *mb,
		       const struct alloc_request *req, const struct run *runs,
		       size_t n);

void mb_trace_new_prealloc(const struct mballoc *mb, const struct prealloc *pa,
			   uint32_t ino);

/* Tell that the free clusters @part of @pa go back. */
void mb_trace_discard(const struct mballoc *mb, const struct prealloc *pa,
		      const struct group_run *part);

#endif
