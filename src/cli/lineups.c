#include "cli/lineups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/http_client.h"
#include "cli/lineups_state.h"
#include "providers/espeak.h"
#include "providers/flite.h"
#include "providers/rehearsed/rehearsed.h"

_Static_assert((int)PROVIDERS_MAX <= (int)LINEUP_MAX, "a lineup has room for all that a setting may name");

static const char *const role_names[PROVIDER_ROLES] = { [PROVIDER_STT] = "recogniser", [PROVIDER_LLM] = "model", [PROVIDER_TTS] = "voice" };

/* ------------------------------------------------------------------ who is left out */

/* A role's choosing, and what is told when nobody is left: why the first one was left out. */
struct choosing {
	enum provider_role role;
	const struct lineups_call *call;
	size_t wanted;
	enum err err;
	struct err_detail first;
};

/* Where nobody else was wanted the refusal says it, once. */
static void leave_out(const struct call_lineups *c, struct choosing *s, const char *provider, enum err err, const struct err_detail *why)
{
	const struct log log = { .plane = "voice", .call = c->name, .doing = "choosing providers" };

	if (s->wanted > 1)
		log_warn(&log, "a provider is left out of this call", LOG_TEXT("provider", provider), LOG_TEXT("why", why->message),
			LOG_TEXT("todo", why->hint));
	if (s->err)
		return;
	s->err = err;
	s->first = *why;
	snprintf(s->first.message, sizeof(s->first.message), "%s: %.150s", provider, why->message);
}

static struct err_detail no_key(const struct lineups_call *call, const char *name)
{
	struct err_detail why = { .message = "" };

	snprintf(why.message, sizeof(why.message), "the tenant %.63s has no secret %s", call->tenant_name, name);
	snprintf(why.hint, sizeof(why.hint), "callfunnel secret set %.63s %s", call->tenant_name, name);
	return why;
}

static void why_fill(struct err_detail *why, enum err err, const struct choosing *s)
{
	if (err == ERR_NOTFOUND && !*why->message) {
		snprintf(why->message, sizeof(why->message), "it does not know the language %.40s", s->call->language);
		snprintf(why->hint, sizeof(why->hint), "name another one in %s too", provider_options[s->role].name);
	} else if (!*why->message) {
		snprintf(why->message, sizeof(why->message), "it cannot be opened: %s", err_name(err));
	}
}

/* ------------------------------------------------------------------ a role */

static enum err member_join(struct call_lineups *c, const struct choosing *s, int provider, const struct lineups_made *made)
{
	static const struct id128 nobody;
	struct lineup *l = &c->roles[s->role];
	const char *name = provider_name(s->role, provider);
	const char *key_name = provider_key_name(s->role, provider);
	struct lineup_account *a = lineup_account_take(&c->shared->accounts, key_name ? &s->call->tenant : &nobody, name), *admits = NULL;
	struct lineup_member m = { .name = name, .table = made->table, .vendor = made->vendor, .is_far = key_name != NULL };

	c->accounts[s->role][l->count] = a;
	if (key_name)
		admits = lineups_limits_take(&c->shared->limits, &c->shared->accounts, &s->call->tenant, key_name);
	c->admits[s->role][l->count] = admits;
	if (!a || (key_name && !admits))
		return ERR_NOMEM;
	m.health = &a->health;
	m.account = admits ? &admits->leases : NULL;
	return lineup_add(l, &m);
}

/* ERR_NONE also when it is left out. */
static enum err member_try(struct call_lineups *c, struct choosing *s, int provider)
{
	const char *name = provider_key_name(s->role, provider), *key = name ? s->call->key(s->call->key_arg, name) : NULL;
	struct err_detail why = { .message = "" };
	struct lineups_made made;
	enum err err;

	if ((!key || !*key) && provider_needs_key(c->shared->config, s->role, provider)) {
		why = no_key(s->call, name);
		leave_out(c, s, provider_name(s->role, provider), ERR_UNAVAILABLE, &why);
		return ERR_NONE;
	}
	err = lineups_opener(s->role, provider)(c, s->call, key, &made, &why);
	if (!err)
		return member_join(c, s, provider, &made);
	if (err == ERR_NOMEM)
		return err;
	why_fill(&why, err, s);
	leave_out(c, s, provider_name(s->role, provider), err, &why);
	return ERR_NONE;
}

