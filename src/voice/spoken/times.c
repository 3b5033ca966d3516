/* Times of day: "5:30 pm", "17:30", "9am", "5.30 p.m.". English has the hours of the clock with A M and P M; Hindi the part of the day, and its own
 * words for a quarter past, half past and a quarter to. What no clock shows stays as it is. */
#include "voice/spoken/parts.h"

#include <string.h>

enum noon { NOON_NONE = 0, NOON_AM, NOON_PM };

struct clock_time {
	unsigned int hour, minute; /* as written */
	bool has_minute;
	enum noon noon;
};

/* "am", "p.m.", a blank before it included; its bytes. */
static size_t noon_read(const struct reading *r, size_t at, enum noon *noon)
{
	static const struct {
		const char *text;
		enum noon noon;
	} forms[] = { { "a.m.", NOON_AM }, { "p.m.", NOON_PM }, { "a.m", NOON_AM }, { "p.m", NOON_PM }, { "am", NOON_AM }, { "pm", NOON_PM } };
	size_t blank = blanks_at(r, at), i, n;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		n = blank + strlen(forms[i].text);
		if (!word_at(r, at + blank, forms[i].text))
			continue;
		*noon = forms[i].noon;
		return n - (i < 2 && at + n == r->len); /* the dot ends the text as well */
	}
	return 0;
}

static size_t time_scan(const struct reading *r, struct clock_time *c)
{
	size_t n = digits_at(r, r->at), at = r->at + n, noon;
	char mark = byte_at(r, at);

	*c = (struct clock_time){ .hour = n && n <= 2 ? small_at(r, r->at, n) : 99 };
	if (!n || n > 2)
		return 0;
	if ((mark == ':' || mark == '.') && digits_at(r, at + 1) == 2) {
		c->minute = small_at(r, at + 1, 2);
		c->has_minute = true;
		at += 3;
	}
	noon = noon_read(r, at, &c->noon);
	if (!noon && (!c->has_minute || mark != ':' || wordy_at(r, at)))
		return 0;
	if (byte_at(r, at) == ':' && is_digit(byte_at(r, at + 1)))
		return 0;
	if (c->minute > 59 || (noon ? c->hour < 1 || c->hour > 12 : c->hour > 23))
		return 0;
	return at + noon - r->at;
}

/* The hour of 24 when the text says which it is: by a.m. and p.m., or by an hour after noon. */
static bool hour_known(const struct clock_time *c, unsigned int *hour)
{
	*hour = c->noon ? c->hour % 12 + (c->noon == NOON_PM ? 12 : 0) : c->hour;
	return c->noon || c->hour > 12 || !c->hour;
}

static void english_put(struct buf *b, const struct tongue *t, const struct clock_time *c)
{
	unsigned int hour;
	bool known = hour_known(c, &hour);

	cardinal_put(b, t, hour % 12 ? hour % 12 : 12);
	if (c->minute && c->minute < 10)
		word_put(b, "oh");
	if (c->minute)
		cardinal_put(b, t, c->minute);
	else if (!known)
		word_put(b, "o'clock");
	if (known)
		word_put(b, hour < 12 ? "A M" : "P M");
}

static const char *day_part(unsigned int hour)
{
	return hour < 4 || hour >= 20 ? "रात" : hour < 12 ? "सुबह" : hour < 16 ? "दोपहर" : "शाम";
}

static bool day_part_before(const struct reading *r)
{
	static const char *const parts[] = { "सुबह", "दोपहर", "शाम", "रात", "सवेरे", "तड़के", NULL };
	size_t from, len = word_before(r, r->at, &from);

	return len && word_among(r, from, len, parts);
}

/* A quarter past, half past, a quarter to; one and a half and two and a half have their own. */
static void hindi_hour_put(struct buf *b, const struct tongue *t, unsigned int hour, unsigned int minute)
{
	if (minute == 30 && hour <= 2) {
		word_put(b, hour == 1 ? "डेढ़" : "ढाई");
		return;
	}
	if (minute == 15 || minute == 30 || minute == 45)
		word_put(b, minute == 15 ? "सवा" : minute == 30 ? "साढ़े" : "पौने");
	cardinal_put(b, t, minute == 45 ? hour % 12 + 1 : hour);
}

static void hindi_put(struct buf *b, const struct reading *r, const struct clock_time *c)
{
	unsigned int hour;
	bool known = hour_known(c, &hour);

	if (known && !day_part_before(r))
		word_put(b, day_part(hour));
	hindi_hour_put(b, r->tongue, hour % 12 ? hour % 12 : 12, c->minute);
	if (c->minute % 15) {
		word_put(b, "बजकर");
		cardinal_put(b, r->tongue, c->minute);
		word_put(b, "मिनट");
	} else {
		word_put(b, "बजे");
	}
}

size_t time_read(const struct reading *r, struct buf *words)
{
	struct clock_time c;
	size_t taken = wordy_before(r, r->at) || (r->at && (r->text[r->at - 1] == ':' || r->text[r->at - 1] == '.')) ? 0 : time_scan(r, &c);

	if (!taken)
		return 0;
	if (!r->tongue->hindi) {
		english_put(words, r->tongue, &c);
		return taken;
	}
	hindi_put(words, r, &c);
	if (blanks_at(r, r->at + taken) && word_at(r, r->at + taken + 1, "बजे"))
		taken += 1 + strlen("बजे");
	return taken;
}
