/* What a secret number is wished for: the arguments of the tool that takes one by keypad (brief.h: takes), as the core and the session read them.
 *
 * {"what": "card" | "expiry" | "cvv" | "pin" | "digits", "least": 1–32, "most": 1–32}; without the last two what is usual for it. Pure, any thread.
 */
#ifndef VOICE_TAKE_H
#define VOICE_TAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TAKE_DIGITS_MAX = 32,
	TAKE_TAIL_MS = 800, /* the last key's tone sounds on in the line when its message is there: nobody listens for so long */
	TAKE_SHUT_MS = 3000 /* nor behind a key of a number that nobody takes any more: the next one comes */
};

enum take_what { TAKE_CARD = 0, TAKE_EXPIRY, TAKE_CVV, TAKE_PIN, TAKE_DIGITS, TAKE_WHATS };

struct take_wish {
	enum take_what what;
	uint8_t least, most; /* digits */
};

/* False: the arguments are none, or something else. */
bool take_wish_read(struct take_wish *w, const char *args, size_t len);

#endif
