/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file in the delayed-allocation buffer: its extent status tree, its
 * reservation, its sizes, and where its bytes are.  It has no name here.
 */
#ifndef E4PACK_DELAY_DELAYED_FILE_H
#define E4PACK_DELAY_DELAYED_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <et/com_err.h>

#include "delay/content.h"
#include "delay/extent_status.h"
#include "delay/pending.h"
#include "delay/reserve.h"
#include "image/format.h"
#include "source/origin.h"

struct delayed_file;
struct run_list;
struct trace;

/* Blocks that are asked for. */
struct da_request {
	uint32_t lblk;		/* the first of them */
	uint64_t len;		/* blocks as if all lay behind @lblk, so that
				 * [lblk, lblk + len) meets the clusters */
	bool delalloc;		/* was delayed: bytes are staged for it */
	bool unwritten;		/* preallocated: becomes unwritten */
	bool exact;		/* nothing is to be allocated ahead of it */
	uint64_t file_blocks;	/* size of the file */
	uint64_t goal;		/* where @lblk would continue its neighbour,
				 * 0: it has none */

	/* The nearest mapped blocks on either side; pblk 0: none. */
	uint32_t lleft, lright;
	uint64_t pleft, pright;
};

/* What the buffer asks of an image that is there already. */
struct delay_ops {
	/* Fill @e with the extent on disk that holds block e->lblk, written,
	 * unwritten or a hole, as long as is known.  Reports. */
	errcode_t (*query_blocks)(void *arg, const struct delayed_file *f,
				  struct es_extent *e);
	/* Blocks that @f had are no longer its own: whole clusters.  Cannot
	 * fail; who gives them to the free space changes reserve.free. */
	void (*free_blocks)(void *arg, const struct delayed_file *f,
			    uint64_t pblk, uint64_t len);
	/* Blocks [@lblk, @lblk + @len) of @f are a hole from now on; those in
	 * clusters that keep other blocks may come back to their place, where
	 * their old bytes mean nothing.  Cannot fail. */
	void (*forget_blocks)(void *arg, const struct delayed_file *f,
			      uint32_t lblk, uint32_t len);
	/* Append runs of free blocks for the beginning of @req to the empty
	 * @out: at least one block or, with bigalloc, whole clusters from the
	 * one of @req->lblk on, and no more than asked for.  The number of
	 * free blocks follows by itself, when they get their use.  Reports,
	 * other than E4PACK_ET_NO_SPACE.  NULL: the image is not there before
	 * the end, everything is only staged. */
	errcode_t (*allocate)(void *arg, const struct delayed_file *f,
			      const struct da_request *req,
			      struct run_list *out);
	/* Blocks that allocate() gave get no use after all.  Cannot fail;
	 * reserve.free stays. */
	void (*take_back)(void *arg, const struct delayed_file *f,
			  uint64_t pblk, uint64_t len);
	/* Commit, so that clusters freed before may be used, and count them
	 * in reserve.free.  NULL: no journal, nothing waits for a commit.
	 * Return: whether there were any. */
	bool (*commit)(void *arg);
};

/* Who a file is, for a trace. */
struct delayed_identity {
	uint32_t ino;
	uint32_t mode;		/* with its type bits */
};

typedef void delay_identify(const struct delayed_file *f,
			    struct delayed_identity *id);

/* What all files of one image share. */
struct delay {
	struct reserve reserve;
	struct es_stats es_stats;
	uint32_t block_bits;	/* log2 of the block size in bytes */
	uint32_t cluster_bits;	/* log2 of blocks per cluster */
	const struct delay_ops *ops;	/* NULL, or NULL members: nothing is
					 * on disk, no one is told */
	void *ops_arg;		/* first argument of @ops */
	bool no_unwritten;	/* mappings cannot say "unwritten": fallocate
				 * is refused */
	bool nodelalloc;	/* writes allocate at once, if possible */
	bool kernel_requests;	/* blocks are asked for as the kernel does,
				 * not for whole files */
	uint32_t inline_max;	/* bytes of a file that the inode can hold,
				 * 0: none */
	uint64_t es_cap;	/* most nodes that are kept though the disk
				 * can tell them again; 0: any number */
	struct trace *trace;	/* is told of every step; NULL: nobody is */
	delay_identify *identify;	/* for it; NULL: all are number 0 */
};

