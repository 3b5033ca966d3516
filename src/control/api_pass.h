/* Control's requests (api.h) in a process that has no control: each is passed on to the one that has. One loop's thread. */
#ifndef CONTROL_API_PASS_H
#define CONTROL_API_PASS_H

#include "base/http_server.h"
#include "base/jws.h"

struct http_client;

/* Asks `base` ("http://127.0.0.1:8090") for the same path, and replies what it says; 503 when it does not answer. The client outlives the server. */
void control_pass(struct http_request *r, struct http_client *client, const char *base);

#endif
