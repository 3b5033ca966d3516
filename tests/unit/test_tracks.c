/* Recordings: what went in comes out, sample for sample and gap for gap; damage is seen; a disk that fails leaves no half file. */
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audio/tracks.h"
#include "audio/wav.h"
#include "base/disk.h"

enum { MAX_SAMPLES = 60000, FILE_MAX = 1 << 24 };

static const char path[] = "calls/one.flac";
static const char part[] = "calls/one.flac.part";

static struct disk_virtual *virtual;
static struct disk disk;
static int16_t caller[MAX_SAMPLES], agent[MAX_SAMPLES];

static int make_disk(void **state)
{
	(void)state;
	if (disk_virtual_new(&virtual))
		return -1;
	disk = disk_virtual_disk(virtual);
	return 0;
}

static int drop_disk(void **state)
{
	(void)state;
	disk_virtual_free(&virtual);
	return 0;
}

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* Something like two voices: tones that come and go, a little noise, and every extreme value. */
static void make_sound(uint32_t seed)
{
	size_t i;

	for (i = 0; i < MAX_SAMPLES; i++) {
		double t = (double)i / 8000;

		caller[i] = (int16_t)(9000 * sin(t * 1200) * (sin(t * 5) > 0) + next_random(&seed) % 32);
		agent[i] = (int16_t)(7000 * sin(t * 900) * (sin(t * 3) < 0) - next_random(&seed) % 64);
	}
	caller[5] = INT16_MIN;
	caller[6] = INT16_MAX;
	agent[5] = INT16_MAX;
	agent[6] = INT16_MIN;
}

static struct tracks_writer *open_writer(void)
{
	struct tracks_writer *w;

	assert_int_equal(tracks_writer_open(&w, &disk, path, 8000), ERR_NONE);
	return w;
}

static void push_all(struct tracks_writer *w, size_t count, uint32_t seed)
{
	size_t at = 0;

	while (at < count) {
		size_t n = next_random(&seed) % (next_random(&seed) % 3 ? 160 : 5000);

		n = n < count - at ? n : count - at;
		assert_int_equal(tracks_writer_push(w, caller + at, agent + at, n), ERR_NONE);
		at += n;
	}
	assert_int_equal(tracks_writer_samples(w), count);
}

static void write_recording(size_t count, size_t gaps)
{
	struct tracks_writer *w = open_writer();
	size_t i;

	push_all(w, count, (uint32_t)count);
	for (i = 0; i < gaps; i++)
		assert_int_equal(tracks_writer_gap(w, i % 2 ? TRACKS_AGENT : TRACKS_CALLER, i * 10, 3 + i % 5, "nothing came"), ERR_NONE);
	assert_int_equal(tracks_writer_close(&w), ERR_NONE);
	assert_null(w);
}

/* Reads all of it in odd pieces and compares with what was made. */
static void expect_recording(struct tracks_reader *r, size_t count)
{
	static int16_t left[MAX_SAMPLES], right[MAX_SAMPLES];
	uint32_t seed = 3;
	size_t at = 0, got = 1;

	assert_int_equal(tracks_reader_info(r)->samples, count);
	while (got) {
		size_t max = 1 + next_random(&seed) % 3000;

		if (max > MAX_SAMPLES - at)
			max = MAX_SAMPLES - at + 1;
		assert_int_equal(tracks_reader_pull(r, left + at, right + at, max, &got, NULL), ERR_NONE);
		at += got;
		assert_true(at <= count);
	}
	assert_int_equal(at, count);
	assert_memory_equal(left, caller, count * sizeof(*left));
	assert_memory_equal(right, agent, count * sizeof(*right));
	assert_int_equal(tracks_reader_pull(r, left, right, 10, &got, NULL), ERR_NONE); /* the end stays the end */
	assert_int_equal(got, 0);
}

static struct tracks_reader *open_reader(void)
{
	struct err_detail detail = { 0 };
	struct tracks_reader *r;

	if (tracks_reader_open(&r, &disk, path, &detail))
		fail_msg("%s (%s)", detail.message, detail.where);
	return r;
}

static struct buf load(void)
{
	struct buf b;

	buf_init(&b, FILE_MAX);
	assert_int_equal(disk_load(&disk, path, &b), ERR_NONE);
	return b;
}

