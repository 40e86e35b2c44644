// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The events: their names, and what their lines hold, of which every tool that
 * reads kernel traces depends on each blank.
 *
 *	%u %d %x %o	a number: unsigned, signed, hexadecimal, octal
 *	%E %F %M %A %R	flags: of extent status, of a mapping's request, of a
 *			mapping, of an allocation, of freeing
 *	%C		a step of the allocator's search
 *	%S		the name of a function
 *	~		a blank that the kernel forgets
 *	!c		a character c that only the kernel has
 *
 * A device number comes before all of that in the kernel's format.  A blank
 * at the end is the kernel's alone, too.
 */
#include "base/trace_events.h"

#define ES_FIELDS "ino %u es [%u/%u) mapped %u status %E"
#define PARTIAL "partial [pclu %d lblk %u state %d]"
#define ALLOC_FIELDS "lblk %u goal %u lleft %u lright %u pleft %u pright %u"
#define SPACE_FIELDS "ino %u mode 0%o i_blocks %u "
#define COMMIT_FIELDS "transaction %u sync %d"
#define HANDLE_FIELDS "tid %u type %u line_no %u "
#define PA_FIELDS "ino %u pstart %u len %u lstart %u"

const struct trace_form trace_forms[TRACE_EVENTS] = {
	[TRACE_REQUEST_INODE] = { "ext4_request_inode",
		"dir %u mode 0%o" },
	[TRACE_ALLOCATE_INODE] = { "ext4_allocate_inode",
		"ino %u dir %u mode 0%o" },
	[TRACE_LOAD_INODE] = { "ext4_load_inode", "ino %u" },
	[TRACE_MARK_INODE_DIRTY] = { "ext4_mark_inode_dirty",
		"ino %u caller %S" },
	[TRACE_EVICT_INODE] = { "ext4_evict_inode", "ino %u nlink %d" },
	[TRACE_DROP_INODE] = { "ext4_drop_inode", "ino %u drop %d" },
	[TRACE_NUMBER_INODE] = { "e4pack_number_inode", "ino %u was %u" },

	[TRACE_DA_WRITE_BEGIN] = { "ext4_da_write_begin",
		"ino %u pos %d len %u" },
	[TRACE_DA_WRITE_END] = { "ext4_da_write_end",
		"ino %u pos %d len %u copied %u" },
	[TRACE_WRITE_BEGIN] = { "ext4_write_begin", "ino %u pos %d len %u" },
	[TRACE_WRITE_END] = { "ext4_write_end",
		"ino %u pos %d len %u copied %u" },
	[TRACE_DA_RESERVE_SPACE] = { "ext4_da_reserve_space",
		SPACE_FIELDS "reserve_blocks %d~reserved_data_blocks %d" },
	[TRACE_DA_UPDATE_RESERVE_SPACE] = { "ext4_da_update_reserve_space",
		SPACE_FIELDS "used_blocks %d reserved_data_blocks %d "
		"quota_claim %d" },
	[TRACE_DA_RELEASE_SPACE] = { "ext4_da_release_space",
		SPACE_FIELDS "freed_blocks %d reserved_data_blocks %d" },
	[TRACE_ALLOC_DA_BLOCKS] = { "ext4_alloc_da_blocks",
		"ino %u reserved_data_blocks %u" },

	[TRACE_ES_LOOKUP_EXTENT_ENTER] = { "ext4_es_lookup_extent_enter",
		"ino %u lblk %u" },
	[TRACE_ES_LOOKUP_EXTENT_EXIT] = { "ext4_es_lookup_extent_exit",
		"ino %u found %d [%u/%u) %u %E" },
	[TRACE_ES_FIND_EXTENT_RANGE_ENTER] = {
		"ext4_es_find_extent_range_enter", "ino %u lblk %u" },
	[TRACE_ES_FIND_EXTENT_RANGE_EXIT] = {
		"ext4_es_find_extent_range_exit", ES_FIELDS },
	[TRACE_ES_INSERT_EXTENT] = { "ext4_es_insert_extent", ES_FIELDS },
	[TRACE_ES_CACHE_EXTENT] = { "ext4_es_cache_extent", ES_FIELDS },
	[TRACE_ES_INSERT_DELAYED_EXTENT] = { "ext4_es_insert_delayed_extent",
		ES_FIELDS " allocated %d %d" },
	[TRACE_ES_REMOVE_EXTENT] = { "ext4_es_remove_extent",
		"ino %u es [%d/%d)" },
	[TRACE_ES_SHRINK_COUNT] = { "ext4_es_shrink_count",
		"nr_to_scan %d cache_cnt %d" },
	[TRACE_ES_SHRINK_SCAN_ENTER] = { "ext4_es_shrink_scan_enter",
		"nr_to_scan %d cache_cnt %d" },
	[TRACE_ES_SHRINK_SCAN_EXIT] = { "ext4_es_shrink_scan_exit",
		"nr_shrunk %d cache_cnt %d" },
	[TRACE_ES_SHRINK] = { "ext4_es_shrink",
		"nr_shrunk %d!, scan_time %u nr_skipped %d retried %d" },

	[TRACE_EXT_MAP_BLOCKS_ENTER] = { "ext4_ext_map_blocks_enter",
		"ino %u lblk %u len %u flags %F" },
	[TRACE_EXT_MAP_BLOCKS_EXIT] = { "ext4_ext_map_blocks_exit",
		"ino %u flags %F lblk %u pblk %u len %u mflags %M ret %d" },
	[TRACE_EXT_SHOW_EXTENT] = { "ext4_ext_show_extent",
		"ino %u lblk %u pblk %u len %u" },
	[TRACE_EXT_HANDLE_UNWRITTEN_EXTENTS] = {
		"ext4_ext_handle_unwritten_extents",
		"ino %u m_lblk %u m_pblk %u m_len %u flags %F allocated %d "
		"newblock %u" },
	[TRACE_GET_IMPLIED_CLUSTER_ALLOC_EXIT] = {
		"ext4_get_implied_cluster_alloc_exit",
		"m_lblk %u m_pblk %u m_len %u m_flags %M ret %d" },
	[TRACE_FREE_BLOCKS] = { "ext4_free_blocks",
		"ino %u mode 0%o block %u count %u flags %R" },
	[TRACE_REMOVE_BLOCKS] = { "ext4_remove_blocks",
		"ino %u extent [%u(%u), %u]~from %u to %u " PARTIAL },
	[TRACE_EXT_RM_LEAF] = { "ext4_ext_rm_leaf",
		"ino %u start_lblk %u last_extent [%u(%u), %u]~" PARTIAL },
	[TRACE_FORGET] = { "ext4_forget",
		"ino %u mode 0%o is_metadata %d block %u" },
	[TRACE_TRUNCATE_ENTER] = { "ext4_truncate_enter",
		"ino %u blocks %u" },
	[TRACE_TRUNCATE_EXIT] = { "ext4_truncate_exit", "ino %u blocks %u" },

	[TRACE_SYNC_FILE_ENTER] = { "ext4_sync_file_enter",
		"ino %u parent %u datasync %d " },
	[TRACE_SYNC_FILE_EXIT] = { "ext4_sync_file_exit", "ino %u ret %d" },
	[TRACE_SYNC_FS] = { "ext4_sync_fs", "wait %d" },
	[TRACE_WRITEPAGES] = { "ext4_writepages",
		"ino %u nr_to_write %d pages_skipped %d range_start %d "
		"range_end %d sync_mode %d for_kupdate %d range_cyclic %d "
		"writeback_index %u" },
	[TRACE_WRITEPAGES_RESULT] = { "ext4_writepages_result",
		"ino %u ret %d pages_written %d pages_skipped %d sync_mode %d "
		"writeback_index %u" },
	[TRACE_DA_WRITE_FOLIOS_START] = { "ext4_da_write_folios_start",
		"ino %u start_pos 0x%x next_pos 0x%x nr_to_write %d "
		"sync_mode %d" },
	[TRACE_DA_WRITE_FOLIOS_END] = { "ext4_da_write_folios_end",
		"ino %u start_pos 0x%x next_pos 0x%x nr_to_write %d ret %d" },
	[TRACE_DA_WRITE_PAGES_EXTENT] = { "ext4_da_write_pages_extent",
		"ino %u lblk %u len %u flags %M" },

	[TRACE_REQUEST_BLOCKS] = { "ext4_request_blocks",
		"ino %u flags %A len %u " ALLOC_FIELDS " " },
	[TRACE_ALLOCATE_BLOCKS] = { "ext4_allocate_blocks",
		"ino %u flags %A len %u block %u " ALLOC_FIELDS },
	[TRACE_MBALLOC_ALLOC] = { "ext4_mballoc_alloc",
		"inode %u orig %u/%d/%u@%u goal %u/%d/%u@%u "
		"result %u/%d/%u@%u blks %u grps %u cr %C flags %A tail %u "
		"broken %u" },
	[TRACE_MBALLOC_PREALLOC] = { "ext4_mballoc_prealloc",
		"inode %u orig %u/%d/%u@%u result %u/%d/%u@%u" },
	[TRACE_MBALLOC_DISCARD] = { "ext4_mballoc_discard",
		"inode %u extent %u/%d/%d " },
	[TRACE_MB_NEW_INODE_PA] = { "ext4_mb_new_inode_pa", PA_FIELDS },
	[TRACE_MB_NEW_GROUP_PA] = { "ext4_mb_new_group_pa", PA_FIELDS },
	[TRACE_MB_RELEASE_INODE_PA] = { "ext4_mb_release_inode_pa",
		"ino %u block %u count %u" },
	[TRACE_MB_RELEASE_GROUP_PA] = { "ext4_mb_release_group_pa",
		"pstart %u len %u" },
	[TRACE_DISCARD_PREALLOCATIONS] = { "ext4_discard_preallocations",
		"ino %u len!: %u" },
	[TRACE_MB_BITMAP_LOAD] = { "ext4_mb_bitmap_load", "group %u" },
	[TRACE_MB_BUDDY_BITMAP_LOAD] = { "ext4_mb_buddy_bitmap_load",
		"group %u" },
	[TRACE_READ_BLOCK_BITMAP_LOAD] = { "ext4_read_block_bitmap_load",
		"group %u prefetch %d" },
	[TRACE_LOAD_INODE_BITMAP] = { "ext4_load_inode_bitmap", "group %u" },

	[TRACE_JOURNAL_START_INODE] = { "ext4_journal_start_inode",
		"blocks %d!, rsv_blocks %d!, revoke_creds %d!, type %d!, "
		"ino %u!, caller %S" },
	[TRACE_JOURNAL_START_SB] = { "ext4_journal_start_sb",
		"blocks %d!, rsv_blocks %d!, revoke_creds %d!, type %d!, "
		"caller %S" },
	[TRACE_JOURNAL_START_RESERVED] = { "ext4_journal_start_reserved",
		"blocks!, %d caller %S" },
	[TRACE_JBD2_HANDLE_START] = { "jbd2_handle_start",
		HANDLE_FIELDS "requested_blocks %d" },
	[TRACE_JBD2_HANDLE_EXTEND] = { "jbd2_handle_extend",
		HANDLE_FIELDS "buffer_credits %d requested_blocks %d" },
	[TRACE_JBD2_HANDLE_RESTART] = { "jbd2_handle_restart",
		HANDLE_FIELDS "requested_blocks %d" },
	[TRACE_JBD2_HANDLE_STATS] = { "jbd2_handle_stats",
		HANDLE_FIELDS "interval %d sync %d requested_blocks %d "
		"dirtied_blocks %d" },
	[TRACE_JBD2_START_COMMIT] = { "jbd2_start_commit", COMMIT_FIELDS },
	[TRACE_JBD2_COMMIT_LOCKING] = { "jbd2_commit_locking",
		COMMIT_FIELDS },
	[TRACE_JBD2_COMMIT_FLUSHING] = { "jbd2_commit_flushing",
		COMMIT_FIELDS },
	[TRACE_JBD2_SUBMIT_INODE_DATA] = { "jbd2_submit_inode_data",
		"ino %u" },
	[TRACE_JBD2_COMMIT_LOGGING] = { "jbd2_commit_logging",
		COMMIT_FIELDS },
	[TRACE_JBD2_END_COMMIT] = { "jbd2_end_commit",
		COMMIT_FIELDS " head %u" },
	[TRACE_JBD2_RUN_STATS] = { "jbd2_run_stats",
		"tid %u wait %u request_delay %u running %u locked %u "
		"flushing %u logging %u handle_count %u blocks %u "
		"blocks_logged %u" },
	[TRACE_JBD2_CHECKPOINT] = { "jbd2_checkpoint", "result %d" },
	[TRACE_JBD2_CHECKPOINT_STATS] = { "jbd2_checkpoint_stats",
		"tid %u chp_time %u forced_to_close %u written %u "
		"dropped %u" },
	[TRACE_JBD2_DROP_TRANSACTION] = { "jbd2_drop_transaction",
		COMMIT_FIELDS },
	[TRACE_JBD2_UPDATE_LOG_TAIL] = { "jbd2_update_log_tail",
		"from %u to %u offset %u freed %u" },
	[TRACE_JBD2_WRITE_SUPERBLOCK] = { "jbd2_write_superblock",
		"write_flags %x" },
};