static enum err role_refuse(const struct choosing *s, struct err_detail *detail)
{
	*detail = s->first;
	snprintf(detail->message, sizeof(detail->message), "no %s can be had (%s): %.180s", role_names[s->role], provider_options[s->role].name,
		s->first.message);
	return s->wanted == 1 ? s->err : ERR_UNAVAILABLE;
}

static enum err role_fill(struct call_lineups *c, enum provider_role role, const struct lineups_call *call, struct err_detail *detail)
{
	struct choosing s = { .role = role, .call = call };
	int chosen[PROVIDERS_MAX];
	size_t i;
	enum err err = ERR_NONE;

	s.wanted = providers_chosen(c->shared->config, role, chosen);
	c->roles[role] = (struct lineup){ .clock = c->shared->clock, .call = c->name };
	lineups_limits_hedge(&c->shared->limits, role, &c->roles[role]);
	c->is_plain[role] = s.wanted == 1 && !provider_key_name(role, chosen[0]);
	for (i = 0; i < s.wanted && !err; i++)
		err = member_try(c, &s, chosen[i]);
	return !err && !c->roles[role].count && !call->is_later ? role_refuse(&s, detail) : err;
}

/* ------------------------------------------------------------------ a call */

enum err call_lineups_open(struct call_lineups **cp, struct lineups *shared, const struct lineups_call *call, struct err_detail *detail)
{
	struct call_lineups *c = calloc(1, sizeof(*c));
	enum err err;

	*cp = NULL;
	if (!c)
		return ERR_NOMEM;
	c->shared = shared;
	id128_print(&call->id, c->name);
	snprintf(c->language, sizeof(c->language), "%s", call->language);
	err = call->is_typed ? ERR_NONE : role_fill(c, PROVIDER_STT, call, detail);
	if (!err && !call->is_later)
		err = role_fill(c, PROVIDER_LLM, call, detail);
	if (!err)
		err = role_fill(c, PROVIDER_TTS, call, detail);
	if (err)
		call_lineups_close(&c);
	*cp = c;
	return err;
}

static void missing_log(const struct call_lineups *c, const struct lineups_call *call, enum provider_role role)
{
	const struct log log = { .plane = "voice", .call = c->name, .doing = "choosing providers" };

	if (!c->roles[role].count && !(role == PROVIDER_STT && call->is_typed))
		log_warn(&log, "nobody serves a language of the rule-book: where a call goes on in it, those of its first language do",
			LOG_TEXT("language", c->language), LOG_TEXT("role", role_names[role]));
}

enum err call_lineups_add(struct call_lineups *c, const struct lineups_call *call)
{
	struct lineups_call later = *call;
	struct call_lineups **other = &c->others[c->other_count];
	struct err_detail detail = { .message = "" };
	enum err err;

	if (c->other_count == LINEUP_TONGUES_MAX - 1)
		return ERR_LIMIT;
	later.is_later = true;
	err = call_lineups_open(other, c->shared, &later, &detail);
	if (err)
		return err;
	c->other_count++;
	missing_log(*other, call, PROVIDER_STT);
	missing_log(*other, call, PROVIDER_TTS);
	return ERR_NONE;
}

void call_lineups_close(struct call_lineups **cp)
{
	struct call_lineups *c = *cp;

	*cp = NULL;
	if (!c)
		return;
	lineup_ahead_close(&c->ahead);
	while (c->other_count)
		call_lineups_close(&c->others[--c->other_count]);
	lineups_vendors_close(c);
	for (int role = 0; role < PROVIDER_ROLES; role++)
		for (size_t i = 0; i < LINEUP_MAX; i++) {
			lineup_account_leave(&c->shared->accounts, &c->accounts[role][i]);
			lineup_account_leave(&c->shared->accounts, &c->admits[role][i]);
		}
	free(c);
}

/* Who hears and says one language; NULL where nobody does. */
static struct lineup_tongue tongue_of(struct call_lineups *c)
{
	struct lineup *stt = &c->roles[PROVIDER_STT], *tts = &c->roles[PROVIDER_TTS];
	struct lineup_tongue t = { .language = c->language };

