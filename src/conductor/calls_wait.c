/* Who waits for a worker: new callers that come when this conductor has just been started and no worker has said yet that it is there.
 *
 * Their requests are held: the carrier lets it ring, the page waits, and the first report that has room answers them. Loop thread.
 */
#include <stdlib.h>

#include "conductor/calls_state.h"

struct waits {
	struct calls *calls;
	uv_timer_t timer; /* runs while somebody waits */
};

bool calls_is_new(const struct calls *c)
{
	return calls_mono_ms(c) - c->opened_ms < CALLS_HEARD_MS;
}

static bool anybody(const struct calls *c)
{
	for (const struct ask *a = c->asks; a; a = a->next)
		if (a->woken)
			return true;
	return false;
}

/* Each once: who still finds no worker waits again. */
void calls_wake(struct calls *c)
{
	for (struct ask *a = c->asks, *next; a; a = next) {
		ask_step *woken = a->woken;

		next = a->next;
		a->woken = NULL;
		if (woken)
			woken(a);
	}
}

static void on_time(uv_timer_t *timer)
{
	struct waits *w = timer->data;

	if (!calls_is_new(w->calls))
		calls_wake(w->calls);
	if (!anybody(w->calls))
		uv_timer_stop(timer);
}

bool ask_wait(struct ask *a, ask_step *woken)
{
	if (!calls_is_new(a->calls))
		return false;
	a->woken = woken;
	uv_timer_start(&a->calls->waits->timer, on_time, CALLS_WAIT_MS, CALLS_WAIT_MS);
	return true;
}

static void timer_closed(uv_handle_t *timer)
{
	free(timer->data);
}

enum err waits_open(struct calls *c)
{
	struct waits *w = calloc(1, sizeof(*w));

	if (!w)
		return ERR_NOMEM;
	w->calls = c;
	uv_timer_init(c->settings.loop, &w->timer);
	w->timer.data = w;
	c->waits = w;
	return ERR_NONE;
}

void waits_close(struct calls *c)
{
	struct waits *w = c->waits;

	c->waits = NULL;
	if (w)
		uv_close((uv_handle_t *)&w->timer, timer_closed);
}
