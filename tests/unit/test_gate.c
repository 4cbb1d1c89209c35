/*
 * test_gate.c - how many are inside, who waits, and who dies there.
 */
#include "unit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "account/gate.h"
#include "base/clock.h"

/* A process that enters, says so, and leaves when it is told. */
struct guest {
	pid_t	pid;
	int	says;		/* 'i': inside, 'r': refused */
	int	told;
};

static struct guest
guest_send(const struct gate *g)
{
	int says[2], told[2];
	struct guest guest;
	char c;

	assert_int_equal(pipe(says), 0);
	assert_int_equal(pipe(told), 0);
	if ((guest.pid = fork()) == 0) {
		close(told[1]);
		c = gate_enter(g) ? 'i' : 'r';
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

/* Until a process waits in the queue; a third would be refused at once. */
static void
wait_for_queue(const struct gate *g)
{
	for (int i = 0; i < 500; i++) {
		struct guest third = guest_send(g);
		char c = guest_says(&third);

		guest_end(&third);
		if (c == 'r')
			return;
	}
	fail_msg("nobody waits");
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
	assert_true(clock_now() - start >= GATE_WAIT);
	guest_end(&second);
	/* Let in when the first leaves. */
	second = guest_send(g);
	usleep(50000);
	guest_leave(&first);
	assert_int_equal(guest_says(&second), 'i');
	guest_end(&first);
	guest_end(&second);
	gate_free(g);
}

static void
test_full_queue(void **state)
{
	struct gate *g = gate_new(1, 1);
	struct guest first = guest_send(g), second;

	(void)state;
	assert_int_equal(guest_says(&first), 'i');
	second = guest_send(g);
	wait_for_queue(g);
	guest_leave(&first);
	assert_int_equal(guest_says(&second), 'i');
	guest_end(&first);
	guest_end(&second);
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
	gate_free(g);
	gate_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_place),
		cmocka_unit_test(test_full_queue),
		cmocka_unit_test(test_death),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
