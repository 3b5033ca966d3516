/* Sealed secrets: what comes back, who may open what, the cache and its hour, wrong keys and damaged files. */
#include "datakit.h"

#include <dirent.h>
#include <sodium.h>

#include "data/secrets.h"

static const struct secrets_settings defaults = { .master_key_file = "", .cache_s = 3600 };

struct answer {
	unsigned int count;
	enum err err;
	struct secret secret;
	struct secret_names names;
	struct job *slot;
};

static void on_got(void *arg, enum err err, struct secret secret)
{
	struct answer *a = arg;

	assert_null(a->slot);
	a->count++;
	a->err = err;
	a->secret = secret;
}

static void on_stored(void *arg, enum err err)
{
	struct answer *a = arg;

	a->count++;
	a->err = err;
}

static void on_listed(void *arg, enum err err, const struct secret_names *names)
{
	struct answer *a = arg;

	a->count++;
	a->err = err;
	if (!err)
		a->names = *names;
}

static struct secrets *open_with(struct world *w, const struct secrets_settings *settings)
{
	struct err_detail detail = { .message = "" };
	struct secrets *s;

	if (sealed_secrets_open(&s, &w->loop, world_path(w, "secrets"), settings, &detail))
		fail_msg("%s: %s", detail.where, detail.message);
	return s;
}

static enum err set(struct world *w, struct secrets *s, const struct tenant *t, const char *name, const char *value)
{
	struct answer a = { .count = 0 };
	enum err err = secrets_set(s, &a.slot, t, name, value, strlen(value), on_stored, &a);

	if (err)
		return err;
	world_wait(w, &a.count, 1);
	return a.err;
}

/* Whether the tenant's secret is `value`; NULL: it must not be there. */
static void holds(struct world *w, struct secrets *s, const struct tenant *t, const char *name, const char *value)
{
	struct answer a = { .count = 0 };

	assert_int_equal(secrets_get(s, &a.slot, t, name, on_got, &a), ERR_NONE);
	world_wait(w, &a.count, 1);
	assert_int_equal(a.err, value ? ERR_NONE : ERR_NOTFOUND);
	if (value) {
		assert_string_equal(a.secret.value, value);
		assert_int_equal(a.secret.len, strlen(value));
	}
	secret_release(&a.secret);
	assert_null(a.secret.value);
}

static enum err get_err(struct world *w, struct secrets *s, const struct tenant *t, const char *name)
{
	struct answer a = { .count = 0 };

	assert_int_equal(secrets_get(s, &a.slot, t, name, on_got, &a), ERR_NONE);
	world_wait(w, &a.count, 1);
	secret_release(&a.secret);
	return a.err;
}

static void sealed_path(const struct world *w, const struct tenant *t, char out[256])
{
	char id[2 * TENANT_ID_BYTES + 1];

	tenant_id_text(t, id);
	snprintf(out, 256, "%s/secrets/%s.sealed", w->dir, id);
}

static void secrets_come_back(void **state)
{
	struct world w;
	struct secrets *s;
	struct answer a = { .count = 0 };

	(void)state;
	world_begin(&w);
	s = open_with(&w, &defaults);
	holds(&w, s, w.a, "twilio.auth_token", NULL);
	assert_int_equal(set(&w, s, w.a, "twilio.auth_token", "first"), ERR_NONE);
	assert_int_equal(set(&w, s, w.a, "deepgram.key", "key of a vendor"), ERR_NONE);
	assert_int_equal(set(&w, s, w.a, "twilio.auth_token", "second, longer"), ERR_NONE);
	holds(&w, s, w.a, "twilio.auth_token", "second, longer");
	holds(&w, s, w.a, "deepgram.key", "key of a vendor");
	assert_int_equal(secrets_list(s, &a.slot, w.a, on_listed, &a), ERR_NONE);
	world_wait(&w, &a.count, 1);
	assert_int_equal(a.names.count, 2);
	assert_string_equal(a.names.names[0], "deepgram.key");
	assert_string_equal(a.names.names[1], "twilio.auth_token");
	secrets_close(&s);
	s = open_with(&w, &defaults);
	holds(&w, s, w.a, "twilio.auth_token", "second, longer");
	a = (struct answer){ .count = 0 };
	assert_int_equal(secrets_remove(s, &a.slot, w.a, "twilio.auth_token", on_stored, &a), ERR_NONE);
	world_wait(&w, &a.count, 1);
	assert_int_equal(a.err, ERR_NONE);
	holds(&w, s, w.a, "twilio.auth_token", NULL);
	holds(&w, s, w.a, "deepgram.key", "key of a vendor");
	assert_int_equal(secrets_remove(s, &a.slot, w.a, "twilio.auth_token", on_stored, &a), ERR_NONE);
	world_wait(&w, &a.count, 2);
	assert_int_equal(a.err, ERR_NOTFOUND);
	secrets_close(&s);
	world_end(&w);
}

