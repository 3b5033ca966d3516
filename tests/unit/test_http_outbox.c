/* What waits to be sent, as bytes in memory: nothing of it stays behind when it has grown, moved or gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/http_outbox.h"
#include "memorykit.h"

enum { CEILING = 1 << 20, LARGE = 100000, BEFORE = 100 /* who frees memory writes into its beginning */ };

static const uint8_t filling[LARGE];

/* So many bytes at most fit between the two: the rest waits in the outbox. */
static void pair(int fds[2])
{
	int small = 4096;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	assert_int_equal(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
}

static size_t drain(int fd, const char *needle)
{
	uint8_t *piece = sodium_malloc(LARGE);
	size_t found = 0;
	ssize_t got;

	assert_non_null(piece);
	while ((got = recv(fd, piece, LARGE, MSG_DONTWAIT)) > 0)
		found += memmem(piece, (size_t)got, needle, MEMORY_NEEDLE) != NULL;
	sodium_free(piece);
	return found;
}

static void test_what_was_sent_is_gone(void **state)
{
	char *needle = memory_plant();
	struct http_outbox o;
	int fds[2];

	(void)state;
	pair(fds);
	outbox_init(&o, CEILING);
	assert_int_equal(outbox_put(&o, filling, BEFORE, 1), ERR_NONE);
	assert_int_equal(outbox_put(&o, needle, MEMORY_NEEDLE, 1), ERR_NONE);
	assert_int_equal(memory_holds(needle), 1);
	assert_int_equal(outbox_put(&o, filling, LARGE, 1), ERR_NONE); /* it grows */
	assert_int_equal(memory_holds(needle), 1);
	assert_int_equal(outbox_flush(&o, fds[0]), ERR_NONE);
	assert_int_equal(memory_holds(needle), 0); /* though more waits behind it */
	assert_true(o.len > 0);
	while (o.len) {
		drain(fds[1], needle);
		assert_int_equal(outbox_flush(&o, fds[0]), ERR_NONE);
	}
	outbox_fini(&o);
	close(fds[0]);
	close(fds[1]);
	sodium_free(needle);
}

/* What waits comes to the front when room is needed behind it; what is never sent goes with the outbox. */
static void test_what_moves_and_what_stays(void **state)
{
	char *needle = memory_plant();
	struct http_outbox o;
	size_t seen = 0;
	int fds[2];

	(void)state;
	pair(fds);
	outbox_init(&o, CEILING);
	assert_int_equal(outbox_put(&o, filling, LARGE, 1), ERR_NONE);
	assert_int_equal(outbox_put(&o, needle, MEMORY_NEEDLE, 1), ERR_NONE);
	assert_int_equal(outbox_flush(&o, fds[0]), ERR_NONE);
	assert_true(o.head > 0 && o.len > 0);
	assert_non_null(outbox_room(&o, o.cap - o.len));
	assert_int_equal(o.head, 0);
	assert_int_equal(memory_holds(needle), 1);
	while (o.len) {
		seen += drain(fds[1], needle);
		assert_int_equal(outbox_flush(&o, fds[0]), ERR_NONE);
	}
	assert_int_equal(seen + drain(fds[1], needle), 1);
	assert_int_equal(outbox_put(&o, filling, BEFORE, 1), ERR_NONE);
	assert_int_equal(outbox_put(&o, needle, MEMORY_NEEDLE, 1), ERR_NONE);
	outbox_fini(&o);
	assert_int_equal(memory_holds(needle), 0);
	close(fds[0]);
	close(fds[1]);
	sodium_free(needle);
}

static void test_a_private_buffer(void **state)
{
	char *needle = memory_plant();
	struct buf b, plain;

	(void)state;
	buf_init_private(&b, CEILING);
	buf_append(&b, filling, BEFORE);
	buf_printf(&b, "%s", needle);
	assert_int_equal(memory_holds(needle), 1);
	buf_append(&b, filling, LARGE); /* it grows */
	assert_int_equal(memory_holds(needle), 1);
	assert_memory_equal(b.data + BEFORE, needle, MEMORY_NEEDLE);
	buf_fini(&b);
	assert_true(b.is_private && !b.data && b.max == CEILING);
	assert_int_equal(memory_holds(needle), 0);
	buf_init(&plain, CEILING);
	assert_false(plain.is_private);
	buf_fini(&plain);
	sodium_free(needle);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_sent_is_gone),
		cmocka_unit_test(test_what_moves_and_what_stays),
		cmocka_unit_test(test_a_private_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
