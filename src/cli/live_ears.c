#include "cli/live_ears.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/wording.h"
#include "providers/pocketsphinx/pocketsphinx.h"

/* ------------------------------------------------------------------ nobody */

struct stt_stream {
	struct stt_stream **slot;
};

static enum err nobody_start(void *vendor, struct stt_stream **sp, const char *language, const struct stt_events *events, void *arg)
{
	struct stt_stream *s = calloc(1, sizeof(*s));

	(void)vendor;
	(void)language;
	(void)events;
	(void)arg;
	*sp = s;
	return s ? ERR_NONE : ERR_NOMEM;
}

static void nobody_push(struct stt_stream *s, const uint8_t *ulaw, size_t samples)
{
	(void)s;
	(void)ulaw;
	(void)samples;
}

static void nobody_finalize(struct stt_stream *s)
{
	(void)s;
}

static void nobody_cancel(struct stt_stream **sp)
{
	free(*sp);
	*sp = NULL;
}

static const struct stt nobody_stt = { .name = "nobody", .start = nobody_start, .push = nobody_push, .finalize = nobody_finalize, .cancel = nobody_cancel };

/* ------------------------------------------------------------------ which */

static enum err ears_open(void *arg, void **vendor, const struct stt **stt, const struct lineups_call *call, struct err_detail *detail)
{
	const struct log log = { .plane = "voice", .doing = "finding a recogniser" };
	const struct pocketsphinx_options options = { .flow = call->flow, .flow_len = call->flow_len };
	struct pocketsphinx *p;
	enum err err;

	*vendor = NULL;
	*stt = &nobody_stt;
	if (!language_is(call->language, "en")) {
		log_warn(&log, "there is no offline recogniser for this language: the keypad alone is understood", LOG_TEXT("language", call->language));
		return ERR_NONE;
	}
	*stt = &pocketsphinx_stt;
	err = pocketsphinx_open(&p, arg, &options, detail);
	*vendor = p;
	return err;
}

static void ears_close(void *arg, void **vendor)
{
	struct pocketsphinx *p = *vendor;

	(void)arg;
	pocketsphinx_close(&p);
	*vendor = NULL;
}

struct lineups_ears live_ears(uv_loop_t *loop)
{
	return (struct lineups_ears){ .open = ears_open, .close = ears_close, .arg = loop };
}
