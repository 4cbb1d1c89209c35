/*
 * test_lobby.c - who waits for the rest of a request holds nobody up, and who
 * says nothing goes first.
 */
#include "unit.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pool/lobby.h"

static int epoll;
static int peers[LOBBY_SEATS + 1];

/* One more connection; its other end is peers[i]. */
static struct incoming *
come(struct lobby *l, int i)
{
	struct incoming *in;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	peers[i] = fds[1];
	in = lobby_enter(l, fds[0]);
	assert_non_null(in);
	in->since = 1000 + i;
	return in;
}

static bool
is_closed(int i)
{
	char byte;

	return recv(peers[i], &byte, 1, MSG_DONTWAIT) == 0;
}

/* The seat of the one that has been silent longest is needed first. */
static void
test_full(void **state)
{
	struct lobby *l = lobby_new(epoll);
	struct incoming *in;

	(void)state;
	assert_non_null(l);
	for (int i = 0; i < LOBBY_SEATS; i++) {
		in = come(l, i);
		/* The third and the fifth are silent. */
		if (i != 3 && i != 5)
			assert_int_equal(send(peers[i], "\1", 1, 0), 1);
		assert_int_equal(incoming_go_on(in), INCOMING_MORE);
		assert_true(lobby_wait(l, in));
		assert_int_equal(lobby_count(l), i + 1);
	}
	for (int n = 0; n < 3; n++) {
		static const int gone[] = { 3, 5, 0 };

		in = come(l, LOBBY_SEATS);
		for (int i = 0; i < LOBBY_SEATS; i++) {
			bool is_gone = false;

			for (int m = 0; m <= n; m++)
				is_gone = is_gone || gone[m] == i;
			ROW(is_closed(i) == is_gone, "%d of %d", i, n);
		}
		assert_int_equal(send(peers[LOBBY_SEATS], "\1", 1, 0), 1);
		assert_int_equal(incoming_go_on(in), INCOMING_MORE);
		assert_true(lobby_wait(l, in));
		close(peers[LOBBY_SEATS]);
	}
	ROWS_END();
	lobby_free(l);
	for (int i = 0; i < LOBBY_SEATS; i++) {
		ROW(is_closed(i), "%d is open at the end", i);
		close(peers[i]);
	}
	ROWS_END();
}

/* Those that said nothing may be told to go earlier than others. */
static void
test_late(void **state)
{
	struct lobby *l = lobby_new(epoll);
	struct incoming *a, *b;
	struct epoll_event event = { .data.ptr = NULL };

	(void)state;
	assert_non_null(l);
	a = come(l, 0);
	b = come(l, 1);
	assert_true(lobby_wait(l, a) && lobby_wait(l, b));
	assert_null(lobby_late(l, 1000, 1000));
	assert_ptr_equal(lobby_late(l, 0, 1001), a);
	assert_int_equal(send(peers[0], "\1", 1, 0), 1);
	assert_int_equal(epoll_wait(epoll, &event, 1, 5000), 1);
	assert_ptr_equal(event.data.ptr, a);
	assert_int_equal(incoming_go_on(a), INCOMING_MORE);
	assert_null(lobby_late(l, 0, 1001));
	assert_ptr_equal(lobby_late(l, 1001, 0), a);
	assert_ptr_equal(lobby_late(l, 0, 1002), b);
	lobby_leave(l, a, false);
	assert_int_equal(lobby_count(l), 1);
	assert_false(is_closed(0));
	lobby_leave(l, b, true);
	assert_int_equal(lobby_count(l), 0);
	assert_true(is_closed(1));
	close(peers[0]);
	close(peers[1]);
	lobby_free(l);
}

/* What was answered says no more, and ends when its peer does. */
static void
test_answered(void **state)
{
	struct lobby *l = lobby_new(epoll);
	struct incoming *in;
	char bytes[1000] = "";

	(void)state;
	assert_non_null(l);
	in = come(l, 0);
	incoming_answered(in);
	assert_true(is_closed(0)); /* its sending side */
	assert_int_equal(send(peers[0], bytes, sizeof bytes, 0), sizeof bytes);
	assert_int_equal(incoming_go_on(in), INCOMING_MORE);
	close(peers[0]);
	assert_int_equal(incoming_go_on(in), INCOMING_BROKEN);
	assert_true(in->is_silent);
	lobby_leave(l, in, true);
	/* One that does not read what it was sent is reset. */
	for (int i = 0; i < 2; i++) {
		in = come(l, 0);
		assert_int_equal(send(in->fd, "reply", 5, 0), 5);
		if (i == 0)
			incoming_answered(in);
		close(peers[0]);
		assert_int_equal(incoming_go_on(in), INCOMING_BROKEN);
		lobby_leave(l, in, true);
	}
	lobby_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_answered),
	};

	epoll = epoll_create1(EPOLL_CLOEXEC);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
