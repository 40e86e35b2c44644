/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libarchive, loaded when the first archive is opened.  With what it loads
 * itself (libxml2, ICU, libstdc++) it is most of the start of a program that
 * mostly does not need it.
 *
 * Who includes this in place of <archive.h> calls its functions as ever, once
 * archive_lib_load() has returned 0.  Where configure was told not to load it,
 * it is linked, and nothing here does anything.  Only src/source/archive*.c
 * may include this file.
 */
#ifndef E4PACK_SOURCE_ARCHIVE_LIB_H
#define E4PACK_SOURCE_ARCHIVE_LIB_H

#include <archive.h>
#include <archive_entry.h>

#include "base/diag.h"

/* Find libarchive and all of the functions below, once.  Any thread may ask.
 * Reports, unless @diag is NULL.  Return: 0 or E4PACK_ET_UNSUPPORTED. */
errcode_t archive_lib_load(struct diag *diag);

#ifdef LIBARCHIVE_SONAME

#define ARCHIVE_LIB_FUNCTIONS(F) \
	F(archive_entry_acl_next) \
	F(archive_entry_acl_reset) \
	F(archive_entry_acl_types) \
	F(archive_entry_atime) \
	F(archive_entry_atime_is_set) \
	F(archive_entry_atime_nsec) \
	F(archive_entry_birthtime) \
	F(archive_entry_birthtime_is_set) \
	F(archive_entry_birthtime_nsec) \
	F(archive_entry_ctime) \
	F(archive_entry_ctime_is_set) \
	F(archive_entry_ctime_nsec) \
	F(archive_entry_fflags) \
	F(archive_entry_fflags_text) \
	F(archive_entry_filetype) \
	F(archive_entry_free) \
	F(archive_entry_gid) \
	F(archive_entry_hardlink) \
	F(archive_entry_mode) \
	F(archive_entry_mtime) \
	F(archive_entry_mtime_is_set) \
	F(archive_entry_mtime_nsec) \
	F(archive_entry_new) \
	F(archive_entry_new2) \
	F(archive_entry_pathname) \
	F(archive_entry_rdevmajor) \
	F(archive_entry_rdevminor) \
	F(archive_entry_set_fflags) \
	F(archive_entry_size) \
	F(archive_entry_sparse_next) \
	F(archive_entry_sparse_reset) \
	F(archive_entry_symlink) \
	F(archive_entry_uid) \
	F(archive_entry_xattr_next) \
	F(archive_entry_xattr_reset) \
	F(archive_errno) \
	F(archive_error_string) \
	F(archive_filter_bytes) \
	F(archive_format) \
	F(archive_read_data) \
	F(archive_read_data_block) \
	F(archive_read_data_skip) \
	F(archive_read_free) \
	F(archive_read_new) \
	F(archive_read_next_header2) \
	F(archive_read_open1) \
	F(archive_read_set_callback_data) \
	F(archive_read_set_read_callback) \
	F(archive_read_set_skip_callback) \
	F(archive_read_support_filter_bzip2) \
	F(archive_read_support_filter_lz4) \
	F(archive_read_support_filter_xz) \
	F(archive_read_support_filter_zstd) \
	F(archive_read_support_format_cpio) \
	F(archive_read_support_format_empty) \
	F(archive_read_support_format_raw) \
	F(archive_read_support_format_tar) \
	F(archive_set_error)

#define ARCHIVE_LIB_MEMBER(f) __typeof__(&f) f;
struct archive_lib {
	ARCHIVE_LIB_FUNCTIONS(ARCHIVE_LIB_MEMBER)
};
extern struct archive_lib archive_lib;

#ifndef ARCHIVE_LIB_NAMES_ONLY
#define archive_entry_acl_next archive_lib.archive_entry_acl_next
#define archive_entry_acl_reset archive_lib.archive_entry_acl_reset
#define archive_entry_acl_types archive_lib.archive_entry_acl_types
#define archive_entry_atime archive_lib.archive_entry_atime
#define archive_entry_atime_is_set archive_lib.archive_entry_atime_is_set
#define archive_entry_atime_nsec archive_lib.archive_entry_atime_nsec
#define archive_entry_birthtime archive_lib.archive_entry_birthtime
#define archive_entry_birthtime_is_set \
	archive_lib.archive_entry_birthtime_is_set
