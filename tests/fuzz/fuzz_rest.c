/* Carriers' REST answers as outside bytes, each as Twilio's and as Exotel's: the first line is the status, the second Retry-After, the rest the body. Whatever comes, the verdict
 * is one of those there are, a leg has a plain id, and "surely not carried out" is never said of an answer that leaves it open. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conductor/calls_state.h"
#include "providers/exotel/rest.h"
#include "providers/twilio/rest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINE_BYTES_MAX = 200 };

static void must(bool holds)
{
	if (!holds)
		abort();
}

static size_t line(const uint8_t *data, size_t size, char out[LINE_BYTES_MAX])
{
	const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
	size_t len = end ? (size_t)(end - data) : size;

	snprintf(out, LINE_BYTES_MAX, "%.*s", (int)(len < LINE_BYTES_MAX ? len : LINE_BYTES_MAX - 1), (const char *)data);
	return end ? len + 1 : len;
}

static bool is_plain(const char *text, size_t max)
{
	size_t len = strnlen(text, max);

	return len && len < max && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

/* Heard by an attempt, twice: the second time it is no news, and bytes keep it. */
static void check_attempt(const struct carrier_leg *leg)
{
	struct call_record r, again;
	struct buf b;

	call_record_init(&r);
	call_record_init(&again);
	buf_init(&b, CALL_RECORD_MAX_BYTES);
	call_id_random(r.id);
	r.dial = (struct call_dial){ .to = "+14155550199", .from = "+14155550123", .asked_ms = 1 };
	memcpy(r.account, leg->account, sizeof(r.account));
	must(dial_hear(&r, leg, 2) == DIAL_NEWS && dial_hear(&r, leg, 3) == DIAL_NOTHING);
	must(!call_record_encode(&r, &b) && !call_record_decode(&again, b.data, b.len));
	must(again.dial.state == r.dial.state && !strcmp(again.dial.answered_by, r.dial.answered_by) && !strcmp(again.carrier_call, leg->call));
	must(!dial_is_open(&r) || r.state == CALL_WAITING);
	(void)dial_fits(&r, leg);
	buf_fini(&b);
	call_record_fini(&r);
	call_record_fini(&again);
}

static void check(const struct carrier_rest *rest, const struct carrier_answer *answer, bool wants_leg)
{
	struct carrier_reply *reply = malloc(sizeof(*reply));
	bool is_certain;

	must(reply);
	rest->read(answer, wants_leg, reply);
	is_certain = reply->verdict == CARRIER_REFUSED || reply->verdict == CARRIER_LATER || reply->verdict == CARRIER_GONE;
	must(reply->verdict <= CARRIER_UNKNOWN && reply->leg_count <= CARRIER_LEGS_MAX);
	must(reply->verdict != CARRIER_DONE || !wants_leg || reply->leg_count);
	must(!is_certain || answer->status / 100 == 4);
	for (size_t i = 0; i < reply->leg_count; i++) {
		must(is_plain(reply->legs[i].call, CARRIER_ID_MAX) && reply->legs[i].state < LEG_STATES);
		check_attempt(&reply->legs[i]);
	}
	free(reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char status[LINE_BYTES_MAX], retry_after[LINE_BYTES_MAX];
	struct carrier_answer answer = { .retry_after = retry_after };
	size_t used = line(data, size, status);

	used += line(data + used, size - used, retry_after);
	answer.status = (unsigned int)strtoul(status, NULL, 10) % 600;
	answer.body = data + used;
	answer.len = size - used;
	check(&twilio_rest, &answer, true);
	check(&twilio_rest, &answer, false);
	check(&exotel_rest, &answer, true);
	check(&exotel_rest, &answer, false);
	(void)twilio_date_ms(retry_after);
	(void)exotel_date_ms(retry_after, 330);
	return 0;
}
