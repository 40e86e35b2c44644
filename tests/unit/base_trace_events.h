/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The formats of the trace's events as the kernel has them; for
 * base_trace.c. */
#ifndef E4PACK_TESTS_BASE_TRACE_EVENTS_H
#define E4PACK_TESTS_BASE_TRACE_EVENTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/trace.h"

/* A value of a text field and how it is written. */
struct text {
	uint64_t value;
	const char *text;
};

struct event_case {
	enum trace_event event;
	const char *name;
	const char *format;	/* as the kernel has it */
	struct text texts[2];	/* for each %s or %pS of it */
};

#define CREATE "CREATE|UNWRIT|DELALLOC|PRE_IO|METADATA_NOFAIL|IO_SUBMIT|" \
	"EX_NOCACHE"
#define DATA "HINT_DATA|DELALLOC_RESV|STREAM_ALLOC|USE_RESV"
#define FUNCTION { { 0, "f+0x0/0x0" }, { 0, NULL } }

static const struct event_case cases[] = {
	{ TRACE_REQUEST_INODE, "ext4_request_inode",
	  "dev %d,%d dir %lu mode 0%o", { { 0, NULL } } },
	{ TRACE_ALLOCATE_INODE, "ext4_allocate_inode",
	  "dev %d,%d ino %lu dir %lu mode 0%o", { { 0, NULL } } },
	{ TRACE_LOAD_INODE, "ext4_load_inode",
	  "dev %d,%d ino %ld", { { 0, NULL } } },
	{ TRACE_DA_WRITE_BEGIN, "ext4_da_write_begin",
	  "dev %d,%d ino %lu pos %lld len %u", { { 0, NULL } } },
	{ TRACE_DA_WRITE_END, "ext4_da_write_end",
	  "dev %d,%d ino %lu pos %lld len %u copied %u", { { 0, NULL } } },
	{ TRACE_WRITE_BEGIN, "ext4_write_begin",
	  "dev %d,%d ino %lu pos %lld len %u", { { 0, NULL } } },
	{ TRACE_WRITE_END, "ext4_write_end",
	  "dev %d,%d ino %lu pos %lld len %u copied %u", { { 0, NULL } } },
	{ TRACE_DA_RESERVE_SPACE, "ext4_da_reserve_space",
	  "dev %d,%d ino %lu mode 0%o i_blocks %llu "
	  "reserve_blocks %dreserved_data_blocks %d", { { 0, NULL } } },
	{ TRACE_DA_UPDATE_RESERVE_SPACE, "ext4_da_update_reserve_space",
	  "dev %d,%d ino %lu mode 0%o i_blocks %llu used_blocks %d "
	  "reserved_data_blocks %d quota_claim %d", { { 0, NULL } } },
	{ TRACE_DA_RELEASE_SPACE, "ext4_da_release_space",
	  "dev %d,%d ino %lu mode 0%o i_blocks %llu freed_blocks %d "
	  "reserved_data_blocks %d", { { 0, NULL } } },
	{ TRACE_ALLOC_DA_BLOCKS, "ext4_alloc_da_blocks",
	  "dev %d,%d ino %lu reserved_data_blocks %u", { { 0, NULL } } },
	{ TRACE_ES_LOOKUP_EXTENT_ENTER, "ext4_es_lookup_extent_enter",
	  "dev %d,%d ino %lu lblk %u", { { 0, NULL } } },
	{ TRACE_ES_LOOKUP_EXTENT_EXIT, "ext4_es_lookup_extent_exit",
	  "dev %d,%d ino %lu found %d [%u/%u) %llu %s",
	  { { 0x18, "HR" } } },
	{ TRACE_ES_LOOKUP_EXTENT_EXIT, "ext4_es_lookup_extent_exit",
	  "dev %d,%d ino %lu found %d [%u/%u) %llu %s", { { 0, "" } } },
	{ TRACE_ES_FIND_EXTENT_RANGE_ENTER, "ext4_es_find_extent_range_enter",
	  "dev %d,%d ino %lu lblk %u", { { 0, NULL } } },
	{ TRACE_ES_FIND_EXTENT_RANGE_EXIT, "ext4_es_find_extent_range_exit",
	  "dev %d,%d ino %lu es [%u/%u) mapped %llu status %s",
	  { { 4, "D" } } },
	{ TRACE_ES_INSERT_EXTENT, "ext4_es_insert_extent",
	  "dev %d,%d ino %lu es [%u/%u) mapped %llu status %s",
	  { { 1, "W" } } },
	{ TRACE_ES_CACHE_EXTENT, "ext4_es_cache_extent",
	  "dev %d,%d ino %lu es [%u/%u) mapped %llu status %s",
	  { { 2, "U" } } },
	{ TRACE_ES_INSERT_DELAYED_EXTENT, "ext4_es_insert_delayed_extent",
	  "dev %d,%d ino %lu es [%u/%u) mapped %llu status %s allocated %d "
	  "%d", { { 31, "WUDHR" } } },
	{ TRACE_ES_REMOVE_EXTENT, "ext4_es_remove_extent",
	  "dev %d,%d ino %lu es [%lld/%lld)", { { 0, NULL } } },
	{ TRACE_ES_SHRINK_COUNT, "ext4_es_shrink_count",
	  "dev %d,%d nr_to_scan %d cache_cnt %d", { { 0, NULL } } },
	{ TRACE_ES_SHRINK_SCAN_ENTER, "ext4_es_shrink_scan_enter",
	  "dev %d,%d nr_to_scan %d cache_cnt %d", { { 0, NULL } } },
	{ TRACE_ES_SHRINK_SCAN_EXIT, "ext4_es_shrink_scan_exit",
	  "dev %d,%d nr_shrunk %d cache_cnt %d", { { 0, NULL } } },
	{ TRACE_ES_SHRINK, "ext4_es_shrink",
	  "dev %d,%d nr_shrunk %d, scan_time %llu nr_skipped %d retried %d",
	  { { 0, NULL } } },
	{ TRACE_EXT_MAP_BLOCKS_ENTER, "ext4_ext_map_blocks_enter",
	  "dev %d,%d ino %lu lblk %u len %u flags %s",
	  { { 0x4000042f, CREATE } } },
	{ TRACE_EXT_MAP_BLOCKS_EXIT, "ext4_ext_map_blocks_exit",
	  "dev %d,%d ino %lu flags %s lblk %u pblk %llu len %u mflags %s "
	  "ret %d", { { 0x352, "UNWRIT|CONVERT|NO_NORMALIZE|"
			"CONVERT_UNWRITTEN|ZERO" }, { 0xb30, "NMUB0x100" } } },
	{ TRACE_EXT_SHOW_EXTENT, "ext4_ext_show_extent",
	  "dev %d,%d ino %lu lblk %u pblk %llu len %u", { { 0, NULL } } },
	{ TRACE_EXT_HANDLE_UNWRITTEN_EXTENTS,
	  "ext4_ext_handle_unwritten_extents",
	  "dev %d,%d ino %lu m_lblk %u m_pblk %llu m_len %u flags %s "
	  "allocated %d newblock %llu", { { 0, "" } } },
	{ TRACE_GET_IMPLIED_CLUSTER_ALLOC_EXIT,
	  "ext4_get_implied_cluster_alloc_exit",
	  "dev %d,%d m_lblk %u m_pblk %llu m_len %u m_flags %s ret %d",
	  { { 0x30, "NM" } } },
	{ TRACE_SYNC_FILE_ENTER, "ext4_sync_file_enter",
	  "dev %d,%d ino %lu parent %lu datasync %d ", { { 0, NULL } } },
	{ TRACE_WRITEPAGES, "ext4_writepages",
	  "dev %d,%d ino %lu nr_to_write %ld pages_skipped %ld "
	  "range_start %lld range_end %lld sync_mode %d for_kupdate %d "
	  "range_cyclic %d writeback_index %lu", { { 0, NULL } } },
	{ TRACE_DA_WRITE_FOLIOS_START, "ext4_da_write_folios_start",
	  "dev %d,%d ino %lu start_pos 0x%llx next_pos 0x%llx "
	  "nr_to_write %ld sync_mode %d", { { 0, NULL } } },
	{ TRACE_DA_WRITE_PAGES_EXTENT, "ext4_da_write_pages_extent",
	  "dev %d,%d ino %lu lblk %llu len %u flags %s",
	  { { 0x100, "0x100" } } },
	{ TRACE_DA_WRITE_FOLIOS_END, "ext4_da_write_folios_end",
	  "dev %d,%d ino %lu start_pos 0x%llx next_pos 0x%llx "
	  "nr_to_write %ld ret %d", { { 0, NULL } } },
	{ TRACE_WRITEPAGES_RESULT, "ext4_writepages_result",
	  "dev %d,%d ino %lu ret %d pages_written %d pages_skipped %ld "
	  "sync_mode %d writeback_index %lu", { { 0, NULL } } },
	{ TRACE_SYNC_FILE_EXIT, "ext4_sync_file_exit",
	  "dev %d,%d ino %lu ret %d", { { 0, NULL } } },
	{ TRACE_REQUEST_BLOCKS, "ext4_request_blocks",
	  "dev %d,%d ino %lu flags %s len %u lblk %u goal %llu lleft %u "
	  "lright %u pleft %llu pright %llu ", { { 0x2c20, DATA } } },
	{ TRACE_MBALLOC_ALLOC, "ext4_mballoc_alloc",
	  "dev %d,%d inode %lu orig %u/%d/%u@%u goal %u/%d/%u@%u "
	  "result %u/%d/%u@%u blks %u grps %u cr %s flags %s tail %u "
	  "broken %u", { { 2, "CR_BEST_AVAIL_LEN" },
	  { 0x53c9, "HINT_MERGE|HINT_FIRST|HINT_NOPREALLOC|HINT_GRP_ALLOC|"
	    "HINT_GOAL_ONLY|HINT_TRY_GOAL|USE_ROOT_BLKS|STRICT_CHECK" } } },
	{ TRACE_MBALLOC_PREALLOC, "ext4_mballoc_prealloc",
	  "dev %d,%d inode %lu orig %u/%d/%u@%u result %u/%d/%u@%u",
	  { { 0, NULL } } },
	{ TRACE_ALLOCATE_BLOCKS, "ext4_allocate_blocks",
	  "dev %d,%d ino %lu flags %s len %u block %llu lblk %u goal %llu "
	  "lleft %u lright %u pleft %llu pright %llu", { { 0, "" } } },
	{ TRACE_MB_NEW_INODE_PA, "ext4_mb_new_inode_pa",
	  "dev %d,%d ino %lu pstart %llu len %u lstart %llu",
	  { { 0, NULL } } },
	{ TRACE_MB_NEW_GROUP_PA, "ext4_mb_new_group_pa",
	  "dev %d,%d ino %lu pstart %llu len %u lstart %llu",
	  { { 0, NULL } } },
	{ TRACE_MB_RELEASE_INODE_PA, "ext4_mb_release_inode_pa",
	  "dev %d,%d ino %lu block %llu count %u", { { 0, NULL } } },
	{ TRACE_MB_RELEASE_GROUP_PA, "ext4_mb_release_group_pa",
	  "dev %d,%d pstart %llu len %u", { { 0, NULL } } },
	{ TRACE_DISCARD_PREALLOCATIONS, "ext4_discard_preallocations",
	  "dev %d,%d ino %lu len: %u", { { 0, NULL } } },
	{ TRACE_MBALLOC_DISCARD, "ext4_mballoc_discard",
	  "dev %d,%d inode %lu extent %u/%d/%d ", { { 0, NULL } } },
	{ TRACE_MB_BITMAP_LOAD, "ext4_mb_bitmap_load",
	  "dev %d,%d group %u", { { 0, NULL } } },
	{ TRACE_MB_BUDDY_BITMAP_LOAD, "ext4_mb_buddy_bitmap_load",
	  "dev %d,%d group %u", { { 0, NULL } } },
	{ TRACE_READ_BLOCK_BITMAP_LOAD, "ext4_read_block_bitmap_load",
	  "dev %d,%d group %u prefetch %d", { { 0, NULL } } },
	{ TRACE_LOAD_INODE_BITMAP, "ext4_load_inode_bitmap",
	  "dev %d,%d group %u", { { 0, NULL } } },
	{ TRACE_FREE_BLOCKS, "ext4_free_blocks",
	  "dev %d,%d ino %lu mode 0%o block %llu count %lu flags %s",
	  { { 0x3f, "METADATA|FORGET|VALIDATED|NO_QUOTA|1ST_CLUSTER|"
	      "LAST_CLUSTER" } } },
	{ TRACE_REMOVE_BLOCKS, "ext4_remove_blocks",
	  "dev %d,%d ino %lu extent [%u(%llu), %u]from %u to %u "
	  "partial [pclu %lld lblk %u state %d]", { { 0, NULL } } },
	{ TRACE_EXT_RM_LEAF, "ext4_ext_rm_leaf",
	  "dev %d,%d ino %lu start_lblk %u last_extent [%u(%llu), %u]"
	  "partial [pclu %lld lblk %u state %d]", { { 0, NULL } } },
	{ TRACE_FORGET, "ext4_forget",
	  "dev %d,%d ino %lu mode 0%o is_metadata %d block %llu",
	  { { 0, NULL } } },
	{ TRACE_TRUNCATE_ENTER, "ext4_truncate_enter",
	  "dev %d,%d ino %lu blocks %llu", { { 0, NULL } } },
	{ TRACE_TRUNCATE_EXIT, "ext4_truncate_exit",
	  "dev %d,%d ino %lu blocks %llu", { { 0, NULL } } },
	{ TRACE_JOURNAL_START_INODE, "ext4_journal_start_inode",
	  "dev %d,%d blocks %d, rsv_blocks %d, revoke_creds %d, type %d, "
	  "ino %lu, caller %pS", FUNCTION },
	{ TRACE_JOURNAL_START_SB, "ext4_journal_start_sb",
	  "dev %d,%d blocks %d, rsv_blocks %d, revoke_creds %d, type %d, "
	  "caller %pS", FUNCTION },
	{ TRACE_JOURNAL_START_RESERVED, "ext4_journal_start_reserved",
	  "dev %d,%d blocks, %d caller %pS", FUNCTION },
	{ TRACE_MARK_INODE_DIRTY, "ext4_mark_inode_dirty",
	  "dev %d,%d ino %lu caller %pS", FUNCTION },
	{ TRACE_EVICT_INODE, "ext4_evict_inode",
	  "dev %d,%d ino %lu nlink %d", { { 0, NULL } } },
	{ TRACE_DROP_INODE, "ext4_drop_inode",
	  "dev %d,%d ino %lu drop %d", { { 0, NULL } } },
	{ TRACE_SYNC_FS, "ext4_sync_fs", "dev %d,%d wait %d",
	  { { 0, NULL } } },
	{ TRACE_JBD2_HANDLE_START, "jbd2_handle_start",
	  "dev %d,%d tid %u type %u line_no %u requested_blocks %d",
	  { { 0, NULL } } },
	{ TRACE_JBD2_HANDLE_EXTEND, "jbd2_handle_extend",
	  "dev %d,%d tid %u type %u line_no %u buffer_credits %d "
	  "requested_blocks %d", { { 0, NULL } } },
	{ TRACE_JBD2_HANDLE_RESTART, "jbd2_handle_restart",
	  "dev %d,%d tid %u type %u line_no %u requested_blocks %d",
	  { { 0, NULL } } },
	{ TRACE_JBD2_HANDLE_STATS, "jbd2_handle_stats",
	  "dev %d,%d tid %u type %u line_no %u interval %d sync %d "
	  "requested_blocks %d dirtied_blocks %d", { { 0, NULL } } },
	{ TRACE_JBD2_START_COMMIT, "jbd2_start_commit",
	  "dev %d,%d transaction %u sync %d", { { 0, NULL } } },
	{ TRACE_JBD2_COMMIT_LOCKING, "jbd2_commit_locking",
	  "dev %d,%d transaction %u sync %d", { { 0, NULL } } },
	{ TRACE_JBD2_COMMIT_FLUSHING, "jbd2_commit_flushing",
	  "dev %d,%d transaction %u sync %d", { { 0, NULL } } },
	{ TRACE_JBD2_SUBMIT_INODE_DATA, "jbd2_submit_inode_data",
	  "dev %d,%d ino %lu", { { 0, NULL } } },
	{ TRACE_JBD2_COMMIT_LOGGING, "jbd2_commit_logging",
	  "dev %d,%d transaction %u sync %d", { { 0, NULL } } },
	{ TRACE_JBD2_END_COMMIT, "jbd2_end_commit",
	  "dev %d,%d transaction %u sync %d head %u", { { 0, NULL } } },
	{ TRACE_JBD2_RUN_STATS, "jbd2_run_stats",
	  "dev %d,%d tid %u wait %u request_delay %u running %u locked %u "
	  "flushing %u logging %u handle_count %u blocks %u "
	  "blocks_logged %u", { { 0, NULL } } },
	{ TRACE_JBD2_CHECKPOINT, "jbd2_checkpoint",
	  "dev %d,%d result %d", { { 0, NULL } } },
	{ TRACE_JBD2_CHECKPOINT_STATS, "jbd2_checkpoint_stats",
	  "dev %d,%d tid %u chp_time %u forced_to_close %u written %u "
	  "dropped %u", { { 0, NULL } } },
	{ TRACE_JBD2_DROP_TRANSACTION, "jbd2_drop_transaction",
	  "dev %d,%d transaction %u sync %d", { { 0, NULL } } },
	{ TRACE_JBD2_UPDATE_LOG_TAIL, "jbd2_update_log_tail",
	  "dev %d,%d from %u to %u offset %lu freed %lu", { { 0, NULL } } },
	{ TRACE_JBD2_WRITE_SUPERBLOCK, "jbd2_write_superblock",
	  "dev %d,%d write_flags %x", { { 0, NULL } } },
	{ TRACE_NUMBER_INODE, "e4pack_number_inode",
	  "dev %d,%d ino %lu was %lu", { { 0, NULL } } },
};

#endif
