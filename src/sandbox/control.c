#include "sandbox/control.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE_MAX_BYTES = 4 << 20, PAGE_REQUESTS = 40, PAGE_TEXT_MAX = 4000 };

static void no_memory(struct http_request *r)
{
	http_reply_error(r, 503, "unavailable", "No memory.", NULL, NULL);
}

/* Gives `text` away. */
static void reply_text(struct http_request *r, char *text)
{
	if (text)
		http_reply_as(r, 200, "application/json", text, strlen(text));
	else
		no_memory(r);
	free(text);
}

/* ------------------------------------------------------------------ requests */

static void on_requests(struct http_request *r, void *arg)
{
	struct control *c = arg;

	reply_text(r, asked_print(c->asked, http_query(r, "vendor")));
}

static void on_requests_clear(struct http_request *r, void *arg)
{
	struct control *c = arg;

	asked_clear(c->asked);
	http_reply(r, 204, NULL, "", 0);
}

/* {"deepgram":{"open":1,"most":3},…}: recognisers' streams, now and at most since they were emptied. */
static void on_streams(struct http_request *r, void *arg)
{
	const struct control *c = arg;
	json_t *all = json_object();
	char *text;

	for (size_t i = 0; i < c->vendor_count; i++)
		json_object_set_new(all, c->vendors[i].kind->name, json_pack("{s:I, s:I}", "open", (json_int_t)c->vendors[i].streams, "most",
			(json_int_t)c->vendors[i].streams_most));
	text = json_dumps(all, JSON_COMPACT);
	json_decref(all);
	reply_text(r, text);
}

static void on_streams_clear(struct http_request *r, void *arg)
{
	struct control *c = arg;

	for (size_t i = 0; i < c->vendor_count; i++)
		c->vendors[i].streams_most = c->vendors[i].streams;
	http_reply(r, 204, NULL, "", 0);
}

/* ------------------------------------------------------------------ faults */

static void on_faults(struct http_request *r, void *arg)
{
	struct control *c = arg;
	json_t *all = json_pack("{s:o}", "faults", harms_list(c->harms));
	char *text = all ? json_dumps(all, JSON_COMPACT) : NULL;

	json_decref(all);
	reply_text(r, text);
}

static json_t *body_read(struct http_request *r)
{
	size_t len;
	const void *data = http_body(r, &len);
	json_error_t error;
	json_t *body = json_loadb(data, len, JSON_REJECT_DUPLICATES, &error);

	if (!body)
		http_reply_error(r, 400, "bad_json", error.text, "body", NULL);
	return body;
}

static void on_faults_add(struct http_request *r, void *arg)
{
	struct control *c = arg;
	struct err_detail detail;
	json_t *script = body_read(r);
	enum err err;

	if (!script)
		return;
	err = harms_add(c->harms, script, c->names, &detail);
	json_decref(script);
	if (err)
		http_reply_error(r, 400, err == ERR_LIMIT ? "limit" : "bad_script", detail.message, detail.where, detail.hint);
	else
		on_faults(r, arg);
}

static void on_faults_clear(struct http_request *r, void *arg)
{
	struct control *c = arg;

	harms_clear(c->harms);
	http_reply(r, 204, NULL, "", 0);
}

/* ------------------------------------------------------------------ scripts */

static struct vendor *vendor_find(struct control *c, const char *name)
{
	for (size_t i = 0; i < c->vendor_count; i++)
		if (!strcmp(c->vendors[i].kind->name, name))
			return &c->vendors[i];
	return NULL;
}

static bool answers_judge(struct http_request *r, const struct vendor *v, const char *name, const json_t *answers)
{
	const json_t *answer;
	size_t i;

	if (!v || !v->kind->script_fits) {
		http_reply_error(r, 400, "bad_script", "No vendor of this name takes a script.", name, NULL);
		return false;
	}
	if (!json_is_array(answers) || json_array_size(answers) + json_array_size(v->script) > CONTROL_SCRIPT_MAX) {
		http_reply_error(r, 400, "bad_script", "Its answers must be a list, with what still waits of at most 1000.", name, NULL);
		return false;
	}
	json_array_foreach((json_t *)(uintptr_t)answers, i, answer)
		if (!v->kind->script_fits(answer)) {
			http_reply_error(r, 400, "bad_script", "An answer is not what this vendor could say.", name, v->kind->script_hint);
			return false;
		}
	return true;
}

/* All or none: judged first. With stay=true they come again and again, for many calls that say the same. */
static void on_script(struct http_request *r, void *arg)
{
	struct control *c = arg;
	json_t *script = body_read(r), *answers;
	const char *name, *stays = http_query(r, "stay");

	if (!script)
		return;
	json_object_foreach(script, name, answers)
		if (!answers_judge(r, vendor_find(c, name), name, answers)) {
			json_decref(script);
			return;
		}
	json_object_foreach(script, name, answers) {
		json_array_extend(vendor_find(c, name)->script, answers);
		vendor_find(c, name)->script_stays = stays && !strcmp(stays, "true");
	}
	json_decref(script);
	http_reply(r, 204, NULL, "", 0);
}

