#include "voice/lineup/lineup_request.h"

#include <stdlib.h>
#include <string.h>

#include "redact/redact.h"

static enum err measure(const struct llm_block *blocks, size_t count, size_t *names_len)
{
	size_t bytes = 0;

	*names_len = 0;
	if (count > LINEUP_REQUEST_BLOCKS)
		return ERR_LIMIT;
	for (size_t i = 0; i < count && bytes <= LINEUP_REQUEST_MAX; i++) {
		*names_len += blocks[i].name_len;
		bytes += blocks[i].name_len + redacted_len(blocks[i].text);
	}
	return bytes > LINEUP_REQUEST_MAX ? ERR_LIMIT : ERR_NONE;
}

/* Its text and name; *used of the names are written. */
static enum err block_keep(struct lineup_request *r, const struct llm_block *block, size_t *used)
{
	enum err err = redacted_again(block->text, &r->texts[r->count]);

	if (err)
		return err;
	r->blocks[r->count] = *block;
	r->blocks[r->count].text = r->texts[r->count];
	r->blocks[r->count++].name = r->names + *used;
	if (block->name_len)
		memcpy(r->names + *used, block->name, block->name_len);
	*used += block->name_len;
	return ERR_NONE;
}

enum err lineup_request_keep(struct lineup_request *r, const struct llm_block *blocks, size_t count)
{
	size_t names_len, used = 0;
	enum err err = measure(blocks, count, &names_len);

	*r = (struct lineup_request){ .count = 0 };
	if (err)
		return err;
	r->blocks = calloc(count + 1, sizeof(*r->blocks));
	r->texts = calloc(count + 1, sizeof(*r->texts));
	r->names = malloc(names_len + 1);
	if (!r->blocks || !r->texts || !r->names)
		err = ERR_NOMEM;
	for (size_t i = 0; !err && i < count; i++)
		err = block_keep(r, &blocks[i], &used);
	if (err)
		lineup_request_drop(r);
	return err;
}

void lineup_request_drop(struct lineup_request *r)
{
	for (size_t i = 0; i < r->count; i++)
		redacted_free(&r->texts[i]);
	free(r->blocks);
	free(r->texts);
	free(r->names);
	*r = (struct lineup_request){ .count = 0 };
}