static void is_lossless(void **state)
{
	static const size_t counts[] = { 0, 1, 159, 4096, 4097, 48000, MAX_SAMPLES };
	size_t i;

	(void)state;
	make_sound(1);
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct tracks_reader *r;
		struct disk_file *f;

		write_recording(counts[i], 0);
		assert_int_equal(disk_open(&disk, &f, part, DISK_READ), ERR_NOTFOUND);
		r = open_reader();
		assert_int_equal(tracks_reader_info(r)->rate_hz, 8000);
		assert_int_equal(tracks_reader_info(r)->gap_count, 0);
		expect_recording(r, counts[i]);
		tracks_reader_close(&r);
		tracks_reader_close(&r);
	}
}

static void other_rates_and_silence(void **state)
{
	static const uint32_t rates_hz[] = { 8000, 16000, 24000, 48000, 11025 };
	size_t i, got;

	(void)state;
	make_sound(2);
	for (i = 0; i < sizeof(rates_hz) / sizeof(rates_hz[0]); i++) {
		struct tracks_writer *w;
		struct tracks_reader *r;
		int16_t left[1000], right[1000];

		assert_int_equal(tracks_writer_open(&w, &disk, path, rates_hz[i]), ERR_NONE);
		assert_int_equal(tracks_writer_push(w, NULL, agent, 500), ERR_NONE);
		assert_int_equal(tracks_writer_push(w, caller, NULL, 500), ERR_NONE);
		assert_int_equal(tracks_writer_close(&w), ERR_NONE);
		r = open_reader();
		assert_int_equal(tracks_reader_info(r)->rate_hz, rates_hz[i]);
		assert_int_equal(tracks_reader_pull(r, left, right, 1000, &got, NULL), ERR_NONE);
		assert_int_equal(got, 1000);
		assert_int_equal(left[499] | left[0] | right[500] | right[999], 0);
		assert_memory_equal(right, agent, 1000);
		assert_memory_equal(left + 500, caller, 1000);
		tracks_reader_close(&r);
	}
	{
		struct tracks_writer *w;

		assert_int_equal(tracks_writer_open(&w, &disk, path, 999), ERR_USAGE);
		assert_null(w);
	}
}

static void gaps_come_back(void **state)
{
	struct tracks_writer *w;
	struct tracks_reader *r;
	const struct tracks_info *info;
	char why[100];

	(void)state;
	make_sound(3);
	w = open_writer();
	push_all(w, 10000, 1);
	assert_int_equal(tracks_writer_gap(w, TRACKS_CALLER, 100, 160, "the socket was gone"), ERR_NONE);
	assert_int_equal(tracks_writer_gap(w, TRACKS_CALLER, 260, 160, "the socket was gone"), ERR_NONE); /* goes on */
	assert_int_equal(tracks_writer_gap(w, TRACKS_AGENT, 420, 160, "the socket was gone"), ERR_NONE);  /* the other side */
	assert_int_equal(tracks_writer_gap(w, TRACKS_AGENT, 580, 20, "a: b\nc\x7f"), ERR_NONE);         /* another reason */
	assert_int_equal(tracks_writer_gap(w, TRACKS_CALLER, 50, 0, "none"), ERR_NONE);                   /* is none */
	assert_int_equal(tracks_writer_gap(w, TRACKS_CALLER, 9990, 100, "late"), ERR_NONE);               /* is cut off */
	assert_int_equal(tracks_writer_gap(w, TRACKS_AGENT, 10000, 5, "too late"), ERR_NONE);             /* is dropped */
	memset(why, 'x', 99);
	memcpy(why + 62, "ä", 2); /* lies across the cut */
	why[99] = 0;
	assert_int_equal(tracks_writer_gap(w, TRACKS_CALLER, 0, 1, why), ERR_NONE);
	assert_int_equal(tracks_writer_close(&w), ERR_NONE);
	r = open_reader();
	info = tracks_reader_info(r);
	assert_int_equal(info->gap_count, 5);
	assert_int_equal(info->gaps[0].side, TRACKS_CALLER);
	assert_int_equal(info->gaps[0].start_sample, 100);
	assert_int_equal(info->gaps[0].samples, 320);
	assert_string_equal(info->gaps[0].why, "the socket was gone");
	assert_int_equal(info->gaps[1].side, TRACKS_AGENT);
	assert_int_equal(info->gaps[1].samples, 160);
	assert_string_equal(info->gaps[2].why, "a: b c ");
	assert_int_equal(info->gaps[3].samples, 10);
	assert_int_equal(strlen(info->gaps[4].why), 62);
	expect_recording(r, 10000);
	tracks_reader_close(&r);
}

