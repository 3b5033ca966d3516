/* What tests of the stores share: a loop with a deadline, a folder of their own, and two tenants. */
#ifndef DATAKIT_H
#define DATAKIT_H

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <ftw.h>
#include <uv.h>

#include "base/disk.h"
#include "base/tenant.h"

struct world {
	uv_loop_t loop;
	uv_timer_t deadline;
	char dir[64];
	struct tenant *a, *b;
};

static inline struct tenant *tenant_called(const char *name)
{
	uint8_t record[TENANT_RECORD_MAX_BYTES];
	struct tenant *t;

	assert_int_equal(tenant_from_record(&t, record, tenant_record_begin(name, record)), ERR_NONE);
	return t;
}

static inline void world_late(uv_timer_t *timer)
{
	(void)timer;
	fail_msg("no answer within 30 s");
}

static inline void world_begin(struct world *w)
{
	memset(w, 0, sizeof(*w));
	snprintf(w->dir, sizeof(w->dir), "/tmp/callfunnel-test-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	assert_int_equal(uv_loop_init(&w->loop), 0);
	uv_timer_init(&w->loop, &w->deadline);
	w->a = tenant_called("acme");
	w->b = tenant_called("globex");
}

static inline int world_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void world_end(struct world *w)
{
	uv_close((uv_handle_t *)&w->deadline, NULL);
	assert_int_equal(uv_run(&w->loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(uv_loop_close(&w->loop), 0);
	assert_int_equal(nftw(w->dir, world_remove, 16, FTW_DEPTH | FTW_PHYS), 0);
	tenant_drop(&w->a);
	tenant_drop(&w->b);
}

/* Turns the loop until *count reaches `wanted`. */
static inline void world_wait(struct world *w, const unsigned int *count, unsigned int wanted)
{
	uv_timer_start(&w->deadline, world_late, 30000, 0);
	while (*count < wanted)
		uv_run(&w->loop, UV_RUN_ONCE);
	uv_timer_stop(&w->deadline);
	assert_int_equal(*count, wanted);
}

static inline const char *world_path(const struct world *w, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", w->dir, name);
	return path;
}

#endif
