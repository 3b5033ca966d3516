/* The model's answers and the tools they ask for: what is started, what is cancelled, what comes back. Owns both kinds of
 * operation; decides neither when one is asked for nor what is done with what it says.
 *
 * The seam to the model is the place of redaction: what goes to it is masked (masker.h), what comes back gets the true values before
 * the core, the journal, a tool or the caller's ear have it. */
#include "voice/session/session_state.h"

#include "base/num.h"

static void tokens_keep(struct session *s, uint32_t gen, uint32_t tokens)
{
	s->usage.model_tokens += tokens;
	s->tokens[s->tokens_at].gen = gen;
	s->tokens[s->tokens_at].tokens = tokens;
	s->tokens_at = (s->tokens_at + 1) % TOKENS_KEPT;
}

static void model_failed(struct session *s, uint32_t gen, enum failure why)
{
	struct call_input *in = session_input(s, IN_MODEL_FAILED);

	in->gen = gen;
	in->kind = (uint32_t)why;
	session_feed(s);
}

static void model_text(struct session *s, uint32_t gen, const char *text, size_t len)
{
	while (len) {
		size_t n = session_text_cut(text, len, INPUT_TEXT_MAX);
		struct call_input *in = session_input(s, IN_MODEL_TEXT);

		n = n ? n : num_min(len, INPUT_TEXT_MAX); /* no character begins in it: garbage, in pieces */
		in->gen = gen;
		in->text = text;
		in->text_len = n;
		session_feed(s);
		text += n;
		len -= n;
	}
}

/* The model has said this much more: values in the place of placeholders. */
static void model_said(struct asking *a)
{
	struct session *s = a->s;
	uint32_t gen = a->gen;

	if (!a->said.err) {
		model_text(s, gen, (const char *)a->said.data, a->said.len);
		return;
	}
	s->io.llm->cancel(&a->op); /* half of a sentence must not be taken for all of it */
	session_log_model_failed(s, FAILED_GARBAGE);
	model_failed(s, gen, FAILED_GARBAGE);
}

static void model_text_h(void *arg, const char *text, size_t len)
{
	struct asking *a = arg;
	struct session *s = a->s;

	a->spoke = true;
	if (redact_speaker_passes(&a->speaker, text, len)) {
		model_text(s, a->gen, text, len);
	} else {
		buf_reset(&a->said);
		redact_speak(&a->speaker, masker_map(s->masker), text, len, &a->said);
		model_said(a);
	}
	session_settle(s);
}

/* What was held back at the end of its words; false when they came to an end that is none. */
static bool model_text_ends(struct asking *a)
{
	uint32_t gen = a->gen;

	if (!a->speaker.held_len)
		return true;
	buf_reset(&a->said);
	redact_speak_end(&a->speaker, &a->said);
	model_said(a);
	return a->gen == gen && !a->said.err;
}

/* The arguments as the tool gets them. */
static void model_asks_tool(struct asking *a, uint32_t index, const char *name, size_t name_len, const char *args, size_t args_len)
{
	struct session *s = a->s;
	struct call_input *in;

	buf_reset(&a->said);
	redact_restore(masker_map(s->masker), args, args_len, &a->said);
	if (a->said.err || a->said.len > INPUT_TEXT_MAX || name_len > INPUT_TEXT_MAX) {
		s->io.llm->cancel(&a->op); /* half of its arguments must not be run */
		session_log_model_failed(s, FAILED_GARBAGE);
		model_failed(s, a->gen, FAILED_GARBAGE);
		return;
	}
	in = session_input(s, IN_MODEL_TOOL);
	in->gen = a->gen;
	in->index = index;
	in->name = name;
	in->name_len = name_len;
	in->text = (const char *)a->said.data;
	in->text_len = a->said.len;
	session_feed(s);
}

static void model_tool_h(void *arg, uint32_t index, const char *name, size_t name_len, const char *args, size_t args_len)
{
	struct asking *a = arg;
	struct session *s = a->s;

	a->spoke = true;
	if (model_text_ends(a) && a->op)
		model_asks_tool(a, index, name, name_len, args, args_len);
	session_settle(s);
}

static void model_done_h(void *arg, uint32_t tokens)
{
	struct asking *a = arg;
	struct session *s = a->s;
	uint32_t gen = a->gen;
	struct call_input *in;

	session_well(s, RETRY_MODEL);
	tokens_keep(s, gen, tokens);
	(void)model_text_ends(a);
	in = session_input(s, IN_MODEL_DONE);
	in->gen = gen;
	in->number = tokens;
	session_feed(s);
	session_settle(s);
}

static void model_failed_h(void *arg, enum failure why)
{
	struct asking *a = arg;

	session_log_model_failed(a->s, why);
	model_failed(a->s, a->gen, why);
	session_settle(a->s);
}

static const struct llm_events llm_events = { .text = model_text_h, .tool = model_tool_h, .done = model_done_h, .failed = model_failed_h,
	.used = session_answer_used };

static enum err ask_start(struct session *s, struct asking *a, const struct call_output *out)
{
	struct masked_request request;
	enum ask_kind kind = out->index ? ASK_SHORT : (enum ask_kind)out->kind;
	enum err err = masker_request(s->masker, out->blocks, out->block_count, &request);

	if (err)
		return err;
	if (request.withheld)
		session_log_withheld(s, request.withheld);
	a->gen = out->gen;
	a->spoke = false;
	redact_speaker_init(&a->speaker, call_get_brief(s->call)->language);
	s->usage.model_requests++;
	return s->io.llm->start(s->io.llm_vendor, &a->op, kind, (uint32_t)out->number, request.blocks, request.count, &llm_events, a);
}

