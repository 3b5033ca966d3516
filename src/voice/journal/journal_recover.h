/* What an earlier life left in a journal's folder, looked at before a new one begins to write there.
 *
 * Scans every file once: damage is counted, what a dead process may have left unsynced is synced, and the keys that its records name
 * are collected, so that nobody goes on in a folder whose keys are lost. Changes no byte; blocks; one thread.
 */
#ifndef VOICE_JOURNAL_RECOVER_H
#define VOICE_JOURNAL_RECOVER_H

#include "voice/journal/journal.h"
#include "voice/journal/journal_keys.h"

struct journal_left {
	struct journal_position previous; /* the last file begun, and how much of it is known to be durable (0: nothing is) */
	uint64_t previous_size;           /* how long that file is; 0: not known */
	uint64_t highest;                 /* the highest number seen */
	struct journal_keys keys;
};

/* Errors of the folder alone: damage stops nothing. `left` is to be freed in any case. */
enum err journal_recover(const struct disk *d, const char *dir, struct journal_recovery *recovery, struct journal_left *left) MUST_USE;
void journal_left_free(struct journal_left *left);

/* A keyring's judge (keyring.h); `arg` is a struct journal_left. ERR_NOTFOUND: records are sealed by keys that are neither in the
 * keyring nor erased; `detail` says how many calls that concerns, and why. */
enum err journal_left_judge(void *arg, struct keyring *k, struct err_detail *detail) MUST_USE;

#endif
