/* Inside the sandbox: bodies of requests to the control port, as the carriers' routes there read them. Loop thread. */
#ifndef SANDBOX_BODY_H
#define SANDBOX_BODY_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "base/http_server.h"

/* The object, the caller's to decref. NULL: it is none, and has been replied to. */
json_t *body_read(struct http_request *r);

/* Answers 400: what does not fit, and which member it is. */
void body_refuse(struct http_request *r, const char *where, const char *message);

/* A member that is a text, or what is usual, cut to `size`. False: it had to be cut, or is no text. */
bool body_text(const json_t *body, const char *name, const char *usual, char *out, size_t size);

#endif
