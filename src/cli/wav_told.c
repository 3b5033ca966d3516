#include "cli/wav_told.h"

#include <stdio.h>

void wav_told(const char *file, const struct wav *w)
{
	if (w->is_cut)
		fprintf(stderr, "warning: %s: the file ends inside its samples; it claims more than the %zu that are there\n", file, w->frames);
	if (w->has_more_data)
		fprintf(stderr, "warning: %s: a second chunk of samples is not read\n", file);
}
