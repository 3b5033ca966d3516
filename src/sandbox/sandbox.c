#include "sandbox/sandbox.h"

#include <assert.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "sandbox/authority.h"
#include "sandbox/control.h"
#include "sandbox/front.h"
#include "sandbox/vendor.h"

enum { LISTEN_MAX = 80, BODY_LIMIT_US = 60000000, STREAM_MAX_BYTES = 16 << 20, PIECE_BYTES = 24 };

struct sandbox {
	uv_loop_t *loop;
	struct sandbox_options options;
	struct control control;
	struct vendor vendors[SANDBOX_VENDORS_MAX];
	size_t vendor_count;
	struct asked asked;
	struct harms harms;
	const char *names[SANDBOX_VENDORS_MAX + 1];
	SSL_CTX *tls;
	char ca_file[SANDBOX_PATH_MAX];
	char url[SANDBOX_URL_MAX];
	unsigned int open;      /* servers and fronts that are not closed */
	void (*closed)(void *arg);
	void *arg;
};

/* ------------------------------------------------------------------ what vendors share */

bool vendor_take(struct vendor *v, struct http_request *r, struct vendor_turn *turn)
{
	turn->number = asked_add(v->asked, v->kind->name, r);
	turn->harm = harms_take(v->harms, v->kind->name, http_path(r));
	if (turn->harm.kind != HARM_STATUS)
		return true;
	v->kind->refuse(v, r, turn->harm.status, turn->harm.retry_after_ms);
	return false;
}

void vendor_stream_begin(struct vendor *v)
{
	v->streams++;
	v->streams_most = v->streams > v->streams_most ? v->streams : v->streams_most;
}

void vendor_stream_end(struct vendor *v)
{
	v->streams--;
}

json_t *vendor_script(struct vendor *v)
{
	json_t *next = json_incref(json_array_get(v->script, 0));

	if (next)
		json_array_remove(v->script, 0);
	if (next && v->script_stays)
		json_array_append(v->script, next);
	return next;
}

void vendor_id(struct vendor *v, const char *prefix, char *out, size_t size)
{
	snprintf(out, size, "%s%012llx", prefix, (unsigned long long)++v->ids);
}

void vendor_uuid(struct vendor *v, char out[37])
{
	snprintf(out, 37, "00000000-0000-4000-8000-%012llx", (unsigned long long)(++v->ids & 0xffffffffffffULL));
}

size_t vendor_piece(const struct vendor *v, const char *text, size_t len)
{
	size_t least = v->options->word_us ? 1 : PIECE_BYTES, n = len < least ? len : least;

	while (n < len && text[n] != ' ')
		n++;
	return n;
}

uint64_t vendor_now_us(const struct vendor *v)
{
	return clock_now_us(v->options->clock);
}

/* ------------------------------------------------------------------ opening */

static void listen_at(char out[LISTEN_MAX], const char *address, unsigned int port)
{
	snprintf(out, LISTEN_MAX, "%s:%u", address, port);
}

static struct http_settings settings_for(const char *listen)
{
	return (struct http_settings){ .listen = listen, .request_us = BODY_LIMIT_US, .stream_max_bytes = STREAM_MAX_BYTES, .linger_us = 200000,
		.connections_max = FRONT_CONNECTIONS_MAX, .per_address_max = FRONT_CONNECTIONS_MAX, /* all that ask are of this machine */
		.reply_max_bytes = ASKED_BYTES_MAX * 2, .policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'" };
}

/* Behind TLS the server itself listens on any port of loopback, and the front on the vendor's. */
static enum err vendor_listen(struct sandbox *s, struct vendor *v, unsigned int port, struct err_detail *detail)
{
	char listen[LISTEN_MAX];
	struct http_settings settings = settings_for(listen);
	enum err err;

	listen_at(listen, s->tls ? "127.0.0.1" : s->options.address, s->tls ? 0 : port);
	err = http_server_open(&v->server, s->loop, &settings, detail);
	if (err)
		return err;
	s->open++;
	err = http_server_mount(v->server, v->kind->routes, v);
	listen_at(listen, s->options.address, port);
	if (!err && s->tls)
		err = front_open(&v->front, s->loop, s->tls, listen, http_server_port(v->server), detail);
	if (!err && s->tls)
		s->open++;
	return err;
}

static void url_make(char out[SANDBOX_URL_MAX], const struct vendor_kind *kind, const struct sandbox_options *o, unsigned int port)
{
	snprintf(out, SANDBOX_URL_MAX, "%s%s://%s:%u", kind->scheme, o->tls_dir ? "s" : "", o->address, port);
}

static enum err vendor_open(struct sandbox *s, const struct vendor_kind *kind, unsigned int port, struct err_detail *detail)
{
	struct vendor *v = &s->vendors[s->vendor_count];
	enum err err;

	*v = (struct vendor){ .kind = kind, .sandbox = s, .loop = s->loop, .options = &s->options, .script = json_array(), .asked = &s->asked, .harms = &s->harms };
	s->names[s->vendor_count++] = kind->name;
	err = v->script ? ERR_NONE : ERR_NOMEM;
	if (!err && kind->open)
		err = kind->open(v);
	if (!err)
		err = vendor_listen(s, v, port, detail);
	if (!err && kind->control)
		err = http_server_mount(s->control.server, kind->control, v);
	if (!err)
		url_make(v->url, kind, &s->options, s->tls ? front_port(v->front) : http_server_port(v->server));
	return err;
}

static enum err control_begin(struct sandbox *s, struct err_detail *detail)
{
	char listen[LISTEN_MAX];
	struct http_settings settings = settings_for(listen);
	enum err err;

