/* `callfunnel replay`: recorded calls again, compared output by output. With other settings: replay_trial.c.
 *
 * An operand is an exported call file, a folder of them, or a call's id in a journal. Reads only. The words for people and the JSON
 * are made here; what is compared is voice/replay/replay.h's. Main thread.
 */
#include "cli/replay.h"
#include "cli/source.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/config.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "voice/replay/replay.h"

enum { PRINT_BYTES_MAX = 64 << 20 };

/* ------------------------------------------------------------------ for people */

void replay_print_time(struct buf *b, uint64_t us)
{
	buf_printf(b, "%" PRIu64 ":%02u.%03u", us / 60000000, (unsigned int)(us / 1000000 % 60), (unsigned int)(us / 1000 % 1000));
}

static void print_name(struct replaying *r)
{
	if (r->several)
		buf_printf(&r->out, "%s: ", r->name);
}

void replay_print_out(struct replaying *r)
{
	fputs(buf_str(&r->out), stdout);
	buf_reset(&r->out);
}

static void print_outputs(struct buf *b, struct tape_cursor *c, size_t mark, const char *none)
{
	const uint8_t *data;
	struct call_output out;
	size_t len, i = 0;

	while (tape_cursor_next(c, &data, &len)) {
		buf_text(b, i == mark ? "  > " : "    ");
		if (output_decode(&out, data, len))
			buf_printf(b, "%zu bytes that are no output", len);
		else
			output_print(&out, b);
		buf_text(b, "\n");
		i++;
	}
	if (mark >= i)
		buf_printf(b, "  > %s\n", none);
}

static void print_input(struct buf *b, const struct tape *t, const struct tape_step *step)
{
	static struct call_input in;
	enum err err = tape_input_decode(t, step, &in);

	if (err)
		buf_printf(b, "%u bytes that are no input: %s", step->input_len, err_name(err));
	else
		input_print(&in, b);
}

static const char *entry_name(enum tape_entry entry)
{
	return entry == TAPE_START ? "start" : entry == TAPE_ATTACH ? "attach" : "snapshot";
}

static void print_difference(struct replaying *r, const struct tape *t, const struct replay_result *result)
{
	struct buf *b = &r->out;
	struct tape_cursor recorded, got = { .at = result->got.data, .end = result->got.data + result->got.len };

	print_name(r);
	if (result->verdict == REPLAY_BAD_STATE) {
		buf_printf(b, "the state before step %zu (%s, epoch %u) does not load: %s\n", result->step + 1,
			entry_name(t->parts[result->part].entry), t->parts[result->part].epoch, err_name(result->err));
		return;
	}
	buf_printf(b, "step %zu differs%s\n  input: ", result->step + 1, result->verdict == REPLAY_BAD_INPUT ? ": its input cannot be read" : "");
	print_input(b, t, &t->steps[result->step]);
	buf_text(b, "\n");
	if (result->verdict == REPLAY_DIFFERS) {
		buf_text(b, "  at: ");
		replay_print_time(b, result->at_us);
		buf_text(b, "\n  recorded:\n");
		tape_cursor_init(&recorded, t, &t->steps[result->step]);
		print_outputs(b, &recorded, result->first, "nothing");
		buf_text(b, "  now:\n");
		print_outputs(b, &got, result->first, "nothing");
	}
	buf_printf(b, "The %" PRIu64 " steps before are identical; what comes after is not compared.\n", result->steps);
}

static void print_damage(struct buf *b, const struct tape *t, const struct tape_damage *damage)
{
	size_t first = 0, last;

	buf_printf(b, "  damaged: %s, the record at offset %" PRIu64 " is %s", damage->file, damage->offset, damage->what);
	while (first < t->step_count && t->steps[first].file_offset != damage->offset)
		first++;
	for (last = first; last < t->step_count && t->steps[last].file_offset == damage->offset; last++)
		;
	if (last > first)
		buf_printf(b, "; steps %zu to %zu stand in it", first + 1, last);
	buf_text(b, damage->count > 1 ? "; it is not the only one\n" : "\n");
}

