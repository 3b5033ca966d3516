/* The faults a simulated call can meet, and which of them it will: drawn before the call begins.
 *
 * A fault strikes at its actor's nth chance (the third request to the model, the second utterance, so many seconds in).
 * Whoever plays the actor asks `fault_strikes` at each chance and does the harm himself. Plain data, one thread.
 */
#ifndef SIMULATE_FAULT_H
#define SIMULATE_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "simulate/script.h"
#include "simulate/world.h"

enum fault {
	FAULT_LINE_BURST = 0,
	FAULT_LINE_STALL,
	FAULT_LINE_JITTER,
	FAULT_STT_STALL,
	FAULT_STT_DEAD,
	FAULT_STT_LATE,
	FAULT_STT_MISSING,
	FAULT_STT_EMPTY,
	FAULT_STT_REFUSED,
	FAULT_STT_GARBAGE,
	FAULT_LLM_FIRST,
	FAULT_LLM_STALL,
	FAULT_LLM_DEAD,
	FAULT_LLM_BUSY,
	FAULT_LLM_GARBAGE,
	FAULT_LLM_SLOW,
	FAULT_LLM_REFUSED,
	FAULT_LLM_REPEAT,
	FAULT_TTS_EARLY,
	FAULT_TTS_MID,
	FAULT_TTS_NO_DONE,
	FAULT_TTS_STALL,
	FAULT_TTS_SLOW,
	FAULT_TTS_REFUSED,
	FAULT_MEDIA_LOST,
	FAULT_MEDIA_GONE,
	FAULT_MARKS_LATE,
	FAULT_TOOL_SLOW,
	FAULT_TOOL_ERROR,
	FAULT_TOOL_UNKNOWN,
	FAULT_TOOL_REFUSED,
	FAULT_SINK_OUTAGE,
	FAULT_DISK_SLOW,
	FAULT_DISK_SYNC,
	FAULT_DISK_FULL,
	FAULT_WORKER_DEATH,
	FAULT_WORKER_EARLY,
	FAULT_KNOWLEDGE_TWICE,
	FAULT_KNOWLEDGE_GARBAGE,
	FAULT_KNOWLEDGE_LONG,
	FAULT_MEDIA_DEAF,
	FAULT_MEDIA_DEAD,
	FAULT_DISK_SMALL,
	FAULT_DISK_STOPPED,
	FAULT_LLM_AGAIN,
	FAULT_KNOWLEDGE_LATE,
	FAULT_KNOWLEDGE_FAILED,
	FAULT_KNOWLEDGE_EMPTY,
	FAULTS
};

typedef uint64_t fault_set; /* a bit each */

struct fault_fact {
	const char *name;
	const char *help;
	uint8_t percent;   /* of calls that meet it when every fault is on */
	uint8_t chances;   /* it strikes at one of the first so many chances */
};

extern const struct fault_fact fault_facts[FAULTS];

#define FAULT_ALL ((1ULL << FAULTS) - 1)

/* "all", "none" or a list of names with commas; a mistake names the word and the allowed ones. */
enum err fault_set_parse(fault_set *set, const char *text, struct err_detail *detail) MUST_USE;
int fault_find(const char *name, size_t len);

struct fault_plan {
	fault_set armed;
	uint8_t nth[FAULTS];
	uint16_t chances[FAULTS]; /* seen so far */
	uint64_t struck_us[FAULTS]; /* when it last struck; 0: never */
	uint32_t struck;          /* faults that came to pass in this call */
	fault_set provoked;       /* nobody asked for these: a guard that is off is put to the test by them */
	uint32_t provocations;    /* … so many came to pass */
};

void fault_plan_draw(struct fault_plan *p, fault_set allowed, const struct script *script, struct dice *d);

/* This one, too, at its nth chance, for a guard that is off: it is counted apart, unless it was asked for. */
void fault_plan_provoke(struct fault_plan *p, enum fault fault, uint32_t nth);

/* One more chance of this fault: true when it strikes now. */
bool fault_strikes(struct fault_plan *p, enum fault fault, uint64_t now_us);

/* It is still at work, or has just ended: as if it struck now. */
void fault_lasts(struct fault_plan *p, enum fault fault, uint64_t now_us);

/* It struck no longer ago than `within_us`. */
bool fault_recent(const struct fault_plan *p, enum fault fault, uint64_t now_us, uint64_t within_us);

/* Any fault of `set` did. */
bool fault_any_recent(const struct fault_plan *p, fault_set set, uint64_t now_us, uint64_t within_us);

#define FAULT_BIT(fault) (1ULL << (fault))
#define FAULT_BITS(first, last) ((FAULT_BIT(last) << 1) - FAULT_BIT(first))
#define FAULTS_DEAF (FAULT_BIT(FAULT_MEDIA_DEAF) | FAULT_BIT(FAULT_MEDIA_DEAD))
#define FAULTS_LINE (FAULT_BITS(FAULT_LINE_BURST, FAULT_LINE_JITTER) | FAULTS_DEAF)
#define FAULTS_STT FAULT_BITS(FAULT_STT_STALL, FAULT_STT_GARBAGE)
#define FAULTS_LLM (FAULT_BITS(FAULT_LLM_FIRST, FAULT_LLM_REPEAT) | FAULT_BIT(FAULT_LLM_AGAIN))
#define FAULTS_TTS FAULT_BITS(FAULT_TTS_EARLY, FAULT_TTS_REFUSED)
#define FAULTS_MEDIA (FAULT_BITS(FAULT_MEDIA_LOST, FAULT_MARKS_LATE) | FAULTS_DEAF)
#define FAULTS_WORKER FAULT_BITS(FAULT_WORKER_DEATH, FAULT_WORKER_EARLY)
#define FAULTS_KNOWLEDGE (FAULT_BITS(FAULT_KNOWLEDGE_TWICE, FAULT_KNOWLEDGE_LONG) | FAULT_BITS(FAULT_KNOWLEDGE_LATE, FAULT_KNOWLEDGE_EMPTY))
#define FAULTS_TOOL FAULT_BITS(FAULT_TOOL_SLOW, FAULT_TOOL_REFUSED)

#endif
