/* A call as bytes, its keys and its media tokens. No clock, no store. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/wire.h"
#include "conductor/calls_state.h"

enum {
	F_ID = 1, F_RULEBOOK, F_VERSION, F_HASH, F_LANGUAGE, F_OUTBOUND, F_KIND, F_ACCOUNT, F_CARRIER_CALL, F_STATE, F_EPOCH, F_WORKER, F_OFFERS,
	F_BEGAN, F_CLOCK, F_ENDED, F_CONNECTED, F_TURNS, F_REASON, F_OUTCOME, F_TOKEN, F_VARIABLES, F_BRIEF, F_SETTINGS,
	F_TOOLS, F_OFFERED, F_TOLD, F_RESULT, F_SETTLING, F_KNOWN, F_DIAL, F_VISITS, F_ASKED, F_TRANSFER, F_NUMBER, F_PREPARES
};

enum { INDEX_TENANT = 1, INDEX_ID, INDEX_BEGAN, INDEX_UNTIL };

void call_record_init(struct call_record *r)
{
	*r = (struct call_record){ .id = "" };
	buf_init(&r->variables, 2 * CALLS_VARIABLES_MAX_BYTES);
	buf_init(&r->brief, BRIEF_BYTES_MAX);
	buf_init(&r->settings, 8192);
	buf_init(&r->known, CALL_KNOWN_MAX_BYTES);
}

void call_record_fini(struct call_record *r)
{
	buf_fini(&r->variables);
	buf_fini(&r->brief);
	buf_fini(&r->settings);
	buf_fini(&r->known);
}

const char *call_state_name(enum call_state state)
{
	static const char *const names[] = { "waiting", "live", "ended" };

	return names[state];
}

static void put_tokens(struct buf *out, const struct call_record *r)
{
	for (size_t i = 0; i < CALL_TOKENS_MAX; i++) {
		size_t opened;

		if (!r->tokens[i].until_ms)
			continue;
		opened = wire_open(out, F_TOKEN);
		wire_put_bytes(out, 1, r->tokens[i].hash, CALL_TOKEN_HASH_BYTES);
		wire_put_u64(out, 2, r->tokens[i].until_ms);
		wire_close(out, opened);
	}
}

enum err call_record_encode(const struct call_record *r, struct buf *out)
{
	wire_put_text(out, F_ID, r->id);
	wire_put_text(out, F_RULEBOOK, r->rulebook);
	wire_put_text(out, F_VERSION, r->version);
	wire_put_text(out, F_HASH, r->hash);
	wire_put_text(out, F_LANGUAGE, r->language);
	wire_put_u64(out, F_OUTBOUND, r->is_outbound);
	wire_put_text(out, F_KIND, r->kind);
	wire_put_text(out, F_ACCOUNT, r->account);
	wire_put_text(out, F_CARRIER_CALL, r->carrier_call);
	wire_put_u64(out, F_STATE, r->state);
	wire_put_u64(out, F_EPOCH, r->epoch);
	wire_put_text(out, F_WORKER, r->worker);
	wire_put_u64(out, F_OFFERS, r->offers);
	wire_put_u64(out, F_VISITS, r->visits);
	wire_put_u64(out, F_BEGAN, r->began_ms);
	wire_put_u64(out, F_CLOCK, r->clock_ms);
	wire_put_u64(out, F_ENDED, r->ended_ms);
	wire_put_u64(out, F_CONNECTED, r->connected_ms);
	wire_put_u64(out, F_TURNS, r->turns);
	wire_put_text(out, F_REASON, r->reason);
	wire_put_text(out, F_OUTCOME, r->outcome);
	put_tokens(out, r);
	wire_put_bytes(out, F_VARIABLES, r->variables.data, r->variables.len);
	wire_put_bytes(out, F_BRIEF, r->brief.data, r->brief.len);
	wire_put_bytes(out, F_SETTINGS, r->settings.data, r->settings.len);
	wire_put_u64(out, F_TOOLS, r->tools);
	wire_put_text(out, F_OFFERED, r->offered);
	wire_put_u64(out, F_TOLD, r->is_told);
	wire_put_text(out, F_RESULT, r->result);
	wire_put_u64(out, F_SETTLING, r->is_settling);
	wire_put_bytes(out, F_KNOWN, r->known.data, r->known.len);
	dial_encode(&r->dial, F_DIAL, out);
	transfer_encode(&r->transfer, F_TRANSFER, out);
	if (r->number[0])
		wire_put_text(out, F_NUMBER, r->number);
	if (r->prepares[0])
		wire_put_text(out, F_PREPARES, r->prepares);
	call_asked_encode(&r->asked, F_ASKED, out);
	return out->err;
}

/* ---- reading ---- */

