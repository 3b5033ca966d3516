/* The sandbox's own page and API: what vendors were asked, faults, scripts, settings. Inside the sandbox; loop thread. */
#ifndef SANDBOX_CONTROL_H
#define SANDBOX_CONTROL_H

#include "sandbox/vendor.h"

enum { CONTROL_BODY_MAX = 1 << 20, CONTROL_SCRIPT_MAX = 1000 /* answers of one vendor that wait */ };

struct control {
	struct sandbox *sandbox;
	struct http_server *server;
	struct vendor *vendors;
	size_t vendor_count;
	const char *const *names; /* of the vendors, NULL-ended */
	struct asked *asked;
	struct harms *harms;
};

enum err control_mount(struct control *c) MUST_USE;

#endif
