/* Names and their addresses, looked up on libuv's threads and remembered, so that a slow name server stalls no loop and a dead one no
 * host that was known. An answer is used for a minute; then for ten it serves on while it is looked up anew; then it is waited for, and
 * where none comes the old one serves for a day. Whether an address may be used is decided where sockets are opened. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/http_client_parts.h"

static const uint64_t fresh_us = UINT64_C(60) * 1000000;
static const uint64_t served_us = UINT64_C(600) * 1000000;
static const uint64_t stale_us = UINT64_C(86400) * 1000000;

bool name_is_address(const char *host)
{
	struct in_addr a;

	return host[0] == '[' || inet_pton(AF_INET, host, &a) == 1;
}

static void addresses_write(struct client_name *n, const struct addrinfo *list)
{
	unsigned int count = 0;
	size_t len = 0;

	for (const struct addrinfo *a = list; a && count < HTTP_ADDRESSES_MAX; a = a->ai_next) {
		bool is_6 = a->ai_family == AF_INET6;
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)a->ai_addr;
		const void *bytes = is_6 ? (const void *)&in6->sin6_addr : &((const struct sockaddr_in *)a->ai_addr)->sin_addr;
		char text[INET6_ADDRSTRLEN];

		if ((!is_6 && a->ai_family != AF_INET) || (is_6 && in6->sin6_scope_id) || !inet_ntop(a->ai_family, bytes, text, sizeof(text)))
			continue;
		len += (size_t)snprintf(n->addresses + len, sizeof(n->addresses) - len, "%s%s", count++ ? "," : "", text);
	}
}

/* Those who wait look again, each in its own turn. */
static void wake_all(struct http_client *c)
{
	for (struct http_exchange *x = c->exchanges; x; x = x->next)
		if (x->phase == EXCHANGE_LOOKUP)
			exchange_kick(x);
}

static void on_lookup(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
	struct client_name *n = request->data;
	struct http_client *c = n->client;
	char before[HTTP_ADDRESSES_TEXT];

	n->is_asked = false;
	memcpy(before, n->addresses, sizeof(before));
	n->addresses[0] = 0;
	if (!status)
		addresses_write(n, list);
	n->status = status ? status : UV_EAI_NONAME;
	if (n->addresses[0]) {
		n->found_us = http_client_now_us();
	} else {
		memcpy(n->addresses, before, sizeof(before));
		n->failed_us = http_client_now_us();
	}
	uv_freeaddrinfo(list);
	if (c->is_closing)
		free(n);
	else
		wake_all(c);
	http_client_unhold(c);
}

static bool lookup_start(struct client_name *n)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };

	n->lookup.data = n;
	n->status = uv_getaddrinfo(n->client->loop, &n->lookup, on_lookup, n->host, NULL, &hints);
	if (n->status)
		return false;
	n->is_asked = true;
	n->client->handles++;
	return true;
}

/* The entry of that name; a new one takes the place of the one that was not used for longest. NULL: all are being looked up. */
static struct client_name *entry_for(struct http_client *c, const char *host)
{
	struct client_name **place = NULL;

	for (unsigned int i = 0; i < HTTP_NAMES_MAX; i++) {
		struct client_name **at = &c->names[i];

		if (*at && !strcasecmp((*at)->host, host))
			return *at;
		if (!*at ? !place || *place : !(*at)->is_asked && (!place || (*place && (*at)->used_us < (*place)->used_us)))
			place = at;
	}
	if (!place)
		return NULL;
	free(*place);
	*place = calloc(1, sizeof(**place));
	if (*place) {
		(*place)->client = c;
		snprintf((*place)->host, sizeof((*place)->host), "%s", host);
	}
	return *place;
}

static enum name_state name_look(struct client_name *n, uint64_t since_us, uint64_t now_us)
{
	uint64_t age_us = now_us - n->found_us;
	bool failed = n->failed_us && n->failed_us >= since_us;

	if (n->found_us && age_us < fresh_us)
		return NAME_FOUND;
	if (!n->is_asked && !failed && !lookup_start(n))
		failed = true;
	if (n->found_us && age_us < (failed ? stale_us : served_us))
		return NAME_FOUND;
	return failed ? NAME_FAILED : NAME_WAIT;
}

enum name_state names_find(struct http_client *c, const char *host, uint64_t since_us, const char **addresses, const char **why)
{
	uint64_t now_us = http_client_now_us();
	struct client_name *n = entry_for(c, host);
	enum name_state state;

	*why = "too many names are being looked up";
	*addresses = NULL;
	if (!n)
		return NAME_FAILED;
	n->used_us = now_us;
	state = name_look(n, since_us, now_us);
	*addresses = state == NAME_FOUND ? n->addresses : NULL;
	*why = n->status == UV_EAI_NONAME || n->status == UV_EAI_NODATA ? "the name is not known" : "the name could not be looked up";
	return state;
}

void names_free(struct http_client *c)
{
	for (unsigned int i = 0; i < HTTP_NAMES_MAX; i++) {
		struct client_name *n = c->names[i];

		c->names[i] = NULL;
		if (n && n->is_asked)
			uv_cancel((uv_req_t *)&n->lookup);
		else
			free(n);
	}
}