static bool take_token(struct call_record *r, const struct wire_field *f)
{
	struct call_token *t = r->tokens;
	struct wire_reader sub;
	struct wire_field one;

	while (t < r->tokens + CALL_TOKENS_MAX && t->until_ms)
		t++;
	if (!f->is_bytes || t == r->tokens + CALL_TOKENS_MAX)
		return false;
	wire_reader_init(&sub, f->bytes, f->len);
	while (wire_next(&sub, &one)) {
		if (one.number == 1 && one.is_bytes && one.len == CALL_TOKEN_HASH_BYTES)
			memcpy(t->hash, one.bytes, one.len);
		else if (one.number == 2 && !one.is_bytes)
			t->until_ms = one.u64;
	}
	return !sub.err && t->until_ms;
}

static bool take_bytes(struct buf *b, const struct wire_field *f)
{
	buf_reset(b);
	if (f->is_bytes && f->len)
		buf_append(b, f->bytes, f->len);
	return f->is_bytes && !b->err;
}

static bool take_text_field(struct call_record *r, const struct wire_field *f)
{
	switch (f->number) {
	case F_ID: return wire_text(f, r->id, sizeof(r->id));
	case F_RULEBOOK: return wire_text(f, r->rulebook, sizeof(r->rulebook));
	case F_VERSION: return wire_text(f, r->version, sizeof(r->version));
	case F_HASH: return wire_text(f, r->hash, sizeof(r->hash));
	case F_LANGUAGE: return wire_text(f, r->language, sizeof(r->language));
	case F_KIND: return wire_text(f, r->kind, sizeof(r->kind));
	case F_ACCOUNT: return wire_text(f, r->account, sizeof(r->account));
	case F_CARRIER_CALL: return wire_text(f, r->carrier_call, sizeof(r->carrier_call));
	case F_WORKER: return wire_text(f, r->worker, sizeof(r->worker));
	case F_OFFERED: return wire_text(f, r->offered, sizeof(r->offered));
	case F_REASON: return wire_text(f, r->reason, sizeof(r->reason));
	case F_OUTCOME: return wire_text(f, r->outcome, sizeof(r->outcome));
	case F_RESULT: return wire_text(f, r->result, sizeof(r->result));
	case F_TOKEN: return take_token(r, f);
	case F_TRANSFER: return transfer_decode(&r->transfer, f);
	case F_NUMBER: return wire_text(f, r->number, sizeof(r->number));
	case F_PREPARES: return wire_text(f, r->prepares, sizeof(r->prepares));
	case F_DIAL: return dial_decode(&r->dial, f);
	case F_ASKED: return call_asked_decode(&r->asked, f);
	case F_VARIABLES: return take_bytes(&r->variables, f);
	case F_BRIEF: return take_bytes(&r->brief, f);
	case F_SETTINGS: return take_bytes(&r->settings, f);
	case F_KNOWN: return take_bytes(&r->known, f);
	default: return true;
	}
}

static bool take_number_field(struct call_record *r, const struct wire_field *f)
{
	switch (f->number) {
	case F_OUTBOUND: r->is_outbound = f->u64; break;
	case F_STATE: r->state = (enum call_state)wire_u32(f); break;
	case F_EPOCH: r->epoch = wire_u32(f); break;
	case F_OFFERS: r->offers = wire_u32(f); break;
	case F_VISITS: r->visits = wire_u32(f); break;
	case F_BEGAN: r->began_ms = f->u64; break;
	case F_CLOCK: r->clock_ms = f->u64; break;
	case F_ENDED: r->ended_ms = f->u64; break;
	case F_CONNECTED: r->connected_ms = f->u64; break;
	case F_TURNS: r->turns = wire_u32(f); break;
	case F_TOOLS: r->tools = wire_u32(f); break;
	case F_TOLD: r->is_told = f->u64; break;
	case F_SETTLING: r->is_settling = f->u64; break;
	default: break;
	}
	return r->state <= CALL_ENDED;
}

