/* `callfunnel secret set TENANT NAME | list TENANT | remove TENANT NAME`. Main thread.
 *
 * The value comes from a prompt that does not show it, or from standard input; never from the command line, where other users of
 * the machine could read it. It stays in locked memory. Nothing here ever prints one.
 */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/secret_names.h"
#include "cli/stores.h"

struct value {
	char *text; /* locked, SECRET_MAX_BYTES + 2 */
	size_t len;
};

/* Until the end, or on a terminal until the end of the line. */
static enum err read_all(struct value *v, bool line)
{
	ssize_t got;

	while (v->len < SECRET_MAX_BYTES + 2 && !(line && memchr(v->text, '\n', v->len))) {
		got = read(STDIN_FILENO, v->text + v->len, SECRET_MAX_BYTES + 2 - v->len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_from_errno(errno);
		if (!got)
			break;
		v->len += (size_t)got;
	}
	if (v->len && v->text[v->len - 1] == '\n')
		v->len--;
	if (v->len && v->text[v->len - 1] == '\r')
		v->len--;
	return v->len > SECRET_MAX_BYTES ? ERR_LIMIT : ERR_NONE;
}

static enum err read_hidden(struct value *v, const char *tenant, const char *name)
{
	struct termios before, hidden;
	enum err err;

	if (!isatty(STDIN_FILENO))
		return read_all(v, false);
	fprintf(stderr, "%s of %s (not shown): ", name, tenant);
	if (tcgetattr(STDIN_FILENO, &before))
		return err_from_errno(errno);
	hidden = before;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden))
		return err_from_errno(errno);
	err = read_all(v, true);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	fputc('\n', stderr);
	return err;
}

struct answer {
	bool done;
	enum err err;
	struct secret_names names;
};

static void on_stored(void *arg, enum err err)
{
	struct answer *a = arg;

	a->done = true;
	a->err = err;
}

static void on_listed(void *arg, enum err err, const struct secret_names *names)
{
	struct answer *a = arg;

	a->done = true;
	a->err = err;
	if (!err)
		a->names = *names;
}

static int fail(struct stores *s, enum err err, const char *name)
{
	if (err == ERR_LIMIT)
		return cli_fail(s->cli, CLI_NOT_SO, err, s->dir, "a tenant has at most 64 secrets; `callfunnel secret remove` takes one away", "too many secrets");
	if (err == ERR_NOTFOUND)
		return cli_fail(s->cli, CLI_NOT_SO, err, s->dir, "`callfunnel secret list TENANT` shows them", "there is no secret %s", name);
	if (err == ERR_DENIED)
		return cli_fail(s->cli, CLI_MISSING, err, s->dir, "give the right master key", "another master key sealed these secrets");
	return stores_fail(s, err, "keeping the secret");
}

static int report(struct stores *s, const char *tenant, const char *name, const char *did)
{
	struct buf b;

	if (!s->cli->json) {
		printf("%s: %s %s\n", tenant, name, did);
		return CLI_FINE;
	}
	buf_init(&b, 4096);
	json_open(&b, '{');
	json_pair_string(&b, "tenant", tenant);
	json_pair_string(&b, "name", name);
	json_pair_bool(&b, did, true);
	json_close(&b, '}');
	puts(buf_str(&b));
	buf_fini(&b);
	return CLI_FINE;
}

static int set(struct stores *s, const struct tenant *t, const char *name, const struct value *v)
{
	struct answer a = { .done = false };
	enum err err = secrets_set(s->secrets, NULL, t, name, v->text, v->len, on_stored, &a);

	if (!err)
		stores_wait(s, &a.done);
	err = err ? err : a.err;
	return err ? fail(s, err, name) : report(s, tenant_name(t), name, "stored");
}

/* A line break inside is two secrets pasted as one, a zero byte the end of the value to whoever reads it as text, a blank at an end a slip of copying:
 * whoever asks with such a value is only told that it is wrong. */
static int value_judge(struct cli *cli, const struct value *v)
{
	const char *why = NULL;

	if (!v->len)
		why = "no value";
	else if (memchr(v->text, '\n', v->len) || memchr(v->text, '\r', v->len))
		why = "the value has more than one line";
	else if (memchr(v->text, 0, v->len))
		why = "the value has a zero byte";
	else if (strchr(" \t", v->text[0]) || strchr(" \t", v->text[v->len - 1]))
		why = "the value begins or ends with a blank";
	if (!why)
		return CLI_FINE;
	return cli_fail(cli, CLI_USAGE, ERR_USAGE, "secret", "give the value alone, on one line, at the prompt or on standard input", "%s", why);
}

