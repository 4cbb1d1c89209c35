/*
 * test_gate.c - how many are inside, who waits, and who dies there.
 */
#include "unit.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "account/gate.h"
#include "base/clock.h"

/* A process that enters, says so, and leaves when it is told. */
struct guest {
	pid_t pid;
	int says; /* 'i': inside, 'r': refused */
	int told;
};

#define LIVE UINT32_MAX /* no rank: the queue */

static struct guest
guest_send_late(const struct gate *g, unsigned int rank)
{
	int says[2], told[2];
	struct guest guest;
	char c;

	assert_int_equal(pipe(says), 0);
	assert_int_equal(pipe(told), 0);
	if ((guest.pid = fork()) == 0) {
		close(told[1]);
		alarm(20); /* it must not outlive a test that fails */
		if (rank == LIVE)
			c = gate_enter(g) ? 'i' : 'r';
		else
			c = gate_enter_late(g, rank) ? 'i' : 'r';
		if (write(says[1], &c, 1) != 1 || read(told[0], &c, 1) < 0)
			_exit(1);
		gate_leave(g);
		/* It lives on: leaving must not need its death. */
		pause();
	}
	close(says[1]);
	close(told[0]);
	guest.says = says[0];
	guest.told = told[1];
	return guest;
}

static struct guest
guest_send(const struct gate *g)
{
	return guest_send_late(g, LIVE);
}

static char
guest_says(const struct guest *guest)
{
	char c = '?';

	return read(guest->says, &c, 1) == 1 ? c : '?';
}

static void
guest_leave(const struct guest *guest)
{
	assert_int_equal(write(guest->told, "", 1), 1);
}

static void
guest_end(const struct guest *guest)
{
	kill(guest->pid, SIGKILL);
	assert_int_equal(waitpid(guest->pid, NULL, 0), guest->pid);
	close(guest->says);
	close(guest->told);
}

/* Until so many wait, or longer than any of them would. */
static void
wait_for_queue(const struct gate *g, unsigned int count)
{
	int64_t until = clock_now() + (int64_t)GATE_WAIT_MS * 10;

	while (gate_waiting(g) != count && clock_left(until) > 0)
		usleep(1000);
	assert_int_equal(gate_waiting(g), count);
}

static void
wait_for_lane(const struct gate *g, unsigned int count)
{
	int64_t until = clock_now() + (int64_t)GATE_LATE_WAIT_MS * 10;

	while (gate_waiting_late(g) != count && clock_left(until) > 0)
		usleep(1000);
	assert_int_equal(gate_waiting_late(g), count);
}

static void
test_one_place(void **state)
{
	struct gate *g = gate_new(1, 1);
	struct guest first, second;
	int64_t start;

	(void)state;
	assert_non_null(g);
	first = guest_send(g);
	assert_int_equal(guest_says(&first), 'i');
	/* Alone in the queue, until it has waited too long. */
	start = clock_now();
	second = guest_send(g);
	assert_int_equal(guest_says(&second), 'r');
	assert_true(clock_now() - start >= GATE_WAIT_MS);
	guest_end(&second);
	/* Let in when the first leaves. */
	second = guest_send(g);
	wait_for_queue(g, 1);
	guest_leave(&first);
	assert_int_equal(guest_says(&second), 'i');
	guest_end(&first);
	/* The queue is free again, although who was in it lives on. */
	first = guest_send(g);
	wait_for_queue(g, 1);
	guest_leave(&second);
	assert_int_equal(guest_says(&first), 'i');
	guest_end(&first);
	guest_end(&second);
	gate_free(g);
}

/* Of two that come, one waits and the other is refused at once. */
static void
test_full_queue(void **state)
{
	struct gate *g = gate_new(1, 1);
	struct guest first = guest_send(g), two[2];
	struct pollfd says[2];
	size_t waits;

	(void)state;
	assert_int_equal(guest_says(&first), 'i');
	for (size_t i = 0; i < 2; i++) {
		two[i] = guest_send(g);
		says[i] = (struct pollfd){ two[i].says, POLLIN, 0 };
	}
	assert_int_equal(poll(says, 2, GATE_WAIT_MS - 100), 1);
	waits = says[0].revents != 0 ? 1 : 0;
	assert_int_equal(guest_says(&two[1 - waits]), 'r');
	guest_leave(&first);
	assert_int_equal(guest_says(&two[waits]), 'i');
	guest_end(&first);
	guest_end(&two[0]);
	guest_end(&two[1]);
	gate_free(g);
}

/* In the lane the lowest rank is first, and the highest gives way. */
static void
test_lane(void **state)
{
	static const unsigned int ranks[] = { 9, 3, 7, 5 };
	struct gate *g = gate_new(1, 1);
	struct guest inside = guest_send(g), late[COUNT(ranks)], best;

	(void)state;
	assert_int_equal(guest_says(&inside), 'i');
	for (size_t i = 0; i < COUNT(ranks); i++)
		late[i] = guest_send_late(g, ranks[i]);
	wait_for_lane(g, COUNT(ranks));
	/* Full: a higher rank is refused, a lower one takes the 9's place. */
	best = guest_send_late(g, 10);
	assert_int_equal(guest_says(&best), 'r');
	guest_end(&best);
	best = guest_send_late(g, 1);
	assert_int_equal(guest_says(&late[0]), 'r');
	guest_leave(&inside);
	assert_int_equal(guest_says(&best), 'i');
	guest_leave(&best);
	assert_int_equal(guest_says(&late[1]), 'i');
	guest_end(&late[1]); /* a place of the dead */
	assert_int_equal(guest_says(&late[3]), 'i');
	guest_end(&inside);
	guest_end(&best);
	guest_end(&late[0]);
	guest_end(&late[2]);
	guest_end(&late[3]);
	gate_free(g);
}

/* A place whose owner was killed is free. */
static void
test_death(void **state)
{
	struct gate *g = gate_new(2, 1);
	struct guest guests[2], next;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		guests[i] = guest_send(g);
		assert_int_equal(guest_says(&guests[i]), 'i');
	}
	guest_end(&guests[0]);
	next = guest_send(g);
	assert_int_equal(guest_says(&next), 'i');
	guest_end(&guests[1]);
	guest_end(&next);
	/* Whoever takes it may be any process. */
	assert_true(gate_enter(g));
	gate_leave(g);
	gate_free(g);
	gate_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_place),
		cmocka_unit_test(test_full_queue),
		cmocka_unit_test(test_lane),
		cmocka_unit_test(test_death),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