static void record_clear(struct call_record *r)
{
	struct buf variables = r->variables, brief = r->brief, settings = r->settings, known = r->known;

	buf_reset(&variables);
	buf_reset(&brief);
	buf_reset(&settings);
	buf_reset(&known);
	*r = (struct call_record){ .variables = variables, .brief = brief, .settings = settings, .known = known };
}

enum err call_record_decode(struct call_record *r, const void *data, size_t len)
{
	struct wire_reader reader;
	struct wire_field f;

	record_clear(r);
	wire_reader_init(&reader, data, len);
	while (wire_next(&reader, &f))
		if (!(f.is_bytes ? take_text_field(r, &f) : take_number_field(r, &f)))
			return ERR_CORRUPT;
	return reader.err || !call_id_ok(r->id) ? ERR_CORRUPT : ERR_NONE;
}

void call_record_end(struct call_record *r, const char *reason, uint64_t now_ms)
{
	r->state = CALL_ENDED;
	r->ended_ms = now_ms;
	snprintf(r->reason, sizeof(r->reason), "%s", reason);
	memset(r->tokens, 0, sizeof(r->tokens));
}

void call_record_reopen(struct call_record *r)
{
	r->state = CALL_WAITING;
	r->ended_ms = 0;
	r->reason[0] = 0;
}

void call_record_recorded(struct call_record *r)
{
	if (!r->outcome[0])
		memcpy(r->outcome, r->asked.outcome, sizeof(r->outcome));
}

void call_record_settled(struct call_record *r)
{
	r->is_settling = false;
	buf_reset(&r->known);
}

bool call_record_settle_later(struct call_record *r, const json_t *known)
{
	char *text = known ? json_dumps(known, JSON_COMPACT) : NULL;

	buf_reset(&r->known);
	if (text)
		buf_text(&r->known, text);
	free(text);
	if (r->known.err || (known && !text))
		return false;
	r->is_settling = true;
	r->outcome[0] = r->result[0] = 0;
	return true;
}

void call_record_settle(struct call_record *r, const struct rulebook *book, const json_t *known, const json_t *done)
{
	json_t *variables = r->variables.len ? json_loadb((const char *)r->variables.data, r->variables.len, JSON_REJECT_DUPLICATES, NULL) : NULL;
	const struct rulebook_end end = { .reason = r->reason, .named = r->outcome, .language = r->language, .variables = variables, .known = known,
		.done = done };
	struct rulebook_outcome outcome;

	rulebook_settle(book, &end, &outcome);
	snprintf(r->outcome, sizeof(r->outcome), "%s", outcome.name);
	snprintf(r->result, sizeof(r->result), "%s", outcome.result);
	call_record_settled(r);
	json_decref(variables);
}

/* ---- ids and keys ---- */

bool call_id_ok(const char *id)
{
	return strlen(id) == CALL_ID_MAX - 1 && strspn(id, "0123456789abcdef") == CALL_ID_MAX - 1;
}

void call_key(uint64_t began_ms, const char *id, char out[DOCUMENT_KEY_MAX])
{
	snprintf(out, DOCUMENT_KEY_MAX, "call/%016llx-%s", (unsigned long long)(UINT64_MAX - began_ms), id);
}

void call_index_key(const char *id, char out[DOCUMENT_KEY_MAX])
{
	snprintf(out, DOCUMENT_KEY_MAX, "call/%s", id);
}

void call_open_key(const char *id, char out[DOCUMENT_KEY_MAX])
{
	snprintf(out, DOCUMENT_KEY_MAX, CALL_OPEN_PREFIX "%s", id);
}

void call_id_random(char out[CALL_ID_MAX])
{
	uint8_t bytes[16];

	randombytes_buf(bytes, sizeof(bytes));
	sodium_bin2hex(out, CALL_ID_MAX, bytes, sizeof(bytes));
}

void call_id_of_carrier(const struct tenant *t, const char *kind, const struct carrier_call *c, char out[CALL_ID_MAX])
{
	uint8_t tenant[TENANT_ID_BYTES], hash[16];
	crypto_generichash_state state;

	tenant_id(t, tenant);
	crypto_generichash_init(&state, (const uint8_t *)"callfunnel call", 15, sizeof(hash));
	crypto_generichash_update(&state, tenant, sizeof(tenant));
	crypto_generichash_update(&state, (const uint8_t *)kind, strlen(kind) + 1);
	crypto_generichash_update(&state, (const uint8_t *)c->account, strlen(c->account) + 1);
	crypto_generichash_update(&state, (const uint8_t *)c->call, strlen(c->call) + 1);
	crypto_generichash_final(&state, hash, sizeof(hash));
	sodium_bin2hex(out, CALL_ID_MAX, hash, sizeof(hash));
}

