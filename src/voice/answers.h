/* What the first words on an answered call tell of who says them: a person, a machine, or what asks for our name on a person's behalf.
 *
 * Pure functions over UTF-8 text, as words.h. What machines say comes with the brief, and so from the rule-book; the rest stands here, in English
 * and Hindi. Words prove little alone: answerer.c weighs them with the sound.
 */
#ifndef VOICE_ANSWERS_H
#define VOICE_ANSWERS_H

#include "base/brief.h"

enum answer_sound {
	ANSWER_MACHINE = 1, /* what machines say and people do not; never of somebody who offers to do something, nor of what screens */
	ANSWER_SCREEN = 2,  /* our name is asked for, and why we call */
	ANSWER_HOLD = 4,    /* we are to wait */
	ANSWER_PERSON = 8,  /* a few words as somebody says who has just picked up */
	ANSWER_ASKS = 16    /* what is asked for by people alone: who calls, how they can help */
};

/* All that hold, joined; 0: they say nothing. */
unsigned int answer_sounds(const struct brief *brief, const char *text, size_t len);

#endif
