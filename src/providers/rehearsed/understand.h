/* What an answer means, by the kind of answer that was asked for. Never guesses: two readings are none.
 *
 * English, Hindi, and both mixed; the language only chooses between orders (day and month). Pure: no clock, no state. `today` and the
 * range choose among readings ("the fifth", "three o'clock", "kal"); a value that is plain but outside is UNDERSTOOD_RANGE.
 */
#ifndef PROVIDERS_REHEARSED_UNDERSTAND_H
#define PROVIDERS_REHEARSED_UNDERSTAND_H

#include <jansson.h>

#include "base/buf.h"
#include "providers/rehearsed/meanings.h"
#include "providers/rehearsed/words.h"

enum expect_kind { EXPECT_YES_NO = 0, EXPECT_DIGITS, EXPECT_AMOUNT, EXPECT_DATE, EXPECT_TIME, EXPECT_CHOICE, EXPECT_FREE, EXPECT_NAME };

/* What a question accepts; bounds are included, micro-units, days from today, minutes of the day. */
struct expect {
	enum expect_kind kind;
	bool has_low, has_high;
	int64_t low, high;
	const char *currency;  /* amount; borrowed */
	const json_t *options; /* choice: [{"value", "words": []}]; borrowed */
	uint64_t meanings[MEANINGS_OPTIONS_MAX]; /* meanings_of_options() of them */
	int32_t today;         /* date */
	bool has_today;        /* else only dates with a month that are written out */
	bool month_first;      /* 11/25 */
};

enum understood {
	UNDERSTOOD_NOT = 0,
	UNDERSTOOD_VALUE,
	UNDERSTOOD_RANGE, /* a value that is not accepted */
	UNDERSTOOD_UNSURE, /* an answer, beside what leaves it in doubt: it is asked back */
	UNDERSTOOD_HALF   /* a time that may be in either half of the day: `number` is the first of the two */
};

enum { ANSWER_DIGITS = 40 };

struct answer {
	int64_t number;             /* micro-units, day, minute; yes_no: 1 or 0 */
	char digits[ANSWER_DIGITS]; /* digits, or a placeholder for them; date: a placeholder for the day, or empty */
	const char *text;           /* choice: its value; free: the words; name: it as it was said; borrowed */
	size_t len;
	size_t used;                /* the words up to here are spoken for */
};

/* `question` is what was asked, for names ("Alex here"); `text` the words as they were said. Both borrowed; `question` may be NULL. */
enum understood understand(const struct expect *e, const struct words *w, const struct words *question, const char *text, size_t len,
	struct answer *out);

/* What any phone call has beside answers. */
enum aside { ASIDE_NONE = 0, ASIDE_WHO, ASIDE_WHY, ASIDE_REPEAT, ASIDE_WAIT, ASIDE_HELLO };

enum aside understand_aside(const struct words *w);
bool understand_aside_alone(const struct words *w, const struct words *question); /* one, and beside it nothing but what is harmless beside a yes: "ok, hold on" */
bool understand_hello(const struct words *w);      /* nothing but "hello", "yes I am here" */
size_t understand_greets_at(const struct words *w, size_t at); /* "good morning": how many words, or 0; its "good" says nothing */
bool understand_asks_back(const struct words *w);  /* begins like a question: "what day was it?" */
bool understand_offer(const struct words *w);      /* somebody asks whether the other one would like to: machines do not ask */
bool understand_words(const struct words *w, const char *words); /* just these words, one after another, and no "not" before them */
struct span understand_phrase(const struct words *w, const char *phrase); /* a phrase of the rule-book, loosely */

/* ---- parts, one a file ---- */

/* Readings found in one answer. */
struct reading_found {
	int64_t value;
	size_t from, to;
	bool loose; /* a weekday: a date that says more and falls on it wins */
};

enum { FOUND_MAX = 16 };

struct found {
	size_t count;
	bool vague; /* something like a value was said that is none: "next week" */
	struct reading_found at[FOUND_MAX];
};

void found_put(struct found *f, int64_t value, size_t from, size_t to, bool loose);

/* The one that counts: what follows a correction, what was not denied; false when none or several are left. */
bool found_choose(const struct words *w, const struct found *f, int64_t *value, size_t *used);

/* A number in words or digits at `at`, in micro-units; how many words, or 0. Plain numbers only with `whole`. */
size_t number_at(const struct words *w, size_t at, int64_t *micros);
size_t number_small(const struct words *w, size_t at, int32_t *value); /* 0 to 99, no scale words */
int64_t number_scale(const struct words *w, size_t at); /* "thousand": 1000; 0 for any other word */
size_t number_skip_and(const struct words *w, size_t at); /* 1 for an "and", else 0 */
bool number_of_other(const struct words *w, size_t to); /* it counts money, people or hours, and is no time of day: "five hundred", "16 people" */
bool number_of_thing(const struct words *w, size_t to); /* what follows makes it no value: "one second" */

