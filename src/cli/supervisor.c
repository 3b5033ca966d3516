/* Who is there, in which order they start and end, and how soon one that died comes back. */
#include "cli/supervisor.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "cli/supervisor_state.h"

enum { LIVED_MS = 10000, CONDUCTOR_STOP_MS = 5000, WORKER_STOP_MS = 10000, LOOKS_MAX = 100, LOOK_US = 2000, FIRST_DEATHS_MAX = 5, CARRIERS_ASK_MS = 1000, ALERT_DEATHS = 3 };

/* ------------------------------------------------------------------ looking */

size_t supervisor_count(const struct supervisor *s)
{
	return s->count;
}

static bool runs(const struct child *c)
{
	return c->state == CHILD_STARTING || c->state == CHILD_READY;
}

struct supervisor_child supervisor_at(const struct supervisor *s, size_t index)
{
	const struct child *c = s->children[index];

	return (struct supervisor_child){ .name = c->name, .url = c->state == CHILD_READY ? c->url : "", .pid = runs(c) ? c->pid : 0,
		.is_adopted = c->is_adopted, .starts = c->starts };
}

bool supervisor_moved(const struct supervisor *s)
{
	return s->is_moved;
}

static struct child *find(const struct supervisor *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++)
		if (!strcmp(s->children[i]->name, name))
			return s->children[i];
	return NULL;
}

/* Whether it is to be stopped with the others: a start that failed leaves those of before as they were. */
static bool is_ours(const struct child *c)
{
	return runs(c) && !(c->owner->has_failed && c->is_adopted);
}

static bool worker_runs(const struct supervisor *s)
{
	for (size_t i = 1; i < s->count; i++)
		if (is_ours(s->children[i]))
			return true;
	return false;
}

/* ------------------------------------------------------------------ starting again */

/* At once, then slower: what dies again and again is not helped by haste. */
static uint64_t delay_ms(unsigned int deaths)
{
	static const unsigned int delays[] = { 0, 100, 300, 1000, 2000, 5000, 10000 };
	size_t last = sizeof(delays) / sizeof(delays[0]) - 1;

	return delays[deaths - 1 < last ? deaths - 1 : last];
}

static void start_again(struct child *c);

static void on_again(uv_timer_t *timer)
{
	struct child *c = timer->data;
	struct err_detail detail = { .message = "" };
	enum err err = child_listen(c, &detail);

	if (!err)
		err = child_start(c, &detail);
	if (!err)
		return;
	log_error(&c->owner->log, "a process cannot be started; it is tried again", LOG_TEXT("name", c->name), LOG_ERR(err), LOG_TEXT("why", detail.message),
		LOG_TEXT("where", detail.where));
	start_again(c);
}

static void start_again(struct child *c)
{
	if (uv_now(c->owner->settings.loop) - c->started_ms >= LIVED_MS)
		c->deaths = 0;
	c->deaths++;
	child_timer(c, delay_ms(c->deaths), on_again);
}

/* The message of an error that it printed before it ended. */
static void said_of(const struct child *c, char *out, size_t size)
{
	json_t *o = json_loads(child_line(c), 0, NULL);
	const char *message = json_string_value(json_object_get(json_object_get(o, "error"), "message"));

	snprintf(out, size, "%s", message ? message : "");
	json_decref(o);
}

static void tell_death(const struct child *c, pid_t pid, int status, int number)
{
	char how[40], said[300];

	said_of(c, said, sizeof(said));
	if (number)
		snprintf(how, sizeof(how), "signal %d", number);
	else if (status >= 0)
		snprintf(how, sizeof(how), "status %d", status);
	else
		snprintf(how, sizeof(how), "not known");
	log_at(&c->owner->log, c->deaths + 1 < ALERT_DEATHS ? LOG_LEVEL_WARN : LOG_LEVEL_ERROR, "a process ended; it is started again", LOG_TEXT("name", c->name),
		LOG_INT("process", pid), LOG_TEXT("by", how), LOG_TEXT("said", said), LOG_UINT("in_a_row", c->deaths + 1));
}

/* ------------------------------------------------------------------ stopping */

static void on_kill(uv_timer_t *timer)
{
	struct child *c = timer->data;

	log_error(&c->owner->log, "a process does not stop: it is killed", LOG_TEXT("name", c->name), LOG_INT("process", c->pid));
	child_signal(c, SIGKILL);
}

static void stop_one(struct child *c, uint64_t at_most_ms)
{
	child_signal(c, SIGTERM);
	child_timer(c, at_most_ms, on_kill);
}

