/* Status callbacks in their three forms. With StatusCallbackEvents each event is told with all that is known, else the end alone, in a few words.
 * Facts: the shared protocol notes on Exotel, section 5. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "sandbox/exotel/exotel.h"

#define BOUNDARY "------------------------a1b2c3d4e5f60718"
#define MULTIPART_HEADER ("Content-Type: multipart/form-data; boundary=" BOUNDARY)

enum { PAIRS_MAX = 20, NUMBER_TEXT_MAX = 24 };

struct pairs {
	struct {
		const char *name, *value;
	} items[PAIRS_MAX];
	size_t count;
};

static void put(struct pairs *p, const char *name, const char *value)
{
	if (p->count < PAIRS_MAX) {
		p->items[p->count].name = name;
		p->items[p->count++].value = value;
	}
}

/* ------------------------------------------------------------------ forms */

static void form_make(struct buf *b, const struct pairs *p)
{
	for (size_t i = 0; i < p->count; i++) {
		if (i)
			buf_byte(b, '&');
		callback_put_escaped(b, p->items[i].name);
		buf_byte(b, '=');
		callback_put_escaped(b, p->items[i].value);
	}
}

static void multipart_make(struct buf *b, const struct pairs *p)
{
	for (size_t i = 0; i < p->count; i++)
		buf_printf(b, "--" BOUNDARY "\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n", p->items[i].name, p->items[i].value);
	buf_text(b, "--" BOUNDARY "--\r\n");
}

/* "Legs[0][Status]" of a form is a list's member in JSON. */
static void json_make(struct buf *b, const struct pairs *p)
{
	size_t i;

	json_open(b, '{');
	for (i = 0; i < p->count && strncmp(p->items[i].name, "Legs", 4) != 0; i++)
		json_pair_string(b, p->items[i].name, p->items[i].value);
	if (i < p->count) {
		json_put_key(b, "Legs");
		json_open(b, '[');
		json_open(b, '{');
		json_pair_string(b, "OnCallDuration", p->items[i].value);
		json_pair_string(b, "Status", p->items[i + 1].value);
		json_close(b, '}');
		json_close(b, ']');
	}
	json_close(b, '}');
}

static enum tell_form form_of(const struct leg *l)
{
	if (!*l->p.status_type)
		return (enum tell_form)l->all->habits[HABIT_CALLBACK_TYPE];
	return !strcmp(l->p.status_type, "application/json") ? TELL_JSON : TELL_MULTIPART;
}

static void post(struct leg *l, const char *event, const struct pairs *p)
{
	static const char *const types[] = { [TELL_MULTIPART] = MULTIPART_HEADER,
		[TELL_FORM] = "Content-Type: application/x-www-form-urlencoded", [TELL_JSON] = "Content-Type: application/json" };
	static void (*const makers[])(struct buf *b, const struct pairs *p) = {
		[TELL_MULTIPART] = multipart_make, [TELL_FORM] = form_make, [TELL_JSON] = json_make };
	char plain[PHONE_URL_MAX], there[REACH_MAX], header[CALLBACK_HEADER_MAX];
	enum tell_form form = form_of(l);
	const char *headers[] = { types[form], "User-Agent: Exotel", NULL, NULL };
	struct buf body;

	exotel_split(l->p.status_url, plain, header);
	headers[2] = *header ? header : NULL;
	callback_reach(l->phone.via, plain, there);
	buf_init(&body, CALLBACK_BODY_MAX);
	makers[form](&body, p);
	if (!body.err)
		callback_tell(&l->all->callbacks, event, &(struct callback_words){ .url = there, .headers = headers, .body = body.data, .len = body.len });
	buf_fini(&body);
}

/* ------------------------------------------------------------------ what is told */

static void more_put(struct pairs *p, const struct leg *l)
{
	put(p, "To", l->p.caller_id);
	put(p, "From", l->p.from);
	put(p, "PhoneNumberSid", l->p.caller_id);
	put(p, "Direction", l->is_inbound ? "incoming" : "outbound-api");
	if (*l->p.field)
		put(p, "CustomField", l->p.field);
}

void tell_status(struct leg *l, enum placing_event event)
{
	static const char *const names[] = { [PLACING_RINGING] = "ringing", [PLACING_ANSWERED] = "answered", [PLACING_TERMINAL] = "terminal" };
	char made[DATE_MAX], now[DATE_MAX], ended[DATE_MAX], seconds[NUMBER_TEXT_MAX];
	struct pairs p = { .count = 0 };

	if (!*l->p.status_url || (l->p.events ? !(l->p.events & 1U << event) : event != PLACING_TERMINAL))
		return;
	exotel_date(l->made, made);
	exotel_date(time(NULL), now);
	exotel_date(l->ended, ended);
	snprintf(seconds, sizeof(seconds), "%lld", (long long)(l->answered && l->ended ? l->ended - l->answered : 0));
	put(&p, "CallSid", l->sid);
	put(&p, "Status", leg_status_name(l));
	put(&p, "RecordingUrl", "");
	put(&p, "DateUpdated", now);
	if (l->p.events) {
		put(&p, "EventType", names[event]);
		put(&p, "DateCreated", made);
		put(&p, "StartTime", made);
		put(&p, "EndTime", ended);
		more_put(&p, l);
	}
	if (l->p.events && event == PLACING_TERMINAL) {
		put(&p, "ConversationDuration", seconds);
		put(&p, "Legs[0][OnCallDuration]", seconds);
		put(&p, "Legs[0][Status]", leg_status_name(l));
	}
	post(l, names[event], &p);
}