void session_ask(struct session *s, const struct call_output *out)
{
	struct asking *a = s->asks, *end = s->asks + ASKS_MAX;
	enum err err = ERR_BUSY;

	while (a < end && a->op)
		a++;
	if (a < end)
		err = ask_start(s, a, out);
	if (!err)
		return;
	session_log_failed(s, RETRY_MODEL, err);
	model_failed(s, out->gen, err == ERR_BUSY ? FAILED_BUSY : FAILED_DIED);
}

void session_asks_cancel(struct session *s, uint32_t gen, bool all)
{
	unsigned int i;

	for (i = 0; i < ASKS_MAX; i++)
		if (s->asks[i].op && (all || s->asks[i].gen == gen))
			s->io.llm->cancel(&s->asks[i].op);
}

/* An answer that was asked for ahead and thrown away: what it cost. A model that was cut short did not say; 4 bytes are a token. */
void session_wasted(struct session *s, const struct call_output *out)
{
	uint64_t tokens = (out->number + 3) / 4;
	unsigned int i;

	for (i = 0; i < TOKENS_KEPT; i++)
		if (s->tokens[i].gen == out->index && s->tokens[i].gen)
			tokens = s->tokens[i].tokens;
	s->usage.wasted_characters += out->number;
	s->usage.wasted_tokens += tokens;
}

/* ------------------------------------------------------------------ tools */

static void tool_result_feed(struct session *s, uint32_t turn, uint32_t index, enum tool_status status, const char *text, size_t len)
{
	struct call_input *in = session_input(s, IN_TOOL_RESULT);

	if (status != TOOL_OK)
		session_log_tool(s, turn, index, status, text, len);
	in->turn = turn;
	in->index = index;
	in->kind = (uint32_t)status;
	session_input_text(in, text, len);
	session_feed(s);
}

void session_tool_answer(struct session *s, const struct call_output *out, enum tool_status status, const char *text, size_t len)
{
	tool_result_feed(s, out->turn, out->index, status, text, len);
}

static void tool_result_h(void *arg, enum tool_status status, const char *text, size_t len)
{
	struct running *r = arg;

	tool_result_feed(r->s, r->turn, r->index, status, text, len);
	session_settle(r->s);
}

static const struct tool_events tool_events = { .result = tool_result_h };

/* A free place; NULL when there is none, or when this very tool runs already: its answer will come. */
static struct running *run_slot(struct session *s, const struct call_output *out, bool *runs)
{
	struct running *found = NULL;
	unsigned int i;

	*runs = false;
	for (i = 0; i < RUNS_MAX; i++) {
		struct running *r = &s->runs[i];

		if (!r->op && !found)
			found = r;
		else if (r->op && r->turn == out->turn && r->index == out->index)
			*runs = true;
	}
	return found;
}

/* A change of which nothing could be recorded is not asked for. One that another worker asked for may have been done by then, and
 * whether it was, only asking would tell. */
static void tool_unrecorded(struct session *s, const struct call_output *out)
{
	static const char not_done[] = "not done: nothing can be recorded at the moment; offer to hand over or to call back";
	static const char not_known[] = "asked for before, and nothing can be recorded at the moment: it may or may not have been done; do not try again";

	if (s->stepped == IN_ATTACHED)
		tool_result_feed(s, out->turn, out->index, TOOL_UNKNOWN, not_known, sizeof(not_known) - 1);
	else
		tool_result_feed(s, out->turn, out->index, TOOL_ERROR, not_done, sizeof(not_done) - 1);
}

static bool is_take(const struct session *s, const struct call_output *out)
{
	const struct brief *brief = call_get_brief(s->call);
	int tool = brief_tool_find(brief, out->name, out->name_len);

	return tool >= 0 && brief->tools[tool].takes;
}

void session_run_tool(struct session *s, const struct call_output *out, uint64_t at_us)
{
	struct tool_secret secrets[TAKEN_MAX];
	struct record_event e = { .kind = EVENT_TOOL, .code = out->kind, .at_us = at_us, .turn = out->turn, .index = out->index,
		.name = out->name, .name_len = out->name_len, .text = out->text, .text_len = out->text_len };
	struct tool_request q = { .turn = out->turn, .index = out->index, .name = out->name, .name_len = out->name_len, .args = out->text,
		.args_len = out->text_len, .changes = out->kind != 0, .timeout_ms = (uint32_t)out->number,
		.secrets = secrets, .secret_count = session_take_lend(s, out->text, out->text_len, secrets) };
	static const char refused[] = "the tool could not be started";
	bool runs, recorded;
	struct running *r = run_slot(s, out, &runs);

	if (runs)
		return;
	recorded = session_write_event(s, &e);
	if (q.changes)
		session_write_steps(s);
	if (q.changes && !recorded) {
		tool_unrecorded(s, out);
		return;
	}
	s->usage.tool_calls++;
	if (is_take(s, out)) {
		session_take(s, out);
		return;
	}
	if (r) {
		r->turn = out->turn;
		r->index = out->index;
	}
	if (!r || s->io.tools->start(s->io.conductor, &r->op, &q, &tool_events, r))
		tool_result_feed(s, out->turn, out->index, TOOL_ERROR, refused, sizeof(refused) - 1);
	session_take_used(s, secrets, q.secret_count);
}

bool session_tools_run(const struct session *s)
{
	unsigned int i;

	for (i = 0; i < RUNS_MAX; i++)
		if (s->runs[i].op)
			return true;
	return false;
}

void session_tools_cancel(struct session *s)
{
	unsigned int i;

	for (i = 0; i < RUNS_MAX; i++)
		if (s->runs[i].op)
			s->io.tools->cancel(&s->runs[i].op);
}
