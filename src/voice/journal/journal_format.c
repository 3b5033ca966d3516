/* Encoding, judging, sealing of journal bytes: see journal_format.h and docs/journal.md. Owns nothing, keeps no state.
 * Refuses every length, version and checksum that is off before it looks further. */
#include "voice/journal/journal_format.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>
#include <xxhash.h>

#include "base/buf.h"
#include "base/wire.h"

/* Offsets in a record's header. Up to AT_CRC the seal covers it; the last checksum covers all before it. */
enum {
	AT_MAGIC = 0,
	AT_VERSION = 4,
	AT_KIND = 5,
	AT_FLAGS = 6,
	AT_LENGTH = 8,
	AT_EPOCH = 12,
	AT_SEQUENCE = 16,
	AT_TIME = 24,
	AT_WALL = 32,
	AT_TENANT = 40,
	AT_CALL = 56,
	AT_KEY = 72,
	AT_BATCH = 88,
	AT_CRC = 92,
	AT_HEADER_CRC = 96,
	FLAG_FIRST = 1
};

static const uint8_t record_magic[4] = { 'C', 'F', 'r', 0xb5 };
static const uint8_t file_magic[8] = { 'C', 'F', 'J', 'O', 'U', 'R', 'N', 0x0a };

void put_le32(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
	at[2] = (uint8_t)(value >> 16);
	at[3] = (uint8_t)(value >> 24);
}

void put_le64(uint8_t *at, uint64_t value)
{
	put_le32(at, (uint32_t)value);
	put_le32(at + 4, (uint32_t)(value >> 32));
}