enum err call_index_encode(const struct tenant *t, const char *id, uint64_t began_ms, struct buf *out)
{
	uint8_t record[TENANT_RECORD_MAX_BYTES];

	wire_put_bytes(out, INDEX_TENANT, record, tenant_save(t, record));
	wire_put_text(out, INDEX_ID, id);
	wire_put_u64(out, INDEX_BEGAN, began_ms);
	return out->err;
}

enum err call_token_encode(const struct tenant *t, const char *id, uint64_t began_ms, uint64_t until_ms, struct buf *out)
{
	enum err err = call_index_encode(t, id, began_ms, out);

	wire_put_u64(out, INDEX_UNTIL, until_ms);
	return err ? err : out->err;
}

enum err call_index_decode(struct call_index *i, const void *data, size_t len)
{
	struct wire_reader reader;
	struct wire_field f;
	enum err err = ERR_CORRUPT;

	*i = (struct call_index){ .tenant = NULL };
	wire_reader_init(&reader, data, len);
	while (wire_next(&reader, &f)) {
		if (f.number == INDEX_TENANT && f.is_bytes && !i->tenant)
			err = tenant_from_record(&i->tenant, f.bytes, f.len);
		else if (f.number == INDEX_ID && !wire_text(&f, i->id, sizeof(i->id)))
			err = ERR_CORRUPT;
		else if (f.number == INDEX_BEGAN && !f.is_bytes)
			i->began_ms = f.u64;
		else if (f.number == INDEX_UNTIL && !f.is_bytes)
			i->until_ms = f.u64;
	}
	if (!err && (reader.err || !i->began_ms || !call_id_ok(i->id)))
		err = ERR_CORRUPT;
	if (err)
		tenant_drop(&i->tenant);
	return err;
}

/* ---- media tokens ---- */

static void hash_text(const char *text, uint8_t hash[CALL_TOKEN_HASH_BYTES])
{
	crypto_hash_sha256(hash, (const uint8_t *)text, strlen(text));
}

void call_token_make(struct call_record *r, uint64_t now_ms, uint64_t life_ms, char text[CALL_TOKEN_TEXT_MAX], uint8_t hash[CALL_TOKEN_HASH_BYTES])
{
	struct call_token *place = NULL;
	uint8_t bytes[32];

	randombytes_buf(bytes, sizeof(bytes));
	sodium_bin2base64(text, CALL_TOKEN_TEXT_MAX, bytes, sizeof(bytes), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	hash_text(text, hash);
	for (size_t i = 0; i < CALL_TOKENS_MAX && (!place || place->until_ms > now_ms); i++)
		if (!place || r->tokens[i].until_ms <= now_ms || r->tokens[i].until_ms >= place->until_ms)
			place = &r->tokens[i];
	memcpy(place->hash, hash, CALL_TOKEN_HASH_BYTES);
	place->until_ms = now_ms + life_ms;
}

bool call_token_hash(const char *text, uint8_t hash[CALL_TOKEN_HASH_BYTES])
{
	if (strlen(text) != CALL_TOKEN_TEXT_MAX - 1)
		return false;
	hash_text(text, hash);
	return true;
}

bool call_token_holds(const struct call_record *r, uint64_t now_ms, const uint8_t hash[CALL_TOKEN_HASH_BYTES])
{
	bool holds = false;

	for (size_t i = 0; i < CALL_TOKENS_MAX; i++)
		holds |= r->tokens[i].until_ms > now_ms && !sodium_memcmp(r->tokens[i].hash, hash, CALL_TOKEN_HASH_BYTES);
	return holds;
}

bool call_token_any(const struct call_record *r, uint64_t now_ms)
{
	bool any = false;

	for (size_t i = 0; i < CALL_TOKENS_MAX; i++)
		any |= r->tokens[i].until_ms > now_ms;
	return any;
}

void call_token_key(const uint8_t hash[CALL_TOKEN_HASH_BYTES], char out[DOCUMENT_KEY_MAX])
{
	char hex[2 * CALL_TOKEN_HASH_BYTES + 1];

	sodium_bin2hex(hex, sizeof(hex), hash, CALL_TOKEN_HASH_BYTES);
	snprintf(out, DOCUMENT_KEY_MAX, CALL_TOKEN_PREFIX "%s", hex);
}
