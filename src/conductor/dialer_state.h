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
void run_ask(struct dial_run *r);                            /* what r->step says, once the keys are there (dialer_ask.c) */
void run_listed(struct dial_run *r);                         /* the carrier's list is in r->reply (dialer_find.c) */

void run_answered(const struct http_answer *answer, void *arg); /* the request's end */
void run_forget(struct dial_run *r);                            /* the keys */

#endif
