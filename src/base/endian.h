/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loads and stores of numbers of a fixed byte order, at any alignment.
 * ext4 is little-endian on disk, its journal big-endian.
 */
#ifndef E4PACK_BASE_ENDIAN_H
#define E4PACK_BASE_ENDIAN_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define E4PACK_ENDIAN_PAIR(name, bits, from, to)			\
	static inline uint##bits##_t get_##name(const void *p)		\
	{								\
		uint##bits##_t v;					\
									\
		memcpy(&v, p, sizeof(v));				\
		return from(v);						\
	}								\
	static inline void put_##name(void *p, uint##bits##_t v)	\
	{								\
		v = to(v);						\
		memcpy(p, &v, sizeof(v));				\
	}

E4PACK_ENDIAN_PAIR(le16, 16, le16toh, htole16)
E4PACK_ENDIAN_PAIR(le32, 32, le32toh, htole32)
E4PACK_ENDIAN_PAIR(le64, 64, le64toh, htole64)
E4PACK_ENDIAN_PAIR(be16, 16, be16toh, htobe16)
E4PACK_ENDIAN_PAIR(be32, 32, be32toh, htobe32)
E4PACK_ENDIAN_PAIR(be64, 64, be64toh, htobe64)

#undef E4PACK_ENDIAN_PAIR

#endif