/* Around the number that fills the reserve, and far above it: the sound must have been moved, not harmed. */
static void more_gaps_than_were_reserved_for(void **state)
{
	static const size_t counts[] = { 1, 60, 95, 96, 97, 98, 99, 100, 101, 102, 103, 104, 110, 125, 5000 };
	size_t i, k;

	(void)state;
	make_sound(4);
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct tracks_reader *r;
		const struct tracks_info *info;

		write_recording(MAX_SAMPLES, counts[i]);
		r = open_reader();
		info = tracks_reader_info(r);
		assert_int_equal(info->gap_count, counts[i]);
		for (k = 0; k < counts[i]; k++) {
			assert_int_equal(info->gaps[k].start_sample, k * 10);
			assert_int_equal(info->gaps[k].samples, 3 + k % 5);
			assert_int_equal(info->gaps[k].side, k % 2 ? TRACKS_AGENT : TRACKS_CALLER);
		}
		expect_recording(r, MAX_SAMPLES);
		tracks_reader_close(&r);
	}
}

static enum err check(const struct buf *b, size_t len)
{
	uint8_t *copy = malloc(len + 1); /* its own block, so that a sanitizer sees one byte too many */
	struct err_detail detail = { 0 };
	enum err err;

	assert_non_null(copy);
	memcpy(copy, b->data, len);
	err = tracks_check_bytes(copy, len, &detail);
	assert_int_equal(err != ERR_NONE, detail.message[0] != 0);
	free(copy);
	return err;
}

