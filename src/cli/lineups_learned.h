/* What voices of Sarvam's found out about their accounts, kept in the worker behind the calls that found it: one entry for each tenant and address, so
 * that one tenant's account says nothing of another's. Zeroed is empty; beyond LEARNED_MAX the oldest makes room. Loop thread.
 */
#ifndef CLI_LINEUPS_LEARNED_H
#define CLI_LINEUPS_LEARNED_H

#include "providers/sarvam/sarvam_tts.h"
#include "voice/journal/journal_format.h"

enum { LEARNED_MAX = 64 };

struct lineups_learned {
	struct {
		struct id128 tenant;
		char url[SARVAM_URL_MAX + 1];
		struct sarvam_learned learned;
	} list[LEARNED_MAX];
	size_t count; /* written, since it was empty */
};

/* NULL: nothing yet. Valid until the next keep. */
const struct sarvam_learned *lineups_learned_find(const struct lineups_learned *l, const struct id128 *tenant, const char *url);

/* What `now` does not know takes nothing away from what is kept. */
void lineups_learned_keep(struct lineups_learned *l, const struct id128 *tenant, const char *url, const struct sarvam_learned *now);

#endif