	if (stt->count) {
		t.stt = c->is_plain[PROVIDER_STT] ? stt->members[0].table : &lineup_stt;
		t.stt_vendor = c->is_plain[PROVIDER_STT] ? stt->members[0].vendor : stt;
	}
	if (tts->count) {
		t.tts = c->is_plain[PROVIDER_TTS] ? tts->members[0].table : &lineup_tts;
		t.tts_vendor = c->is_plain[PROVIDER_TTS] ? tts->members[0].vendor : tts;
	}
	return t;
}

static void tongues_serve(struct call_lineups *c, struct worker_call_options *o)
{
	size_t i;

	c->tongues.at[0] = tongue_of(c);
	for (i = 0; i < c->other_count; i++)
		c->tongues.at[i + 1] = tongue_of(c->others[i]);
	c->tongues.count = c->other_count + 1;
	if (c->tongues.at[0].stt) {
		o->stt = &lineup_tongues_stt;
		o->stt_vendor = &c->tongues;
	}
	o->tts = &lineup_tongues_tts;
	o->tts_vendor = &c->tongues;
}

void call_lineups_serve(struct call_lineups *c, struct worker_call_options *o)
{
	struct lineup *llm = &c->roles[PROVIDER_LLM];
	const struct lineup_tongue t = tongue_of(c);

	if (t.stt) {
		o->stt = t.stt;
		o->stt_vendor = t.stt_vendor;
	}
	o->llm = c->is_plain[PROVIDER_LLM] ? llm->members[0].table : &lineup_llm;
	o->llm_vendor = c->is_plain[PROVIDER_LLM] ? llm->members[0].vendor : llm;
	o->tts = t.tts;
	o->tts_vendor = t.tts_vendor;
	if (c->other_count)
		tongues_serve(c, o);
}

/* A recogniser of this machine alone has nothing to connect to. */
void call_lineups_prepare(struct call_lineups *c, struct worker_call_options *o, const char *language)
{
	if (o->stt && !c->is_plain[PROVIDER_STT]) {
		lineup_ahead_open(&c->ahead, c->shared->clock, o->stt, o->stt_vendor, language);
		o->stt = &lineup_ahead_stt;
		o->stt_vendor = &c->ahead;
	}
	lineups_models_connect(c);
}

const json_t *call_lineups_known(const struct call_lineups *c)
{
	return c->rehearsed ? rehearsed_known(c->rehearsed) : NULL;
}

void call_lineups_met(struct call_lineups *c)
{
	if (c->rehearsed)
		rehearsed_met(c->rehearsed);
}

const struct lineup *call_lineups_role(const struct call_lineups *c, enum provider_role role)
{
	return &c->roles[role];
}

/* ------------------------------------------------------------------ what is shared */

void lineups_metrics(const struct lineups *l, struct buf *b)
{
	lineups_limits_metrics(&l->limits, b);
}

enum err lineups_open(struct lineups **lp, const struct config *config, uv_loop_t *loop, struct clock *clock, const struct lineups_ears *ears,
	const char *data)
{
	struct lineups *s = calloc(1, sizeof(*s));

	*lp = s;
	if (!s)
		return ERR_NOMEM;
	s->config = config;
	s->loop = loop;
	s->clock = clock;
	s->ears = *ears;
	config_bind(config, deepgram_options, &s->deepgram);
	config_bind(config, anthropic_options, &s->anthropic);
	config_bind(config, cartesia_options, &s->cartesia);
	config_bind(config, openai_options, &s->openai);
	config_bind(config, sarvam_options, &s->sarvam);
	lineups_limits_init(&s->limits, config, data);
	if (!openai_voices_read(&s->openai_voices, s->openai.voices))
		*s->openai_voices.list = (struct openai_voice){ .tag = NULL };
	return ERR_NONE;
}

void lineups_close(struct lineups **lp)
{
	struct lineups *s = *lp;

	*lp = NULL;
	if (!s)
		return;
	http_client_close(&s->anthropic_client);
	http_client_close(&s->openai_client);
	flite_close(&s->flite);
	espeak_close(&s->espeak);
	lineup_accounts_fini(&s->accounts);
	lineups_limits_fini(&s->limits);
	free(s);
}