uint32_t get_le32(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

uint64_t get_le64(const uint8_t *at)
{
	return get_le32(at) | (uint64_t)get_le32(at + 4) << 32;
}

uint32_t journal_checksum(const void *data, size_t len)
{
	return (uint32_t)XXH3_64bits(data, len);
}

/* ---- ids and kinds ---- */

bool id128_equal(const struct id128 *a, const struct id128 *b)
{
	return !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool id128_is_zero(const struct id128 *id)
{
	return get_le64(id->bytes) == 0 && get_le64(id->bytes + 8) == 0;
}

void id128_print(const struct id128 *id, char out[33])
{
	sodium_bin2hex(out, 33, id->bytes, sizeof(id->bytes));
}

enum err id128_parse(struct id128 *id, const char *text)
{
	struct id128 parsed;
	const char *end;
	size_t len;

	if (sodium_hex2bin(parsed.bytes, sizeof(parsed.bytes), text, strlen(text), "-", &len, &end) || *end ||
		len != sizeof(parsed.bytes))
		return ERR_FORMAT;
	*id = parsed;
	return ERR_NONE;
}

const struct journal_kind_info journal_kinds[] = {
	{ JOURNAL_MARK, "mark", JOURNAL_CLASS_EVENT },
	{ JOURNAL_START, "start", JOURNAL_CLASS_EVENT },
	{ JOURNAL_INPUTS, "inputs", JOURNAL_CLASS_EVENT },
	{ JOURNAL_OUTPUTS, "outputs", JOURNAL_CLASS_EVENT },
	{ JOURNAL_AUDIO_CALLER, "audio_caller", JOURNAL_CLASS_AUDIO },
	{ JOURNAL_AUDIO_AGENT, "audio_agent", JOURNAL_CLASS_AUDIO },
	{ JOURNAL_PLAYED, "played", JOURNAL_CLASS_EVENT },
	{ JOURNAL_EVENT, "event", JOURNAL_CLASS_EVENT },
	{ JOURNAL_SNAPSHOT, "snapshot", JOURNAL_CLASS_EVENT },
	{ JOURNAL_METER, "meter", JOURNAL_CLASS_EVENT },
	{ JOURNAL_GAP, "gap", JOURNAL_CLASS_EVENT },
	{ JOURNAL_END, "end", JOURNAL_CLASS_EVENT },
	{ JOURNAL_ATTACH, "attach", JOURNAL_CLASS_EVENT },
	{ 0, NULL, JOURNAL_CLASS_EVENT },
};

enum journal_class journal_kind_class(uint8_t kind)
{
	return kind <= JOURNAL_ATTACH ? journal_kinds[kind].class : JOURNAL_CLASS_EVENT;
}

const char *journal_kind_name(uint8_t kind)
{
	return kind <= JOURNAL_ATTACH ? journal_kinds[kind].name : "unknown";
}

const struct journal_kind_info *journal_kind_find(const char *name)
{
	const struct journal_kind_info *k;

	for (k = journal_kinds; k->name; k++)
		if (!strcmp(k->name, name))
			return k;
	return NULL;
}

/* ---- file header ---- */

/* Each byte is as the one before it, and the first is zero. */
bool journal_is_blank(const uint8_t *data, size_t len)
{
	return !len || (!data[0] && !memcmp(data, data + 1, len - 1));
}

void journal_file_header_encode(uint8_t out[JOURNAL_FILE_HEADER_BYTES], const struct journal_file_header *h)
{
	memset(out, 0, JOURNAL_FILE_HEADER_BYTES);
	memcpy(out, file_magic, sizeof(file_magic));
	out[8] = JOURNAL_VERSION;
	out[9] = (uint8_t)h->role;
	out[10] = h->after_full;
	put_le32(out + 12, JOURNAL_FILE_HEADER_BYTES);
	put_le64(out + 16, h->order);
	put_le64(out + 24, h->previous);
	put_le64(out + 32, h->opened_us);
	put_le64(out + 40, h->opened_wall_us);
	memcpy(out + 48, h->writer.bytes, 16);
	put_le64(out + 64, h->replaces_order);
	put_le64(out + 72, h->replaces_offset);
	put_le64(out + 80, h->rewritten_bytes);
	put_le64(out + 88, h->capacity_bytes);
	put_le64(out + 96, h->previous_bytes);
	put_le64(out + 104, h->previous_size);
	put_le32(out + 124, journal_checksum(out, 124));
}

enum err journal_file_header_decode(struct journal_file_header *h, const uint8_t *data, size_t len)
{
	*h = (struct journal_file_header){ .role = JOURNAL_ROLE_UNUSED };
	if (len < JOURNAL_FILE_HEADER_BYTES)
		return ERR_TRUNCATED;
	if (journal_is_blank(data, JOURNAL_FILE_HEADER_BYTES))
		return ERR_NONE;
	if (memcmp(data, file_magic, sizeof(file_magic)) != 0)
		return ERR_FORMAT;
	if (data[8] != JOURNAL_VERSION)
		return ERR_VERSION;
	if (get_le32(data + 124) != journal_checksum(data, 124) || get_le32(data + 12) != JOURNAL_FILE_HEADER_BYTES)
		return ERR_CORRUPT;
	if (data[9] < JOURNAL_ROLE_SEGMENT || data[9] > JOURNAL_ROLE_EXPORT)
		return ERR_VERSION;
	h->role = (enum journal_role)data[9];
	h->after_full = data[10] & 1;
	h->order = get_le64(data + 16);
	h->previous = get_le64(data + 24);
	h->opened_us = get_le64(data + 32);
	h->opened_wall_us = get_le64(data + 40);
	memcpy(h->writer.bytes, data + 48, 16);
	h->replaces_order = get_le64(data + 64);
	h->replaces_offset = get_le64(data + 72);
	h->rewritten_bytes = get_le64(data + 80);
	h->capacity_bytes = get_le64(data + 88);
	h->previous_bytes = get_le64(data + 96);
	h->previous_size = get_le64(data + 104);
	return ERR_NONE;
}

/* ---- records ---- */

static void nonce_of(uint8_t nonce[crypto_aead_chacha20poly1305_IETF_NPUBBYTES], uint32_t epoch, uint64_t sequence)
{
	put_le32(nonce, epoch);
	put_le64(nonce + 4, sequence);
}

static void header_encode(uint8_t *out, const struct journal_header *h)
{
	memcpy(out + AT_MAGIC, record_magic, sizeof(record_magic));
	out[AT_VERSION] = JOURNAL_VERSION;
	out[AT_KIND] = h->kind;
	out[AT_FLAGS] = h->first ? FLAG_FIRST : 0;
	out[AT_FLAGS + 1] = 0;
	put_le32(out + AT_LENGTH, h->payload_len);
	put_le32(out + AT_EPOCH, h->epoch);
	put_le64(out + AT_SEQUENCE, h->sequence);
	put_le64(out + AT_TIME, h->time_us);
	put_le64(out + AT_WALL, h->wall_us);
	memcpy(out + AT_TENANT, h->tenant.bytes, 16);
	memcpy(out + AT_CALL, h->call.bytes, 16);
	memcpy(out + AT_KEY, h->key.bytes, 16);
	put_le32(out + AT_BATCH, h->batch);
}

size_t journal_record_encode(uint8_t *out, struct journal_header *h, const void *payload, size_t len,
	const uint8_t key[JOURNAL_KEY_BYTES])
{
	uint8_t *body = out + JOURNAL_RECORD_HEADER_BYTES;
	uint8_t nonce[crypto_aead_chacha20poly1305_IETF_NPUBBYTES];

	assert(len <= JOURNAL_PAYLOAD_MAX_BYTES);
	assert(!key == id128_is_zero(&h->key));
	h->payload_len = (uint32_t)len + (key ? JOURNAL_SEAL_BYTES : 0);
	header_encode(out, h);
	if (key) {
		nonce_of(nonce, h->epoch, h->sequence);
		crypto_aead_chacha20poly1305_ietf_encrypt(body, NULL, payload, len, out, AT_CRC, NULL, nonce, key);
	} else if (len) {
		memcpy(body, payload, len);
	}
	put_le32(out + AT_CRC, journal_checksum(body, h->payload_len));
	put_le32(out + AT_HEADER_CRC, journal_checksum(out, AT_HEADER_CRC));
	return JOURNAL_RECORD_HEADER_BYTES + h->payload_len;
}

static void header_decode(struct journal_header *h, const uint8_t *data)
{
	h->kind = data[AT_KIND];
	h->first = data[AT_FLAGS] & FLAG_FIRST;
	h->payload_len = get_le32(data + AT_LENGTH);
	h->epoch = get_le32(data + AT_EPOCH);
	h->sequence = get_le64(data + AT_SEQUENCE);
	h->time_us = get_le64(data + AT_TIME);
	h->wall_us = get_le64(data + AT_WALL);
	memcpy(h->tenant.bytes, data + AT_TENANT, 16);
	memcpy(h->call.bytes, data + AT_CALL, 16);
	memcpy(h->key.bytes, data + AT_KEY, 16);
	h->batch = get_le32(data + AT_BATCH);
}

enum err journal_record_decode(struct journal_record *r, const uint8_t *data, size_t len)
{
	uint32_t payload_len;

	*r = (struct journal_record){ .raw = data };
	if (len < JOURNAL_RECORD_HEADER_BYTES || memcmp(data, record_magic, sizeof(record_magic)) != 0)
		return ERR_FORMAT;
	if (get_le32(data + AT_HEADER_CRC) != journal_checksum(data, AT_HEADER_CRC))
		return ERR_FORMAT;
	if (data[AT_VERSION] != JOURNAL_VERSION)
		return ERR_VERSION;
	payload_len = get_le32(data + AT_LENGTH);
	if (payload_len > JOURNAL_PAYLOAD_MAX_BYTES + JOURNAL_SEAL_BYTES)
		return ERR_FORMAT;
	header_decode(&r->header, data);
	if (!id128_is_zero(&r->header.key) && payload_len < JOURNAL_SEAL_BYTES)
		return ERR_FORMAT;
	r->raw_len = JOURNAL_RECORD_HEADER_BYTES + payload_len;
	r->payload = data + JOURNAL_RECORD_HEADER_BYTES;
	if (len < r->raw_len)
		return ERR_TRUNCATED;
	return get_le32(data + AT_CRC) == journal_checksum(r->payload, payload_len) ? ERR_NONE : ERR_CORRUPT;
}

size_t journal_record_stride(const uint8_t *raw, uint8_t *kind)
{
	*kind = raw[AT_KIND];
	return JOURNAL_RECORD_HEADER_BYTES + get_le32(raw + AT_LENGTH);
}

enum err journal_record_open(const struct journal_record *r, const uint8_t key[JOURNAL_KEY_BYTES], uint8_t *out, size_t cap,
	size_t *len)
{
	uint8_t nonce[crypto_aead_chacha20poly1305_IETF_NPUBBYTES];
	bool sealed = !id128_is_zero(&r->header.key);

	*len = r->header.payload_len - (sealed ? JOURNAL_SEAL_BYTES : 0);
	if (*len > cap)
		return ERR_LIMIT;
	if (!sealed) {
		if (*len)
			memcpy(out, r->payload, *len);
		return ERR_NONE;
	}
	nonce_of(nonce, r->header.epoch, r->header.sequence);
	if (crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, r->payload, r->header.payload_len, r->raw, AT_CRC, nonce,
		    key))
		return ERR_CORRUPT;
	return ERR_NONE;
}

size_t journal_record_search(const uint8_t *data, size_t len, size_t from)
{
	const uint8_t *at;

	if (from >= len)
		return len;
	at = memmem(data + from, len - from, record_magic, sizeof(record_magic));
	return at ? (size_t)(at - data) : len;
}

/* ---- gaps ---- */

enum { GAP_WHY = 1, GAP_FIRST, GAP_LAST, GAP_FIRST_US, GAP_LAST_US, GAP_RECORDS, GAP_BYTES, GAP_KINDS };

static size_t put_field(uint8_t *out, unsigned int field, uint64_t value)
{
	size_t n = 0;

	if (!value)
		return 0;
	out[n++] = (uint8_t)(field << 3);
	for (; value >= 0x80; value >>= 7)
		out[n++] = (uint8_t)(value | 0x80);
	out[n++] = (uint8_t)value;
	return n;
}

/* The same bytes as base/wire.h makes, without its memory: this runs when a call is being recorded. */
size_t journal_gap_encode(uint8_t out[JOURNAL_GAP_MAX_BYTES], const struct journal_gap *g)
{
	size_t n = put_field(out, GAP_WHY, (uint64_t)g->why);

	n += put_field(out + n, GAP_FIRST, g->first_sequence);
	n += put_field(out + n, GAP_LAST, g->last_sequence);
	n += put_field(out + n, GAP_FIRST_US, g->first_us);
	n += put_field(out + n, GAP_LAST_US, g->last_us);
	n += put_field(out + n, GAP_RECORDS, g->records);
	n += put_field(out + n, GAP_BYTES, g->bytes);
	return n + put_field(out + n, GAP_KINDS, g->kinds);
}

enum err journal_gap_decode(struct journal_gap *g, const void *data, size_t len)
{
	struct wire_reader r;
	struct wire_field f;

	*g = (struct journal_gap){ 0 };
	wire_reader_init(&r, data, len);
	while (wire_next(&r, &f)) {
		switch (f.number) {
		case GAP_WHY: g->why = (enum journal_gap_why)wire_u32(&f); break;
		case GAP_FIRST: g->first_sequence = f.u64; break;
		case GAP_LAST: g->last_sequence = f.u64; break;
		case GAP_FIRST_US: g->first_us = f.u64; break;
		case GAP_LAST_US: g->last_us = f.u64; break;
		case GAP_RECORDS: g->records = f.u64; break;
		case GAP_BYTES: g->bytes = f.u64; break;
		case GAP_KINDS: g->kinds = f.u64; break;
		default: break;
		}
	}
	return r.err;
}

const char *journal_gap_why_name(enum journal_gap_why why)
{
	switch (why) {
	case JOURNAL_GAP_MEMORY: return "too much was waiting for the disk";
	case JOURNAL_GAP_RING: return "disk full, in the ring alone";
	case JOURNAL_GAP_LOST: return "disk full, given up";
	case JOURNAL_GAP_STOPPED: return "nothing could be written";
	}
	return "unknown";
}
