/* See confidence.h. A logistic regression over recordings inside and outside of a grammar, each an answer to its question; the weights were
 * fitted on half of them (bench/recogniser.py --fit, docs/offline-speech.md). Among numbers, days and times there is a sentence for almost any
 * sound; where none of them is asked for, few fit by chance, and a single word least of all: what is understood begins lower there.
 * So it does for nothing but digits where a number has begun: its groups are short; a little for one that was announced ("the number is"). A machine is believed by a phrase of machines that was
 * heard well itself, whatever the words around it do. */
#include "providers/pocketsphinx/confidence.h"

#include <math.h>

static const double weight_fit = 0.257, weight_lead = -0.2146, weight_middle = 0.1533, weight_one = 17.51, weight_plain = 1.40, weight_single = 1.70;
static const double weight_rest = 1.5, weight_announced = 0.5;
static const unsigned int leads_least = 3; /* "it's" alone is heard by chance */
static const double machine_lead_most = 20; /* of the best phrase: 29 of 32 that nobody had said have more, and one of 15 said ones */
static const double sure_option = 0.87; /* half of what was taken for another option has less, and one right answer in five (docs/offline-speech.md) */
static const double sure_rival_lead = 7; /* a frame; few right answers have less, most of those that were another option's do (docs/offline-speech.md) */
static const double left_of_unheard = 0.4; /* never understood, however sure the rest is */

double confidence_of(const struct hearing *h)
{
	bool is_begun = h->goes_on && !h->is_whole; /* "my number is", and no number */
	bool is_unheard = is_begun || (h->is_machine && h->machine_lead > machine_lead_most);
	double sum = weight_one + weight_fit * h->fit + weight_lead * h->lead + weight_middle * h->lead_middle;

	if (!h->words)
		return 0;
	if (!h->has_numbers)
		sum += weight_plain + (h->words == 1 ? weight_single : 0);
	if (h->is_number && h->is_rest)
		sum += weight_rest;
	if (h->leads >= leads_least && h->words > h->leads)
		sum += weight_announced;
	return (is_unheard ? left_of_unheard : 1) / (1 + exp(-sum));
}

bool confidence_is_unsure(const struct hearing *h)
{
	return h->is_option && (h->confidence < sure_option || (h->has_rival && h->rival_lead < sure_rival_lead));
}
