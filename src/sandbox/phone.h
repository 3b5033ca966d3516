/* Inside the sandbox: the telephones behind its carriers. Who is called by a number, whether he answers, and which recordings he plays.
 *
 * Recordings are read once, when a phone or a call names them, as µ-law at 8000 Hz. One struct phones a carrier, embedded in its state; a struct
 * phone owns its script. Loop thread. What becomes of a phone on a socket is person.h's.
 */
#ifndef SANDBOX_PHONE_H
#define SANDBOX_PHONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/err.h"
#include "base/http_server.h"

enum {
	PHONE_NUMBER_MAX = 64,
	PHONE_URL_MAX = 1024,
	PHONES_MAX = 64,
	PHONE_STEPS_MAX = 200,
	RECORDINGS_MAX = 64,
	RECORDING_SAMPLES_MAX = 60 * 8000,
	PHONE_RING_MS = 300,
	PHONE_QUIET_MS = 800,
	PHONE_TIME_MAX_MS = 600000
};

struct recording {
	char path[PHONE_URL_MAX];
	uint8_t *ulaw;
	size_t samples;
};

enum phone_outcome { PHONE_ANSWERS, PHONE_BUSY, PHONE_NO_ANSWER, PHONE_FAILED };

/* What he does: [{"silence_ms":800,"play":"yes.wav"}, {"silence_ms":2000,"hang_up":true}], each once the agent has spoken since the last and been silent
 * for so long; behind the last he says nothing. */
struct phone {
	char number[PHONE_NUMBER_MAX];
	char via[PHONE_URL_MAX]; /* "http://127.0.0.1:8080": where what has a public address really is; empty: there */
	uint64_t ring_ms;
	enum phone_outcome outcome;
	json_t *script; /* NULL: nothing */
};

struct phones {
	struct phone list[PHONES_MAX];
	size_t count;
	struct recording recordings[RECORDINGS_MAX];
	size_t recording_count;
};

/* From the body of a request of the control port; `phone` owns its script then. False: *why says what does not fit, with the member's name. */
bool phone_make(struct phones *all, const json_t *body, struct phone *phone, struct err_detail *why);
void phone_fini(struct phone *phone);

/* Who is called by that number: a copy, the caller's to phone_fini. Nobody has named it: he answers, and says nothing. */
void phones_find(const struct phones *all, const char *number, struct phone *out);

/* POST …/phones of the control port: who is called by that number, from now on. Replies. */
void phones_hear(struct phones *all, struct http_request *r);
void phones_fini(struct phones *all);

const struct recording *recording_find(const struct phones *all, const char *path); /* NULL: it was not loaded */

#endif
