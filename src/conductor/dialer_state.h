/* The insides of the dialer, for its own files: a run, and how it goes on. */
#ifndef CONDUCTOR_DIALER_STATE_H
#define CONDUCTOR_DIALER_STATE_H

#include "conductor/calls_state.h"

typedef void run_step(struct dial_run *r);

/* What the carrier is asked with, in the order that it is got. */
enum dial_secret { DIAL_SECRET_KEY, DIAL_SECRET_USER, DIAL_SECRET_HOOK, DIAL_SECRETS };

struct dial_run {
	struct dial_run *previous, *next;
	struct calls *calls;
	struct tenant *tenant;
	char id[CALL_ID_MAX];
	uint64_t began_ms;
	bool is_new;             /* to be placed: nobody has asked for it */
	bool takes;              /* it is being taken: its record says no more that it may be asked for */
	bool is_transfer;        /* what it does is `does`, not `step` (dialer_transfer.c); the same call may have a run of the other kind */
	bool again, again_new;   /* somebody asked for it meanwhile */
	enum transfer_step does;
	uint32_t says;           /* which news it has (dialer_transfer.c) */
	struct call_record record;
	uint64_t revision;
	const struct calls_line *line; /* that the record goes by */
	struct secret secrets[DIAL_SECRETS];
	enum dial_secret secret_at;
	char flow[CARRIER_ID_MAX], media_url[CALL_URL_MAX], token[CALL_TOKEN_TEXT_MAX]; /* of one that is to be placed (struct dial_way) */
	struct job *job;
	struct http_exchange *exchange;
	uv_timer_t timer;        /* until it is asked again */
	unsigned int tries, stores;
	enum dial_step step;
	bool ends;               /* the leg is told to end */
	run_step *apply;         /* says the news on the record, and stores it; NULL: nothing is known yet */
	struct carrier_reply reply;
	struct carrier_leg leg;  /* the news, */
	enum leg_state end;      /* or our own word */
	char why[DIAL_WHY_MAX];
	unsigned int code;
	size_t candidates, at;   /* of find: so many, and the one that fits */
	char after[DOCUMENT_KEY_MAX];
};

/* All of these go on to the next step or end the run: it is not to be touched behind them. */
void run_over(struct dial_run *r);
void run_give_up(struct dial_run *r, enum err err);          /* for now */
void run_hear(struct dial_run *r, const struct carrier_leg *leg);
void run_fail(struct dial_run *r, enum leg_state end, const char *why, unsigned int code);
void run_store(struct dial_run *r);                          /* the record, then run_stored's way */
void run_ask(struct dial_run *r);                            /* what r->step or r->does says, once the keys are there (dialer_ask.c) */
void run_load(struct dial_run *r);
void run_later(struct dial_run *r, uint64_t in_ms);          /* loaded again then */

/* Of a transfer (dialer_transfer.c). */
void run_transfer_judge(struct dial_run *r);                 /* it is loaded */
void run_transfer_request(const struct dial_run *r, struct carrier_request *q);
void run_transfer_answered(struct dial_run *r);              /* r->reply */
void run_transfer_unanswered(struct dial_run *r, bool was_sent);
void run_transfer_stored(struct dial_run *r);
void run_listed(struct dial_run *r);                         /* the carrier's list is in r->reply (dialer_find.c) */

void run_answered(const struct http_answer *answer, void *arg); /* the request's end */
void run_forget(struct dial_run *r);                            /* the keys */

#endif
