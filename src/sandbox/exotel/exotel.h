/* Inside the sandbox's Exotel: the carrier's side of a call that really lives. What its files share:
 *   exotel.c      the vendor: who asks, how often, refusals, placing a call    leg.c       one call, from ringing to its end
 *   placing.c     what a request for a call says, judged                      flow.c      its flow: Voicebot and Passthru, asked by HTTP
 *   listing.c     calls as JSON and XML: one, those that ended, streams        tell.c      status callbacks in their three forms
 *   habits.c      what Exotel's pages leave open, as settings                  voicebot.c  its media socket
 *   control.c     the control port's routes                                   words.c     that socket's messages
 * Who is called and what he plays is phone.h's and person.h's.
 *
 * A leg: placed: ringing ─the phone answers─► in progress ─► a flow: Voicebot ─its socket ends─► Passthru ─200─► Voicebot …
 *                                                       │                                          └─else─► completed
 *                                                       └► StreamUrl: one socket ─it ends─► completed
 *        comes in: in progress at once, by a flow. The caller hangs up, TimeLimit: completed. Nothing of REST ends one.
 * "in-progress" is said from the first answer on, before anybody has picked up. A leg that ended stays to be fetched until there are LEGS_MAX.
 *
 * Faults (harm.h) strike REST by its path (all kinds; the call of an answer that is lost is placed), status callbacks by "/callback/answered" and the
 * like (callback.h), the flow's questions by "/flow/voicebot" and "/flow/passthru" (`reset`: unanswered), sockets by "/media".
 * Loop thread. Facts: the shared protocol notes on Exotel, sections 2 to 7 and 9, checked 2026-11-21; what they mark as open is a habit.
 */
#ifndef SANDBOX_EXOTEL_EXOTEL_H
#define SANDBOX_EXOTEL_EXOTEL_H

#include <time.h>

#include "base/http_client.h"
#include "sandbox/callback.h"
#include "sandbox/exotel/placing.h"
#include "sandbox/exotel/words.h"
#include "sandbox/person.h"
#include "sandbox/vendor.h"

#define EXOTEL_XML "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

enum {
	LEGS_MAX = 2000,
	FLOWS_MAX = 16,
	FLOW_ANSWER_MAX = 16 << 10,
	FLOW_TOTAL_US = 10000000,
	ACCOUNTS_MAX = 16,         /* that the rate is counted of */
	ZONE_S = 330 * 60,         /* Exotel's dates are India's, and name no zone */
	DATE_MAX = 24
};

struct exotel_state;

/* ---- habits.c ---- */

enum habit {
	HABIT_KEYS,             /* enum words_keys: how the socket's keys are spelt */
	HABIT_KEYS_STRICT,      /* 1: what is spelt otherwise ends the socket */
	HABIT_COUNTERS,         /* 0: as texts, 1: as numbers */
	HABIT_CHUNK_MS,         /* of the caller's sound in one message */
	HABIT_RATE_HZ,          /* of a socket whose address names none */
	HABIT_ULAW,             /* 1: the socket has µ-law at 8000 Hz */
	HABIT_MARKS_ON_CLEAR,   /* 1: marks of what was dropped come back */
	HABIT_FIELDS,           /* enum habit_fields */
	HABIT_NO_PARAMETERS,    /* 1: custom_parameters is "" */
	HABIT_CALLBACK_TYPE,    /* enum tell_form, when nobody says */
	HABIT_CUSTOM_FIELD,     /* 1: CustomField comes with the flow's questions, and in the list */
	HABIT_DETAILS_LATE_MS,  /* EndTime, Duration and Price are known so long behind the end */
	HABIT_POSTS_A_MINUTE,   /* of an account; more are 429 */
	HABIT_GETS_A_MINUTE,
	HABITS
};

/* What our media must have beside its payload; else the socket is closed, as some have seen. */
enum habit_fields { FIELDS_ANY, FIELDS_MINIMAL, FIELDS_FULL };

void habits_reset(int64_t habits[HABITS]);

/* All members or none. False: *why says which one does not fit. */
bool habits_read(int64_t habits[HABITS], const json_t *body, struct err_detail *why);
void habits_put(struct buf *b, const int64_t habits[HABITS]); /* as JSON */

/* ---- leg.c ---- */

enum leg_status { LEG_RINGING, LEG_IN_PROGRESS, LEG_COMPLETED, LEG_BUSY, LEG_NO_ANSWER, LEG_FAILED, LEG_STATUSES };