static const struct trace_flag es_flags[] = {
	{ TRACE_ES_WRITTEN, "W" }, { TRACE_ES_UNWRITTEN, "U" },
	{ TRACE_ES_DELAYED, "D" }, { TRACE_ES_HOLE, "H" },
	{ TRACE_ES_REFERENCED, "R" }, { 0, NULL },
};

static const struct trace_flag map_flags[] = {
	{ TRACE_MAP_CREATE, "CREATE" }, { TRACE_MAP_UNWRITTEN, "UNWRIT" },
	{ TRACE_MAP_DELALLOC, "DELALLOC" }, { TRACE_MAP_PRE_IO, "PRE_IO" },
	{ TRACE_MAP_CONVERT, "CONVERT" },
	{ TRACE_MAP_METADATA_NOFAIL, "METADATA_NOFAIL" },
	{ TRACE_MAP_NO_NORMALIZE, "NO_NORMALIZE" },
	{ TRACE_MAP_CONVERT_UNWRITTEN, "CONVERT_UNWRITTEN" },
	{ TRACE_MAP_ZERO, "ZERO" }, { TRACE_MAP_IO_SUBMIT, "IO_SUBMIT" },
	{ TRACE_MAP_EX_NOCACHE, "EX_NOCACHE" }, { 0, NULL },
};

