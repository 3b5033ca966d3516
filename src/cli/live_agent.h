/* The agents of a worker's live calls: whoever the settings choose (lineups.h) hears, thinks and speaks; the recogniser of this machine is the
 * owner's choice. For voice/worker/sockets.h. Loop thread.
 */
#ifndef CLI_LIVE_AGENT_H
#define CLI_LIVE_AGENT_H

#include <uv.h>

#include "base/clock.h"
#include "base/err.h"
#include "cli/lineups.h"
#include "voice/worker/sockets.h"

struct live_agents;

/* As lineups_open. */
enum err live_agents_open(struct live_agents **ap, const struct config *config, uv_loop_t *loop, struct clock *clock,
	const struct lineups_ears *ears, const char *data) MUST_USE;

void live_agents_metrics(const struct live_agents *a, struct buf *b);

/* All agents must be closed. NULL-safe. */
void live_agents_close(struct live_agents **ap);

extern const struct sockets_agents live_agents; /* its arg is the struct live_agents */

#endif