/* Byte by byte across the length that just fits. */
static void gaps_around_the_reserve(void **state)
{
	static const char why[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";
	size_t count, len, i;
	size_t smallest = SIZE_MAX, largest = 0;

	(void)state;
	make_sound(15);
	for (count = 104; count < 124; count++) {
		for (len = 0; len < 40; len++) {
			struct tracks_writer *w = open_writer();
			struct buf b;

			push_all(w, 2000, 1);
			for (i = 0; i < count; i++)
				assert_int_equal(tracks_writer_gap(w, TRACKS_CALLER, 1000 + i * 5, 3, "nothing came"), ERR_NONE);
			assert_int_equal(tracks_writer_gap(w, TRACKS_AGENT, 1000, 3, why + 52 - len), ERR_NONE);
			assert_int_equal(tracks_writer_close(&w), ERR_NONE);
			b = load();
			if (check(&b, b.len))
				fail_msg("%zu gaps, a reason of %zu bytes: %s", count, len, err_name(check(&b, b.len)));
			smallest = b.len < smallest ? b.len : smallest;
			largest = b.len > largest ? b.len : largest;
			buf_fini(&b);
		}
	}
	assert_true(largest > smallest + 100); /* both sides of the edge were there */
}

static void older_part_is_written_over(void **state)
{
	static const uint8_t junk[50000] = { 1 };
	struct tracks_reader *r;

	(void)state;
	make_sound(16);
	assert_int_equal(disk_replace(&disk, "calls", "one.flac.part", junk, sizeof(junk)), ERR_NONE);
	write_recording(3000, 0);
	r = open_reader();
	expect_recording(r, 3000);
	tracks_reader_close(&r);
}

static void gaps_have_a_ceiling(void **state)
{
	struct tracks_writer *w = open_writer();
	struct disk_file *f;
	uint64_t i;

	(void)state;
	for (i = 0; i < TRACKS_MAX_GAPS; i++)
		assert_int_equal(tracks_writer_gap(w, TRACKS_CALLER, i * 2, 1, "x"), ERR_NONE);
	assert_int_equal(tracks_writer_gap(w, TRACKS_CALLER, i * 2, 1, "x"), ERR_LIMIT);
	assert_int_equal(tracks_writer_push(w, caller, agent, 10), ERR_LIMIT);
	assert_int_equal(tracks_writer_close(&w), ERR_LIMIT);
	assert_null(w);
	assert_int_equal(disk_open(&disk, &f, path, DISK_READ), ERR_NOTFOUND);
	assert_int_equal(disk_open(&disk, &f, part, DISK_READ), ERR_NOTFOUND);
}

static void every_cut_is_seen(void **state)
{
	struct buf b;
	size_t len;

	(void)state;
	make_sound(5);
	write_recording(6000, 2);
	b = load();
	assert_int_equal(check(&b, b.len), ERR_NONE);
	for (len = 0; len < b.len; len += len < 5000 && len > 300 ? 97 : 1)
		if (!check(&b, len))
			fail_msg("cut to %zu of %zu bytes: not seen", len, b.len);
	buf_fini(&b);
}

/* Behind the last metadata block. */
static size_t sound_begins(const struct buf *b)
{
	size_t at = 4;
	bool is_last = false;

	while (!is_last) {
		is_last = b->data[at] & 0x80;
		at += 4 + (size_t)(b->data[at + 1] << 16 | b->data[at + 2] << 8 | b->data[at + 3]);
		assert_true(at < b->len);
	}
	return at;
}

/* One bit anywhere that matters: of the sound every one, of the front those that say what the sound is. Padding, the maker's name
 * and STREAMINFO's hints may differ unseen. */
static void every_flip_in_the_sound_is_seen(void **state)
{
	struct buf b;
	size_t at, sound_at;

	(void)state;
	make_sound(6);
	write_recording(3000, 1);
	b = load();
	sound_at = sound_begins(&b);
	assert_true(b.len > sound_at + 1000 && b.data[sound_at] == 0xff);
	for (at = sound_at; at < b.len; at++) {
		b.data[at] ^= (uint8_t)(1 << at % 8);
		if (!check(&b, b.len))
			fail_msg("flip in byte %zu not seen", at);
		b.data[at] ^= (uint8_t)(1 << at % 8);
	}
	for (at = 18; at < 42; at++) { /* rate, channels, bits, number of samples, MD5 */
		b.data[at] ^= 16;
		if (!check(&b, b.len))
			fail_msg("flip in byte %zu not seen", at);
		b.data[at] ^= 16;
	}
	assert_int_equal(check(&b, b.len), ERR_NONE);
	buf_fini(&b);
}

/* Each a change of the comment text of the same length. */
static void broken_comments_are_refused(void **state)
{
	static const struct {
		const char *was, *is;
		enum err err;
	} cases[] = {
		{ "TRACKS=1", "TRACKS=2", ERR_VERSION }, { "CALLFUNNEL_", "FALLCUNNEL_", ERR_FORMAT },
		{ "caller:0:3", "callee:0:3", ERR_CORRUPT }, { "caller:0:3", "caller::33", ERR_CORRUPT },
		{ "caller:0:3", "caller:0:0", ERR_CORRUPT }, { "caller:0:3", "caller:-:3", ERR_CORRUPT },
		{ "caller:0:3", "caller:0;3", ERR_CORRUPT }, { "nothing", "noth\ning", ERR_CORRUPT },
		{ "caller:0:3:nothing came", "caller:0:3000:othing ca", ERR_NONE },
		{ "caller:0:3:nothing came", "caller:0:3001:othing ca", ERR_CORRUPT },
		{ "caller:0:3:nothing came", "caller:2999:2:thing cam", ERR_CORRUPT },
		{ "caller:0:3:nothing came", "caller:99999999999999:1", ERR_CORRUPT },
		{ "caller:0:3:nothing came,", "caller:68719476736:1:xyz", ERR_CORRUPT },
		{ "caller:0:3:nothing came, nothing", "caller:18446744073709551616:1:ab", ERR_CORRUPT }, /* 2^64 */
	};
	struct tracks_writer *w = open_writer();
	size_t i;

	(void)state;
	make_sound(7);
	push_all(w, 3000, 1);
	assert_int_equal(tracks_writer_gap(w, TRACKS_CALLER, 0, 3, "nothing came, nothing at all"), ERR_NONE);
	assert_int_equal(tracks_writer_close(&w), ERR_NONE);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b = load();
		size_t len = strlen(cases[i].was);
		uint8_t *at = memmem(b.data, b.len, cases[i].was, len);

		assert_non_null(at);
		memcpy(at, cases[i].is, strnlen(cases[i].is, len));
		if (check(&b, b.len) != cases[i].err)
			fail_msg("%s: %s", cases[i].is, err_name(check(&b, b.len)));
		buf_fini(&b);
	}
}

