/* `callfunnel journal list | verify | dump` on real folders: whole, torn, damaged, read with and without keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "cli/cli.h"
#include "cli/journal.h"
#include "voice/journal/journal.h"

static char folder[64];
static const struct id128 tenant = { .bytes = { 0x70 } };
static const struct id128 calls[2] = { { .bytes = { 0xca, 1 } }, { .bytes = { 0xca, 2 } } };

static void remove_one(void *arg, const char *name)
{
	char path[DISK_PATH_MAX];
	(void)arg;

	if (!disk_path(path, folder, name))
		unlink(path);
}

static int remove_folder(void **state)
{
	(void)state;
	if (disk_list(&disk_real, folder, remove_one, NULL))
		return -1;
	return rmdir(folder);
}

static void say(struct journal_call *c, uint8_t kind, const char *text, uint64_t now_us)
{
	assert_int_equal(journal_append(c, kind, text, strlen(text), now_us), ERR_NONE);
}

static void commit(struct journal *j)
{
	struct journal_batch *b = journal_batch_take(j, 1000000);

	assert_non_null(b);
	assert_int_equal(journal_batch_write(j, b, 1000000), ERR_NONE);
	journal_batch_done(j, b, 1000000);
}

/* Two calls of three records each, three batches; the second call never ended. */
static int make_journal(void **state)
{
	struct journal_options o;
	struct journal *j;
	struct journal_call *c[2];
	unsigned int i;
	(void)state;

	strcpy(folder, "journal-cli-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	journal_options_defaults(&o);
	o.reserve_bytes = o.ring_bytes = 65536;
	o.wall_offset_us = 1767225600000000u; /* 2026-01-01 */
	if (journal_open(&j, &disk_real, folder, &o, 1000000, NULL, NULL))
		return -1;
	for (i = 0; i < 2; i++)
		assert_int_equal(journal_call_open(j, &c[i], &tenant, &calls[i], 1, 1000000), ERR_NONE);
	for (i = 0; i < 2; i++)
		say(c[i], JOURNAL_START, "begin", 1000000);
	commit(j);
	for (i = 0; i < 2; i++)
		say(c[i], JOURNAL_EVENT, "hello", 2000000);
	commit(j);
	say(c[0], JOURNAL_END, "bye", 3500000);
	say(c[1], JOURNAL_SNAPSHOT, "soul", 3500000);
	for (i = 0; i < 2; i++)
		journal_call_close(&c[i], 3500000);
	return journal_close(&j, 3500000) ? -1 : 0;
}

/* Runs the binary; its output's lines as JSON, its exit status. */
static json_t *run(int *status, const char *args)
{
	char command[1024], line[8192];
	json_t *lines = json_array();
	FILE *p;

	assert_non_null(getenv("CALLFUNNEL_BIN"));
	snprintf(command, sizeof(command), "%s journal %s 2>&1", getenv("CALLFUNNEL_BIN"), args);
	p = popen(command, "r");
	assert_non_null(p);
	while (fgets(line, sizeof(line), p)) {
		json_t *doc = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

		json_array_append_new(lines, doc ? doc : json_string(line));
	}
	*status = pclose(p);
	*status = WIFEXITED(*status) ? WEXITSTATUS(*status) : -1;
	return lines;
}

static json_t *run_on(int *status, const char *verb, const char *flags)
{
	char args[256];

	snprintf(args, sizeof(args), "%s %s %s", verb, folder, flags);
	return run(status, args);
}

static json_int_t integer(json_t *doc, const char *name)
{
	json_t *value = json_object_get(doc, name);

	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

static const char *text(json_t *doc, const char *name)
{
	const char *value = json_string_value(json_object_get(doc, name));

	assert_non_null(value);
	return value;
}

/* The path of the one segment. */
static void segment_path(char path[DISK_PATH_MAX])
{
	assert_int_equal(disk_path(path, folder, "seg-0000000000000003.cfj"), ERR_NONE);
}

static void flip(const char *path, long at)
{
	FILE *f = fopen(path, "r+b");
	int byte;

	assert_non_null(f);
	assert_int_equal(fseek(f, at, SEEK_SET), 0);
	byte = fgetc(f);
	assert_true(byte >= 0);
	assert_int_equal(fseek(f, at, SEEK_SET), 0);
	fputc(byte ^ 1, f);
	fclose(f);
}

static void test_list(void **state)
{
	int status;
	json_t *out = run_on(&status, "list", "--json");
	json_t *doc = json_array_get(out, 0), *call;
	(void)state;

	assert_int_equal(status, 0);
	assert_int_equal(json_array_size(out), 1);
	assert_int_equal(json_array_size(json_object_get(doc, "files")), 3);
	assert_int_equal(json_array_size(json_object_get(doc, "calls")), 2);
	call = json_array_get(json_object_get(doc, "calls"), 0);
	assert_string_equal(text(call, "call"), "ca010000000000000000000000000000");
	assert_string_equal(text(call, "tenant"), "70000000000000000000000000000000");
	assert_int_equal(integer(call, "epoch"), 1);
	assert_int_equal(integer(call, "records"), 3);
	assert_int_equal(integer(call, "span_us"), 2500000);
	assert_string_equal(text(call, "first"), "2026-01-01T00:00:01.000000Z");
	assert_true(json_is_true(json_object_get(call, "ended")));
	call = json_array_get(json_object_get(doc, "calls"), 1);
	assert_true(json_is_false(json_object_get(call, "ended")));
	json_decref(out);
}

static void test_verify_whole(void **state)
{
	int status;
	json_t *out = run_on(&status, "verify", "--json");
	json_t *doc = json_array_get(out, 0);
	(void)state;

	assert_int_equal(status, 0);
	assert_true(json_is_true(json_object_get(doc, "whole")));
	assert_int_equal(integer(doc, "records"), 6);
	assert_int_equal(integer(doc, "calls"), 2);
	assert_int_equal(integer(doc, "epochs"), 2);
	assert_int_equal(integer(doc, "unopened"), 0);
	json_decref(out);
}

/* Another worker took the first call over: an epoch more, no call more. */
static void test_verify_counts_calls_not_epochs(void **state)
{
	struct journal_options o;
	struct journal *j;
	struct journal_call *c;
	int status;
	json_t *out, *doc;
	(void)state;

	journal_options_defaults(&o);
	o.reserve_bytes = o.ring_bytes = 65536;
	assert_int_equal(journal_open(&j, &disk_real, folder, &o, 4000000, NULL, NULL), ERR_NONE);
	assert_int_equal(journal_call_open(j, &c, &tenant, &calls[0], 2, 4000000), ERR_NONE);
	say(c, JOURNAL_ATTACH, "again", 4000000);
	journal_call_close(&c, 4000000);
	assert_int_equal(journal_close(&j, 4000000), ERR_NONE);
	out = run_on(&status, "verify", "--json");
	doc = json_array_get(out, 0);
	assert_int_equal(status, 0);
	assert_int_equal(integer(doc, "records"), 7);
	assert_int_equal(integer(doc, "calls"), 2);
	assert_int_equal(integer(doc, "epochs"), 3);
	json_decref(out);
	out = run_on(&status, "verify", "");
	assert_non_null(strstr(json_string_value(json_array_get(out, 0)), "7 records of 2 calls (3 epochs)"));
	json_decref(out);
}

static void test_verify_torn_is_fine(void **state)
{
	char path[DISK_PATH_MAX];
	int status;
	json_t *out, *doc;
	(void)state;

	segment_path(path);
	assert_int_equal(truncate(path, 128 + 4 * 121 + 50), 0);
	out = run_on(&status, "verify", "--json");
	doc = json_array_get(out, 0);
	assert_int_equal(status, 0);
	assert_int_equal(integer(doc, "torn"), 1);
	assert_int_equal(integer(doc, "torn_bytes"), 50);
	assert_int_equal(integer(json_array_get(json_object_get(doc, "faults"), 0), "offset"), 128 + 4 * 121);
	json_decref(out);
}

static void test_verify_says_where(void **state)
{
	char path[DISK_PATH_MAX];
	int status;
	json_t *out, *doc, *fault;
	(void)state;

	segment_path(path);
	flip(path, 128 + 121 + 110);
	out = run_on(&status, "verify", "--json");
	doc = json_array_get(out, 0);
	assert_int_equal(status, 1);
	assert_true(json_is_false(json_object_get(doc, "whole")));
	assert_int_equal(integer(doc, "corrupt"), 1);
	assert_int_equal(integer(doc, "missing"), 1);
	fault = json_array_get(json_object_get(doc, "faults"), 0);
	assert_string_equal(text(fault, "file"), "seg-0000000000000003.cfj");
	assert_int_equal(integer(fault, "offset"), 128 + 121);
	assert_int_equal(integer(fault, "bytes"), 121);
	json_decref(out);
	out = run_on(&status, "verify", "");
	assert_int_equal(status, 1);
	assert_non_null(strstr(json_string_value(json_array_get(out, 0)), "offset 249"));
	json_decref(out);
}

/* A record whose checksums were made right again is caught by its seal. */
static void test_verify_broken_seal(void **state)
{
	char path[DISK_PATH_MAX];
	uint8_t bytes[121];
	struct disk_file *f;
	size_t got;
	int status;
	json_t *out, *doc;
	(void)state;

	segment_path(path);
	assert_int_equal(disk_open(&disk_real, &f, path, DISK_WRITE), ERR_NONE);
	assert_int_equal(disk_read(f, 128, bytes, sizeof(bytes), &got), ERR_NONE);
	bytes[24] ^= 1; /* its time */
	put_le32(bytes + 96, journal_checksum(bytes, 96));
	assert_int_equal(disk_write(f, 128, bytes, sizeof(bytes)), ERR_NONE);
	disk_close(&f);
	out = run_on(&status, "verify", "--json");
	doc = json_array_get(out, 0);
	assert_int_equal(status, 1);
	assert_int_equal(integer(doc, "broken_seals"), 1);
	json_decref(out);
}

static void test_dump(void **state)
{
	char path[DISK_PATH_MAX], args[DISK_PATH_MAX + 64];
	int status;
	json_t *out, *doc;
	(void)state;

	out = run_on(&status, "dump", "--json");
	assert_int_equal(status, 0);
	assert_int_equal(json_array_size(out), 6);
	doc = json_array_get(out, 0);
	assert_string_equal(text(doc, "kind"), "start");
	assert_string_equal(text(doc, "payload"), "626567696e"); /* "begin" */
	assert_int_equal(integer(doc, "offset"), 128);
	json_decref(out);
	out = run_on(&status, "dump", "--json --call ca020000-0000-0000-0000-000000000000 --kind snapshot");
	assert_int_equal(json_array_size(out), 1);
	assert_string_equal(text(json_array_get(out, 0), "payload"), "736f756c");
	json_decref(out);
	assert_int_equal(disk_path(path, folder, "master.key"), ERR_NONE);
	assert_int_equal(rename(path, "journal-cli.key"), 0);
	out = run_on(&status, "dump", "--json");
	assert_int_equal(status, 0);
	assert_string_equal(text(json_array_get(out, 5), "closed"), "no key");
	json_decref(out);
	snprintf(args, sizeof(args), "dump %s --json --key journal-cli.key", folder);
	out = run(&status, args);
	assert_string_equal(text(json_array_get(out, 5), "payload"), "736f756c");
	json_decref(out);
	assert_int_equal(rename("journal-cli.key", path), 0);
}

/* What `verify` does, with the keyring as it was before. */
static int verify_with(struct cli *cli, struct keyring *before)
{
	struct journal_command c = { .cli = cli, .path = folder, .whole_folder = true, .keys = { .read_only = true }, .keyring = before,
		.shipped_err = ERR_NOTFOUND, .faults = json_array() };
	struct journal_reader_options options = { .keyring = before };
	int status;

	assert_int_equal(journal_reader_open(&c.reader, &disk_real, folder, &options, NULL), ERR_NONE);
	status = journal_verify(&c);
	journal_reader_close(&c.reader);
	journal_keys_fini(&c.unopened);
	json_decref(c.faults);
	return status;
}

/* A call begins between the look at the keyring and the reading of the files: its key is found with a second look. Where it is not, it is
 * lost, whoever writes. */
static void test_verify_looks_again_at_a_keyring_that_grows(void **state)
{
	static const struct id128 newcomer = { .bytes = { 0xca, 3 } };
	const struct keyring_options read_only = { .read_only = true };
	struct cli cli = { .json = true };
	struct journal_options o;
	struct journal_call *c;
	struct journal *j;
	struct keyring *before;
	char path[DISK_PATH_MAX], away[DISK_PATH_MAX + 8];
	(void)state;

	journal_options_defaults(&o);
	o.reserve_bytes = o.ring_bytes = 65536;
	assert_int_equal(journal_open(&j, &disk_real, folder, &o, 4000000, NULL, NULL), ERR_NONE);
	assert_int_equal(keyring_open(&before, &disk_real, folder, &read_only, NULL), ERR_NONE);
	assert_int_equal(verify_with(&cli, before), 0);
	assert_int_equal(journal_call_open(j, &c, &tenant, &newcomer, 1, 4000000), ERR_NONE);
	say(c, JOURNAL_START, "begin", 4000000);
	commit(j);
	assert_int_equal(verify_with(&cli, before), 0);
	assert_int_equal(disk_path(path, folder, "keyring"), ERR_NONE);
	snprintf(away, sizeof(away), "%s.away", path);
	assert_int_equal(rename(path, away), 0);
	assert_int_equal(verify_with(&cli, before), 1);
	assert_int_equal(rename(away, path), 0);
	keyring_close(&before);
	journal_call_close(&c, 4000000);
	assert_int_equal(journal_close(&j, 4000000), ERR_NONE);
}

static void test_wrong_usage(void **state)
{
	static const struct {
		const char *args;
		int status;
	} cases[] = { { "", 2 }, { "list", 2 }, { "mend .", 2 }, { "list . .", 2 }, { "dump . --kind laughter", 2 },
		{ "dump . --call 12", 2 }, { "verify nowhere/at/all", 3 }, { "verify nowhere/at/all --json", 3 } };
	size_t i;
	(void)state;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int status;
		json_t *out = run(&status, cases[i].args);

		assert_int_equal(status, cases[i].status);
		if (strstr(cases[i].args, "--json"))
			assert_string_equal(text(json_object_get(json_array_get(out, 0), "error"), "code"), "not_found");
		json_decref(out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_list, make_journal, remove_folder),
		cmocka_unit_test_setup_teardown(test_verify_whole, make_journal, remove_folder),
		cmocka_unit_test_setup_teardown(test_verify_counts_calls_not_epochs, make_journal, remove_folder),
		cmocka_unit_test_setup_teardown(test_verify_torn_is_fine, make_journal, remove_folder),
		cmocka_unit_test_setup_teardown(test_verify_says_where, make_journal, remove_folder),
		cmocka_unit_test_setup_teardown(test_verify_broken_seal, make_journal, remove_folder),
		cmocka_unit_test_setup_teardown(test_verify_looks_again_at_a_keyring_that_grows, make_journal, remove_folder),
		cmocka_unit_test_setup_teardown(test_dump, make_journal, remove_folder),
		cmocka_unit_test(test_wrong_usage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