struct delayed_file {
	struct es_tree es;
	struct content content;
	struct pending_set pending;	/* with bigalloc only */
	uint64_t size;		/* i_size, bytes */
	uint64_t disksize;	/* i_disksize: size as far as mapped */
	uint32_t allocated;	/* i_blocks without metadata, clusters; who
				 * makes a file with a map on disk sets it */
	uint8_t block_bits;	/* as struct delay has them, once blocks ... */
	uint8_t cluster_bits;	/* ... are delayed or all are loaded */
	bool on_disk : 1;	/* has a map on disk: ask query_blocks() */
	bool loaded : 1;	/* the tree has all that this map tells, and
				 * nothing of it is dropped */
	bool pinned : 1;	/* the mapping is not that on disk any more;
				 * is loaded then, too */
	bool in_inode : 1;	/* inline data: the bytes lie in the inode */
	bool in_blocks : 1;	/* they never will (any more) */
	bool verity_in_progress : 1;	/* hashes are written past its end, to
					 * seal it */
};

/* Make a buffer with no free space and nothing in it; fill d->reserve. */
void delay_init(struct delay *d, uint32_t block_bits, uint32_t cluster_bits);

/* Free the memory of all ES trees; release the files before. */
void delay_release(struct delay *d);

/* Make an empty file; allocates nothing. */
void delayed_file_init(struct delayed_file *f);

/* Free the contents; what is still reserved is released. */
void delayed_file_release(struct delayed_file *f, struct delay *d);

/* Have the whole mapping that the disk knows in the tree, and keep it there;
 * done before it changes.
 * Return: 0, ENOMEM, or what query_blocks() returned. */
errcode_t delayed_file_load(struct delayed_file *f, struct delay *d);

/* Let what was loaded be dropped again, if the mapping did not change. */
void delayed_file_unload(struct delayed_file *f, struct delay *d);

/* As delayed_file_release() for a file that goes from the image: the blocks
 * it has, as far as its tree knows them, are given to free_blocks(); @f is an
 * empty file then. */
void delayed_file_delete(struct delayed_file *f, struct delay *d);

/* Whether blocks can be allocated before the end. */
bool delay_is_live(const struct delay *d);

/* Blocks that are promised to data and not allocated yet: what the kernel
 * shows as delayed_allocation_blocks, and a dirty limit is about. */
uint64_t delay_dirty_blocks(const struct delay *d);

/* Stage @len bytes at @pos, which lie at @offset in @origin (NULL: zeros).
 * Goes through da_map_blocks() for every block of the range and records
 * where the bytes are; moves the size when the write ends past it.  Where
 * writes are not to delay (nodelalloc; with the kernel's margins also
 * nonda_switch() or verity in progress) this is da_write_now().  With inline data a file that stays small
 * has no blocks, see da_inline.c.
 * Return: 0; ENOMEM; E4PACK_ET_NO_SPACE (nothing of this call stays);
 * EFBIG past the last logical block. */
errcode_t da_write(struct delay *d, struct delayed_file *f, uint64_t pos,
		   uint64_t len, struct origin *origin, uint64_t offset);

/* As da_write(), but holes get their blocks at once: first as unwritten, and
 * with the bytes they become written.  What was delayed stays so.  Without
 * allocate() it is da_write().
 * Return: as da_write(), or what allocate() returned; nothing stays unless it
 * cannot be given back for want of memory. */
errcode_t da_write_now(struct delay *d, struct delayed_file *f, uint64_t pos,
		       uint64_t len, struct origin *origin, uint64_t offset);

