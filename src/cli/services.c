#include "cli/services.h"

#include <assert.h>
#include <string.h>

static_assert(CONFIG_MEMBERS_MAX + 1 <= TOOLBOX_SERVICES_MAX, "every service that can be set has room in the toolbox, beside the records");

static const char folder[] = "services.";
static const char built_in[] = "built in"; /* wherever that will be: not nowhere */

size_t services_list(const struct config *config, const char *records, struct toolbox_service out[TOOLBOX_SERVICES_MAX])
{
	const char *outside = config_text(config, "services.records");
	size_t count = 1;

	out[0] = (struct toolbox_service){ .name = "records", .url = *outside ? outside : records };
	for (size_t i = 0; i < config_count(config); i++) {
		const struct option *o = config_at(config, i).option;

		if (!strncmp(o->name, folder, strlen(folder)) && !o->is_family && strcmp(o->name, "services.records") != 0)
			out[count++] = (struct toolbox_service){ .name = o->name + strlen(folder), .url = config_text(config, o->name) };
	}
	return count;
}

bool services_lack(const struct config *config, const struct rulebook_tool *tool, char name[TOOLBOX_SERVICE_NAME_MAX])
{
	struct toolbox_service services[TOOLBOX_SERVICES_MAX];
	size_t count = services_list(config, built_in, services);

	return toolbox_service_missing(services, count, tool, name);
}

int services_judge(struct cli *cli, const struct rulebook *book)
{
	struct toolbox_service services[TOOLBOX_SERVICES_MAX];
	size_t count = services_list(cli->config, built_in, services);
	struct err_detail detail = { .message = "" };
	enum err err = toolbox_services_judge(services, count, book, &detail);

	return err ? cli_fail(cli, CLI_USAGE, err, detail.where, detail.hint, "%s", detail.message) : CLI_FINE;
}
