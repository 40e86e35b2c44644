/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line of a script while it is parsed, and the parsers of its words.
 * Inner header of the script reader.
 */
#ifndef E4PACK_SOURCE_SCRIPT_LINE_H
#define E4PACK_SOURCE_SCRIPT_LINE_H

#include "source/script.h"

struct script_line {
	struct script *script;	/* its arena keeps the strings */
	struct diag *diag;
	const char *file;	/* name of the script, kept in the arena */
	uint32_t number;	/* counted from 1 */
	const char *syntax;	/* of the verb; NULL when it is not known */
	size_t given;		/* arguments that it has */
	bool from_stdin;	/* the script is standard input */
};

/* Tell that the line is wrong: @word (NULL: none) and what @fmt says of it,
 * with the syntax.  Reports.  Return: E4PACK_ET_USAGE. */
errcode_t script_wrong(const struct script_line *l, const char *word,
		       const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Parse @word into its members of @c, copying what is kept.  Reports.
 * Return: 0, E4PACK_ET_USAGE or ENOMEM. */
typedef errcode_t script_argument(const struct script_line *l,
				  struct script_command *c, const char *word);

script_argument script_path;		/* of anything */
script_argument script_file;		/* not ending in a slash */
script_argument script_new_path;	/* into path2, as script_path */
script_argument script_new_file;	/* into path2, as script_file */
script_argument script_target;		/* of a symbolic link */
script_argument script_host;		/* HOSTDIR */
script_argument script_archive;		/* ARCHIVE */
script_argument script_offset;
script_argument script_size;		/* may be 0 */
script_argument script_length;		/* may not */
script_argument script_data_word;	/* DATA */
script_argument script_mode;
script_argument script_owner;
script_argument script_time;
script_argument script_type;		/* of mknod */
script_argument script_major;
script_argument script_minor;
script_argument script_name;		/* of an extended attribute */
script_argument script_flags;		/* [+-=]FLAGS */

/* Parse the first @len bytes of @word as a size in bytes, which may be 0.
 * Return: 0, E4PACK_ET_BAD_NUMBER, or E4PACK_ET_OVERFLOW over 2^63-1. */
errcode_t script_bytes(const char *word, size_t len, uint64_t *ret);

/* As number_parse() of the first @len bytes of @word. */
errcode_t script_number(const char *word, size_t len, uint64_t max,
			uint64_t *ret);

/* Copy @s for as long as the script lives.  Reports.  Return: 0 or ENOMEM. */
errcode_t script_keep(const struct script_line *l, const char **ret,
		      const char *s);

/* Make an origin of @len bytes of SplitMix64 numbers, little-endian.
 * Return: one reference, or NULL without memory. */
struct origin *script_random_origin(uint64_t seed, uint64_t len);

/* Make an origin of the @len bytes at @offset of @inner, whose readers keep
 * nothing but a descriptor.  Takes over @inner, also without memory.
 * Return: one reference, or NULL without memory. */
struct origin *script_part_origin(struct origin *inner, uint64_t offset,
				  uint64_t len);

/* Options: words without a value of their own. */
script_argument script_parents, script_recursive;

/* Judge a command whose words are all parsed; @word is the last one. */
script_argument script_check_range;	/* OFFSET and LEN */
script_argument script_check_write;	/* OFFSET and DATA */
script_argument script_check_node;
script_argument script_check_touch;

#endif
