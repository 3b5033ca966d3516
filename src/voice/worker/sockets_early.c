/* What a socket brings before its call is there: while the conductor is asked, and while the journal of a worker that died is searched. Keys and
 * the caller's sound are kept, as far as they are not too many, and given to the session when it is open. */
#include "voice/worker/sockets_state.h"

#include <sodium.h>

void socket_early_init(struct socket_early *e)
{
	*e = (struct socket_early){ .key_count = 0 };
	buf_init(&e->sound, SOCKETS_EARLY_SAMPLES);
}

void socket_early_fini(struct socket_early *e)
{
	buf_fini(&e->sound);
	sodium_memzero(e->keys, sizeof(e->keys));
}

void socket_early_forget(struct socket_early *e)
{
	e->lost_samples += e->sound.len;
	buf_reset(&e->sound);
}

/* The session's sound has no holes: what came before one, or before too much, is lost with it. */
void socket_early_gap(struct socket_early *e, uint64_t samples)
{
	socket_early_forget(e);
	e->lost_samples += samples;
}

void socket_early_audio(struct socket_early *e, const uint8_t *ulaw, size_t samples)
{
	if (samples > SOCKETS_EARLY_SAMPLES) {
		socket_early_gap(e, samples);
		return;
	}
	if (e->sound.len + samples > SOCKETS_EARLY_SAMPLES)
		socket_early_forget(e);
	buf_append(&e->sound, ulaw, samples);
	if (e->sound.err)
		socket_early_gap(e, samples);
}

void socket_early_key(struct socket_early *e, char key)
{
	if (e->key_count < SOCKETS_EARLY_KEYS)
		e->keys[e->key_count++] = key;
}

void socket_early_give(struct socket_early *e, struct worker_call *call)
{
	size_t i;

	if (e->sound.len)
		worker_call_audio(call, e->sound.data, e->sound.len);
	for (i = 0; i < e->key_count; i++)
		session_digit(worker_call_session(call), e->keys[i]);
	socket_early_fini(e);
}