static const struct trace_flag mapped_flags[] = {
	{ TRACE_MAPPED_NEW, "N" }, { TRACE_MAPPED_MAPPED, "M" },
	{ TRACE_MAPPED_UNWRITTEN, "U" }, { TRACE_MAPPED_BOUNDARY, "B" },
	{ 0, NULL },
};

static const struct trace_flag mb_flags[] = {
	{ TRACE_MB_MERGE, "HINT_MERGE" }, { TRACE_MB_FIRST, "HINT_FIRST" },
	{ TRACE_MB_DATA, "HINT_DATA" },
	{ TRACE_MB_NOPREALLOC, "HINT_NOPREALLOC" },
	{ TRACE_MB_GROUP_ALLOC, "HINT_GRP_ALLOC" },
	{ TRACE_MB_GOAL_ONLY, "HINT_GOAL_ONLY" },
	{ TRACE_MB_TRY_GOAL, "HINT_TRY_GOAL" },
	{ TRACE_MB_DELALLOC_RESERVED, "DELALLOC_RESV" },
	{ TRACE_MB_STREAM_ALLOC, "STREAM_ALLOC" },
	{ TRACE_MB_USE_ROOT, "USE_ROOT_BLKS" },
	{ TRACE_MB_USE_RESERVED, "USE_RESV" },
	{ TRACE_MB_STRICT_CHECK, "STRICT_CHECK" }, { 0, NULL },
};