/* Stage what fallocate() does in its mode 0: every hole in [@pos, @pos +
 * @len), widened to whole blocks, becomes delayed, and is placed as unwritten
 * if nothing is written to it before; the size grows to @pos + @len.  On a
 * live image what is delayed in the range is allocated at once.
 * Return: as da_write_now(), EINVAL when @len is 0, or EOPNOTSUPP where no
 * mapping can have it. */
errcode_t da_fallocate(struct delay *d, struct delayed_file *f, uint64_t pos,
		       uint64_t len);

/* Set the size: growing leaves a hole, otherwise what lies behind is dropped
 * and its reservation released.  Return: 0, ENOMEM, EFBIG, or
 * E4PACK_ET_NO_SPACE as da_punch(). */
errcode_t da_truncate(struct delay *d, struct delayed_file *f, uint64_t size);

/* Make [@pos, @pos + @len) read as zero; whole blocks in it become a hole.
 * The size stays.  Return: 0, ENOMEM, EFBIG, or E4PACK_ET_NO_SPACE where a
 * cluster that is freed has delayed blocks, which need a new promise. */
errcode_t da_punch(struct delay *d, struct delayed_file *f, uint64_t pos,
		   uint64_t len);

/* Give the bytes of a file in its inode a block, delayed, or (@now) allocated
 * on a live image; from now on @f has blocks, whatever its size.
 * Return: 0; ENOMEM, E4PACK_ET_NO_SPACE, or what allocate() returned, with
 * nothing changed. */
errcode_t da_convert_inline_data(struct delay *d, struct delayed_file *f,
				 bool now);

/* The validity cookie of the mapping, for a plan to remember. */
uint64_t delayed_file_seq(const struct delayed_file *f);

/* Return: 0, or E4PACK_ET_STALE when the mapping is not that of @seq. */
errcode_t delayed_file_check_seq(const struct delayed_file *f, uint64_t seq);

/* Look at @n nodes of the ES trees, and drop those that the disk can tell
 * again and that nobody looked up since the last time.  What caches does this
 * when there are more than es_cap.  Return: nodes dropped. */
uint32_t delay_shrink(struct delay *d, uint32_t n);

/* Blocks to ask the allocator for, in whole clusters, so that every delayed
 * block gets its place. */
uint64_t delayed_file_wanted_blocks(const struct delayed_file *f);

/* Whether the accounting holds: the tree is valid, @f has as many clusters
 * reserved as hold delayed blocks and are not pending, a cluster is pending
 * only if it has mapped and delayed blocks, a file without a map on disk has
 * as many clusters allocated as hold mapped blocks, and where there is content
 * there are delayed or written blocks, or none for inline data.  Linear. */
bool delayed_file_verify(const struct delay *d,
			 const struct delayed_file *f);

/* Blocks with status delayed. */
uint64_t delayed_file_delayed_blocks(const struct delayed_file *f);

/* Blocks that are delayed or have their place, and blocks of the whole
 * clusters that hold them. */
uint64_t delayed_file_blocks(const struct delayed_file *f);
uint64_t delayed_file_space(const struct delayed_file *f);

/* Extents that the file will have when its delayed blocks are put, in
 * logical order, into @n runs as writeback_place() does: the on-disk limit
 * counted, neighbours that touch on both sides joined.  With @n 0: the
 * ideal, where logical neighbours of one status always touch. */
uint64_t delayed_file_count_extents(const struct delayed_file *f,
				    const struct run *runs, size_t n);

/* Extents on disk, ascending, in an array that grows. */
struct extent_list {
	struct extent *extents;
	size_t n, cap;
};

void extent_list_release(struct extent_list *l);

/* Append every written and unwritten extent of @f, cut at the on-disk
 * limits, to @out.  Return: 0, ENOMEM, or E4PACK_ET_BUG if a block is still
 * delayed. */
errcode_t delayed_file_extents(const struct delayed_file *f,
			       struct extent_list *out);

/* As delayed_file_extents(), with delayed blocks among them as what they
 * will become; the places of those mean nothing.  For mappings that depend on
 * the logical places. */
errcode_t delayed_file_ranges(const struct delayed_file *f,
			      struct extent_list *out);

#endif
