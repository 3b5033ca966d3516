/* What every process of a house does alike: its place in DATA/run, its signals, its one ready line.
 *
 * SIGTERM and SIGINT (and SIGHUP: the terminal is gone) ask it to stop: `stop` is told how often, and does what that means for its plane. The
 * ready line goes to standard output, with --json as one document; whoever started the process may read it there. Writing to somebody who is
 * gone ends nothing (SIGPIPE is ignored), and neither does a limit on the size of files (SIGXFSZ). Its memory is nobody's to look at
 * (base/private_process.h). Main thread, one loop.
 */
#ifndef CLI_PLANE_H
#define CLI_PLANE_H

#include <stdbool.h>

#include <uv.h>

#include "cli/cli.h"
#include "cli/plane_settings.h"
#include "cli/run_file.h"

struct plane {
	struct cli *cli;
	uv_loop_t *loop;
	const char *kind; /* "conductor", "voice", "control" */
	char name[RUN_NAME_MAX];
	const char *page; /* where sign-in links are opened; NULL: at its own address; "": at one that is not known here */
	struct run_file run;
	uv_signal_t signals[3];
	unsigned int asked; /* to stop, so many times */
	void (*stop)(void *arg, unsigned int times);
	void *arg;
};

/* Takes DATA/run/NAME.json; the data folder is made when it is not there. CLI_FINE, or what cli_fail returned: then nothing is to be ended. */
int plane_take(struct plane *p, struct cli *cli, const char *kind, const char *name, const char *data) MUST_USE;

/* Signals, from now on, on that loop. */
void plane_begin(struct plane *p, uv_loop_t *loop, void (*stop)(void *arg, unsigned int times), void *arg);

/* Everything answers: it is written down and told. `listen` and `port` are the server's; `link` (of the sign-in) may be NULL. */
void plane_ready(struct plane *p, const char *url, const char *listen, unsigned int port, const char *link);

/* Its handles close in the loop's next turns; the place is given up. Zeroed, or taken and not begun, is fine. */
void plane_end(struct plane *p);
void plane_leave(struct plane *p); /* the last: behind the loop */

/* "http://ADDR:PORT" by which this machine reaches a server that listens there; for "0.0.0.0" and "[::]" that is loopback. False: `listen` is
 * no such address, or a Unix-domain socket. */
bool plane_url(const char *listen, unsigned int port, char out[PLANE_URL_MAX]);

/* "ADDR:PORT" with the real port. */
void plane_listen(const char *listen, unsigned int port, char out[RUN_LISTEN_MAX]);

/* A socket of PLANE_FD_FLAG: listens, is no child's, does not block. 0 is none, and fine. */
int plane_fd_take(struct cli *cli, int64_t fd) MUST_USE;

/* cli_fail with a detail. */
int plane_fail(struct cli *cli, enum err err, const struct err_detail *detail, const char *what);

/* The row for a plane's table of flags: a socket that listens already, from whoever started the process. */
#define PLANE_FD_FLAG(at) \
	{ .name = "listen-fd", .type = FLAG_INT, .value = at, .arg = "N", .help = "A socket that listens already, handed over by a service manager.", .min = 3, .max = 1024 }

#endif
