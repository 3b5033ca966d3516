/* The table of faults and the drawing of a call's plan. About two faults a call come to pass with everything on. */
#include "simulate/fault.h"

#include <stdio.h>
#include <string.h>

const struct fault_fact fault_facts[FAULTS] = {
	[FAULT_LINE_BURST] = { "line-burst", "the caller's audio comes in bursts of up to 300 ms for some seconds", 5, 20 },
	[FAULT_LINE_STALL] = { "line-stall", "no audio from the caller for 0.3 to 1.5 s, then all of it at once", 5, 20 },
	[FAULT_LINE_JITTER] = { "line-jitter", "the caller's audio is up to 60 ms early or late for some seconds", 5, 20 },
	[FAULT_STT_STALL] = { "stt-stall", "the recogniser's socket is half open: no more events, no end", 4, 6 },
	[FAULT_STT_DEAD] = { "stt-dead", "the recogniser's socket dies in the middle", 5, 8 },
	[FAULT_STT_LATE] = { "stt-late", "a final transcript comes 0.5 to 2 s late", 6, 8 },
	[FAULT_STT_MISSING] = { "stt-missing", "a final transcript never comes", 5, 8 },
	[FAULT_STT_EMPTY] = { "stt-empty", "a final transcript is empty", 4, 8 },
	[FAULT_STT_REFUSED] = { "stt-refused", "the recogniser refuses a stream", 4, 2 },
	[FAULT_STT_GARBAGE] = { "stt-garbage", "the recogniser sends nonsense and its stream ends", 3, 8 },
	[FAULT_LLM_FIRST] = { "llm-first", "the model's first token does not come", 5, 6 },
	[FAULT_LLM_STALL] = { "llm-stall", "the model stops in the middle and stays silent", 5, 6 },
	[FAULT_LLM_DEAD] = { "llm-dead", "the model's stream dies in the middle", 5, 6 },
	[FAULT_LLM_BUSY] = { "llm-busy", "the model answers 429", 5, 6 },
	[FAULT_LLM_GARBAGE] = { "llm-garbage", "the model's stream is nonsense", 4, 6 },
	[FAULT_LLM_SLOW] = { "llm-slow", "the model writes five times as slowly", 4, 6 },
	[FAULT_LLM_REFUSED] = { "llm-refused", "no stream to the model can be opened", 3, 6 },
	[FAULT_LLM_REPEAT] = { "llm-repeat", "the model asks again for a tool whose result it has", 10, 3 },
	[FAULT_TTS_EARLY] = { "tts-early", "the voice's socket dies before the first audio", 6, 10 },
	[FAULT_TTS_MID] = { "tts-mid", "the voice's socket dies in the middle of an utterance", 6, 10 },
	[FAULT_TTS_NO_DONE] = { "tts-no-done", "the voice never says that an utterance is done", 5, 10 },
	[FAULT_TTS_STALL] = { "tts-stall", "the voice stops in the middle and stays silent", 4, 10 },
	[FAULT_TTS_SLOW] = { "tts-slow", "the voice makes audio more slowly than it plays", 4, 10 },
	[FAULT_TTS_REFUSED] = { "tts-refused", "the voice refuses an utterance", 4, 10 },
	[FAULT_MEDIA_LOST] = { "media-lost", "the carrier's media socket dies and comes back within 15 s", 4, 60 },
	[FAULT_MEDIA_GONE] = { "media-gone", "the carrier's media socket dies for good", 2, 80 },
	[FAULT_MARKS_LATE] = { "marks-late", "the carrier's marks come half a second to three seconds late for a while", 4, 40 },
	[FAULT_TOOL_SLOW] = { "tool-slow", "a tool takes 3 to 20 s", 10, 2 },
	[FAULT_TOOL_ERROR] = { "tool-error", "a tool fails", 8, 3 },
	[FAULT_TOOL_UNKNOWN] = { "tool-unknown", "what a tool did is not known", 6, 3 },
	[FAULT_TOOL_REFUSED] = { "tool-refused", "the conductor cannot be reached for a tool", 4, 3 },
	[FAULT_SINK_OUTAGE] = { "sink-outage", "the conductor takes no records for some seconds", 6, 20 },
	[FAULT_DISK_SLOW] = { "disk-slow", "a sync takes 100 to 400 ms", 5, 40 },
	[FAULT_DISK_SYNC] = { "disk-sync", "a sync fails once", 4, 40 },
	[FAULT_DISK_FULL] = { "disk-full", "the disk is full for some seconds", 3, 40 },
	[FAULT_WORKER_DEATH] = { "worker-death", "the worker dies; another attaches within 3 s", 5, 60 },
	[FAULT_WORKER_EARLY] = { "worker-early", "the worker dies before it pushed a snapshot; another begins the call anew", 3, 5 },
	[FAULT_KNOWLEDGE_TWICE] = { "knowledge-twice", "retrieved knowledge comes twice", 20, 3 },
	[FAULT_KNOWLEDGE_GARBAGE] = { "knowledge-garbage", "retrieved knowledge is nonsense", 20, 3 },
	[FAULT_KNOWLEDGE_LONG] = { "knowledge-long", "retrieved knowledge is longer than any input may be", 15, 3 },
	[FAULT_MEDIA_DEAF] = { "media-deaf", "nothing comes from the carrier for 2.5 to 6 s, its socket stays open; then it goes on", 4, 60 },
	[FAULT_MEDIA_DEAD] = { "media-dead", "nothing comes from the carrier any more, its socket stays open", 2, 80 },
	[FAULT_DISK_SMALL] = { "disk-small", "the disk is so small that it gets full, again and again: what is shipped makes room", 4, 1 },
	[FAULT_DISK_STOPPED] = { "disk-stopped", "the disk is full, and its reserve is soon full as well: nothing can be written for some seconds", 4, 40 },
	[FAULT_LLM_AGAIN] = { "llm-again", "the model asks again, turns later, for a change of which nobody knows what it did", 50, 2 },
	[FAULT_KNOWLEDGE_LATE] = { "knowledge-late", "retrieved knowledge comes 1.5 to 9 s late", 20, 3 },
	[FAULT_KNOWLEDGE_FAILED] = { "knowledge-failed", "retrieved knowledge never comes", 20, 3 },
	[FAULT_KNOWLEDGE_EMPTY] = { "knowledge-empty", "nothing is known, and that is what comes", 20, 3 },
};