static void copy_file(const char *from, const char *to)
{
	struct buf b;
	FILE *f;

	buf_init(&b, 1 << 20);
	assert_int_equal(disk_load(&disk_real, from, &b), ERR_NONE);
	f = fopen(to, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(b.data, 1, b.len, f), b.len);
	fclose(f);
	buf_fini(&b);
}

static void N8_a_tenant_opens_its_own_only(void **state)
{
	char of_a[256], of_b[256];
	struct world w;
	struct secrets *s;
	struct tenant_claim *claim;
	struct answer a = { .count = 0 };

	(void)state;
	world_begin(&w);
	s = open_with(&w, &defaults);
	assert_int_equal(set(&w, s, w.a, "key", "of acme"), ERR_NONE);
	holds(&w, s, w.b, "key", NULL);
	assert_int_equal(set(&w, s, w.b, "key", "of globex"), ERR_NONE);
	holds(&w, s, w.a, "key", "of acme");
	holds(&w, s, w.b, "key", "of globex");
	holds(&w, s, tenant_house(), "key", NULL);
	assert_int_equal(tenant_claim_from_route(&claim, "globex"), ERR_NONE);
	assert_int_equal(secrets_get_claimed(s, &a.slot, claim, "key", on_got, &a), ERR_NONE);
	world_wait(&w, &a.count, 1);
	assert_string_equal(a.secret.value, "of globex");
	secret_release(&a.secret);
	tenant_claim_free(&claim);
	/* Somebody who may write the folder swaps two tenants' files: neither opens. */
	sealed_path(&w, w.a, of_a);
	sealed_path(&w, w.b, of_b);
	copy_file(of_a, of_b);
	assert_int_equal(get_err(&w, s, w.b, "key"), ERR_CORRUPT);
	holds(&w, s, w.a, "key", "of acme");
	secrets_close(&s);
	world_end(&w);
}

