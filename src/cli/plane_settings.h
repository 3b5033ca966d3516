/* What an operator may set about the processes of a house: where they listen, how many there are, how they find one another. */
#ifndef CLI_PLANE_SETTINGS_H
#define CLI_PLANE_SETTINGS_H

#include <stdint.h>

#include "base/options.h"

enum { VOICE_WORKERS_MAX = 64, PLANE_URL_MAX = 300 };

struct server_settings {
	const char *listen; /* server.listen */
	const char *tenant; /* server.tenant */
};

struct voice_settings {
	const char *listen;        /* voice.listen */
	const char *conductor_url; /* voice.conductor_url */
	const char *ca_file;       /* voice.ca_file */
	const char *origins;       /* voice.origins */
	int64_t workers;           /* voice.workers */
	int64_t calls_max;         /* voice.calls_max */
	int64_t ahead_max;         /* voice.ahead_max */
	int64_t drain_s;           /* voice.drain_s */
};

struct control_settings {
	const char *listen; /* control.listen */
	const char *url;    /* control.url */
};

extern const struct option server_options[];  /* bound to struct server_settings */
extern const struct option voice_options[];   /* bound to struct voice_settings */
extern const struct option control_options[]; /* bound to struct control_settings */

#endif
