// SPDX-License-Identifier: GPL-2.0-or-later
/* How a journal looks: lines of text, or one JSON document a line. */
#include "report/jdump.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { UUID_TEXT = 37, TIME_TEXT = 64 };

static const char *uuid_text(char out[UUID_TEXT], const uint8_t *u)
{
	char *p = out;
	int i;

	for (i = 0; i < JBD_UUID; i++)
		p += sprintf(p, i == 4 || i == 6 || i == 8 || i == 10 ?
			     "-%02x" : "%02x", u[i]);
	return out;
}

/* Why the log ends, for people and for programs. */
static const struct {
	const char *key, *words;
} stops[] = {
	[LOG_STOP_EMPTY] = { "empty", "the log is empty" },
	[LOG_STOP_NO_MAGIC] = { "no_magic", "no control block" },
	[LOG_STOP_TID] = { "transaction", "of another transaction" },
	[LOG_STOP_TYPE] = { "type", "of an unknown type" },
	[LOG_STOP_COMMIT] = { "commit_checksum", "the checksum of the commit "
			      "is wrong" },
	[LOG_STOP_STALE] = { "stale", "from an earlier round of the log" },
	[LOG_STOP_ROUND] = { "round", "all of the log was read" },
	[LOG_STOP_DAMAGED] = { "damaged", "committed, but a checksum before it "
			       "is wrong" },
};

static void super_text(const struct jdump *d)
{
	const struct jsuper *s = &d->journal.super;
	struct jsuper_feature f = { .bit = 0 };
	struct emit *out = d->out;
	char uuid[UUID_TEXT];

	emit_text(out, "%-18s inode %u, version %u\n", "journal:",
		  image_geometry(d->img)->journal_ino, s->version);
	emit_text(out, "%-18s %u of %u bytes, %u-%u for transactions\n",
		  "blocks:", s->blocks, d->journal.place.block_size, s->first,
		  s->last - 1);
	if (s->fc_blocks)
		emit_text(out, "%-18s %u-%u\n", "fast commits:", s->last + 1,
			  s->blocks - 1);
	emit_text(out, "%-18s", "features:");
	while (jsuper_next_feature(&f, s))
		emit_text(out, " %s", f.name);
	emit_text(out, "%s\n", f.name ? "" : " none");
	if (s->version == 2)
		emit_text(out, "%-18s %s\n", "UUID:",
			  uuid_text(uuid, s->uuid));
	if (s->error)
		emit_text(out, "%-18s %d\n", "error:", s->error);
	emit_text(out, "%-18s %s\n", "needs recovery:",
		  image_geometry(d->img)->needs_recovery ? "yes" : "no");
	if (s->start)
		emit_text(out, "%-18s transaction %u, block %u\n", "log:",
			  s->sequence, s->start);
	else
		emit_text(out, "%-18s empty, next after transaction %u\n",
			  "log:", s->sequence);
}

static int set_number(json_t *obj, const char *key, uint64_t value)
{
	return json_object_set_new(obj, key, json_integer((json_int_t)value));
}

static json_t *feature_list(const struct jsuper *s)
{
	struct jsuper_feature f = { .bit = 0 };
	json_t *list = json_array();

	while (jsuper_next_feature(&f, s))
		if (json_array_append_new(list, json_string(f.name))) {
			json_decref(list);
			return NULL;
		}
	return list;
}

/* A document of kind @record; finish_record() puts it out. */
static json_t *new_record(const char *record)
{
	return json_pack("{s:s}", "record", record);
}

static void finish_record(json_t *obj, int failed, struct emit *out)
{
	if (failed) {
		json_decref(obj);
		obj = NULL;
	}
	emit_json(out, obj);
}

static void super_json(const struct jdump *d)
{
	const struct image_geometry *geo = image_geometry(d->img);
	const struct jsuper *s = &d->journal.super;
	json_t *obj = new_record("superblock");
	char uuid[UUID_TEXT];
	int failed;

	failed = set_number(obj, "inode", geo->journal_ino) ||
		 set_number(obj, "version", s->version) ||
		 set_number(obj, "block_size", geo->block_size) ||
		 set_number(obj, "blocks", s->blocks) ||
		 set_number(obj, "first", s->first) ||
		 set_number(obj, "last", s->last - 1) ||
		 set_number(obj, "fast_commit_blocks", s->fc_blocks) ||
		 json_object_set_new(obj, "features", feature_list(s)) ||
		 json_object_set_new(obj, "uuid",
				     json_string(uuid_text(uuid, s->uuid))) ||
		 json_object_set_new(obj, "error",
				     json_integer(s->error)) ||
		 json_object_set_new(obj, "needs_recovery",
				     json_boolean(geo->needs_recovery)) ||
		 set_number(obj, "sequence", s->sequence) ||
		 set_number(obj, "start", s->start);
	finish_record(obj, failed, d->out);
}

void jdump_super(const struct jdump *d)
{
	if (d->options->json)
		super_json(d);
	else
		super_text(d);
}

static const char *check_words(enum log_check check)
{
	return check == LOG_GOOD ? ", checksum good" :
	       check == LOG_BAD ? ", checksum WRONG" : "";
}

/* "2026-11-21 04:51:25.123456789 UTC" */
static const char *time_words(char out[TIME_TEXT], const struct log_event *e)
{
	time_t sec = (time_t)e->sec;
	struct tm tm;
	char day[TIME_TEXT / 2];

	if (e->sec > INT64_MAX || !gmtime_r(&sec, &tm) ||
	    !strftime(day, sizeof(day), "%Y-%m-%d %H:%M:%S", &tm))
		snprintf(out, TIME_TEXT, "second %" PRIu64, e->sec);
	else
		snprintf(out, TIME_TEXT, "%s.%09u UTC", day, e->nsec);
	return out;
}