static void on_script_clear(struct http_request *r, void *arg)
{
	struct control *c = arg;

	for (size_t i = 0; i < c->vendor_count; i++)
		json_array_clear(c->vendors[i].script);
	http_reply(r, 204, NULL, "", 0);
}

static void on_settings(struct http_request *r, void *arg)
{
	struct control *c = arg;
	struct buf b;

	buf_init(&b, PAGE_MAX_BYTES);
	sandbox_settings(c->sandbox, &b);
	http_reply_as(r, 200, "application/yaml", buf_str(&b), b.len);
	buf_fini(&b);
}

/* ------------------------------------------------------------------ the page */

static const char page_head[] =
	"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"5\"><title>sandbox</title>"
	"<style>body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}"
	"table{border-collapse:collapse}td,th{text-align:left;padding:.2rem 1rem .2rem 0;vertical-align:top}"
	"pre{background:#f4f5f7;padding:.7rem;overflow:auto;white-space:pre-wrap;max-height:24rem}summary{cursor:pointer}"
	"@media(prefers-color-scheme:dark){body{color:#e6e8eb;background:#15181c}pre{background:#20252b}}</style>"
	"<h1>The sandbox's vendors</h1>";

static void html_put(struct buf *b, const char *text, size_t max)
{
	for (size_t i = 0; text[i] && i < max; i++) {
		if (text[i] == '<')
			buf_text(b, "&lt;");
		else if (text[i] == '&')
			buf_text(b, "&amp;");
		else
			buf_byte(b, (uint8_t)text[i]);
	}
}

static void request_put(struct buf *b, const json_t *one)
{
	char *text = one ? json_dumps(one, JSON_SORT_KEYS | JSON_INDENT(2)) : NULL;

	if (!text)
		return;
	buf_printf(b, "<details><summary>%lld %s %s ", (long long)json_integer_value(json_object_get(one, "n")), json_string_value(json_object_get(one, "vendor")),
		json_string_value(json_object_get(one, "method")));
	html_put(b, json_string_value(json_object_get(one, "path")), PAGE_TEXT_MAX);
	buf_text(b, "</summary><pre>");
	html_put(b, text, PAGE_TEXT_MAX);
	buf_text(b, strlen(text) > PAGE_TEXT_MAX ? " …" : "");
	buf_text(b, "</pre></details>");
	free(text);
}

static void on_page(struct http_request *r, void *arg)
{
	struct control *c = arg;
	struct buf b;

	buf_init(&b, PAGE_MAX_BYTES);
	buf_text(&b, page_head);
	buf_text(&b, "<table>");
	for (size_t i = 0; i < c->vendor_count; i++)
		buf_printf(&b, "<tr><th>%s<td>%s", c->vendors[i].kind->name, c->vendors[i].url);
	buf_printf(&b, "</table><p>Settings for the product: <a href=\"/settings\">/settings</a>. Faults in force: %zu (<a href=\"/faults\">/faults</a>).</p>"
		"<h2>What they were asked</h2>", c->harms->count);
	for (uint64_t n = c->asked->count, left = PAGE_REQUESTS; n >= c->asked->first && n && left; n--, left--)
		request_put(&b, asked_at(c->asked, n));
	if (!c->asked->count)
		buf_text(&b, "<p>Nothing yet. The page looks again every five seconds.</p>");
	if (b.err)
		no_memory(r);
	else
		http_reply_as(r, 200, "text/html; charset=utf-8", buf_str(&b), b.len);
	buf_fini(&b);
}

static const struct http_route routes[] = {
	{ HTTP_GET, "/", on_page, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/requests", on_requests, ROUTE_OPEN, 0 },
	{ HTTP_DELETE, "/requests", on_requests_clear, ROUTE_OPEN | ROUTE_NO_BODY, 0 },
	{ HTTP_GET, "/streams", on_streams, ROUTE_OPEN, 0 },
	{ HTTP_DELETE, "/streams", on_streams_clear, ROUTE_OPEN | ROUTE_NO_BODY, 0 },
	{ HTTP_GET, "/faults", on_faults, ROUTE_OPEN, 0 },
	{ HTTP_POST, "/faults", on_faults_add, ROUTE_OPEN, CONTROL_BODY_MAX },
	{ HTTP_DELETE, "/faults", on_faults_clear, ROUTE_OPEN | ROUTE_NO_BODY, 0 },
	{ HTTP_POST, "/script", on_script, ROUTE_OPEN, CONTROL_BODY_MAX },
	{ HTTP_DELETE, "/script", on_script_clear, ROUTE_OPEN | ROUTE_NO_BODY, 0 },
	{ HTTP_GET, "/settings", on_settings, ROUTE_OPEN, 0 },
	{ .method = HTTP_METHOD_NONE },
};

enum err control_mount(struct control *c)
{
	return http_server_mount(c->server, routes, c);
}
