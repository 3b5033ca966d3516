#include "providers/pocketsphinx/confidence.h"

#include <math.h>

double confidence_of(const struct hearing *h)
{
	return h->words ? 1 / (1 + exp(h->lead_worst / 10)) : 0;
}
