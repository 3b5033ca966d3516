/* One request about one call: whose it is, then what it is about. Lives until it is replied to. */
#include <stdio.h>
#include <stdlib.h>

#include "conductor/timeline_state.h"

struct timeline_seek *timeline_seek_begin(struct timeline *t, struct http_request *r, struct tenant *tenant)
{
	struct timeline_seek *s = calloc(1, sizeof(*s));

	if (!s) {
		tenant_drop(&tenant);
		timeline_unavailable(t, r, ERR_NOMEM);
		return NULL;
	}
	s->timeline = t;
	s->request = r;
	s->tenant = tenant;
	s->next = t->seeks;
	if (s->next)
		s->next->previous = s;
	t->seeks = s;
	snprintf(s->id, sizeof(s->id), "%s", http_param(r, "call"));
	call_record_init(&s->record);
	return s;
}

void timeline_seek_free(struct timeline_seek *s)
{
	if (s->previous)
		s->previous->next = s->next;
	else
		s->timeline->seeks = s->next;
	if (s->next)
		s->next->previous = s->previous;
	job_cancel(&s->job);
	if (s->free_arg)
		s->free_arg(s->arg);
	call_record_fini(&s->record);
	tenant_drop(&s->tenant);
	free(s);
}

void timeline_seek_error(struct timeline_seek *s, unsigned int status, const char *code, const char *message)
{
	http_reply_error(s->request, status, code, message, NULL, NULL);
	timeline_seek_free(s);
}

void timeline_seek_failed(struct timeline_seek *s, enum err err)
{
	timeline_unavailable(s->timeline, s->request, err);
	timeline_seek_free(s);
}

static void not_found(struct timeline_seek *s, enum err err)
{
	if (err == ERR_NOTFOUND)
		timeline_seek_error(s, 404, "not_found", "There is no such call.");
	else
		timeline_seek_failed(s, err);
}

static void on_record(void *arg, enum err err, const struct document *d)
{
	struct timeline_seek *s = arg;

	if (!err)
		err = call_record_decode(&s->record, d->value, d->len);
	if (err)
		not_found(s, err);
	else
		s->found(s);
}

static void record_load(struct timeline_seek *s)
{
	char key[DOCUMENT_KEY_MAX];
	enum err err;

	call_key(s->began_ms, s->id, key);
	err = documents_get(s->timeline->settings.documents, &s->job, s->tenant, key, on_record, s);
	if (err)
		not_found(s, err);
}

static void on_index(void *arg, enum err err, const struct document *d)
{
	struct timeline_seek *s = arg;
	struct call_index index = { .tenant = NULL };

	if (!err)
		err = call_index_decode(&index, d->value, d->len);
	if (!err && s->tenant && !tenant_same(s->tenant, index.tenant))
		err = ERR_NOTFOUND; /* another tenant's: nobody learns that it is there */
	if (err) {
		tenant_drop(&index.tenant);
		not_found(s, err);
		return;
	}
	tenant_drop(&s->tenant);
	s->tenant = index.tenant;
	s->began_ms = index.began_ms;
	if (s->with_record)
		record_load(s);
	else
		s->found(s);
}

void timeline_seek_start(struct timeline_seek *s)
{
	char key[DOCUMENT_KEY_MAX];
	enum err err = call_id_ok(s->id) ? ERR_NONE : ERR_NOTFOUND;

	if (!err) {
		call_index_key(s->id, key);
		err = documents_get(s->timeline->settings.documents, &s->job, tenant_house(), key, on_index, s);
	}
	if (err)
		not_found(s, err);
}