	listen_at(listen, s->options.address, s->options.port);
	s->control = (struct control){ .sandbox = s, .vendors = s->vendors, .names = s->names, .asked = &s->asked, .harms = &s->harms };
	err = http_server_open(&s->control.server, s->loop, &settings, detail);
	if (err)
		return err;
	s->open++;
	snprintf(s->url, sizeof(s->url), "http://%s:%u", s->options.address, http_server_port(s->control.server));
	return control_mount(&s->control);
}

static enum err everything_open(struct sandbox *s, struct err_detail *detail)
{
	enum err err = ERR_NONE;

	if (s->options.tls_dir)
		err = authority_open(&s->tls, s->options.tls_dir, s->ca_file, sizeof(s->ca_file), detail);
	if (!err)
		err = control_begin(s, detail);
	for (size_t i = 0; vendor_kinds[i] && !err; i++)
		err = vendor_open(s, vendor_kinds[i], s->options.port ? s->options.port + (unsigned int)i + 1 : 0, detail);
	s->control.vendor_count = s->vendor_count;
	return err;
}

enum err sandbox_open(struct sandbox **sp, uv_loop_t *loop, const struct sandbox_options *options, struct err_detail *detail)
{
	struct sandbox *s = calloc(1, sizeof(*s));
	enum err err;

	*sp = s;
	*detail = (struct err_detail){ .message = "" };
	if (!s)
		return ERR_NOMEM;
	s->loop = loop;
	s->options = *options;
	err = everything_open(s, detail);
	if (err)
		sandbox_close(sp, NULL, NULL);
	return err;
}

/* ------------------------------------------------------------------ closing */

static void freed(struct sandbox *s)
{
	for (size_t i = 0; i < s->vendor_count; i++)
		json_decref(s->vendors[i].script);
	asked_clear(&s->asked);
	SSL_CTX_free(s->tls);
	if (s->closed)
		s->closed(s->arg);
	free(s);
}

static void one_closed(void *arg)
{
	struct sandbox *s = arg;

	if (!--s->open)
		freed(s);
}

void sandbox_close(struct sandbox **sp, void (*closed)(void *arg), void *arg)
{
	struct sandbox *s = *sp;

	*sp = NULL;
	if (!s) {
		if (closed)
			closed(arg);
		return;
	}
	s->closed = closed;
	s->arg = arg;
	s->open++;
	for (size_t i = 0; i < s->vendor_count; i++) {
		struct vendor *v = &s->vendors[i];

		if (v->kind->close)
			v->kind->close(v);
		if (v->front)
			front_close(&v->front, one_closed, s);
		if (v->server)
			http_server_close(&v->server, one_closed, s);
	}
	if (s->control.server)
		http_server_close(&s->control.server, one_closed, s);
	one_closed(s);
}

/* ------------------------------------------------------------------ what it is */

const char *sandbox_url(const struct sandbox *s)
{
	return s->url;
}

static void setting_put(struct buf *yaml, const struct vendor_kind *kind, const char *url, const char *ca_file)
{
	buf_printf(yaml, "  %s:\n    url: %s\n", kind->name, url);
	if (kind->other_url)
		buf_printf(yaml, "    %s: %s\n", kind->other_url, url);
	if (*ca_file)
		buf_printf(yaml, "    ca_file: %s\n", ca_file);
	if (kind->settings)
		buf_text(yaml, kind->settings);
}

/* The vendors first, and who takes over when one of them fails. */
static void choice_put(struct buf *yaml)
{
	buf_text(yaml, "stt.providers: [deepgram, pocketsphinx]\nllm.providers: [anthropic, rehearsed]\ntts.providers: [cartesia, local]\nproviders:\n");
}

void sandbox_settings(const struct sandbox *s, struct buf *yaml)
{
	choice_put(yaml);
	for (size_t i = 0; i < s->vendor_count; i++)
		setting_put(yaml, s->vendors[i].kind, s->vendors[i].url, s->ca_file);
}

enum err sandbox_settings_for(const struct sandbox_options *options, struct buf *yaml, struct err_detail *detail)
{
	char ca_file[SANDBOX_PATH_MAX] = "", url[SANDBOX_URL_MAX];
	SSL_CTX *tls = NULL;
	enum err err = options->tls_dir ? authority_open(&tls, options->tls_dir, ca_file, sizeof(ca_file), detail) : ERR_NONE;

	SSL_CTX_free(tls);
	if (err)
		return err;
	choice_put(yaml);
	for (unsigned int i = 0; vendor_kinds[i]; i++) {
		url_make(url, vendor_kinds[i], options, options->port + i + 1);
		setting_put(yaml, vendor_kinds[i], url, ca_file);
	}
	return yaml->err;
}

void sandbox_tell(const struct sandbox *s, struct buf *json)
{
	json_open(json, '{');
	json_pair_string(json, "page", s->url);
	json_put_key(json, "vendors");
	json_open(json, '{');
	for (size_t i = 0; i < s->vendor_count; i++)
		json_pair_string(json, s->vendors[i].kind->name, s->vendors[i].url);
	json_close(json, '}');
	json_pair_string(json, "ca_file", s->tls ? s->ca_file : NULL);
}