static const struct trace_flag free_flags[] = {
	{ TRACE_FREE_METADATA, "METADATA" }, { TRACE_FREE_FORGET, "FORGET" },
	{ TRACE_FREE_VALIDATED, "VALIDATED" },
	{ TRACE_FREE_NO_QUOTA, "NO_QUOTA" },
	{ TRACE_FREE_NOT_FIRST_CLUSTER, "1ST_CLUSTER" },
	{ TRACE_FREE_NOT_LAST_CLUSTER, "LAST_CLUSTER" }, { 0, NULL },
};

const struct trace_flag_set *trace_flag_set(char conversion)
{
	static const struct trace_flag_set sets[] = {
		{ 'E', "", es_flags }, { 'F', "|", map_flags },
		{ 'M', "", mapped_flags }, { 'A', "|", mb_flags },
		{ 'R', "|", free_flags },
	};
	size_t i;

	for (i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		if (sets[i].conversion == conversion)
			return &sets[i];
	}
	return NULL;
}

const char *trace_criteria(uint64_t criteria)
{
	static const char *const names[] = {
		"CR_POWER2_ALIGNED", "CR_GOAL_LEN_FAST", "CR_BEST_AVAIL_LEN",
		"CR_GOAL_LEN_SLOW", "CR_ANY_FREE",
	};

	return criteria < sizeof(names) / sizeof(names[0]) ?
		names[criteria] : NULL;
}
