/* A program for the tests from outside: the worker's client of a real conductor, which takes a call as a worker does and shows whose provider keys
 * it was given. No key is ever printed, or anywhere but in locked memory.
 *
 *   keys_worker DATA URL TOKEN   attaches with a browser's media token, as worker "peer", signed by DATA's service key; prints
 *                                "held EPOCH NAME=SHA256…", then reads lines from standard input:
 *                                "again TOKEN" attaches once more; the keys of before are released behind it
 *                                "release"     gives the keys back and closes the client; prints "released"
 *                                the end       ends
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>
#include <uv.h>

#include "base/clock.h"
#include "base/jws.h"
#include "base/provider_names.h"
#include "base/service_key.h"
#include "voice/worker/conductor.h"
#include "voice/worker/provider_keys.h"

static const struct jws_policy policy = { .issuer = "callfunnel", .audience = "conductor", .tenant_claim = "tenant", .roles_claims = "realm_access.roles",
	.skew_s = 30, .lifetime_max_s = 86400 };

static uv_loop_t loop;
static struct clock *now;
static struct conductor *conductor;
static struct provider_keys *keys;

static void show(const char *name)
{
	const char *key = provider_key(keys, name);
	uint8_t hash[crypto_hash_sha256_BYTES];
	char hex[2 * sizeof(hash) + 1];

	if (!key)
		return;
	crypto_hash_sha256(hash, (const uint8_t *)key, strlen(key));
	printf(" %s=%s", name, sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash)));
}

static void on_attached(void *arg, enum err err, const struct conductor_attached *a)
{
	bool *done = arg;

	*done = true;
	if (err) {
		printf("refused %s\n", err_name(err));
		return;
	}
	provider_keys_release(&keys);
	keys = provider_keys_share(a->keys);
	printf("held %u", a->epoch);
	for (size_t i = 0; i < PROVIDER_NAMES; i++)
		show(provider_names[i]);
	puts(a->keys ? "" : " none");
}

static void attach(const char *token)
{
	static const struct conductor_carrier carrier = { "browser", "", "", "" };
	struct conductor_attach *slot;
	bool done = false;
	enum err err = conductor_attach_start(&slot, conductor, token, &carrier, on_attached, &done);

	assert(!err);
	while (!done)
		uv_run(&loop, UV_RUN_ONCE);
	for (int i = 0; i < 10; i++) /* an answer's memory stays until a later turn */
		uv_run(&loop, UV_RUN_NOWAIT);
	fflush(stdout);
}

static void finish(void)
{
	provider_keys_release(&keys);
	conductor_close(&conductor);
	clock_close(&now);
	uv_run(&loop, UV_RUN_DEFAULT);
	puts("released");
	fflush(stdout);
}

static void begin(const char *data, const char *url, struct service_key **key)
{
	struct conductor_settings settings = { .url = url, .worker = "peer", .worker_url = "http://127.0.0.1:1", .policy = &policy, .wants_keys = true };
	struct err_detail detail = { .message = "" };
	char folder[1000];
	enum err err;

	snprintf(folder, sizeof(folder), "%s/identity", data);
	err = uv_loop_init(&loop) || sodium_init() < 0 ? ERR_UNAVAILABLE : service_key_open(key, folder, "voice", &detail);
	if (!err)
		err = clock_open(&now, &loop, false);
	settings.key = *key;
	settings.clock = now;
	if (!err)
		err = conductor_open(&conductor, &loop, &settings, &detail);
	if (err) {
		fprintf(stderr, "%s %s\n", err_name(err), detail.message);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	struct service_key *key = NULL;
	char line[300];

	if (argc != 4)
		return 2;
	begin(argv[1], argv[2], &key);
	attach(argv[3]);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = 0;
		if (!strncmp(line, "again ", 6))
			attach(line + 6);
		else if (!strcmp(line, "release"))
			finish();
	}
	service_key_close(&key);
	return 0;
}