static int read_and_set(struct stores *s, const struct tenant *t, const char *name)
{
	struct value v = { .text = sodium_malloc(SECRET_MAX_BYTES + 2) };
	enum err err = v.text ? read_hidden(&v, tenant_name(t), name) : ERR_NOMEM;
	int status;

	if (err == ERR_LIMIT)
		status = cli_fail(s->cli, CLI_USAGE, err, "secret", "a value has at most 8192 bytes", "the value is too large");
	else if (err)
		status = fail(s, err, name);
	else
		status = value_judge(s->cli, &v);
	if (!err && !status)
		status = set(s, t, name, &v);
	if (v.text)
		sodium_free(v.text);
	return status;
}

static int take_away(struct stores *s, const struct tenant *t, const char *name)
{
	struct answer a = { .done = false };
	enum err err = secrets_remove(s->secrets, NULL, t, name, on_stored, &a);

	if (!err)
		stores_wait(s, &a.done);
	err = err ? err : a.err;
	return err ? fail(s, err, name) : report(s, tenant_name(t), name, "removed");
}

static int list(struct stores *s, const struct tenant *t)
{
	struct answer a = { .done = false };
	struct buf b;
	enum err err = secrets_list(s->secrets, NULL, t, on_listed, &a);

	if (!err)
		stores_wait(s, &a.done);
	err = err ? err : a.err;
	if (err)
		return fail(s, err, "");
	buf_init(&b, 16384);
	if (s->cli->json) {
		json_open(&b, '{');
		json_pair_string(&b, "tenant", tenant_name(t));
		json_put_key(&b, "names");
		json_open(&b, '[');
	}
	for (size_t i = 0; i < a.names.count; i++)
		if (s->cli->json)
			json_put_string(&b, a.names.names[i]);
		else
			buf_printf(&b, "%s\n", a.names.names[i]);
	if (s->cli->json)
		buf_text(&b, "]}\n");
	fputs(buf_str(&b), stdout);
	buf_fini(&b);
	return CLI_FINE;
}

static int run(struct stores *s, char **words)
{
	struct tenant *t;
	int status = stores_tenant(s, words[2], &t);

	if (status)
		return status;
	if (!strcmp(words[1], "list"))
		status = list(s, t);
	else if (!strcmp(words[1], "set"))
		status = read_and_set(s, t, words[3]);
	else
		status = take_away(s, t, words[3]);
	tenant_drop(&t);
	return status;
}

static bool words_fit(int argc, char **argv)
{
	if (argc == 3)
		return !strcmp(argv[1], "list");
	return argc == 4 && (!strcmp(argv[1], "set") || !strcmp(argv[1], "remove"));
}

/* One that is there under whatever name can be removed. */
static int name_judge(struct cli *cli, char **words)
{
	struct err_detail detail = { .message = "" };

	if (!secret_name_ok(words[3]))
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, "secret", "a-z, 0-9, '.', '_' and '-', at most 63: twilio.auth_token", "no name of a secret: %s", words[3]);
	if (!strcmp(words[1], "set") && secret_name_judge(words[3], &detail))
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, "secret", detail.hint, "%s", detail.message);
	return CLI_FINE;
}

int cmd_secret(struct cli *cli, int argc, char **argv)
{
	const char *data = NULL;
	const struct flag flags[] = { STORES_FLAG(&data), { .name = NULL } };
	struct stores s;
	int status = cli_flags(cli, flags, &argc, argv);

	if (status)
		return status;
	if (argc == 5 && !strcmp(argv[1], "set")) /* said without repeating it */
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, "secret", "give the value at the prompt, or on standard input: others may see a command line",
			"a value does not belong on the command line");
	if (!words_fit(argc, argv))
		return cli_fail_words(cli, "secret", "set or remove with a tenant and a name, or list with a tenant");
	status = argc == 4 ? name_judge(cli, argv) : CLI_FINE;
	if (!status)
		status = stores_open(cli, &s, data, STORES_DOCUMENTS | STORES_SECRETS);
	if (status)
		return status;
	status = run(&s, argv);
	stores_close(&s);
	return status;
}
