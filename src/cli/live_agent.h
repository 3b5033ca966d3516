/* The agents of a worker's live calls, offline: the rehearsed engine plays each call's flow, flite or espeak-ng speaks by language. The voices
 * are shared by all calls of the worker; the recogniser is the owner's choice. For voice/worker/sockets.h. Loop thread.
 */
#ifndef CLI_LIVE_AGENT_H
#define CLI_LIVE_AGENT_H

#include <uv.h>

#include "base/clock.h"
#include "base/err.h"
#include "voice/worker/sockets.h"

struct live_agents;

/* A recogniser for a call; `vendor` is what its table is given. */
struct live_recogniser {
	enum err (*open)(void *arg, void **vendor, const struct stt **stt, const struct conductor_attached *call, struct err_detail *detail);
	void (*close)(void *arg, void **vendor);
	void *arg;
};

/* `recogniser` is copied. flite is loaded here, espeak-ng with the first call that needs it. */
enum err live_agents_open(struct live_agents **ap, uv_loop_t *loop, struct clock *clock, const struct live_recogniser *recogniser) MUST_USE;

/* All agents must be closed. NULL-safe. */
void live_agents_close(struct live_agents **ap);

extern const struct sockets_agents live_agents; /* its arg is the struct live_agents */

#endif
