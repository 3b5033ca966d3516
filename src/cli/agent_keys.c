#include "cli/agent_keys.h"

#include <string.h>

struct key_wait {
	struct secret secret;
	enum err err;
	bool is_over;
};

static void on_got(void *arg, enum err err, struct secret secret)
{
	struct key_wait *w = arg;

	w->err = err;
	w->secret = secret;
	w->is_over = true;
}

static enum err key_get(struct stores *s, const struct tenant *t, const char *name, struct secret *out)
{
	struct key_wait w = { .is_over = false };
	enum err err = secrets_get(s->secrets, NULL, t, name, on_got, &w);

	if (!err)
		stores_wait(s, &w.is_over);
	err = err ? err : w.err;
	if (!err)
		*out = w.secret;
	return err == ERR_NOTFOUND ? ERR_NONE : err;
}

int agent_keys_open(struct agent_keys *k, struct stores *s, const struct tenant *t)
{
	size_t i;
	enum err err = ERR_NONE;

	*k = (struct agent_keys){ .count = 0 };
	k->count = providers_keys(s->cli->config, k->names);
	for (i = 0; i < k->count && !err; i++)
		err = key_get(s, t, k->names[i], &k->secrets[i]);
	return err ? stores_fail(s, err, "reading the keys of the providers") : CLI_FINE;
}

void agent_keys_close(struct agent_keys *k)
{
	size_t i;

	for (i = 0; i < k->count; i++)
		secret_release(&k->secrets[i]);
	k->count = 0;
}

const char *agent_key(void *arg, const char *name)
{
	const struct agent_keys *k = arg;
	size_t i;

	for (i = 0; i < k->count; i++)
		if (!strcmp(k->names[i], name))
			return k->secrets[i].value;
	return NULL;
}
