/* A test that goes round for ever fails instead of hanging: its process ends after five seconds of processor time, which is
 * a hundred times what any needs. Time that passes while others have the processor does not count. */
#ifndef DEADLINE_H
#define DEADLINE_H

#include <sys/time.h>

static inline int deadline_set(long seconds)
{
	struct itimerval timer = { { 0, 0 }, { seconds, 0 } };

	return setitimer(ITIMER_PROF, &timer, NULL); /* SIGPROF, unhandled */
}

/* Setup and teardown of a test or a group. */
static inline int deadline_start(void **state)
{
	(void)state;
	return deadline_set(5);
}

static inline int deadline_stop(void **state)
{
	(void)state;
	return deadline_set(0);
}

#endif
