/* The insides of the record service, for its own files (records.c, records_admit.c). */
#ifndef CONDUCTOR_RECORDS_STATE_H
#define CONDUCTOR_RECORDS_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "conductor/records.h"

struct errand;

/* One admitted tenant, or one that is being admitted. */
struct records_tenant {
	struct records *records;
	struct records_tenant *next;
	struct tenant *tenant;
	struct job *job; /* its token is looked for, or made */
	struct records_waiter *waiting;
	bool is_in;
};

struct records {
	struct records_settings settings;
	struct records_tenant *tenants;
	size_t tenant_count;
	struct errand *errands; /* requests under way */
};

struct records_tenant *records_tenant_find(const struct records *r, const char *name);
void records_tenants_free(struct records *r);

#endif
