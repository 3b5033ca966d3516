#include "conductor/calls.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conductor/calls_state.h"

const struct option calls_options[] = {
	{ .name = "server.public_url", .type = OPTION_TEXT, .max = 500, .text = "",
		.help = "What carriers and browsers reach the conductor by (\"https://calls.example.com\"); carriers' signatures are made over it.",
		.offset = offsetof(struct calls_options, server_url) },
	{ .name = "voice.public_url", .type = OPTION_TEXT, .max = 500, .text = "",
		.help = "What media sockets reach workers by, when it is not their own address; {worker} stands for a worker's name.",
		.offset = offsetof(struct calls_options, voice_url) },
	{ .name = "calls.samples", .type = OPTION_BOOL, .value = 0,
		.help = "Whether a carrier's call may fill what its rule-book must be told with the book's samples: for trying out.",
		.offset = offsetof(struct calls_options, samples) },
	{ .name = NULL },
};

/* No blank end: paths are put behind it. */
static bool url_ok(const char *url)
{
	size_t len = strlen(url);

	return !len || ((!strncmp(url, "http://", 7) || !strncmp(url, "https://", 8) || !strncmp(url, "ws://", 5) || !strncmp(url, "wss://", 6)) &&
			       len <= 500 && url[len - 1] != '/' && !strpbrk(url, " \t?#\""));
}

enum err calls_open(struct calls **cp, const struct calls_settings *settings, struct err_detail *detail)
{
	const struct calls_options *o = &settings->options;
	bool is_server = !url_ok(o->server_url);
	struct calls *c;

	*cp = NULL;
	if (is_server || !url_ok(o->voice_url)) {
		if (detail) {
			*detail = (struct err_detail){ .message = "this is no address", .hint = "write https://host or https://host/path, without a / at its end" };
			snprintf(detail->where, sizeof(detail->where), "%s", is_server ? "server.public_url" : "voice.public_url");
		}
		return ERR_USAGE;
	}
	c = calloc(1, sizeof(*c));
	if (c)
		c->workers = calloc(CALLS_WORKERS_MAX, sizeof(*c->workers));
	if (!c || !c->workers) {
		free(c);
		return ERR_NOMEM;
	}
	c->settings = *settings;
	c->opened_ms = calls_mono_ms(c);
	if (sweep_open(c) || waits_open(c)) {
		sweep_close(c);
		free(c->workers);
		free(c);
		return ERR_NOMEM;
	}
	*cp = c;
	return ERR_NONE;
}

enum err calls_mount(struct calls *c, struct http_server *server)
{
	enum err err = http_server_mount(server, calls_webhook_routes, c);

	if (!err)
		err = http_server_mount(server, calls_worker_routes, c);
	return err ? err : http_server_mount(server, calls_people_routes, c);
}

void calls_close(struct calls **cp)
{
	struct calls *c = *cp;

	*cp = NULL;
	if (!c)
		return;
	while (c->asks) {
		struct ask *a = c->asks;

		job_cancel(&a->job);
		toolbox_cancel(&a->tool);
		toolbox_look_cancel(&a->look);
		http_exchange_cancel(&a->exchange);
		ask_failed(a, ERR_CLOSED);
	}
	dialer_close(c);
	prepares_close(c);
	sweep_close(c);
	waits_close(c);
	sights_purge(c, 0);
	for (size_t i = 0; i < CALL_BOOKS_MAX; i++) {
		rulebook_free(c->books[i].book);
		buf_fini(&c->books[i].bytes);
	}
	free(c->workers);
	free(c);
}
