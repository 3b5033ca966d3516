/* A loop's clock: order, real time and skipped time, holding, standing still. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "deadline.h"

#define S 1000000ULL

struct world {
	uv_loop_t loop;
	struct clock *clock;
	struct clock_timer timers[4];
	unsigned int fired[16];
	uint64_t at[16];
	unsigned int count;
	uv_async_t async;
};

struct hand {
	struct world *w;
	unsigned int n;
};

static void world_begin(struct world *w, bool skips)
{
	*w = (struct world){ .count = 0 };
	assert_int_equal(uv_loop_init(&w->loop), 0);
	assert_int_equal(clock_open(&w->clock, &w->loop, skips), ERR_NONE);
}

static void world_end(struct world *w)
{
	clock_close(&w->clock);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&w->loop), 0);
}

static void fired_h(void *arg)
{
	struct hand *h = arg;
	struct world *w = h->w;

	w->at[w->count] = clock_now_us(w->clock);
	w->fired[w->count++] = h->n;
}

static void set(struct world *w, struct hand *h, unsigned int n, uint64_t after_us)
{
	h->w = w;
	h->n = n;
	clock_timer_set(&w->timers[n], w->clock, clock_now_us(w->clock) + after_us, fired_h, h);
}

static void test_skipped_waits_keep_their_length_and_order(void **state)
{
	struct world w;
	struct hand h[3];
	uint64_t began, real = uv_hrtime();

	(void)state;
	world_begin(&w, true);
	began = clock_now_us(w.clock);
	set(&w, &h[0], 0, 3600 * S);
	set(&w, &h[1], 1, 60 * S);
	set(&w, &h[2], 2, 60 * S + 1);
	uv_run(&w.loop, UV_RUN_DEFAULT);
	assert_int_equal(w.count, 3);
	assert_int_equal(w.fired[0], 1);
	assert_int_equal(w.fired[1], 2);
	assert_int_equal(w.fired[2], 0);
	assert_true(w.at[0] - began >= 60 * S && w.at[0] - began < 61 * S);
	assert_true(w.at[2] - began >= 3600 * S);
	assert_true(clock_skipped_us(w.clock) > 3590 * S);
	assert_true(uv_hrtime() - real < 10 * S * 1000); /* an hour took no hour */
	world_end(&w);
}

static void test_real_time_is_waited_for(void **state)
{
	struct world w;
	struct hand h[2];
	uint64_t began = uv_hrtime();

	(void)state;
	world_begin(&w, false);
	set(&w, &h[0], 0, 30000);
	set(&w, &h[1], 1, 10000);
	clock_hold(w.clock); /* means nothing here */
	clock_release(w.clock);
	uv_run(&w.loop, UV_RUN_DEFAULT);
	assert_int_equal(w.count, 2);
	assert_int_equal(w.fired[0], 1);
	assert_true(uv_hrtime() - began >= 30000000);
	assert_int_equal(clock_skipped_us(w.clock), 0);
	world_end(&w);
}

static void stopped_h(void *arg)
{
	struct hand *h = arg;

	fired_h(h);
	clock_timer_stop(&h->w->timers[1]);
}

static void test_a_stopped_timer_never_fires_and_a_set_one_moves(void **state)
{
	struct world w;
	struct hand h[3];

	(void)state;
	world_begin(&w, true);
	set(&w, &h[1], 1, 2 * S);
	set(&w, &h[2], 2, 1 * S);
	set(&w, &h[2], 2, 3 * S); /* moved behind */
	h[0] = (struct hand){ &w, 0 };
	clock_timer_set(&w.timers[0], w.clock, clock_now_us(w.clock) + 1900000, stopped_h, &h[0]);
	clock_timer_stop(&w.timers[3]); /* never set */
	uv_run(&w.loop, UV_RUN_DEFAULT);
	assert_int_equal(w.count, 2);
	assert_int_equal(w.fired[0], 0);
	assert_int_equal(w.fired[1], 2);
	world_end(&w);
}

static void released(uv_timer_t *timer)
{
	clock_release(timer->data);
	uv_close((uv_handle_t *)timer, NULL);
}

static void test_a_held_clock_goes_at_its_own_pace(void **state)
{
	struct world w;
	struct hand h;
	uv_timer_t real;
	uint64_t began;

	(void)state;
	world_begin(&w, true);
	uv_timer_init(&w.loop, &real);
	real.data = w.clock;
	began = clock_now_us(w.clock);
	clock_hold(w.clock);
	set(&w, &h, 0, 3600 * S);
	uv_timer_start(&real, released, 20, 0);
	uv_run(&w.loop, UV_RUN_DEFAULT);
	assert_int_equal(w.count, 1);
	assert_true(w.at[0] - began >= 3600 * S && w.at[0] - began < 3601 * S); /* the 20 ms are in it, not beside it */
	world_end(&w);
}

static void goes(uv_timer_t *timer)
{
	clock_go(timer->data);
	uv_close((uv_handle_t *)timer, NULL);
}

static void test_a_stopped_clock_stands_still(void **state)
{
	struct world w;
	struct hand h;
	uv_timer_t real;
	uint64_t began;

	(void)state;
	world_begin(&w, true);
	uv_timer_init(&w.loop, &real);
	real.data = w.clock;
	clock_stop(w.clock);
	began = clock_now_us(w.clock);
	set(&w, &h, 0, 1000);
	uv_timer_start(&real, goes, 30, 0);
	assert_int_equal(clock_now_us(w.clock), began);
	uv_run(&w.loop, UV_RUN_DEFAULT);
	assert_int_equal(w.count, 1);
	assert_true(w.at[0] - began >= 1000 && w.at[0] - began < 20000); /* 30 ms went by meanwhile */
	world_end(&w);
}

static void again_h(void *arg)
{
	struct hand *h = arg;
	struct world *w = h->w;

	w->count++;
	if (w->count < 10)
		clock_timer_set(&w->timers[0], w->clock, 0, again_h, h); /* long past */
	else
		uv_stop(&w->loop);
}

/* Who asks for the past again and again does not keep the loop from its other work. */
static void test_the_past_is_the_next_turn(void **state)
{
	struct world w;
	struct hand h = { &w, 0 };
	bool skips;

	(void)state;
	for (skips = false;; skips = true) {
		world_begin(&w, skips);
		clock_timer_set(&w.timers[0], w.clock, 0, again_h, &h);
		uv_run(&w.loop, UV_RUN_ONCE);
		uv_run(&w.loop, UV_RUN_ONCE);
		assert_true(w.count >= 1 && w.count <= 4);
		while (w.count < 10)
			uv_run(&w.loop, UV_RUN_ONCE);
		world_end(&w);
		if (skips)
			break;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_skipped_waits_keep_their_length_and_order),
		cmocka_unit_test(test_real_time_is_waited_for),
		cmocka_unit_test(test_a_stopped_timer_never_fires_and_a_set_one_moves),
		cmocka_unit_test(test_a_held_clock_goes_at_its_own_pace),
		cmocka_unit_test(test_a_stopped_clock_stands_still),
		cmocka_unit_test(test_the_past_is_the_next_turn),
	};

	return cmocka_run_group_tests(tests, deadline_start, deadline_stop);
}
