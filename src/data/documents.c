/* What is the same for every backend: what may be asked for at all. See documents.h. */
#include "data/documents.h"

#include <assert.h>
#include <string.h>

#include "base/json.h"

static bool text_ok(const char *text, size_t max)
{
	size_t len = strnlen(text, max);
	size_t n;

	if (len == max)
		return false;
	for (size_t i = 0; i < len; i += n) {
		n = utf8_length((const uint8_t *)text + i, len - i);
		if (!n || (unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	}
	return true;
}

bool document_key_ok(const char *key)
{
	return *key && text_ok(key, DOCUMENT_KEY_MAX);
}

void documents_close(struct documents **dp)
{
	struct documents *d = *dp;

	*dp = NULL;
	if (d)
		d->backend->close(d);
}

static enum err refuse(struct job **slot, enum err err)
{
	if (slot)
		*slot = NULL;
	return err;
}

enum err documents_put(struct documents *d, struct job **slot, const struct tenant *t, const struct documents_put *put, documents_stored_h *h, void *arg)
{
	assert(t && h);
	if (!document_key_ok(put->key))
		return refuse(slot, ERR_USAGE);
	if (put->len > DOCUMENT_MAX_BYTES)
		return refuse(slot, ERR_LIMIT);
	return d->backend->put(d, slot, t, put, h, arg);
}

enum err documents_delete(struct documents *d, struct job **slot, const struct tenant *t, const char *key, uint64_t expected, documents_stored_h *h, void *arg)
{
	assert(t && h && expected != DOCUMENT_NONE);
	if (!document_key_ok(key))
		return refuse(slot, ERR_USAGE);
	return d->backend->erase(d, slot, t, key, expected, h, arg);
}

enum err documents_get(struct documents *d, struct job **slot, const struct tenant *t, const char *key, documents_got_h *h, void *arg)
{
	assert(t && h);
	if (!document_key_ok(key))
		return refuse(slot, ERR_USAGE);
	return d->backend->get(d, slot, t, key, h, arg);
}

enum err documents_list(struct documents *d, struct job **slot, const struct tenant *t, const struct documents_range *r, documents_page_h *h, void *arg)
{
	assert(t && h);
	if (!text_ok(r->prefix, DOCUMENT_KEY_MAX) || !text_ok(r->after, DOCUMENT_KEY_MAX) || r->limit < 1 || r->limit > DOCUMENTS_PAGE_MAX)
		return refuse(slot, ERR_USAGE);
	return d->backend->list(d, slot, t, r, h, arg);
}
