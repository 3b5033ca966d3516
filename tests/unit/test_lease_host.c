/* Leases that the processes of one host share: never more than the limit, whoever asks; what a dead one held is free. Each opening of the file is another
 * holder, so one process stands for several. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "deadline.h"
#include "voice/lineup/lease.h"
#include "voice/lineup/lease_host.h"

enum { WORKERS = 3, HELD = 64, PATH = 100, CHILD_S = 5 };

static const struct id128 acme = { { 1 } }, other = { { 2 } };

/* One worker's end of an account. */
struct side {
	struct lease_host host;
	struct lease_account account;
	struct lease leases[HELD];
};

static char path[PATH];

static int setup(void **state)
{
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/callfunnel-leases-XXXXXX");
	fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

static void side_open(struct side *s, const struct id128 *tenant, uint32_t limit)
{
	struct err_detail detail;

	memset(s, 0, sizeof(*s));
	assert_int_equal(lease_host_open(&s->host, path, &detail), ERR_NONE);
	s->account = (struct lease_account){ .limit = limit, .host = &s->host, .place = lease_host_place(tenant, "deepgram") };
}

static void side_close(struct side *s)
{
	for (unsigned int i = 0; i < HELD; i++)
		lease_give(&s->leases[i]);
	assert_int_equal(s->account.held, 0);
	assert_null(s->account.first);
	lease_host_close(&s->host);
}

static enum lease_reply side_take(struct side *s, unsigned int lease)
{
	return lease_take(&s->leases[lease], &s->account);
}

static void a_limit_is_everybodys(void **state)
{
	struct side a, b, c;

	(void)state;
	side_open(&a, &acme, 3);
	side_open(&b, &acme, 3);
	side_open(&c, &other, 3);
	assert_int_equal(side_take(&a, 0), LEASE_GRANTED);
	assert_int_equal(side_take(&b, 0), LEASE_GRANTED);
	assert_int_equal(side_take(&a, 1), LEASE_GRANTED);
	assert_int_equal(side_take(&a, 2), LEASE_FULL);
	assert_int_equal(side_take(&b, 1), LEASE_FULL);
	assert_int_equal(side_take(&c, 0), LEASE_GRANTED); /* another tenant's */
	lease_give(&b.leases[0]);
	assert_int_equal(side_take(&a, 2), LEASE_GRANTED);
	assert_int_equal(side_take(&b, 1), LEASE_FULL);
	lease_give(&a.leases[1]);
	assert_int_equal(side_take(&b, 1), LEASE_GRANTED);
	side_close(&a);
	side_close(&b);
	side_close(&c);
}

static void none_is_no_lock(void **state)
{
	struct side a;
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct lease_host looker;
	struct err_detail detail;

	(void)state;
	side_open(&a, &acme, 0);
	for (unsigned int i = 0; i < HELD; i++)
		assert_int_equal(side_take(&a, i), LEASE_GRANTED);
	assert_int_equal(lease_host_open(&looker, path, &detail), ERR_NONE);
	assert_int_equal(fcntl(looker.fd, F_OFD_GETLK, &lock), 0);
	assert_int_equal(lock.l_type, F_UNLCK);
	lease_host_close(&looker);
	side_close(&a);
}

/* A worker with all of them, killed in the middle of a call. */
static void what_a_killed_worker_held_is_free(void **state)
{
	static struct side a, dead;
	int ready[2], status;
	char byte;
	pid_t pid;

	(void)state;
	side_open(&a, &acme, 2);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		alarm(CHILD_S); /* should the test fail before it kills us */
		side_open(&dead, &acme, 2);
		byte = side_take(&dead, 0) == LEASE_GRANTED && side_take(&dead, 1) == LEASE_GRANTED ? 'y' : 'n';
		if (write(ready[1], &byte, 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(byte, 'y');
	assert_int_equal(side_take(&a, 0), LEASE_FULL);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(side_take(&a, 0), LEASE_GRANTED);
	assert_int_equal(side_take(&a, 1), LEASE_GRANTED);
	close(ready[0]);
	close(ready[1]);
	side_close(&a);
}

/* Where the system cannot say, a worker's own streams count, and nobody is turned away for it. */
static void what_cannot_be_asked_counts_by_itself(void **state)
{
	struct side a;

	(void)state;
	side_open(&a, &acme, 2);
	lease_host_close(&a.host);
	assert_int_equal(side_take(&a, 0), LEASE_GRANTED);
	assert_int_equal(side_take(&a, 1), LEASE_GRANTED);
	assert_int_equal(side_take(&a, 2), LEASE_FULL);
	side_close(&a);
}

static void a_file_that_cannot_be_opened_says_so(void **state)
{
	struct lease_host h;
	struct err_detail detail = { .message = "" };

	(void)state;
	assert_int_not_equal(lease_host_open(&h, "/proc/no/such/leases", &detail), ERR_NONE);
	assert_int_equal(h.fd, -1);
	assert_true(*detail.message && *detail.hint);
	lease_host_close(&h);
}

/* In any order, of any limit: granted exactly while fewer than the limit are out. */
static void never_more_than_the_limit_and_never_less(void **state)
{
	static struct side sides[WORKERS];
	uint64_t dice = 1;
	uint32_t limit, held;

	(void)state;
	for (limit = 1; limit <= 40; limit += 13) {
		held = 0;
		for (unsigned int i = 0; i < WORKERS; i++)
			side_open(&sides[i], &acme, limit);
		for (unsigned int step = 0; step < 4000; step++) {
			struct side *s;
			struct lease *lease;

			dice = dice * 6364136223846793005u + 1442695040888963407u;
			s = &sides[(dice >> 33) % WORKERS];
			lease = &s->leases[(dice >> 40) % HELD];
			if (lease->account) {
				lease_give(lease);
				held--;
				continue;
			}
			assert_int_equal(lease_take(lease, &s->account), held < limit ? LEASE_GRANTED : LEASE_FULL);
			held += lease->account != NULL;
		}
		assert_true(held > 0);
		for (unsigned int i = 0; i < WORKERS; i++)
			side_close(&sides[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define UNIT(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		UNIT(a_limit_is_everybodys),
		UNIT(none_is_no_lock),
		UNIT(what_a_killed_worker_held_is_free),
		UNIT(what_cannot_be_asked_counts_by_itself),
		UNIT(a_file_that_cannot_be_opened_says_so),
		UNIT(never_more_than_the_limit_and_never_less),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
