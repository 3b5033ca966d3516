#include "providers/cartesia/cartesia_request.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <sodium.h>

#include "base/http_client.h"
#include "base/json.h"

#define VERSION_OF_IDS "2026-08-14" /* the first that wants {"id":…} */

enum { SPEED_MIN = 60, SPEED_MAX = 150, BUFFER_DELAY_MAX_MS = 5000 };

/* ---- options ---- */

static enum err refuse(struct err_detail *detail, const char *message, const char *hint)
{
	if (detail) {
		*detail = (struct err_detail){ .message = "" };
		snprintf(detail->message, sizeof(detail->message), "%s", message);
		snprintf(detail->hint, sizeof(detail->hint), "%s", hint);
	}
	return ERR_USAGE;
}

/* Printable ASCII without blanks, so that it can stand in a header; `max` letters at most. */
static bool is_word(const char *text, size_t max)
{
	size_t len = strnlen(text, max + 1);

	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] >= 0x7f)
			return false;
	return len && len <= max;
}

static enum err languages_judge(const struct cartesia_language *list, struct err_detail *detail)
{
	for (; list && list->tag; list++)
		if ((list->language && !is_word(list->language, CARTESIA_LANGUAGE_MAX - 1)) || (list->voice && !is_word(list->voice, CARTESIA_NAME_MAX)))
			return refuse(detail, "a language's name or voice is none", "write en and the id of a voice");
	return ERR_NONE;
}

enum err cartesia_options_take(struct cartesia_options *own, const struct cartesia_options *given, struct err_detail *detail)
{
	*own = *given;
	own->base_url = given->base_url ? given->base_url : "https://api.cartesia.ai";
	own->api_version = given->api_version ? given->api_version : "2026-03-01";
	own->model = given->model ? given->model : "sonic-3.5-2026-05-04";
	own->connect_ms = given->connect_ms ? given->connect_ms : 3000;
	own->silent_ms = given->silent_ms ? given->silent_ms : 5000;
	own->deadline_ms = given->deadline_ms ? given->deadline_ms : 60000;
	if (strlen(own->base_url) > CARTESIA_URL_MAX || !http_is_url(own->base_url) || strpbrk(own->base_url, "?#{"))
		return refuse(detail, "the base URL is none", "write https://host, without a query");
	if (!own->key || !is_word(own->key, CARTESIA_KEY_MAX))
		return refuse(detail, "there is no key, or it has letters that no key has", "the key begins with sk_car_");
	if (!own->voice || !is_word(own->voice, CARTESIA_NAME_MAX))
		return refuse(detail, "there is no voice, or it is no id", "write the id of a voice");
	if (!is_word(own->api_version, CARTESIA_NAME_MAX) || !is_word(own->model, CARTESIA_NAME_MAX))
		return refuse(detail, "the version or the model is none", "write 2026-03-01 and sonic-3.5");
	if (own->pronunciation_dict_id && !is_word(own->pronunciation_dict_id, CARTESIA_NAME_MAX))
		return refuse(detail, "the pronunciation dictionary is no id", "leave it out, or write its id");
	if (own->speed_percent && (own->speed_percent < SPEED_MIN || own->speed_percent > SPEED_MAX))
		return refuse(detail, "the speed is out of range", "60 to 150 percent");
	if (own->max_buffer_delay_ms > BUFFER_DELAY_MAX_MS)
		return refuse(detail, "the buffer delay is out of range", "0 to 5000 ms");
	return languages_judge(own->languages, detail);
}

enum err cartesia_speech_judge(const char *language, const char *text, size_t len)
{
	size_t letters = strnlen(language, CARTESIA_LANGUAGE_MAX);

	if (!len || memchr(text, 0, len))
		return ERR_USAGE;
	if (len > CARTESIA_MAX_TEXT_BYTES)
		return ERR_LIMIT;
	if (letters == CARTESIA_LANGUAGE_MAX || !isalpha((unsigned char)language[0]))
		return ERR_NOTFOUND;
	for (size_t i = 0; i < letters; i++)
		if (!isalnum((unsigned char)language[i]) && language[i] != '-' && language[i] != '_')
			return ERR_NOTFOUND;
	return ERR_NONE;
}

/* ---- where to, as whom ---- */

void cartesia_url(const struct cartesia_options *o, bool is_socket, char out[CARTESIA_URL_MAX + 32])
{
	size_t len = strlen(o->base_url);
	const char *rest = o->base_url + 4; /* behind "http" */

	while (len && o->base_url[len - 1] == '/')
		len--;
	snprintf(out, CARTESIA_URL_MAX + 32, "%s%.*s/tts/%s", is_socket ? "ws" : "http", (int)(len - 4), rest, is_socket ? "websocket" : "bytes");
}

