/* Checks of `callfunnel doctor` for what lies in the data folder already: whoever may write to it, documents, secrets, keys. */
#include "cli/doctor.h"

#include <stdio.h>

#include "base/private_file.h"
#include "base/service_key.h"
#include "cli/stores.h"

enum { PATH_BYTES = STORES_PATH_MAX + 40 };

static void path_make(char path[PATH_BYTES], const struct config *config, const char *below)
{
	snprintf(path, PATH_BYTES, "%.1100s%s", config_text(config, "data.dir"), below);
}

/* The planes' own keys; one that is not there is not missed: who makes them makes it anew. */
static enum err planes_look(const char *folder, struct err_detail *detail)
{
	static const char *const planes[] = { "conductor", "voice", "control" };
	struct service_key *key;
	enum err err = ERR_NONE;

	for (size_t i = 0; !err && i < sizeof(planes) / sizeof(planes[0]); i++) {
		*detail = (struct err_detail){ .message = "" };
		err = service_key_open(&key, folder, planes[i], detail);
		service_key_close(&key);
		err = err == ERR_NOTFOUND ? ERR_NONE : err;
	}
	if (!err)
		*detail = (struct err_detail){ .message = "" };
	return err;
}

/* What is not there yet is made by the first start. */
static void judge(struct finding *f, enum err err, const struct err_detail *detail, const char *fine)
{
	f->is_fine = !err || err == ERR_NOTFOUND;
	if (detail->message[0]) {
		f->is_fine = false;
		snprintf(f->found, sizeof(f->found), "%.130s%s%.160s", detail->where, detail->where[0] ? ": " : "", detail->message);
	} else {
		snprintf(f->found, sizeof(f->found), "%s", !err ? fine : err == ERR_NOTFOUND ? "not there yet: the first start makes it" : err_name(err));
	}
	snprintf(f->hint, sizeof(f->hint), "%s", detail->hint[0] ? detail->hint : "look at the file and at who may read it");
}

void doctor_folder_rights(struct finding *f, const struct config *config)
{
	struct err_detail detail = { .message = "" };
	enum err err = private_folder_check(config_text(config, "data.dir"), &detail);

	judge(f, err, &detail, "not everybody may write to the data folder");
}

void doctor_documents(struct finding *f, const struct config *config)
{
	struct err_detail detail = { .message = "" };
	char path[PATH_BYTES];
	enum err err;

	path_make(path, config, "/documents.db");
	err = sqlite_documents_look(path, &detail);
	judge(f, err, &detail, "the store is one of ours");
}

void doctor_secrets(struct finding *f, const struct config *config)
{
	struct err_detail detail = { .message = "" };
	struct secrets_settings settings;
	char path[PATH_BYTES];
	enum err err;

	config_bind(config, secrets_options, &settings);
	path_make(path, config, "/secrets");
	err = sealed_secrets_look(path, &settings, &detail);
	judge(f, err, &detail, "nothing is sealed without its master key");
}

void doctor_identity(struct finding *f, const struct config *config)
{
	struct err_detail detail = { .message = "" };
	char path[PATH_BYTES];
	enum err err;

	path_make(path, config, "/identity");
	err = identity_look(path, &detail);
	if (!err || err == ERR_NOTFOUND) {
		enum err planes = planes_look(path, &detail);

		err = planes ? planes : err;
	}
	judge(f, err, &detail, "the keys can be read");
}
