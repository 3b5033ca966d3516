/* A recording out of a journal: reads a call's records in order, gives them to a recorder, and its blocks to a file. See recorder.h.
 *
 * Owns the recorder and the writer while it runs; says in the log what came of it. One thread, blocking. */
#include "voice/recording/recorder.h"

#include <stdio.h>

#include "base/log.h"
#include "voice/journal/call_records.h"
#include "voice/input.h"

struct cutting {
	struct recorder *r;
	enum err sealed; /* why the first payload that did not open did not */
};

static enum err item_h(void *arg, const struct journal_item *item, const uint8_t *payload, size_t len, enum err payload_err)
{
	struct cutting *c = arg;
	const struct journal_header *h = &item->record.header;

	if (!payload && !c->sealed)
		c->sealed = payload_err;
	if (payload_err == ERR_DENIED)
		return ERR_DENIED; /* erased: there is nothing to cut */
	return recorder_push(c->r, h->kind, h->epoch, h->time_us, payload, len);
}

static void explain(struct err_detail *detail, const char *message, const char *where)
{
	if (!detail)
		return;
	snprintf(detail->message, sizeof(detail->message), "%s", message);
	snprintf(detail->where, sizeof(detail->where), "%s", where);
}

static struct log log_of(const struct id128 *call, char id[33], const char *doing)
{
	if (call)
		id128_print(call, id);
	return (struct log){ .plane = "voice", .call = call ? id : NULL, .doing = doing };
}

static void cut_tell(const struct id128 *call, const struct recorder_summary *cut, enum err err, bool recorded)
{
	char id[33];
	const struct log log = log_of(call, id, "cutting the recording");

	if (!recorded)
		log_info(&log, "there is no recording to cut");
	else if (err)
		log_error(&log, "the recording could not be cut", LOG_ERR(err));
	else
		log_info(&log, "the recording is cut", LOG_UINT("ms", cut->samples / 8), LOG_UINT("gaps", cut->gaps),
			LOG_UINT("caller_gap_ms", cut->gap_samples[TRACKS_CALLER] / 8), LOG_UINT("agent_gap_ms", cut->gap_samples[TRACKS_AGENT] / 8),
			LOG_UINT("epochs", cut->epochs), LOG_BOOL("ended", cut->ended));
}

/* `recorded`: false when the call's records say that it was not. */
static enum err cut(const struct disk *d, const char *path, const struct journal_reader_options *options, struct recorder *r,
	struct recorder_summary *summary, bool *recorded, struct err_detail *detail)
{
	struct cutting c = { .r = r };
	enum err err = call_records_at(d, path, options, item_h, &c, detail);

	if (err) {
		recorder_cancel(&c.r);
	} else {
		err = recorder_finish(&c.r, summary);
		*recorded = err != ERR_NOTFOUND || c.sealed;
	}
	if ((err == ERR_NOTFOUND || err == ERR_DENIED) && c.sealed) { /* whether it was recorded is sealed, too */
		if (detail)
			keyring_explain(options->keyring, c.sealed, detail);
		return c.sealed;
	}
	if (!*recorded)
		explain(detail, "this call's sound was not recorded", path);
	return err;
}

enum err recorder_cut(const struct disk *d, const char *path, const struct journal_reader_options *options, recorder_h *block,
	recorder_gap_h *gap, void *arg, struct recorder_summary *summary, struct err_detail *detail)
{
	struct recorder_summary unasked = { 0 };
	struct recorder *r;
	bool recorded = true;
	enum err err = recorder_new(&r, block, gap, arg);

	summary = summary ? summary : &unasked;
	if (!err)
		err = cut(d, path, options, r, summary, &recorded, detail);
	cut_tell(options->call, summary, err, recorded);
	return err;
}

/* A recording being written, and why that went wrong: the journal is not to be blamed for it. */
struct writing {
	struct tracks_writer *w;
	enum err err;
};

static enum err tracks_block_h(void *arg, const int16_t *caller, const int16_t *agent, size_t samples)
{
	struct writing *out = arg;

	out->err = tracks_writer_push(out->w, caller, agent, samples);
	return out->err;
}

static enum err tracks_gap_h(void *arg, const struct tracks_gap *gap)
{
	struct writing *out = arg;

	out->err = tracks_writer_gap(out->w, gap->side, gap->start_sample, gap->samples, gap->why);
	return out->err;
}

static enum err write_failed(const struct id128 *call, const char *to, enum err err, struct err_detail *detail)
{
	char id[33], message[80];
	const struct log log = log_of(call, id, "writing the recording");

	log_error(&log, "the recording could not be written", LOG_ERR(err));
	snprintf(message, sizeof(message), "the recording cannot be written: %s", err_name(err));
	explain(detail, message, to);
	return err;
}

enum err recorder_to_tracks(const struct disk *d, const char *path, const struct journal_reader_options *options, const char *to,
	struct recorder_summary *summary, struct err_detail *detail)
{
	struct writing out = { .err = ERR_NONE };
	enum err err = tracks_writer_open(&out.w, d, to, CALL_RATE_HZ);

	if (err)
		return write_failed(options->call, to, err, detail);
	err = recorder_cut(d, path, options, tracks_block_h, tracks_gap_h, &out, summary, detail);
	if (err) {
		tracks_writer_cancel(&out.w);
		return out.err ? write_failed(options->call, to, out.err, detail) : err;
	}
	err = tracks_writer_close(&out.w);
	return err ? write_failed(options->call, to, err, detail) : ERR_NONE;
}