static void print_holes(struct replaying *r, const struct tape *t, const struct tape_damage *damage)
{
	struct buf *b = &r->out;
	size_t i;

	for (i = 0; i < t->part_count; i++)
		if (t->parts[i].entry == TAPE_ATTACH)
			buf_printf(b, "  step %zu: another worker took over (epoch %u) and went on from its snapshot\n", t->parts[i].first + 1, t->parts[i].epoch);
	for (i = 0; i < t->hole_count; i++) {
		const struct tape_hole *h = &t->holes[i];

		buf_printf(b, "  step %zu: a gap in front of it: records %s", h->step + 1, tape_hole_why_name(h->why));
		if (h->first_sequence)
			buf_printf(b, " (sequence %" PRIu64 " to %" PRIu64 ", epoch %u)", h->first_sequence, h->last_sequence, h->epoch);
		buf_printf(b, "; %zu steps behind it are not compared, up to the next snapshot\n", h->skipped);
	}
	if (damage->count)
		print_damage(b, t, damage);
	if (!t->ended)
		buf_text(b, "  the recording stops before the call's end\n");
}

/* Something of the recording cannot be read as it was written. */
static bool is_damaged(const struct tape *t, const struct tape_damage *damage)
{
	bool damaged = damage->count > 0;
	size_t i;

	for (i = 0; i < t->hole_count; i++)
		damaged = damaged || t->holes[i].why == TAPE_HOLE_DAMAGED;
	return damaged;
}

static void print_result(struct replaying *r, const struct tape *t, const struct tape_damage *damage, const struct replay_result *result)
{
	if (result->verdict != REPLAY_SAME) {
		print_difference(r, t, result);
	} else {
		print_name(r);
		if (is_damaged(t, damage))
			buf_printf(&r->out, "damaged: identical as far as it can be read: %" PRIu64 " of the %zu steps that are there, %" PRIu64 " outputs\n",
				result->steps, t->step_count, result->outputs);
		else
			buf_printf(&r->out, "%" PRIu64 " steps, %" PRIu64 " outputs, identical\n", result->steps, result->outputs);
	}
	print_holes(r, t, damage);
	replay_print_out(r);
}

/* ------------------------------------------------------------------ JSON */

static void put_outputs(struct buf *b, const char *key, struct tape_cursor *c)
{
	const uint8_t *data;
	struct call_output out;
	size_t len;

	json_put_key(b, key);
	json_open(b, '[');
	while (tape_cursor_next(c, &data, &len)) {
		if (b->data[b->len - 1] != '[')
			buf_text(b, ",");
		if (output_decode(&out, data, len))
			buf_text(b, "null");
		else
			output_print(&out, b);
	}
	json_close(b, ']');
}

static const char *verdict_name(enum replay_verdict verdict)
{
	switch (verdict) {
	case REPLAY_SAME: return "identical";
	case REPLAY_DIFFERS: return "output";
	case REPLAY_BAD_INPUT: return "input";
	case REPLAY_BAD_STATE: return "state";
	}
	return "unknown";
}

static void put_input(struct buf *b, const struct tape *t, const struct tape_step *step)
{
	static struct call_input in;

	json_put_key(b, "input");
	if (tape_input_decode(t, step, &in))
		buf_text(b, "null");
	else
		input_print(&in, b);
}

static void put_difference(struct buf *b, const struct tape *t, const struct replay_result *result)
{
	struct tape_cursor recorded, got = { .at = result->got.data, .end = result->got.data + result->got.len };

	json_put_key(b, "difference");
	json_open(b, '{');
	json_pair_string(b, "what", verdict_name(result->verdict));
	json_pair_u64(b, "step", result->step + 1);
	if (result->err)
		json_pair_string(b, "error", err_name(result->err));
	if (result->verdict != REPLAY_BAD_STATE) {
		json_pair_u64(b, "record_offset", t->steps[result->step].file_offset);
		put_input(b, t, &t->steps[result->step]);
	}
	if (result->verdict == REPLAY_DIFFERS) {
		json_pair_u64(b, "at_us", result->at_us);
		json_pair_u64(b, "output", result->first + 1);
		tape_cursor_init(&recorded, t, &t->steps[result->step]);
		put_outputs(b, "recorded", &recorded);
		put_outputs(b, "now", &got);
	}
	json_close(b, '}');
}

