/* One check of `callfunnel doctor`: what was looked at, whether it is well, what to do when it is not. Main thread. */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include <stdbool.h>

#include "base/config.h"

struct finding {
	const char *name;
	bool is_fine;
	char found[300];
	char hint[300];
};

/* doctor_serve.c: what `callfunnel serve` needs besides. */
void doctor_recogniser(struct finding *f, const struct config *config);
void doctor_voices(struct finding *f, const struct config *config);
void doctor_rulebooks(struct finding *f, const struct config *config);
void doctor_ports(struct finding *f, const struct config *config);
void doctor_wall_clock(struct finding *f, const struct config *config);
void doctor_locked_memory(struct finding *f, const struct config *config);

/* doctor_data.c: what lies in the data folder, as serve would find it. Nothing is made, locked or changed; serve may run. */
void doctor_folder_rights(struct finding *f, const struct config *config);
void doctor_documents(struct finding *f, const struct config *config);
void doctor_secrets(struct finding *f, const struct config *config);
void doctor_identity(struct finding *f, const struct config *config);

#endif