static void foreign_bytes_are_refused(void **state)
{
	struct buf b;
	struct tracks_reader *r;
	struct err_detail detail = { 0 };

	(void)state;
	buf_init(&b, 1000);
	buf_text(&b, "RIFF....WAVEfmt ");
	assert_int_equal(check(&b, b.len), ERR_FORMAT);
	assert_int_equal(check(&b, 0), ERR_FORMAT);
	assert_int_equal(check(&b, 3), ERR_FORMAT);
	buf_fini(&b);
	assert_int_equal(tracks_reader_open(&r, &disk, "calls/none.flac", &detail), ERR_NOTFOUND);
	assert_null(r);
	assert_string_equal(detail.where, "calls/none.flac");
	make_sound(8);
	write_recording(3000, 0);
	b = load();
	buf_text(&b, "and something behind it");
	assert_int_equal(check(&b, b.len), ERR_CORRUPT);
	buf_fini(&b);
}

/* A writer that never came to its close leaves only a .part, and that is refused. */
static void unclosed_is_refused(void **state)
{
	struct tracks_writer *w = open_writer();
	struct tracks_reader *r;
	struct disk_file *f;
	struct err_detail detail = { 0 };

	(void)state;
	make_sound(9);
	push_all(w, 30000, 1);
	assert_int_equal(disk_open(&disk, &f, path, DISK_READ), ERR_NOTFOUND);
	assert_int_equal(tracks_reader_open(&r, &disk, part, &detail), ERR_TRUNCATED);
	assert_non_null(strstr(detail.message, "never closed"));
	tracks_writer_cancel(&w);
	assert_null(w);
	tracks_writer_cancel(&w);
	assert_int_equal(disk_open(&disk, &f, part, DISK_READ), ERR_NOTFOUND);
}

/* After close has said yes, a power cut changes nothing, whatever it spares. */
static void closed_survives_the_power(void **state)
{
	uint64_t seed;

	(void)state;
	make_sound(10);
	for (seed = 0; seed < 9; seed++) {
		struct tracks_reader *r;

		write_recording(20000, 120);
		disk_virtual_crash(virtual, seed);
		r = open_reader();
		assert_int_equal(tracks_reader_info(r)->gap_count, 120);
		expect_recording(r, 20000);
		tracks_reader_close(&r);
	}
}

/* Every single operation on the disk fails once: the error arrives, the older recording stays, nothing else is left behind. */
static void every_failure_is_reported(void **state)
{
	unsigned int failures = 0;
	uint64_t room;

	(void)state;
	make_sound(11);
	write_recording(2000, 0);
	for (room = disk_virtual_used(virtual);; room += 1500) {
		struct tracks_writer *w;
		struct tracks_reader *r;
		struct disk_file *f;
		enum err err;
		size_t i;

		disk_virtual_limit(virtual, room);
		err = tracks_writer_open(&w, &disk, path, 8000);
		for (i = 0; !err && i < 120; i++)
			err = tracks_writer_gap(w, TRACKS_CALLER, 10 * i, 5, "nothing came");
		if (!err)
			err = tracks_writer_push(w, caller, agent, 40000);
		if (err && w) {
			assert_int_equal(tracks_writer_close(&w), err); /* it sticks */
		} else if (!err) {
			err = tracks_writer_close(&w);
		}
		assert_null(w);
		disk_virtual_limit(virtual, 0);
		assert_int_equal(disk_open(&disk, &f, part, DISK_READ), ERR_NOTFOUND);
		r = open_reader();
		expect_recording(r, err ? 2000 : 40000);
		tracks_reader_close(&r);
		if (!err)
			break;
		assert_int_equal(err, ERR_FULL);
		failures++;
	}
	assert_true(failures > 10);
}

static void failing_sync_is_reported(void **state)
{
	struct tracks_writer *w;
	struct tracks_reader *r;

	(void)state;
	make_sound(12);
	write_recording(2000, 0);
	w = open_writer();
	push_all(w, 5000, 1);
	disk_virtual_fail_sync(virtual, 1);
	assert_int_equal(tracks_writer_close(&w), ERR_IO);
	r = open_reader();
	expect_recording(r, 2000);
	tracks_reader_close(&r);
	disk_virtual_read_only(virtual, true);
	assert_int_equal(tracks_writer_open(&w, &disk, path, 8000), ERR_DENIED);
	assert_null(w);
}

