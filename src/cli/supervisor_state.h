/* What supervisor.c (who is there, when, and to what end) and supervisor_child.c (one process) share. */
#ifndef CLI_SUPERVISOR_STATE_H
#define CLI_SUPERVISOR_STATE_H

#include "base/log.h"
#include "cli/plane_settings.h"
#include "cli/run_file.h"
#include "cli/supervisor.h"

enum { CHILDREN_MAX = 2 * VOICE_WORKERS_MAX + 1, CHILD_LINE_MAX = 8192, CHILD_WORDS_MAX = 200 };

enum child_state {
	CHILD_NONE,     /* not started, or waits to be */
	CHILD_STARTING, /* runs, and has not said that it is ready */
	CHILD_READY,
	CHILD_GONE      /* for good */
};

/* A process of our own and what it says; lives until both handles are closed. */
struct spawn {
	struct child *child; /* NULL: nobody is interested any more */
	uv_process_t process;
	uv_pipe_t out;
	unsigned int handles;
	char line[CHILD_LINE_MAX];
	size_t len;
};

struct child {
	struct supervisor *owner;
	char name[RUN_NAME_MAX];
	bool is_conductor, is_wanted; /* started again when it dies */
	enum child_state state;
	bool is_adopted;
	pid_t pid;
	char url[PLANE_URL_MAX];      /* as soon as it is known where it will listen */
	char listen[RUN_LISTEN_MAX];
	int fd;                       /* its listening socket, our copy; -1: none */
	int pidfd;                    /* of an adopted one; -1 */
	uv_poll_t watch;              /* the same; an adopted one that died is none any more */
	bool has_watch;
	struct spawn *spawn;          /* of our own */
	uv_timer_t timer;             /* to start again; to look whether an adopted one is ready; to kill one that does not stop */
	unsigned int handles;         /* not yet closed */
	uint64_t started_ms;
	unsigned int starts, deaths;  /* in a row */
};

struct supervisor {
	struct supervisor_settings settings;
	struct child *children[CHILDREN_MAX];
	size_t count;
	bool was_ready, has_failed, is_moved;
	bool has_adopted; /* there may be calls of before: whoever is started goes on with them as well as it can */
	unsigned int stops;
	uint64_t stopping_ms; /* when it was told to */
	struct log log;
};

/* ---- supervisor_child.c ---- */

/* A name of at most RUN_NAME_MAX - 1. NULL: no memory, or too many. */
struct child *child_new(struct supervisor *s, const char *name, bool is_conductor);

/* Watches the one that lives under this name. ERR_NOTFOUND: it has died meanwhile, or cannot be watched. */
enum err child_adopt(struct child *c, const struct run_facts *facts) MUST_USE;

enum err child_listen(struct child *c, struct err_detail *detail) MUST_USE; /* unless it has its socket */

/* Spawns it on its socket. */
enum err child_start(struct child *c, struct err_detail *detail) MUST_USE;

/* Asks it to stop, or kills it; one that does not run is fine. */
void child_signal(struct child *c, int number);

void child_timer(struct child *c, uint64_t ms, uv_timer_cb handler);
void child_close(struct child *c); /* stops watching, drops its socket; freed when its handles are closed */

/* What it said last, a whole line or not; "" when it is not ours. */
const char *child_line(const struct child *c);

/* ---- supervisor.c ---- */

/* How it ended: exit status, or the signal. An adopted one's is not known: -1, 0. */
void child_died(struct child *c, int status, int signal);
void child_is_ready(struct child *c, const char *link); /* "" : none */
void child_look(uv_timer_t *timer); /* whether an adopted one is ready by now */

#endif