static void put_parts(struct buf *b, const struct tape *t)
{
	size_t i;

	json_put_key(b, "parts");
	json_open(b, '[');
	for (i = 0; i < t->part_count; i++) {
		json_open(b, '{');
		json_pair_string(b, "from", entry_name(t->parts[i].entry));
		json_pair_u64(b, "epoch", t->parts[i].epoch);
		json_pair_u64(b, "step", t->parts[i].first + 1);
		json_pair_u64(b, "steps", t->parts[i].count);
		json_close(b, '}');
	}
	json_close(b, ']');
	json_put_key(b, "gaps");
	json_open(b, '[');
	for (i = 0; i < t->hole_count; i++) {
		json_open(b, '{');
		json_pair_string(b, "why", tape_hole_why_name(t->holes[i].why));
		json_pair_u64(b, "epoch", t->holes[i].epoch);
		json_pair_u64(b, "step", t->holes[i].step + 1);
		json_pair_u64(b, "first_sequence", t->holes[i].first_sequence);
		json_pair_u64(b, "last_sequence", t->holes[i].last_sequence);
		json_pair_u64(b, "steps_not_compared", t->holes[i].skipped);
		json_close(b, '}');
	}
	json_close(b, ']');
}

static void put_result(struct replaying *r, const struct tape *t, const struct tape_damage *damage, const struct replay_result *result)
{
	struct buf *b = &r->out;

	json_open(b, '{');
	json_pair_string(b, "call", r->name);
	json_pair_bool(b, "identical", result->verdict == REPLAY_SAME && !is_damaged(t, damage));
	json_pair_u64(b, "steps", result->steps);
	json_pair_u64(b, "steps_there", t->step_count);
	json_pair_u64(b, "outputs", result->outputs);
	json_pair_bool(b, "whole", t->ended && !t->hole_count && !damage->count);
	put_parts(b, t);
	if (result->verdict != REPLAY_SAME)
		put_difference(b, t, result);
	if (damage->count) {
		json_put_key(b, "damage");
		json_open(b, '{');
		json_pair_u64(b, "records", damage->count);
		json_pair_string(b, "what", damage->what);
		json_pair_string(b, "file", damage->file);
		json_pair_u64(b, "offset", damage->offset);
		json_close(b, '}');
	}
}

/* ------------------------------------------------------------------ one call */

static int report(struct replaying *r, const struct tape *t, const struct tape_damage *damage, const struct replay_result *result)
{
	bool same = result->verdict == REPLAY_SAME;
	enum err err = ERR_NONE;

	if (r->cli->json)
		put_result(r, t, damage, result);
	else
		print_result(r, t, damage, result);
	if (same && r->trying)
		err = replay_try(r, t);
	if (r->cli->json) {
		json_close(&r->out, '}');
		buf_text(&r->out, "\n");
		replay_print_out(r);
	}
	if (err)
		return cli_fail(r->cli, CLI_MISSING, err, r->name, NULL, "the other settings could not be tried: %s", err_name(err));
	r->steps += result->steps;
	r->outputs += result->outputs;
	return same && !is_damaged(t, damage) ? CLI_FINE : CLI_NOT_SO;
}

static int replay_tape(struct replaying *r, const struct tape *t, const struct tape_damage *damage)
{
	struct replay_result result;
	enum err err;
	int status = replay_sets_judge(r, t);

	if (status)
		return status;
	replay_result_init(&result);
	err = replay_compare(t, &result);
	if (err)
		status = cli_fail(r->cli, CLI_MISSING, err, r->name, NULL, "the call could not be replayed: %s", err_name(err));
	else
		status = report(r, t, damage, &result);
	replay_result_fini(&result);
	return status;
}

