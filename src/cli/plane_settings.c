#include "cli/plane_settings.h"

#include <stddef.h>

#include "base/http_server.h"

const struct option server_options[] = {
	{ .name = "server.listen", .type = OPTION_TEXT, .min = 1, .max = 100, .text = "127.0.0.1:8080",
		.fits = http_is_address, .fitting = HTTP_ADDRESS_FITTING,
		.help = "Where the conductor listens: the page, people's API, carriers' webhooks, the other planes; port 0 picks one.",
		.offset = offsetof(struct server_settings, listen) },
	{ .name = "server.tenant", .type = OPTION_TEXT, .min = 1, .max = 63, .text = "local",
		.help = "The tenant that is there from the first start, and that the sign-in link of `callfunnel serve` is for.",
		.offset = offsetof(struct server_settings, tenant) },
	{ .name = NULL },
};

const struct option voice_options[] = {
	{ .name = "voice.listen", .type = OPTION_TEXT, .min = 1, .max = 100, .text = "127.0.0.1:0",
		.fits = http_is_address, .fitting = HTTP_ADDRESS_FITTING,
		.help = "Where each worker listens for media sockets and orders; with port 0 every worker has one of its own.",
		.offset = offsetof(struct voice_settings, listen) },
	{ .name = "voice.workers", .type = OPTION_INT, .min = 1, .max = VOICE_WORKERS_MAX, .value = 1,
		.help = "How many workers `callfunnel serve` starts; one uses at most two processors.",
		.offset = offsetof(struct voice_settings, workers) },
	{ .name = "voice.calls_max", .type = OPTION_INT, .min = 1, .max = 1000, .value = 50,
		.help = "So many calls a worker takes at a time; more are refused or get another worker.",
		.offset = offsetof(struct voice_settings, calls_max) },
	{ .name = "voice.ahead_max", .type = OPTION_INT, .min = 0, .max = 1000, .value = 20,
		.help = "So many calls a worker prepares at a time while they ring: its vendors' connections are opened before anybody listens. Each has a "
			"recogniser's stream of the account's (max_streams). 0: none is prepared.",
		.offset = offsetof(struct voice_settings, ahead_max) },
	{ .name = "voice.drain_s", .type = OPTION_INT, .min = 0, .max = 86400, .value = 60, .unit = "s",
		.help = "So long a worker that is told to stop waits for its calls to end, or for another one to have room for them; then they are handed over as they are.",
		.offset = offsetof(struct voice_settings, drain_s) },
	{ .name = "voice.conductor_url", .type = OPTION_TEXT, .min = 1, .max = PLANE_URL_MAX - 1, .text = "http://127.0.0.1:8080",
		.help = "Where workers reach the conductor; `callfunnel serve` tells its own.",
		.offset = offsetof(struct voice_settings, conductor_url) },
	{ .name = "voice.ca_file", .type = OPTION_TEXT, .max = 1000, .text = "",
		.help = "Certificates (PEM) that a conductor behind https is judged by; empty: the system's.",
		.offset = offsetof(struct voice_settings, ca_file) },
	{ .name = "voice.origins", .type = OPTION_TEXT, .max = 1500, .text = "",
		.help = "Pages that may talk to workers, besides the conductor's own and server.public_url: origins with a blank between.",
		.offset = offsetof(struct voice_settings, origins) },
	{ .name = NULL },
};

const struct option control_options[] = {
	{ .name = "control.listen", .type = OPTION_TEXT, .min = 1, .max = 100, .text = "127.0.0.1:8090",
		.fits = http_is_address, .fitting = HTTP_ADDRESS_FITTING,
		.help = "Where `callfunnel control` listens when it runs alone; `callfunnel serve` has it inside the conductor.",
		.offset = offsetof(struct control_settings, listen) },
	{ .name = "control.url", .type = OPTION_TEXT, .max = PLANE_URL_MAX - 1, .text = "",
		.help = "Where conductor and workers fetch the planes' own keys (JWKS) when control runs alone; empty: it is inside the conductor.",
		.offset = offsetof(struct control_settings, url) },
	{ .name = NULL },
};