enum understood understand_yes_no(const struct words *w, const struct words *question, struct answer *out);
bool yes_no_begins(const struct words *w);     /* a yes or a no is the first thing said */
bool yes_no_open(const struct words *w);       /* neither: "I don't know" */
size_t yes_no_puts_off(const struct words *w, size_t at); /* "have to ask": how many words, or 0 */
bool yes_no_fetches(const struct words *w);    /* "yes, I'll get him": somebody else comes */
bool yes_no_taken_back(const struct words *w); /* "yes, but not before noon" */
bool yes_is_weighed(const struct words *w, const struct words *question); /* it comes behind a "so", or all the same, and has weighed what stands before it */
size_t yes_no_yes_at(const struct words *w, size_t at); /* how many words say yes there, or 0 */
bool yes_no_signal_at(const struct words *w, size_t at, size_t *len); /* a word or phrase that says yes, no or neither; *len is at least 1 */

/* What a yes is worth (plain_yes.c). `question` is what was asked or read back. */
bool yes_is_plain(const struct words *w, const struct words *question, bool is_meant); /* nothing beside it limits it or speaks of somebody else;
	is_meant: the words say what was asked for by themselves ("I don't need it any more"), or the question binds to little */
bool yes_is_certain(const struct words *w, const struct words *question); /* and every word beside it is known to be harmless; may be NULL */
bool yes_is_free(const struct words *w, const struct words *question); /* whatever stands beside it, nothing is known to limit it */
bool yes_repeats(const struct words *w, const struct words *question);    /* a value that was read back was said again, and nothing that limits it */
size_t yes_is_plain_at(const struct words *w, size_t at, const struct words *question); /* how many words are harmless there, or 0 */

/* What an answer is worth that something hangs on (certain.c): a yes or an option beside which all is known to be harmless or means the same, a no that
 * nothing turns. `question` is what was asked, or read back (`e` is NULL). Other kinds are always certain. */
bool answer_is_certain(const struct expect *e, const struct words *w, const struct words *question, const struct answer *a);

bool answer_is_taken_back(const struct expect *e, const struct words *w); /* "keep it, no wait", "in full? no chance", "my mother wants to cancel hers" */
bool answer_asks_back(const struct words *w);     /* "is it still on?" */
bool yes_is_of_kin(const struct words *w);         /* "yes, my brother is" */
bool choice_is_limited(const struct expect *e, const struct words *w, const struct answer *a); /* "I can pay, but not this month" */

/* Where somebody is asked for by name (persons.c). */
bool person_asked(const struct words *question);
bool person_says_name(const struct words *w, const struct words *question); /* "Alex here" */
bool person_is_other(const struct words *w);                                /* "his wife" */
bool person_is_absent(const struct words *w, const struct words *question); /* "he's at work" */
bool person_is_near(const struct words *w);                                 /* "he's right here" */
bool person_is_named(const struct words *w, size_t at, const struct words *question); /* the word is a name that was asked for, in either script */
bool person_is_plain(const struct words *w, const struct words *question);  /* nobody else is named */

bool understand_listed(const struct expect *e, const struct words *w, struct answer *out); /* just the book's own words for one option: they mean it, whatever
	else they may mean */
enum understood understand_choice(const struct expect *e, const struct words *w, const struct words *question, struct answer *out);

/* Options that are distances ("within a month", "later than that"), and the one that a distance falls into: -1 when it may be several.
 * NOT: no distance was said, or the options are none. */
bool distances_asked(const json_t *options);
enum understood understand_distance(const struct expect *e, const struct words *w, int *option);

/* "I'm back on the eighth, so the ninth": what comes last and names a value counts, else the whole. */
enum understood understand_conclusion(enum understood (*read)(const struct expect *e, const struct words *w, struct answer *out), const struct expect *e,
	const struct words *w, struct answer *out);

/* Years (years.c): how many words say one there, or 0; and whether a day without one may be any of several that the question accepts. Two digits
 * are one only where the question reaches back further than a year. */
size_t year_at(const struct expect *e, const struct words *w, size_t at, int32_t *year);
size_t year_written_at(const struct words *w, size_t at, int32_t *year); /* in four digits, 1900 to 2199 */
bool year_needed(const struct expect *e);
bool year_stands_for_day(const struct expect *e, const struct words *w, size_t at, size_t day_words); /* behind a month, where a day of that many words may stand:
	"October nineteen seventy five" has none */

bool date_names_day(const struct words *w, size_t at); /* a weekday, a month, "tomorrow" */
int32_t date_month_at(const struct words *w, size_t at); /* 1 to 12, or 0 */

/* A name without what stands around it ("my name is"); a spelled one as it was spelled. A refusal, a question, a yes are none. */
enum understood understand_name(const struct words *w, const char *text, size_t len, struct answer *out);
bool name_is_told(const struct words *w); /* a name was announced ("it's", "my name is"): at a reading back any other word is none */

enum understood understand_digits(const struct expect *e, const struct words *w, struct answer *out);
enum understood understand_amount(const struct expect *e, const struct words *w, struct answer *out);
enum understood understand_date(const struct expect *e, const struct words *w, struct answer *out);
enum understood understand_time(const struct expect *e, const struct words *w, struct answer *out);

/* What is left of a time behind UNDERSTOOD_HALF, `early` being its number: the half alone, "in the morning". False: none is named, or several, or it is
 * denied. And the half in which people have appointments: 07:00 to 18:59. */
bool understand_half(const struct words *w, int64_t early, struct answer *out);
int64_t time_plausible(int64_t early);
const struct word *time_part(const struct words *w); /* the word that names the one half of the day that is spoken of; NULL: none, several, or it is denied */

#endif