static int replay_one(struct replaying *r, const char *path, const struct id128 *call)
{
	struct err_detail detail = { .message = "" };
	struct tape_damage damage;
	struct tape tape;
	enum err err;
	char folder[DISK_PATH_MAX];
	int status;

	tape_init(&tape);
	r->calls++;
	if (call)
		err = tape_read_journal(&tape, &disk_real, r->dir ? r->dir : call_journal_find(r->cli, call, folder), r->key, call, &damage, &detail);
	else
		err = tape_read_file(&tape, &disk_real, path, r->unchecked, &damage, &detail);
	if (err)
		status = cli_fail(r->cli, CLI_MISSING, err, detail.where, detail.hint, "%s", detail.message[0] ? detail.message : err_name(err));
	else
		status = replay_tape(r, &tape, &damage);
	tape_fini(&tape);
	return status;
}

/* ------------------------------------------------------------------ operands */

static int is_call(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 4 && !strcmp(entry->d_name + len - 4, ".cfj");
}

/* Every exported call file of a folder, by name. */
static int replay_folder(struct replaying *r, const char *folder)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_call, alphasort), status = CLI_FINE, one, i;

	if (count < 0)
		return cli_fail(r->cli, CLI_MISSING, ERR_IO, folder, NULL, "the folder cannot be read");
	r->several = true;
	for (i = 0; i < count; i++) {
		char path[DISK_PATH_MAX];

		r->name = entries[i]->d_name;
		one = disk_path(path, folder, r->name) ?
			cli_fail(r->cli, CLI_USAGE, ERR_LIMIT, folder, NULL, "the name is too long") : replay_one(r, path, NULL);
		status = one > status ? one : status;
		free(entries[i]);
	}
	free(entries);
	if (!count)
		return cli_fail(r->cli, CLI_MISSING, ERR_NOTFOUND, folder, "exported call files end in .cfj", "no call in this folder");
	return status;
}

static int replay_operand(struct replaying *r, const char *word)
{
	struct id128 call;
	struct stat st;

	r->name = word;
	if (!stat(word, &st)) {
		if (S_ISDIR(st.st_mode))
			return replay_folder(r, word);
		if (S_ISREG(st.st_mode))
			return replay_one(r, word, NULL);
		return cli_fail(r->cli, CLI_USAGE, ERR_FORMAT, word, "give an exported call file, or a folder of them", "neither a file nor a folder");
	}
	if (!id128_parse(&call, word))
		return replay_one(r, NULL, &call);
	return cli_fail(r->cli, CLI_USAGE, ERR_NOTFOUND, word, "give an exported call file, a folder of them, or a call's id (32 hex digits)",
		"no such file, and no call's id");
}

int cmd_replay(struct cli *cli, int argc, char **argv)
{
	struct replaying r = { .cli = cli };
	const struct flag flags[] = {
		{ .name = "dir", .type = FLAG_STRING, .value = &r.dir, .arg = "DIR", .help = "The journal that holds the call (default: data.dir)." },
		{ .name = "key", .type = FLAG_STRING, .value = &r.key, .arg = "F", .help = "Its master key (default: DIR/master.key)." },
		{ .name = "unchecked", .type = FLAG_BOOL, .value = &r.unchecked, .help = "Do not judge checksums of a call file, only the call." },
		{ .name = NULL },
	};
	int status, one, i;

	cli->own_settings = true;
	status = cli_flags(cli, flags, &argc, argv);
	if (status)
		return status;
	if (argc < 2)
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, NULL, "callfunnel replay CALL|PATH", "no call to replay");
	status = replay_sets_find(&r);
	if (status)
		return status;
	r.several = argc > 2;
	buf_init(&r.out, PRINT_BYTES_MAX);
	buf_init(&r.rest, PRINT_BYTES_MAX);
	for (i = 1; i < argc; i++) {
		one = replay_operand(&r, argv[i]);
		status = one > status ? one : status;
	}
	buf_fini(&r.out);
	buf_fini(&r.rest);
	if (r.calls > 1 && !cli->json)
		printf("%zu calls, %zu steps, %zu outputs%s\n", r.calls, r.steps, r.outputs, status ? "" : ", all identical");
	return status;
}
