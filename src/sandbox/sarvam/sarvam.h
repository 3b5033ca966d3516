/* Inside the sandbox's Sarvam: what sarvam.c (handshakes), realtime.c (the recogniser) and voice.c (the voice) share. Loop thread. Facts: the shared
 * protocol notes on Sarvam, checked 2026-11-21, sections 1, 3 and 6.
 */
#ifndef SANDBOX_SARVAM_SARVAM_H
#define SANDBOX_SARVAM_SARVAM_H

#include "sandbox/vendor.h"

enum { SARVAM_IDLE_US = 60000000, SARVAM_SENDS_MAX = HARM_BYTES_MAX + (8 << 20) };

struct realtime;
struct voice_line;

struct sarvam_state {
	struct realtime *recognisers;
	struct voice_line *voices;
};

/* ---- sarvam.c ---- */

struct sarvam_state *sarvam_state_of(const struct vendor *v);

/* Takes a request that has a key; false: it has been replied to. */
bool sarvam_take(struct vendor *v, struct http_request *r, struct vendor_turn *turn);
void sarvam_refuse_with(struct vendor *v, struct http_request *r, unsigned int status, const char *message);

/* ---- realtime.c, voice.c ---- */

void realtime_hear(struct http_request *r, void *vendor);
void realtimes_end(struct vendor *v); /* all of them, at once */
void voice_hear(struct http_request *r, void *vendor);
void voices_end(struct vendor *v);

#endif