#define archive_entry_birthtime_nsec archive_lib.archive_entry_birthtime_nsec
#define archive_entry_ctime archive_lib.archive_entry_ctime
#define archive_entry_ctime_is_set archive_lib.archive_entry_ctime_is_set
#define archive_entry_ctime_nsec archive_lib.archive_entry_ctime_nsec
#define archive_entry_fflags archive_lib.archive_entry_fflags
#define archive_entry_fflags_text archive_lib.archive_entry_fflags_text
#define archive_entry_filetype archive_lib.archive_entry_filetype
#define archive_entry_free archive_lib.archive_entry_free
#define archive_entry_gid archive_lib.archive_entry_gid
#define archive_entry_hardlink archive_lib.archive_entry_hardlink
#define archive_entry_mode archive_lib.archive_entry_mode
#define archive_entry_mtime archive_lib.archive_entry_mtime
#define archive_entry_mtime_is_set archive_lib.archive_entry_mtime_is_set
#define archive_entry_mtime_nsec archive_lib.archive_entry_mtime_nsec
#define archive_entry_new archive_lib.archive_entry_new
#define archive_entry_new2 archive_lib.archive_entry_new2
#define archive_entry_pathname archive_lib.archive_entry_pathname
#define archive_entry_rdevmajor archive_lib.archive_entry_rdevmajor
#define archive_entry_rdevminor archive_lib.archive_entry_rdevminor
#define archive_entry_set_fflags archive_lib.archive_entry_set_fflags
#define archive_entry_size archive_lib.archive_entry_size
#define archive_entry_sparse_next archive_lib.archive_entry_sparse_next
#define archive_entry_sparse_reset archive_lib.archive_entry_sparse_reset
#define archive_entry_symlink archive_lib.archive_entry_symlink
#define archive_entry_uid archive_lib.archive_entry_uid
#define archive_entry_xattr_next archive_lib.archive_entry_xattr_next
#define archive_entry_xattr_reset archive_lib.archive_entry_xattr_reset
#define archive_errno archive_lib.archive_errno
#define archive_error_string archive_lib.archive_error_string
#define archive_filter_bytes archive_lib.archive_filter_bytes
#define archive_format archive_lib.archive_format
#define archive_read_data archive_lib.archive_read_data
#define archive_read_data_block archive_lib.archive_read_data_block
#define archive_read_data_skip archive_lib.archive_read_data_skip
#define archive_read_free archive_lib.archive_read_free
#define archive_read_new archive_lib.archive_read_new
#define archive_read_next_header2 archive_lib.archive_read_next_header2
#define archive_read_open1 archive_lib.archive_read_open1
#define archive_read_set_callback_data \
	archive_lib.archive_read_set_callback_data
#define archive_read_set_read_callback \
	archive_lib.archive_read_set_read_callback
#define archive_read_set_skip_callback \
	archive_lib.archive_read_set_skip_callback
#define archive_read_support_filter_bzip2 \
	archive_lib.archive_read_support_filter_bzip2
#define archive_read_support_filter_lz4 \
	archive_lib.archive_read_support_filter_lz4
#define archive_read_support_filter_xz \
	archive_lib.archive_read_support_filter_xz
#define archive_read_support_filter_zstd \
	archive_lib.archive_read_support_filter_zstd
#define archive_read_support_format_cpio \
	archive_lib.archive_read_support_format_cpio
#define archive_read_support_format_empty \
	archive_lib.archive_read_support_format_empty
#define archive_read_support_format_raw \
	archive_lib.archive_read_support_format_raw
#define archive_read_support_format_tar \
	archive_lib.archive_read_support_format_tar
#define archive_set_error archive_lib.archive_set_error
#endif

#endif
#endif