static void data_text(const struct jdump *d, const struct log_event *e)
{
	emit_text(d->out, "%8u    block %" PRIu64 ": ", e->at, e->home);
	owners_text(&d->owners, e->home, d->out);
	emit_text(d->out, "%s%s%s\n",
		  e->flags & JBD_TAG_ESCAPE ? ", escaped" : "",
		  e->flags & JBD_TAG_DELETED ? ", deleted" : "",
		  check_words(e->check));
}

static void event_text(struct jdump *d, const struct log_event *e)
{
	struct emit *out = d->out;
	char when[TIME_TEXT];

	if (!d->headed || d->tid != e->tid)
		emit_text(out, "\ntransaction %u%s\n", e->tid,
			  jbd_tid_before(e->tid, d->end.end_tid) ? "" :
			  ", not committed");
	d->headed = true;
	d->tid = e->tid;
	switch (e->kind) {
	case LOG_DESCRIPTOR:
		emit_text(out, "%8u  descriptor of %u block%s%s\n", e->at,
			  e->count, e->count == 1 ? "" : "s", check_words(e->check));
		break;
	case LOG_DATA:
		data_text(d, e);
		break;
	case LOG_REVOKE:
		emit_text(out, "%8u  revoke of %u block%s%s\n", e->at,
			  e->count, e->count == 1 ? "" : "s", check_words(e->check));
		break;
	case LOG_REVOKED:
		emit_text(out, "%8s    block %" PRIu64 "\n", "", e->home);
		break;
	case LOG_COMMIT:
		emit_text(out, "%8u  commit, %s%s\n", e->at,
			  time_words(when, e), check_words(e->check));
		break;
	}
}

static int set_check(json_t *obj, enum log_check check)
{
	if (check == LOG_UNCHECKED)
		return 0;
	return json_object_set_new(obj, "checksum", json_string(
				   check == LOG_GOOD ? "good" : "wrong"));
}

static int set_details(json_t *obj, const struct jdump *d,
		       const struct log_event *e)
{
	const struct timestamp t = { (int64_t)e->sec, e->nsec };

	switch (e->kind) {
	case LOG_DESCRIPTOR:
	case LOG_REVOKE:
		return set_number(obj, "count", e->count);
	case LOG_DATA:
		return set_number(obj, "home", e->home) ||
		       json_object_set_new(obj, "escaped", json_boolean(
					   e->flags & JBD_TAG_ESCAPE)) ||
		       json_object_set_new(obj, "owner",
					   owners_json(&d->owners, e->home));
	case LOG_REVOKED:
		return set_number(obj, "home", e->home);
	default:
		return json_object_set_new(obj, "time", emit_json_time(t));
	}
}

static void event_json(const struct jdump *d, const struct log_event *e)
{
	static const char *const kinds[] = {
		[LOG_DESCRIPTOR] = "descriptor", [LOG_DATA] = "copy",
		[LOG_REVOKE] = "revoke", [LOG_REVOKED] = "revoked",
		[LOG_COMMIT] = "commit",
	};
	json_t *obj = new_record(kinds[e->kind]);
	int failed = set_number(obj, "block", e->at) ||
		     set_number(obj, "transaction", e->tid) ||
		     set_details(obj, d, e) || set_check(obj, e->check);

	finish_record(obj, failed, d->out);
}

void jdump_event(struct jdump *d, const struct log_event *e)
{
	if (d->options->json)
		event_json(d, e);
	else
		event_text(d, e);
}

static void end_json(const struct jdump *d)
{
	const struct log_end *end = &d->end;
	json_t *obj = new_record("end");
	int failed = set_number(obj, "block", end->at) ||
		     json_object_set_new(obj, "why",
					 json_string(stops[end->why].key)) ||
		     set_number(obj, "first_transaction", end->first_tid) ||
		     set_number(obj, "end_transaction", end->end_tid) ||
		     set_number(obj, "transactions", end->end_tid -
						     end->first_tid) ||
		     set_number(obj, "blocks_used", end->used);

	finish_record(obj, failed, d->out);
}

/* What recovery will make of @n transactions. */
static void fate(const struct jdump *d, uint32_t n)
{
	const char *them = n == 1 ? "it" : "them";

	if (d->end.why == LOG_STOP_DAMAGED)
		emit_text(d->out, "recovery fails\n");
	else if (image_geometry(d->img)->needs_recovery)
		emit_text(d->out, "recovery replays %s\n", them);
	else
		emit_text(d->out, "recovery is not marked as needed: the "
			  "kernel discards %s, e2fsck replays %s\n", them,
			  them);
}

static void end_text(const struct jdump *d)
{
	const struct log_end *end = &d->end;
	uint32_t n = end->end_tid - end->first_tid;

	if (end->why == LOG_STOP_EMPTY)
		return;
	emit_text(d->out, "\nthe log ends at block %u: %s", end->at,
		  stops[end->why].words);
	if (end->why == LOG_STOP_TID)
		emit_text(d->out, " (%u)", end->found_tid);
	if (!n && end->why != LOG_STOP_DAMAGED) {
		emit_text(d->out, "\nno transaction is committed\n");
		return;
	}
	emit_text(d->out, "\n%u transaction%s committed: ", n,
		  n == 1 ? " is" : "s are");
	fate(d, n);
}

void jdump_end(const struct jdump *d)
{
	if (d->options->json)
		end_json(d);
	else
		end_text(d);
}
