/* The page's files, built into the program: console/, made into C by cmake/console.py (docs/console.md).
 *
 * For http_server_files() of the server that has the people's API: "/", "/sign-in" (the same bytes) and "/console/NAME". They answer
 * without a token and hold nothing of anybody. The server is opened with CONSOLE_POLICY, or the page's own scripts do not run.
 */
#ifndef CLI_CONSOLE_H
#define CLI_CONSOLE_H

#include "base/http_server.h"

/* Nothing but what comes from us, no script or style inside a document. Media sockets are on the workers' ports, so any ws: or wss:. */
#define CONSOLE_POLICY \
	"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws: wss:; media-src blob:; img-src 'self' data:; " \
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

extern const struct http_file console_files[];

#endif