static void on_stop_conductor(uv_timer_t *timer)
{
	stop_one(timer->data, CONDUCTOR_STOP_MS);
}

/* Where calls were waited for, their carriers still ask what is next: the conductor stays a moment longer. */
static void stop_step(struct supervisor *s)
{
	struct child *conductor = s->children[0];
	bool waited = uv_now(s->settings.loop) - s->stopping_ms > CARRIERS_ASK_MS;

	if (worker_runs(s))
		return;
	if (!is_ours(conductor))
		s->settings.gone(s->settings.arg);
	else if (s->stops == 1 && waited)
		child_timer(conductor, CARRIERS_ASK_MS, on_stop_conductor);
	else if (s->stops < 3)
		stop_one(conductor, CONDUCTOR_STOP_MS);
}

/* Those that wait to be started are not. */
static void stop_waiting(struct supervisor *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (!runs(s->children[i])) {
			uv_timer_stop(&s->children[i]->timer);
			s->children[i]->state = CHILD_GONE;
		}
}

void supervisor_stop(struct supervisor *s)
{
	if (!s->stops++)
		s->stopping_ms = uv_now(s->settings.loop);
	stop_waiting(s);
	for (size_t i = 1; i < s->count; i++)
		if (s->stops < 3 && is_ours(s->children[i]))
			stop_one(s->children[i], s->settings.drain_s * UINT64_C(1000) + WORKER_STOP_MS);
	for (size_t i = 0; s->stops >= 3 && i < s->count; i++)
		if (is_ours(s->children[i]))
			child_signal(s->children[i], SIGKILL);
	stop_step(s);
}

/* ------------------------------------------------------------------ what becomes of a child */

static void died_stopping(struct child *c)
{
	struct supervisor *s = c->owner;

	uv_timer_stop(&c->timer);
	if (c->is_conductor && s->stops == 1 && worker_runs(s)) {
		start_again(c); /* calls that end still have something to tell it */
		return;
	}
	c->state = CHILD_GONE;
	stop_step(s);
}

void child_died(struct child *c, int status, int number)
{
	struct supervisor *s = c->owner;
	bool was_starting = c->state == CHILD_STARTING;
	pid_t pid = c->pid;

	c->state = CHILD_NONE;
	c->pid = 0;
	if (s->stops) {
		died_stopping(c);
	} else if (!c->is_wanted) {
		c->state = CHILD_GONE;
	} else if (was_starting && !s->was_ready && (status > 0 || c->deaths >= FIRST_DEATHS_MAX)) {
		bool is_first = !s->has_failed;

		c->state = CHILD_GONE;
		s->has_failed = true;
		if (is_first)
			s->settings.failed(s->settings.arg, c->name, status, child_line(c));
	} else {
		tell_death(c, pid, status, number);
		start_again(c);
	}
}

/* The planes' keys are made by the first conductor: before, a worker cannot speak for itself. */
static bool keys_are_there(const struct supervisor *s)
{
	char path[RUN_PATH_MAX];

	return snprintf(path, sizeof(path), "%s/identity/service-voice.json", s->settings.data) < (int)sizeof(path) && !access(path, R_OK);
}

static void workers_start(struct supervisor *s)
{
	for (size_t i = 1; i < s->count; i++) {
		struct child *c = s->children[i];

		if (c->state == CHILD_NONE && c->is_wanted && !c->starts)
			child_timer(c, 0, on_again);
	}
}

void child_is_ready(struct child *c, const char *link)
{
	struct supervisor *s = c->owner;
	bool all = true;

	c->state = CHILD_READY;
	if (*link)
		s->settings.link(s->settings.arg, link);
	if (c->is_conductor && !s->stops)
		workers_start(s);
	for (size_t i = 0; i < s->count; i++)
		all = all && (s->children[i]->state == CHILD_READY || !s->children[i]->is_wanted);
	if (s->was_ready && !s->stops)
		log_info(&s->log, "a process is back", LOG_TEXT("name", c->name), LOG_INT("process", c->pid));
	if (!all || s->was_ready || s->stops)
		return;
	s->was_ready = true;
	s->settings.ready(s->settings.arg);
}

/* ------------------------------------------------------------------ the first look */

/* Somebody who has just taken his place says who he is a moment later. */
static enum err look(const struct supervisor *s, const char *name, struct run_facts *facts)
{
	enum err err = ERR_BUSY;

	for (int i = 0; err == ERR_BUSY && i < LOOKS_MAX; i++) {
		err = run_file_look(s->settings.data, name, facts);
		if (err == ERR_BUSY)
			usleep(LOOK_US);
	}
	return err;
}

