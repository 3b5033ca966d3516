/* `callfunnel show CALL`: what happened in a recorded call: turns, the words heard, tools, latencies, the end. Main thread. */
#include <stdio.h>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/shown.h"

enum { OUT_BYTES_MAX = 512 << 20 };

static int show(struct cli *cli, const struct call_source *source)
{
	struct err_detail detail = { .message = "" };
	struct shown s;
	struct buf b;
	enum err err;

	shown_init(&s);
	buf_init(&b, OUT_BYTES_MAX);
	err = shown_read(&s, source, &detail);
	if (!err && cli->json) {
		json_open(&b, '{');
		shown_json(&b, &s, source->name);
		json_close(&b, '}');
		buf_text(&b, "\n");
	} else if (!err) {
		shown_text(&b, &s, source->name);
	}
	err = err ? err : b.err;
	if (!err)
		fwrite(b.data, 1, b.len, stdout);
	buf_fini(&b);
	shown_fini(&s);
	return err ? call_source_fail(cli, source, err, &detail) : CLI_FINE;
}

int cmd_show(struct cli *cli, int argc, char **argv)
{
	const char *dir = NULL, *key = NULL;
	const struct flag flags[] = {
		{ .name = "dir", .type = FLAG_STRING, .value = &dir, .arg = "DIR", .help = "The journal that holds the call (default: data.dir)." },
		{ .name = "key", .type = FLAG_STRING, .value = &key, .arg = "F", .help = "Its master key (default: DIR/master.key)." },
		{ .name = NULL },
	};
	struct call_source source;
	int status = cli_flags(cli, flags, &argc, argv);

	if (status)
		return status;
	if (argc != 2)
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, NULL, "callfunnel show CALL [--dir DIR]", "one call, please");
	status = call_source_open(cli, &source, argv[1], dir, key);
	if (status)
		return status;
	status = show(cli, &source);
	call_source_close(&source);
	return status;
}