struct leg {
	struct exotel_state *all;
	struct leg *next;          /* the newer ones first */
	struct vendor *vendor;
	char sid[PLACING_SID_MAX], account[PLACING_SID_MAX];
	struct placing p;          /* what it was placed with; of one that comes in `from` is who calls, and `caller_id` our number */
	bool is_inbound;
	enum leg_status status;
	time_t made, answered, ended;
	uint64_t ended_us;
	struct phone phone;
	size_t step;               /* of the phone's script */
	struct http_exchange *fetch;
	struct voicebot *bot;
	unsigned int streams, asked; /* sockets, questions of the flow's */
	struct bot_facts {
		uint64_t chunks, short_chunks, uneven_chunks, most_ahead_ms;
		time_t began, ended;
		bool has_failed;
		char sid[PLACING_SID_MAX], url[PHONE_URL_MAX];
	} last;                    /* its last socket's; the counts are of all */
	struct clock_timer timer, limit;
};

const char *leg_status_name(const struct leg *l); /* as REST says it */
bool leg_is_over(const struct leg *l);
void leg_begin(struct leg *l);
void leg_end(struct leg *l, enum leg_status status);
void leg_bot_closed(struct leg *l); /* from voicebot.c, in a turn of the loop of its own; frees the voicebot */
void leg_free(struct leg *l);       /* at once */

/* ---- flow.c ---- */

struct flow {
	char app_id[PLACING_SID_MAX];
	char voicebot[PHONE_URL_MAX], passthru[PHONE_URL_MAX]; /* the latter may be empty: then the call ends behind a socket */
};

const struct flow *flow_find(const struct exotel_state *all, const char *app_id);
void flow_run(struct leg *l);      /* Voicebot */
void flow_go_on(struct leg *l);    /* behind its socket: Passthru */

/* ---- tell.c ---- */

enum tell_form { TELL_MULTIPART, TELL_FORM, TELL_JSON };

void tell_status(struct leg *l, enum placing_event event);

/* ---- voicebot.c ---- */

/* False: it cannot be. Otherwise leg_bot_closed comes, in a later turn of the loop. */
bool voicebot_open(struct leg *l, const char *url);
void voicebot_end(struct leg *l); /* the call is over: `stop`, and a close */
void voicebot_free(struct leg *l);

/* ---- the vendor ---- */

struct exotel_account {
	char name[PLACING_SID_MAX];
	uint64_t minute, posts, gets; /* in that minute */
};

struct exotel_state {
	struct vendor *vendor;
	uv_loop_t *loop;
	struct http_client *client;
	struct leg *legs;
	size_t leg_count;
	struct flow flows[FLOWS_MAX];
	size_t flow_count;
	struct phones phones;
	struct callbacks callbacks;
	int64_t habits[HABITS];
	struct exotel_account accounts[ACCOUNTS_MAX];
	struct exotel_answer *answers;
};

extern const struct http_route exotel_control_routes[];

struct leg *exotel_leg_new(struct vendor *v);                   /* NULL: there are too many, or no memory */

/* Whether this request may be: its fault, the rate, its key. False: replied. */
bool exotel_admit(struct vendor *v, struct http_request *r, struct vendor_turn *turn);

/* Answers with what befalls this turn. */
void exotel_reply(struct vendor *v, struct http_request *r, const struct vendor_turn *turn, bool is_xml, struct buf *body);
void exotel_refuse(struct http_request *r, unsigned int status, const char *message, uint64_t retry_after_ms);
void exotel_answers_end(struct exotel_state *all);

/* An address without its "NAME:PASSWORD@", and the header that stands for it; no such: `header` is "". */
void exotel_split(const char *url, char out[PHONE_URL_MAX], char header[CALLBACK_HEADER_MAX]);

/* ---- listing.c ---- */

void exotel_date(time_t t, char out[DATE_MAX]);                 /* 0: "" */
void exotel_number_back(const char *number, char out[PHONE_NUMBER_MAX]); /* India's come back as 0…, others as they were sent */
void exotel_leg_put(struct buf *b, const struct leg *l, bool is_xml); /* {"Call":{…}} */
void exotel_details(struct http_request *r, void *arg);         /* GET Calls/SID.json, Calls/SID */
void exotel_list(struct http_request *r, void *arg);            /* GET Calls.json */
void exotel_streams(struct http_request *r, void *arg);         /* GET ActiveStreams */

#endif