static void adopt(struct supervisor *s, struct child *c)
{
	struct run_facts facts;

	if (look(s, c->name, &facts) || child_adopt(c, &facts))
		return;
	s->has_adopted = true;
	log_info(&s->log, "a process of before goes on", LOG_TEXT("name", c->name), LOG_INT("process", facts.pid));
}

/* Workers of before that are more than what is wanted now. */
static void on_run_file(void *arg, const char *name)
{
	struct supervisor *s = arg;
	struct run_facts facts;
	struct child *c;

	if (!strcmp(name, "serve") || !strcmp(name, "control") || find(s, name) || run_file_look(s->settings.data, name, &facts) == ERR_NOTFOUND)
		return;
	c = child_new(s, name, false);
	if (!c)
		return;
	c->is_wanted = false;
	adopt(s, c);
	if (runs(c))
		child_signal(c, SIGTERM);
	else
		c->state = CHILD_GONE;
}

/* Workers that live know the conductor by its address: it comes back there. */
static void address_choose(struct supervisor *s)
{
	struct child *c = s->children[0];
	struct run_facts last;

	if (worker_runs(s) && !runs(c) && run_file_look(s->settings.data, c->name, &last) == ERR_NOTFOUND && last.listen[0])
		snprintf(c->listen, sizeof(c->listen), "%s", last.listen);
}

/* A port of 0 is content with any. */
static void moved_look(struct supervisor *s, const char *has)
{
	const char *asked = s->settings.listen, *port = strrchr(asked, ':');
	bool any_port = port && !strcmp(port, ":0");

	s->is_moved = strcmp(asked, has) != 0 && !any_port;
}

static bool children_make(struct supervisor *s)
{
	char name[RUN_NAME_MAX];

	if (!child_new(s, "conductor", true))
		return false;
	for (unsigned int i = 1; i <= s->settings.workers; i++) {
		snprintf(name, sizeof(name), "w%u", i);
		if (!child_new(s, name, false))
			return false;
	}
	return true;
}

/* Several workers cannot share a port. */
static enum err listen_check(const struct supervisor *s, struct err_detail *detail)
{
	const char *listen = s->settings.voice_listen, *port = strrchr(listen, ':');

	if (s->settings.workers < 2 || (port && !strcmp(port, ":0")))
		return ERR_NONE;
	snprintf(detail->message, sizeof(detail->message), "%u workers cannot listen at one port", s->settings.workers);
	snprintf(detail->where, sizeof(detail->where), "voice.listen: %.100s", listen);
	snprintf(detail->hint, sizeof(detail->hint), "write port 0: each worker then has one of its own");
	return ERR_USAGE;
}

/* Before anything is started: an address that is taken is told, and nothing is left running. */
static enum err listen_all(struct supervisor *s, struct err_detail *detail)
{
	enum err err = ERR_NONE;

	for (size_t i = 0; !err && i < s->count; i++)
		if (s->children[i]->state == CHILD_NONE && s->children[i]->is_wanted)
			err = child_listen(s->children[i], detail);
	return err;
}

enum err supervisor_start(struct supervisor *s, struct err_detail *detail)
{
	struct child *conductor;
	enum err err = listen_check(s, detail);

	if (err)
		return err;
	if (!children_make(s))
		return ERR_NOMEM;
	conductor = s->children[0];
	for (size_t i = 0; i < s->count; i++)
		adopt(s, s->children[i]);
	run_files_each(s->settings.data, on_run_file, s);
	address_choose(s);
	err = listen_all(s, detail);
	if (!err && !runs(conductor))
		err = child_start(conductor, detail);
	moved_look(s, conductor->listen);
	if (!err && keys_are_there(s) && conductor->url[0])
		workers_start(s);
	return err;
}

/* ------------------------------------------------------------------ life */

enum err supervisor_open(struct supervisor **sp, const struct supervisor_settings *settings)
{
	struct supervisor *s = settings->workers <= VOICE_WORKERS_MAX ? calloc(1, sizeof(*s)) : NULL;

	*sp = s;
	if (!s)
		return settings->workers <= VOICE_WORKERS_MAX ? ERR_NOMEM : ERR_LIMIT;
	s->settings = *settings;
	s->log = (struct log){ .plane = "serve", .doing = "watching the processes" };
	return ERR_NONE;
}

void supervisor_close(struct supervisor **sp)
{
	struct supervisor *s = *sp;

	*sp = NULL;
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++)
		child_close(s->children[i]);
	free(s);
}
