/* Voice, recogniser, model and tools that hold a clock while they are at work: so that a call whose waits are skipped (base/clock.h)
 * still waits for what happens in real time. A recogniser is at work as long as its stream is open. Each is a table around another
 * one; nothing else changes. Loop thread.
 */
#ifndef PROVIDERS_HELD_H
#define PROVIDERS_HELD_H

#include "base/clock.h"
#include "providers/llm.h"
#include "providers/stt.h"
#include "providers/tools.h"
#include "providers/tts.h"

/* The vendor of held_tts; the others alike. Borrowed; must outlive what was started. */
struct held_tts {
	struct clock *clock;
	const struct tts *tts;
	void *vendor;
};

struct held_stt {
	struct clock *clock;
	const struct stt *stt;
	void *vendor;
};

struct held_llm {
	struct clock *clock;
	const struct llm *llm;
	void *vendor;
};

struct held_tools {
	struct clock *clock;
	const struct tools *tools;
	void *vendor;
};

extern const struct tts held_tts;
extern const struct stt held_stt;
extern const struct llm held_llm;
extern const struct tools held_tools;

#endif
