/* Who lives in a data folder: the lock goes with its process, what it said stays behind for the next one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <ftw.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/run_file.h"

static char dir[64], data[80];

static int make(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/callfunnel-run-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(data, sizeof(data), "%s/data", dir);
	return 0;
}

static int drop_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int drop(void **state)
{
	(void)state;
	return nftw(dir, drop_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void test_taken_told_dropped(void **state)
{
	struct err_detail detail = { .message = "" };
	struct run_file f, second;
	struct run_facts facts;
	char pid[40];

	(void)state;
	assert_int_equal(run_file_look(data, "w1", &facts), ERR_NOTFOUND);
	assert_int_equal(run_file_take(&f, data, "w1", &detail), ERR_NONE);
	assert_int_equal(run_file_look(data, "w1", &facts), ERR_NONE);
	assert_true(facts.pid == getpid() && !facts.is_ready && !facts.url[0]);
	assert_int_equal(run_file_take(&second, data, "w1", &detail), ERR_BUSY); /* also for ourselves */
	snprintf(pid, sizeof(pid), "process %d ", (int)getpid());
	assert_non_null(strstr(detail.message, pid));
	assert_true(second.fd < 0);
	run_file_drop(&second);
	facts.is_ready = true;
	snprintf(facts.url, sizeof(facts.url), "http://127.0.0.1:1234");
	snprintf(facts.listen, sizeof(facts.listen), "0.0.0.0:1234");
	assert_int_equal(run_file_tell(&f, &facts), ERR_NONE);
	assert_int_equal(run_file_look(data, "w1", &facts), ERR_NONE);
	assert_true(facts.is_ready && !strcmp(facts.url, "http://127.0.0.1:1234") && !strcmp(facts.listen, "0.0.0.0:1234"));
	assert_int_equal(run_file_look(data, "w2", &facts), ERR_NOTFOUND);
	run_file_drop(&f);
	run_file_drop(&f);
	assert_int_equal(run_file_look(data, "w1", &facts), ERR_NOTFOUND);
	assert_true(!facts.pid && !facts.listen[0]); /* it ended in good order: nothing to come back to */
}

/* A process that takes the name, says where it listens, starts another program, and is killed. The other one outlives it, and has our standard output:
 * whoever reads that waits for both. */
static pid_t holder_start(pid_t *sleeper)
{
	int ready[2];
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		struct run_facts facts = { .pid = getpid(), .is_ready = true, .listen = "127.0.0.1:77" };
		char *words[] = { (char *)"sleep", (char *)"30", NULL };
		struct err_detail detail;
		struct run_file f;

		if (run_file_take(&f, data, "conductor", &detail) || run_file_tell(&f, &facts))
			_exit(1);
		if (posix_spawnp(sleeper, "sleep", NULL, NULL, words, environ)) /* has what is not closed on exec; comes back behind the exec */
			_exit(1);
		(void)!write(ready[1], sleeper, sizeof(*sleeper));
		pause();
	}
	assert_int_equal(read(ready[0], sleeper, sizeof(*sleeper)), sizeof(*sleeper));
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void test_killed(void **state)
{
	struct err_detail detail = { .message = "" };
	struct run_facts facts;
	struct run_file f;
	pid_t sleeper, pid = holder_start(&sleeper);

	(void)state;
	assert_int_equal(run_file_look(data, "conductor", &facts), ERR_NONE);
	assert_int_equal(facts.pid, pid);
	assert_int_equal(run_file_take(&f, data, "conductor", &detail), ERR_BUSY);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(run_file_look(data, "conductor", &facts), ERR_NOTFOUND);
	assert_int_equal(facts.pid, pid); /* what it left behind */
	assert_string_equal(facts.listen, "127.0.0.1:77");
	assert_int_equal(run_file_take(&f, data, "conductor", &detail), ERR_NONE); /* while the other program lives */
	run_file_drop(&f);
	assert_int_equal(kill(sleeper, SIGKILL), 0);
}

static unsigned int seen;

static void count(void *arg, const char *name)
{
	(void)arg;
	seen += !strcmp(name, "w1") || !strcmp(name, "conductor") ? 1 : 100;
}

static void test_listed(void **state)
{
	char path[120];

	(void)state;
	snprintf(path, sizeof(path), "%s/run/other.txt", data);
	fclose(fopen(path, "w"));
	run_files_each(data, count, NULL);
	assert_int_equal(seen, 2);
	run_files_each(dir, count, NULL); /* no such folder */
	assert_int_equal(seen, 2);
}

static void test_a_folder_of_everybody(void **state)
{
	struct err_detail detail = { .message = "" };
	struct run_file f;

	(void)state;
	assert_int_equal(chmod(data, 0777), 0); /* the cases before have made it */
	assert_int_equal(run_file_take(&f, data, "w1", &detail), ERR_DENIED);
	assert_non_null(strstr(detail.message, "everybody may write"));
	assert_string_equal(detail.where, data);
	assert_non_null(strstr(detail.hint, "0700"));
	assert_int_equal(chmod(data, 01777), 0); /* nobody may put another file in the place of ours */
	assert_int_equal(run_file_take(&f, data, "w1", &detail), ERR_NONE);
	run_file_drop(&f);
}

static void test_what_is_no_text(void **state)
{
	static const char *const texts[] = { "", "{", "{\"pid\":-1}", "{\"pid\":\"x\"}", "[]", "\xff\xfe" };
	struct err_detail detail;
	struct run_facts facts;
	struct run_file f;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(run_file_take(&f, data, "w9", &detail), ERR_NONE);
		assert_int_equal(ftruncate(f.fd, 0), 0);
		assert_int_equal(pwrite(f.fd, texts[i], strlen(texts[i]), 0), (int)strlen(texts[i]));
		assert_int_equal(run_file_look(data, "w9", &facts), ERR_BUSY);
		run_file_drop(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken_told_dropped),
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_listed),
		cmocka_unit_test(test_what_is_no_text),
		cmocka_unit_test(test_a_folder_of_everybody),
	};

	return cmocka_run_group_tests(tests, make, drop);
}
