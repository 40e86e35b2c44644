/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder while verify looks at it. */
#ifndef E4PACK_REPORT_CHECK_DIR_H
#define E4PACK_REPORT_CHECK_DIR_H

#include "report/check.h"

enum htree_kind { HTREE_LEAF, HTREE_NODE, HTREE_ROOT };

/* One block of an indexed folder. */
struct htree_block {
	enum htree_kind kind;
	uint32_t parent;	/* block whose index has it */
	uint32_t lo, hi;	/* hashes its entry allows: without those at
				 * the beginning and end of its parent */
	uint32_t least, most;	/* hashes found in it */
	bool found;		/* it was read */
	bool referenced, twice;	/* by the index */
	bool first, last;	/* of its parent */
};

struct htree {
	struct htree_block *blocks;	/* NULL: the folder has no index, or
					 * one too damaged to follow */
	uint32_t n;
	uint32_t depth;		/* levels below the root: 1 or more */
	uint32_t version;	/* of the hash, see image/dirhash.h */
};

struct dir_check {
	struct check *check;
	struct inode_info info;
	struct check_folder *folder;
	uint32_t seed;		/* of its checksums */
	uint32_t at;		/* logical block, for messages */
	uint64_t blocks;	/* that are mapped */
	bool unread;		/* the mapping or inline data is damaged */
	bool indexed, hash_beside;	/* each name has its hash behind it */
	struct htree htree;
	uint64_t *names;	/* a long hash of each name */
	size_t n_names, cap_names;
	const uint64_t *twice;	/* sorted: hashes to look at again, or NULL */
	size_t n_twice;
	struct dir_twice *seen;	/* their names */
};

/* Tell what is wrong in the block being read. */
void dir_fault(struct dir_check *d, const char *what);

/* check_dir_block.c: all entries of a whole block. */
errcode_t check_dir_block(struct dir_check *d, const uint8_t *block);

/* All entries of inline data, @size bytes with i_block. */
errcode_t check_dir_inline(struct dir_check *d, const uint8_t *data,
			   uint32_t size);

/* Bytes of a record; 16 bits have to do for up to 65536. */
uint32_t dir_record(const struct check *c, const uint8_t *at);

/* check_names.c: note a name; then find those that are there twice. */
errcode_t dir_note_name(struct dir_check *d, const uint8_t *name,
			uint8_t len);
errcode_t dir_find_twice(struct dir_check *d,
			 errcode_t (*again)(struct dir_check *));

/* check_htree.c: begin and end a folder; the kind of a block; its own
 * entries; a name in a leaf. */
errcode_t htree_begin(struct dir_check *d);
void htree_end(struct dir_check *d);
enum htree_kind htree_kind(struct dir_check *d, const uint8_t *block);
void htree_take_block(struct dir_check *d, const uint8_t *block);
errcode_t htree_take_name(struct dir_check *d, const uint8_t *name,
			  uint8_t len, bool is_dot);

#endif