static void nothing_lies_open_on_the_disk(void **state)
{
	static const char value[] = "a value that must not lie open";
	char path[256];
	struct world w;
	struct secrets *s;
	struct buf b;
	struct stat st;

	(void)state;
	world_begin(&w);
	s = open_with(&w, &defaults);
	assert_int_equal(set(&w, s, w.a, "vendor.key", value), ERR_NONE);
	sealed_path(&w, w.a, path);
	buf_init(&b, 1 << 20);
	assert_int_equal(disk_load(&disk_real, path, &b), ERR_NONE);
	assert_null(memmem(b.data, b.len, value, 8));
	assert_null(memmem(b.data, b.len, "vendor", 6));
	buf_fini(&b);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(world_path(&w, "secrets/master.key"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_size, 32);
	assert_int_equal(stat(world_path(&w, "secrets"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	secrets_close(&s);
	world_end(&w);
}

static enum err refused(struct world *w, const struct secrets_settings *settings, const char *words)
{
	struct err_detail detail = { .message = "" };
	struct secrets *s;
	enum err err = sealed_secrets_open(&s, &w->loop, world_path(w, "secrets"), settings, &detail);

	assert_null(s);
	assert_non_null(strstr(detail.message, words));
	assert_string_not_equal(detail.where, "");
	assert_string_not_equal(detail.hint, "");
	detail = (struct err_detail){ .message = "" };
	assert_int_equal(sealed_secrets_look(world_path(w, "secrets"), settings, &detail), err); /* the same, without opening */
	assert_non_null(strstr(detail.message, words));
	assert_string_not_equal(detail.hint, "");
	return err;
}

static void write_key(const char *path, size_t len, mode_t mode, char fill)
{
	char bytes[64];
	FILE *f;

	unlink(path);
	memset(bytes, fill, sizeof(bytes));
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

static void the_master_key_is_guarded(void **state)
{
	struct world w;
	struct secrets *s;
	char path[256];
	struct secrets_settings elsewhere = { .master_key_file = path, .cache_s = 10 };

	(void)state;
	world_begin(&w);
	s = open_with(&w, &defaults);
	assert_int_equal(set(&w, s, w.a, "key", "value"), ERR_NONE);
	secrets_close(&s);
	snprintf(path, sizeof(path), "%s", world_path(&w, "secrets/master.key"));
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(refused(&w, &defaults, "others may read"), ERR_DENIED);
	assert_int_equal(chmod(path, 0604), 0);
	assert_int_equal(refused(&w, &defaults, "others may read"), ERR_DENIED);
	unlink(path);
	assert_int_equal(refused(&w, &defaults, "missing"), ERR_NOTFOUND); /* never made anew beside sealed files */
	assert_int_not_equal(access(path, F_OK), 0);
	write_key(path, 31, 0600, 'k');
	assert_int_equal(refused(&w, &defaults, "32 bytes"), ERR_FORMAT);
	write_key(path, 33, 0600, 'k');
	assert_int_equal(refused(&w, &defaults, "32 bytes"), ERR_FORMAT);
	write_key(path, 32, 0600, 'k');
	s = open_with(&w, &defaults);
	assert_int_equal(get_err(&w, s, w.a, "key"), ERR_DENIED); /* another key made these */
	assert_int_equal(set(&w, s, w.a, "key", "over it"), ERR_DENIED); /* and they are not written over */
	secrets_close(&s);
	snprintf(path, sizeof(path), "%s", world_path(&w, "elsewhere.key"));
	assert_int_equal(refused(&w, &elsewhere, "missing"), ERR_NOTFOUND); /* a named one is never made */
	uv_run(&w.loop, UV_RUN_DEFAULT);
	world_end(&w);
}

static void looking_makes_nothing(void **state)
{
	struct err_detail detail = { .message = "" };
	struct world w;
	struct secrets *s;

	(void)state;
	world_begin(&w);
	assert_int_equal(sealed_secrets_look(world_path(&w, "secrets"), &defaults, &detail), ERR_NONE);
	assert_int_not_equal(access(world_path(&w, "secrets"), F_OK), 0);
	assert_int_equal(mkdir(world_path(&w, "secrets"), 0700), 0);
	assert_int_equal(sealed_secrets_look(world_path(&w, "secrets"), &defaults, &detail), ERR_NONE);
	assert_int_not_equal(access(world_path(&w, "secrets/master.key"), F_OK), 0);
	s = open_with(&w, &defaults);
	assert_int_equal(sealed_secrets_look(world_path(&w, "secrets"), &defaults, &detail), ERR_NONE);
	assert_string_equal(detail.message, "");
	secrets_close(&s);
	uv_run(&w.loop, UV_RUN_DEFAULT);
	world_end(&w);
}

static void systemd_credentials_are_taken(void **state)
{
	struct world w;
	struct secrets *s;

	(void)state;
	world_begin(&w);
	assert_int_equal(mkdir(world_path(&w, "credentials"), 0700), 0);
	write_key(world_path(&w, "credentials/callfunnel.master_key"), 32, 0400, 'c');
	setenv("CREDENTIALS_DIRECTORY", world_path(&w, "credentials"), 1);
	s = open_with(&w, &defaults);
	assert_int_equal(set(&w, s, w.a, "key", "value"), ERR_NONE);
	holds(&w, s, w.a, "key", "value");
	assert_int_not_equal(access(world_path(&w, "secrets/master.key"), F_OK), 0); /* none was made */
	secrets_close(&s);
	unsetenv("CREDENTIALS_DIRECTORY");
	assert_int_equal(refused(&w, &defaults, "missing"), ERR_NOTFOUND);
	uv_run(&w.loop, UV_RUN_DEFAULT);
	world_end(&w);
}

static void damage_is_told(void **state)
{
	char path[256];
	struct world w;
	struct secrets *s;
	struct buf b;

	(void)state;
	world_begin(&w);
	s = open_with(&w, &defaults);
	assert_int_equal(set(&w, s, w.a, "key", "value"), ERR_NONE);
	sealed_path(&w, w.a, path);
	buf_init(&b, 1 << 20);
	assert_int_equal(disk_load(&disk_real, path, &b), ERR_NONE);
	for (size_t i = 0; i < b.len; i += 3) {
		FILE *f = fopen(path, "wb");

		b.data[i] ^= 0x40;
		assert_int_equal(fwrite(b.data, 1, b.len, f), b.len);
		fclose(f);
		b.data[i] ^= 0x40;
		if (i == 6)
			assert_int_equal(get_err(&w, s, w.a, "key"), ERR_VERSION);
		else
			assert_int_equal(get_err(&w, s, w.a, "key"), i >= 7 && i < 16 ? ERR_DENIED : ERR_CORRUPT);
	}
	for (size_t len = 0; len < b.len; len += 5) {
		FILE *f = fopen(path, "wb");

		assert_int_equal(fwrite(b.data, 1, len, f), len);
		fclose(f);
		assert_int_equal(get_err(&w, s, w.a, "key"), ERR_CORRUPT);
	}
	buf_fini(&b);
	secrets_close(&s);
	world_end(&w);
}

/* Another program (the command line) sets a secret: who has the store open gets the new one at once, and keeps the old while held. */
static void a_change_by_another_program_is_seen(void **state)
{
	struct world w;
	struct secrets *server, *command;
	struct answer a = { .count = 0 };

	(void)state;
	world_begin(&w);
	server = open_with(&w, &defaults);
	command = open_with(&w, &defaults);
	assert_int_equal(set(&w, command, w.a, "key", "old"), ERR_NONE);
	assert_int_equal(secrets_get(server, &a.slot, w.a, "key", on_got, &a), ERR_NONE);
	world_wait(&w, &a.count, 1);
	assert_int_equal(set(&w, command, w.a, "key", "new"), ERR_NONE);
	holds(&w, server, w.a, "key", "new");
	assert_string_equal(a.secret.value, "old"); /* ours until we let it go */
	secrets_close(&command);
	secrets_close(&server);
	assert_string_equal(a.secret.value, "old");
	secret_release(&a.secret);
	world_end(&w);
}

/* F26: what the store cannot read any more is served for the cache's time, then not; what it never had is refused at once. The folder
 * becomes one that nothing can be looked up in (its name a file's), which is not the same as the secrets being gone. */
static void F26_a_store_that_is_away(void **state)
{
	struct secrets_settings none = { .master_key_file = "", .cache_s = 0 };
	struct world w;
	struct secrets *kept, *at_once;
	char from[256], to[256];

	(void)state;
	world_begin(&w);
	kept = open_with(&w, &defaults);
	at_once = open_with(&w, &none);
	assert_int_equal(set(&w, kept, w.a, "key", "value"), ERR_NONE);
	assert_int_equal(set(&w, kept, w.b, "key", "value"), ERR_NONE);
	holds(&w, kept, w.a, "key", "value");
	holds(&w, at_once, w.a, "key", "value");
	snprintf(from, sizeof(from), "%s", world_path(&w, "secrets"));
	snprintf(to, sizeof(to), "%s", world_path(&w, "away"));
	assert_int_equal(rename(from, to), 0);
	write_key(from, 1, 0600, 'x');
	holds(&w, kept, w.a, "key", "value");
	assert_int_not_equal(get_err(&w, kept, w.b, "key"), ERR_NONE);
	assert_int_not_equal(get_err(&w, at_once, w.a, "key"), ERR_NONE); /* its time is over */
	secrets_close(&kept);
	secrets_close(&at_once);
	world_end(&w);
}

static void names_and_sizes_have_limits(void **state)
{
	static const char *const bad[] = { "", "Key", "a/b", "a b", "../x", "1234567890123456789012345678901234567890123456789012345678901234" };
	char *large = malloc(SECRET_MAX_BYTES + 2);
	struct world w;
	struct secrets *s;

	(void)state;
	assert_non_null(large);
	world_begin(&w);
	s = open_with(&w, &defaults);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(set(&w, s, w.a, bad[i], "value"), ERR_USAGE);
	assert_int_equal(set(&w, s, w.a, "key", ""), ERR_USAGE);
	memset(large, 'v', SECRET_MAX_BYTES + 1);
	large[SECRET_MAX_BYTES + 1] = 0;
	assert_int_equal(set(&w, s, w.a, "key", large), ERR_LIMIT);
	large[SECRET_MAX_BYTES] = 0;
	assert_int_equal(set(&w, s, w.a, "key", large), ERR_NONE);
	holds(&w, s, w.a, "key", large);
	for (unsigned int i = 1; i <= SECRETS_PER_TENANT_MAX; i++) {
		char name[32];

		snprintf(name, sizeof(name), "n%u", i);
		assert_int_equal(set(&w, s, w.a, name, "v"), i < SECRETS_PER_TENANT_MAX ? ERR_NONE : ERR_LIMIT);
	}
	assert_int_equal(set(&w, s, w.a, "n1", "changed"), ERR_NONE); /* one that is there may still change */
	secrets_close(&s);
	free(large);
	world_end(&w);
}

static void more_tenants_than_the_cache_holds(void **state)
{
	enum { TENANTS = 70 };
	struct world w;
	struct secrets *s;
	char name[32];

	(void)state;
	world_begin(&w);
	s = open_with(&w, &defaults);
	for (unsigned int round = 0; round < 2; round++)
		for (unsigned int i = 0; i < TENANTS; i++) {
			struct tenant *t;

			snprintf(name, sizeof(name), "t%u", i);
			t = tenant_called(name);
			if (!round)
				assert_int_equal(set(&w, s, t, "key", name), ERR_NONE);
			holds(&w, s, t, "key", name);
			tenant_drop(&t);
		}
	secrets_close(&s);
	world_end(&w);
}

/* The plain form is judged as well: it comes out of a seal, but a mistake of ours must not become a read beyond the end. */
static void blocks_are_judged(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum err err;
	} cases[] = {
		{ "\1k\0\1\0v\0", 7, ERR_NONE },
		{ "", 0, ERR_NONE },
		{ "\1k\0\1\0vx", 7, ERR_CORRUPT },       /* no NUL behind the value */
		{ "\1kx\1\0v\0", 7, ERR_CORRUPT },       /* none behind the name */
		{ "\1k\0\2\0v\0", 7, ERR_CORRUPT },      /* longer than there is */
		{ "\1k\0\0\0\0", 6, ERR_CORRUPT },       /* no value */
		{ "\1K\0\1\0v\0", 7, ERR_CORRUPT },      /* no name of ours */
		{ "\100k\0\1\0v\0", 7, ERR_CORRUPT },
		{ "\1k\0", 3, ERR_CORRUPT },
		{ "\2k\0\0\1\0v\0", 8, ERR_CORRUPT },    /* a NUL in the name */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct secret_block *b;

		assert_int_equal(secret_block_new(&b, cases[i].len), ERR_NONE);
		memcpy(secret_block_bytes(b), cases[i].bytes, cases[i].len);
		assert_int_equal(secret_block_check(b), cases[i].err);
		secret_block_drop(&b);
	}
}

static int begin(void **state)
{
	(void)state;
	unsetenv("CREDENTIALS_DIRECTORY");
	return sodium_init() < 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_come_back),
		cmocka_unit_test(N8_a_tenant_opens_its_own_only),
		cmocka_unit_test(nothing_lies_open_on_the_disk),
		cmocka_unit_test(the_master_key_is_guarded),
		cmocka_unit_test(looking_makes_nothing),
		cmocka_unit_test(systemd_credentials_are_taken),
		cmocka_unit_test(damage_is_told),
		cmocka_unit_test(a_change_by_another_program_is_seen),
		cmocka_unit_test(F26_a_store_that_is_away),
		cmocka_unit_test(names_and_sizes_have_limits),
		cmocka_unit_test(more_tenants_than_the_cache_holds),
		cmocka_unit_test(blocks_are_judged),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
