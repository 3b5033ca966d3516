/* Any bytes as a recording: no crash, errors have words, and a recording that is accepted keeps its own promises. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "audio/tracks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds)
		abort();
}

static void check_info(const struct tracks_info *info)
{
	size_t i;

	must(info->rate_hz >= TRACKS_MIN_HZ && info->rate_hz <= TRACKS_MAX_HZ);
	must(info->gap_count <= TRACKS_MAX_GAPS);
	for (i = 0; i < info->gap_count; i++) {
		must(info->gaps[i].samples > 0);
		must(info->gaps[i].start_sample + info->gaps[i].samples <= info->samples);
		must(strlen(info->gaps[i].why) < TRACKS_WHY_BYTES);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err_detail detail = { 0 };
	struct tracks_reader *r;
	int16_t caller[700], agent[700];
	uint64_t total = 0;
	size_t got = 1;
	enum err err = tracks_reader_open_bytes(&r, data, size, &detail);

	must(!err == !detail.message[0] && !err == (r != NULL));
	if (err)
		return 0;
	check_info(tracks_reader_info(r));
	while (!err && got) {
		err = tracks_reader_pull(r, caller, agent, 700, &got, &detail);
		total += got;
	}
	must(total <= tracks_reader_info(r)->samples);
	must(err ? detail.message[0] != 0 : total == tracks_reader_info(r)->samples);
	tracks_reader_close(&r);
	return 0;
}