int fault_find(const char *name, size_t len)
{
	int i;

	for (i = 0; i < FAULTS; i++)
		if (strlen(fault_facts[i].name) == len && !memcmp(fault_facts[i].name, name, len))
			return i;
	return -1;
}

enum err fault_set_parse(fault_set *set, const char *text, struct err_detail *detail)
{
	*set = 0;
	if (!strcmp(text, "all")) {
		*set = FAULT_ALL;
		return ERR_NONE;
	}
	if (!strcmp(text, "none"))
		return ERR_NONE;
	for (;;) {
		size_t len = strcspn(text, ",");
		int fault = fault_find(text, len);

		if (fault < 0) {
			*detail = (struct err_detail){ 0 };
			snprintf(detail->message, sizeof(detail->message), "no fault is called \"%.*s\"", (int)(len < 40 ? len : 40), text);
			snprintf(detail->where, sizeof(detail->where), "--faults");
			snprintf(detail->hint, sizeof(detail->hint), "all, none, or names from --list-faults with commas between them");
			return ERR_USAGE;
		}
		*set |= FAULT_BIT(fault);
		if (!text[len])
			return ERR_NONE;
		text += len + 1;
	}
}

static void plan_arm(struct fault_plan *p, uint32_t fault, uint32_t nth)
{
	p->armed |= FAULT_BIT(fault);
	p->nth[fault] = (uint8_t)nth;
}

void fault_plan_draw(struct fault_plan *p, fault_set allowed, const struct script *script, struct dice *d)
{
	struct dice later = { { d->s[0], ~d->s[1], d->s[2], d->s[3] } };
	uint32_t i, percent, nth;

	*p = (struct fault_plan){ 0 };
	for (i = 0; i < FAULTS; i++) {
		if (i == FAULT_WORKER_EARLY)
			d = &later; /* from here on they came later: calls of older seeds stay what they were */
		percent = dice_below(d, 100); /* thrown for every fault, so that one more or less changes no other */
		nth = 1 + dice_below(d, fault_facts[i].chances);
		if (!script->own && (allowed & FAULT_BIT(i)) && percent < fault_facts[i].percent)
			plan_arm(p, i, nth);
	}
	for (i = 0; i < script->fault_count; i++) {
		int fault = fault_find(script->faults[i].name, strlen(script->faults[i].name));

		if (fault >= 0)
			plan_arm(p, (uint32_t)fault, script->faults[i].nth);
	}
}

void fault_plan_provoke(struct fault_plan *p, enum fault fault, uint32_t nth)
{
	if (!(p->armed & FAULT_BIT(fault)))
		p->provoked |= FAULT_BIT(fault);
	plan_arm(p, fault, nth);
}

bool fault_strikes(struct fault_plan *p, enum fault fault, uint64_t now_us)
{
	if (!(p->armed & FAULT_BIT(fault)) || ++p->chances[fault] != p->nth[fault])
		return false;
	p->struck_us[fault] = now_us ? now_us : 1;
	if (p->provoked & FAULT_BIT(fault))
		p->provocations++;
	else
		p->struck++;
	return true;
}

void fault_lasts(struct fault_plan *p, enum fault fault, uint64_t now_us)
{
	p->struck_us[fault] = now_us;
}

bool fault_recent(const struct fault_plan *p, enum fault fault, uint64_t now_us, uint64_t within_us)
{
	return p->struck_us[fault] && p->struck_us[fault] + within_us >= now_us;
}

bool fault_any_recent(const struct fault_plan *p, fault_set set, uint64_t now_us, uint64_t within_us)
{
	uint32_t i;

	set &= p->armed;
	for (i = 0; set; i++, set >>= 1)
		if ((set & 1) && fault_recent(p, i, now_us, within_us))
			return true;
	return false;
}
