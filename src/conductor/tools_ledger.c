/* The ledger's entries as documents, and what is told about them. Pure; see tools_parts.h.
 *
 * An entry holds what the agent asked for and what came of it, so personal data: it goes when its call is erased. Keys sort in the
 * order of turns, so that the entries of a call are its tools in order.
 */
#include "conductor/tools_parts.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

enum { ENTRY_FORMAT = 1 };

static const char *const statuses[] = { [TOOL_OK] = "ok", [TOOL_ERROR] = "error", [TOOL_UNKNOWN] = "unknown" };

bool tool_call_ok(const char *call)
{
	size_t len = strlen(call);

	return len && len < TOOLBOX_CALL_MAX && strspn(call, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:") == len;
}

void tool_key_print(const struct tool_key *key, char out[DOCUMENT_KEY_MAX])
{
	snprintf(out, DOCUMENT_KEY_MAX, "tools/%s/%010u/%010u", key->call, key->turn, key->index);
}

void tool_hash(const char *tool, const json_t *arguments, const char *raw, size_t raw_len, char out[TOOL_HASH_MAX])
{
	char *text = arguments ? json_dumps(arguments, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY) : NULL;
	uint8_t hash[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, (const uint8_t *)tool, strlen(tool) + 1);
	if (text)
		crypto_hash_sha256_update(&state, (const uint8_t *)text, strlen(text));
	else
		crypto_hash_sha256_update(&state, (const uint8_t *)raw, raw_len);
	crypto_hash_sha256_final(&state, hash);
	sodium_bin2hex(out, TOOL_HASH_MAX, hash, sizeof(hash));
	free(text);
}

static void put_json(struct buf *out, const char *key, const json_t *value)
{
	char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

	json_put_key(out, key);
	buf_text(out, text ? text : "null");
	free(text);
}

void tool_entry_encode(const struct tool_entry *e, struct buf *out)
{
	json_open(out, '{');
	json_pair_u64(out, "format", ENTRY_FORMAT);
	json_pair_string(out, "tool", e->tool);
	json_pair_bool(out, "changes", e->changes);
	json_pair_string(out, "hash", e->hash);
	put_json(out, "arguments", e->arguments);
	json_pair_string(out, "instance", e->instance);
	json_pair_u64(out, "until_ms", e->until_ms);
	if (e->is_done) {
		json_pair_string(out, "status", statuses[e->status]);
		json_pair_string(out, "text", e->text);
	}
	json_close(out, '}');
}

static bool take_status(struct tool_entry *e)
{
	const char *status = json_string_value(json_object_get(e->json, "status"));

	e->is_done = status != NULL;
	e->text = json_string_value(json_object_get(e->json, "text"));
	if (!status)
		return true;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (!strcmp(status, statuses[i])) {
			e->status = (enum tool_status)i;
			return e->text != NULL;
		}
	return false;
}

static enum err take(struct tool_entry *e)
{
	const json_t *arguments = json_object_get(e->json, "arguments"), *until = json_object_get(e->json, "until_ms");
	json_int_t format = json_integer_value(json_object_get(e->json, "format"));

	if (format > ENTRY_FORMAT)
		return ERR_VERSION;
	e->tool = json_string_value(json_object_get(e->json, "tool"));
	e->hash = json_string_value(json_object_get(e->json, "hash"));
	e->instance = json_string_value(json_object_get(e->json, "instance"));
	e->changes = !json_is_false(json_object_get(e->json, "changes"));
	e->arguments = json_is_null(arguments) ? NULL : arguments;
	e->until_ms = json_integer_value(until) > 0 ? (uint64_t)json_integer_value(until) : 0;
	return format == ENTRY_FORMAT && e->tool && e->hash && e->instance && take_status(e) ? ERR_NONE : ERR_CORRUPT;
}

enum err tool_entry_decode(struct tool_entry *e, const struct document *d)
{
	enum err err;

	*e = (struct tool_entry){ .json = json_loadb((const char *)d->value, d->len, JSON_REJECT_DUPLICATES, NULL) };
	err = take(e);
	if (err)
		tool_entry_free(e);
	return err;
}

void tool_entry_free(struct tool_entry *e)
{
	json_decref(e->json);
	*e = (struct tool_entry){ .json = NULL };
}

/* ---- what is told ---- */

void tool_say(struct buf *out, const char *code, const char *message)
{
	buf_reset(out);
	json_open(out, '{');
	json_pair_string(out, "error", code);
	json_pair_string(out, "message", message);
	json_close(out, '}');
}

enum tool_status tool_say_done(const struct tool_entry *e, struct buf *out)
{
	json_t *result = e->is_done ? json_loads(e->text, JSON_DECODE_ANY, NULL) : NULL;
	bool known = e->is_done && e->status != TOOL_UNKNOWN;

	buf_reset(out);
	json_open(out, '{');
	json_pair_string(out, "error", "already_done");
	json_pair_string(out, "message", known ? "In this step the tool below was called already, with these arguments and this result. Nothing more was done."
					       : "In this step the tool below was called already, and its outcome is not known. Nothing more was done.");
	json_pair_string(out, "tool", e->tool);
	put_json(out, "arguments", e->arguments);
	if (known)
		json_pair_bool(out, "succeeded", e->status == TOOL_OK);
	put_json(out, "result", result);
	json_close(out, '}');
	json_decref(result);
	return known ? TOOL_ERROR : TOOL_UNKNOWN;
}