static bool has(const struct buf *b, const char *text)
{
	return memmem(b->data, b->len, text, strlen(text)) != NULL;
}

static void becomes_a_wav(void **state)
{
	struct tracks_writer *w;
	struct disk_file *f;
	struct wav wav;
	struct buf b;
	size_t i;

	(void)state;
	make_sound(13);
	w = open_writer();
	push_all(w, 20000, 1);
	assert_int_equal(tracks_writer_gap(w, TRACKS_AGENT, 8000, 1600, "the voice stalled"), ERR_NONE);
	assert_int_equal(tracks_writer_gap(w, TRACKS_CALLER, 4000, 80, "lost"), ERR_NONE);
	assert_int_equal(tracks_writer_close(&w), ERR_NONE);
	assert_int_equal(tracks_to_wav(&disk, path, "calls/one.wav", NULL), ERR_NONE);
	assert_int_equal(disk_open(&disk, &f, "calls/one.wav.part", DISK_READ), ERR_NOTFOUND);
	buf_init(&b, FILE_MAX);
	assert_int_equal(disk_load(&disk, "calls/one.wav", &b), ERR_NONE);
	assert_int_equal(wav_parse(b.data, b.len, &wav, NULL), ERR_NONE);
	assert_int_equal(wav.channels, 2);
	assert_int_equal(wav.rate_hz, 8000);
	assert_int_equal(wav.frames, 20000);
	assert_false(wav.is_cut);
	for (i = 0; i < 20000; i++)
		if (wav.samples[2 * i] != caller[i] || wav.samples[2 * i + 1] != agent[i])
			fail_msg("sample %zu differs", i);
	assert_int_equal(b.data[4] | b.data[5] << 8 | b.data[6] << 16, b.len - 8);
	assert_true(has(&b, "gap, agent, 0.200 s: the voice stalled"));
	assert_true(has(&b, "gap, caller, 0.010 s: lost"));
	assert_memory_equal(b.data + 44 + 80000, "cue \x34\0\0\0\x02\0\0\0\x01\0\0\0\xa0\x0f\0\0", 20); /* in order of time */
	wav_fini(&wav);
	buf_fini(&b);
}

static void a_damaged_one_becomes_no_wav(void **state)
{
	struct err_detail detail = { 0 };
	struct disk_file *f;
	struct buf b;

	(void)state;
	make_sound(14);
	write_recording(20000, 0);
	b = load();
	b.data[b.len - 5000] ^= 1;
	assert_int_equal(disk_replace(&disk, "calls", "one.flac", b.data, b.len), ERR_NONE);
	assert_int_equal(tracks_to_wav(&disk, path, "calls/one.wav", &detail), ERR_CORRUPT);
	assert_int_not_equal(detail.message[0], 0);
	assert_int_equal(disk_open(&disk, &f, "calls/one.wav", DISK_READ), ERR_NOTFOUND);
	assert_int_equal(disk_open(&disk, &f, "calls/one.wav.part", DISK_READ), ERR_NOTFOUND);
	assert_int_equal(tracks_to_wav(&disk, "calls/none", "calls/one.wav", &detail), ERR_NOTFOUND);
	buf_fini(&b);
}

#define ON_A_DISK(test) cmocka_unit_test_setup_teardown(test, make_disk, drop_disk)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_DISK(is_lossless),
		ON_A_DISK(other_rates_and_silence),
		ON_A_DISK(gaps_come_back),
		ON_A_DISK(more_gaps_than_were_reserved_for),
		ON_A_DISK(gaps_around_the_reserve),
		ON_A_DISK(older_part_is_written_over),
		ON_A_DISK(gaps_have_a_ceiling),
		ON_A_DISK(every_cut_is_seen),
		ON_A_DISK(every_flip_in_the_sound_is_seen),
		ON_A_DISK(broken_comments_are_refused),
		ON_A_DISK(foreign_bytes_are_refused),
		ON_A_DISK(unclosed_is_refused),
		ON_A_DISK(closed_survives_the_power),
		ON_A_DISK(every_failure_is_reported),
		ON_A_DISK(failing_sync_is_reported),
		ON_A_DISK(becomes_a_wav),
		ON_A_DISK(a_damaged_one_becomes_no_wav),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
