/* See confidence.h. A logistic regression over recordings inside and outside of a grammar of all kinds of answers: the weights were
 * fitted on half of them (bench/recogniser.py --fit, docs/offline-speech.md); the last one was put where nine in ten of all outside
 * are refused. A long sentence has a worse worst word than a short one, hence the count, which ends where long sentences that nobody said begin to pass. */
#include "providers/pocketsphinx/confidence.h"

#include <math.h>

static const double weight_worst = -0.1446, weight_lead = -0.1462, weight_missed = -1.686, weight_words = 0.790, weight_one = 3.820;
static const unsigned int words_most = 8;

double confidence_of(const struct hearing *h)
{
	double sum = weight_one, words = h->words < words_most ? h->words : words_most;

	if (!h->words)
		return 0;
	sum += weight_worst * h->lead_worst + weight_lead * h->lead + weight_words * words;
	if (h->phone_frames)
		sum += weight_missed * h->missed_frames / h->phone_frames;
	return 1 / (1 + exp(-sum));
}
