/* The sandbox: every vendor as a real server on loopback, so that the whole paid path works without one account.
 *
 * Each vendor has a port of its own, with the vendor's own paths, in the clear or behind TLS with a certificate of a CA made here. One more port
 * is for people and tests: GET / is a page, GET /requests what each vendor was asked (asked.h), POST /faults scripts faults (harm.h),
 * POST /script answers ({"anthropic":[…],"deepgram":[…]}), GET /settings the product's settings that point at it. Who has no script is
 * answered by an agent that is lent: a recogniser, a model, a voice.
 * No account, no key is looked at beyond being there. For tests, benches and trying things out: it listens where it is told and trusts whoever comes.
 * One loop and its thread; everything is borrowed until `closed`.
 */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include <stdint.h>
#include <uv.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "providers/llm.h"
#include "providers/stt.h"
#include "providers/tts.h"

enum { SANDBOX_URL_MAX = 128, SANDBOX_VENDORS_MAX = 12, SANDBOX_PATH_MAX = 1024 };

struct sandbox;

/* Who answers what is not scripted. Each table may be NULL: then no words are heard, a model repeats what it was told, nothing is spoken. */
struct sandbox_agent {
	const struct stt *stt;
	void *stt_vendor;
	const struct llm *llm;
	void *llm_vendor;
	const struct tts *tts;       /* English */
	void *tts_vendor;
	const struct tts *other_tts; /* every other language */
	void *other_tts_vendor;
};

struct sandbox_options {
	const char *address;    /* "127.0.0.1" or "[::1]" */
	unsigned int port;      /* of the page; the vendors follow, each by one more; 0: any that are free */
	const char *tls_dir;    /* ca.pem and ca.key are made there when they are missing; NULL: in the clear */
	uint64_t stt_us;        /* a recogniser's words come so much later, */
	uint64_t llm_us;        /* a model's first word, */
	uint64_t word_us;       /* each further one, */
	uint64_t tts_us;        /* and a voice's first sound */
	struct clock *clock;    /* the loop's */
	struct sandbox_agent agent;
};

/* ERR_USAGE, ERR_BUSY, ERR_DENIED, ERR_IO, ERR_LIMIT: the address or a port; ERR_UNAVAILABLE: TLS; ERR_NOMEM; detail says more. */
enum err sandbox_open(struct sandbox **sp, uv_loop_t *loop, const struct sandbox_options *options, struct err_detail *detail) MUST_USE;

/* Ends everything; `closed` runs when the last handle is. NULL-safe: then it runs at once. */
void sandbox_close(struct sandbox **sp, void (*closed)(void *arg), void *arg);

const char *sandbox_url(const struct sandbox *s); /* of the page */

/* The product's settings, as YAML: providers.NAME.url of every vendor, and .ca_file. */
void sandbox_settings(const struct sandbox *s, struct buf *yaml);

/* The same of one that is to run with these options; `port` is not 0. With a tls_dir its CA is made. The errors of authority.h. */
enum err sandbox_settings_for(const struct sandbox_options *options, struct buf *yaml, struct err_detail *detail) MUST_USE;

/* {"page":"http://…","vendors":{"anthropic":"http://…"},"ca_file":…}: one object, its last bracket not yet closed. */
void sandbox_tell(const struct sandbox *s, struct buf *json);

#endif
