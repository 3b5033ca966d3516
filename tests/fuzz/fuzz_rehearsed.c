/* The rehearsed engine's outside bytes. The first byte chooses: a flow that is read whole, or a conversation with a small sound flow, whose
 * blocks (a byte for the type, one for the length) are what callers say, what was heard of the agent and what tools return. Either the
 * flow is refused with a reason or a reply comes that has words or a tool; the same blocks give the same reply. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "providers/rehearsed/rehearsed.h"
#include "voice/session/masker.h"

enum { BLOCKS_MAX = 24 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ASK(name, kind, rest) "{\"name\":\"" name "\",\"kind\":\"ask\",\"text\":[\"" name "?\"],\"expect\":{" kind "},\"unclear\":\"bye\"," rest "}"

static const char flow[] =
	"{\"format\":1,\"language\":\"en-IN\",\"today\":\"2026-11-23\",\"opening\":{\"text\":\"Hello. me?\",\"step\":\"me\",\"asked\":true},\"visits_max\":3,"
	"\"end_tool\":\"end_call\",\"steps\":["
	ASK("me", "\"kind\":\"yes_no\"", "\"next\":[{\"go\":\"pick\"}]") ","
	ASK("pick", "\"kind\":\"choice\",\"options\":[{\"value\":\"a\",\"words\":[\"keep it\",\"yes\"]},{\"value\":\"b\",\"words\":[\"another day\",\"no\"]}]", "\"next\":[{\"go\":\"day\"}]") ","
	ASK("day", "\"kind\":\"date\",\"from_days\":0,\"to_days\":400", "\"next\":[{\"go\":\"hour\"}]") ","
	ASK("hour", "\"kind\":\"time\",\"from\":\"09:00\",\"to\":\"17:00\"",
		"\"confirm\":[{\"ref\":\"day\",\"kind\":\"date\"},{\"ref\":\"hour\",\"kind\":\"time\"}],\"next\":[{\"go\":\"sum\"}]") ","
	ASK("sum", "\"kind\":\"amount\",\"currency\":\"INR\",\"min_micros\":1,\"max_micros\":null", "\"next\":[{\"go\":\"pin\"}]") ","
	ASK("pin", "\"kind\":\"digits\",\"min\":4,\"max\":6", "\"next\":[{\"go\":\"why\"}]") ","
	ASK("why", "\"kind\":\"free\"", "\"next\":[{\"go\":\"look\"}]") ","
	"{\"name\":\"look\",\"kind\":\"tool\",\"text\":null,\"tool\":\"look\",\"changes\":true,\"arguments\":{\"d\":{\"ref\":\"day\",\"kind\":\"date\",\"as\":\"string\"},\"w\":{\"ref\":\"why\","
	"\"kind\":\"text\",\"as\":\"string\"},\"s\":{\"ref\":\"sum\",\"kind\":\"amount\",\"as\":\"number\"}},\"fields\":[{\"name\":\"x\",\"kind\":\"amount\",\"currency\":\"INR\",\"optional\":true},"
	"{\"name\":\"t\",\"kind\":\"time\",\"optional\":true}],\"failed\":\"bye\",\"next\":[{\"when\":{\"op\":\">\",\"of\":[{\"ref\":\"look.x\"},{\"days\":\""
		"day\"}]},\"go\":\"day\"},{\"go\":\"bye\"}]},"
	"{\"name\":\"bye\",\"kind\":\"goodbye\",\"text\":[\"Bye \",{\"ref\":\"look.x\",\"kind\":\"amount\",\"currency\":\"INR\"},{\"ref\":\"pin\",\"kind\":\"digits\"}],\"outcome\":\"o\"}],"
	"\"anytime\":[{\"name\":\"h\",\"words\":[\"a human\"],\"go\":\"bye\"}],"
	"\"questions\":[{\"name\":\"q\",\"words\":[\"how much\",\"a fee\"],\"text\":[\"Nothing.\"]}],\"voicemail\":{\"words\":[\"after the tone\",\"बीप\"],\"go\":\"bye\"}}";

static void no_wake(void *arg, uint64_t delay_us)
{
	(void)arg;
	(void)delay_us;
}

static struct rehearsed *engine(const char *json, size_t len)
{
	struct err_detail detail = { .message = "" };
	struct rehearsed *r;
	enum err err = rehearsed_new(&r, json, len, no_wake, NULL, &detail);

	assert(!err || err == ERR_NOMEM || err == ERR_LIMIT || (detail.message[0] && detail.where[0]));
	return r;
}

static size_t blocks_read(struct request_block *blocks, const uint8_t *data, size_t size)
{
	size_t count = 0;

	while (size > 2 && count < BLOCKS_MAX) {
		size_t len = data[1] < size - 2 ? data[1] : size - 2;

		blocks[count++] = (struct request_block){ .type = (enum block_type)(1 + data[0] % 5), .status = data[0] / 5u % 3, .turn = 1, .name = "look",
			.name_len = 4, .text = (const char *)data + 2, .text_len = len };
		data += 2 + len;
		size -= 2 + len;
	}
	return count;
}

static void converse(struct rehearsed *r, bool sound, const uint8_t *data, size_t size)
{
	struct request_block blocks[BLOCKS_MAX];
	struct rehearsed_reply reply, again;
	struct masked_request request;
	struct masker *masker;
	enum err err = masker_new(&masker);

	assert(!err);
	err = masker_request(masker, blocks, blocks_read(blocks, data, size), &request);
	assert(!err);
	rehearsed_reply_init(&reply);
	rehearsed_reply_init(&again);
	err = rehearsed_plan(r, request.blocks, request.count, &reply);
	assert(err == rehearsed_plan(r, request.blocks, request.count, &again));
	if (!err) {
		assert(reply.text.len == again.text.len && (!reply.text.len || !memcmp(reply.text.data, again.text.data, reply.text.len)));
		assert(!sound || reply.text.len || reply.tool);
		assert(reply.heard == again.heard && reply.tool == again.tool);
	}
	rehearsed_reply_fini(&reply);
	rehearsed_reply_fini(&again);
	masker_free(&masker);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool whole = size && data[0] == '{';
	struct rehearsed *r = whole ? engine((const char *)data, size) : engine(flow, strlen(flow));

	if (r && size)
		converse(r, !whole, data + 1, size - 1);
	rehearsed_free(&r);
	return 0;
}