void cartesia_headers_make(struct cartesia_headers *h, const struct cartesia_options *o, bool is_socket)
{
	snprintf(h->key, sizeof(h->key), "Authorization: Bearer %s", o->key);
	snprintf(h->version, sizeof(h->version), "Cartesia-Version: %s", o->api_version);
	h->list[0] = h->key;
	h->list[1] = h->version;
	h->list[2] = is_socket ? NULL : "Content-Type: application/json";
	h->list[3] = NULL;
}

void cartesia_headers_clear(struct cartesia_headers *h)
{
	sodium_memzero(h, sizeof(*h));
}

/* ---- requests ---- */

/* What is said for a tag: the entry of the whole tag, or else of its first part; NULL: neither is in the list. */
static const struct cartesia_language *language_find(const struct cartesia_language *list, const char *tag)
{
	size_t part = strcspn(tag, "-_");
	const struct cartesia_language *found = NULL;

	for (; list && list->tag; list++) {
		if (!strcasecmp(list->tag, tag))
			return list;
		if (strlen(list->tag) == part && !strncasecmp(list->tag, tag, part))
			found = list;
	}
	return found;
}

static void put_language(struct buf *b, const struct cartesia_options *o, const struct cartesia_language *l, const char *tag, bool is_socket)
{
	char part[CARTESIA_LANGUAGE_MAX];
	size_t len = 0;

	if (l && l->language) {
		json_pair_string(b, "language", l->language);
		return;
	}
	if (!l && o->says_locale && !is_socket) {
		json_pair_string(b, "locale", tag);
		return;
	}
	for (; tag[len] && tag[len] != '-' && tag[len] != '_'; len++)
		part[len] = (char)tolower((unsigned char)tag[len]);
	part[len] = '\0';
	json_pair_string(b, "language", part);
}

/* The text, its `<` and `&` as XML has them. */
static void put_transcript(struct buf *b, const char *text, size_t len)
{
	const char *end = text + len;

	json_put_key(b, "transcript");
	buf_byte(b, '"');
	while (text < end) {
		size_t plain = 0;

		while (text + plain < end && text[plain] != '<' && text[plain] != '&')
			plain++;
		json_put_escaped(b, text, plain);
		text += plain;
		if (text < end)
			buf_text(b, *text++ == '<' ? "&lt;" : "&amp;");
	}
	buf_byte(b, '"');
}

static void put_voice(struct buf *b, const struct cartesia_options *o, const char *voice)
{
	bool by_id = o->voice_form == CARTESIA_VOICE_ID || (o->voice_form == CARTESIA_VOICE_BY_VERSION && strcmp(o->api_version, VERSION_OF_IDS) >= 0);

	json_put_key(b, "voice");
	json_open(b, '{');
	if (!by_id)
		json_pair_string(b, "mode", "id");
	json_pair_string(b, "id", voice);
	json_close(b, '}');
}

static void put_format(struct buf *b)
{
	json_put_key(b, "output_format");
	json_open(b, '{');
	json_pair_string(b, "container", "raw");
	json_pair_string(b, "encoding", "pcm_mulaw");
	json_pair_u64(b, "sample_rate", 8000);
	json_close(b, '}');
}

/* What both requests have. */
static void put_speech(struct buf *b, const struct cartesia_options *o, const char *language, const char *text, size_t len, bool is_socket)
{
	const struct cartesia_language *l = language_find(o->languages, language);

	json_pair_string(b, "model_id", o->model);
	put_transcript(b, text, len);
	put_voice(b, o, l && l->voice ? l->voice : o->voice);
	put_language(b, o, l, language, is_socket);
	put_format(b);
	if (o->speed_percent) {
		json_put_key(b, "generation_config");
		json_open(b, '{');
		json_put_key(b, "speed");
		json_put_real(b, o->speed_percent / 100.0, 2);
		json_close(b, '}');
	}
	if (o->pronunciation_dict_id)
		json_pair_string(b, "pronunciation_dict_id", o->pronunciation_dict_id);
}

void cartesia_request_socket(struct buf *b, const struct cartesia_options *o, const char *context, const char *language, const char *text, size_t len)
{
	json_open(b, '{');
	json_pair_string(b, "context_id", context);
	put_speech(b, o, language, text, len, true);
	json_pair_bool(b, "add_timestamps", true);
	json_pair_bool(b, "use_normalized_timestamps", false); /* words as the text has them, where that can be */
	json_pair_bool(b, "continue", false);
	json_pair_u64(b, "max_buffer_delay_ms", o->max_buffer_delay_ms); /* said always: the default is three seconds */
	json_close(b, '}');
}

void cartesia_request_bytes(struct buf *b, const struct cartesia_options *o, const char *language, const char *text, size_t len)
{
	json_open(b, '{');
	put_speech(b, o, language, text, len, false);
	json_close(b, '}');
}

void cartesia_request_cancel(struct buf *b, const char *context)
{
	json_open(b, '{');
	json_pair_string(b, "context_id", context);
	json_pair_bool(b, "cancel", true);
	json_close(b, '}');
}
