/* What a command says of a WAV that it took although something is wrong with it. Main thread. */
#ifndef CLI_WAV_TOLD_H
#define CLI_WAV_TOLD_H

#include "audio/wav.h"

/* Warnings on standard error: the file ends inside its samples, or has more of them in a second chunk that is not read. */
void wav_told(const char *file, const struct wav *w);

#endif
