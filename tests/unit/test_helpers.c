/*
 * test_helpers.c - the resolver, the watcher and the notifier: without memory
 * they end and say so, and when their sandbox no longer fits they leave.
 */
#include "unit.h"

#include <netdb.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/shared.h"
#include "pool/notifier.h"
#include "pool/resolver.h"
#include "pool/sandbox.h"
#include "pool/watcher.h"
#include "scarce.h"
#include "served.h"

#define LONG_MS 60000 /* no child needs as long */
#define OPENED	12    /* so many calls open what the notifier needs */

static bool is_stale;

UNIT_BETWEEN(is_stale, bool, sandbox_is_stale, true, (void), ())
/* No name is known, and nobody is asked. */
UNIT_BETWEEN(true, int, getaddrinfo, EAI_AGAIN,
    (const char *name, const char *port, const struct addrinfo *how,
	struct addrinfo **found),
    (name, port, how, found))

static struct gateway *gateway;
static struct slot *slot;
static struct scoreboard *board;

static void
resolve(void)
{
	resolver_run(gateway, slot);
}

static void
watch(void)
{
	watcher_run(gateway, slot);
}

static void
notify_people(void)
{
	notifier_run(gateway, board, slot);
}

/*
 * Its exit status, where its call of that number fails; it is told to leave
 * when it has served.
 */
static int
run(void (*helper)(void), size_t fails)
{
	const struct timespec moment = { 0, 1000000L };
	int64_t until = clock_now() + LONG_MS;
	int status;
	pid_t pid;

	atomic_store(&slot->stage, STAGE_STARTING);
	assert_int_not_equal(pid = fork(), -1);
	if (pid == 0) {
		scarce_begin(fails);
		helper();
		_exit(99);
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (clock_left(until) == 0)
			kill(pid, SIGKILL);
		else if (!is_stale && atomic_load(&slot->stage) == STAGE_SERVED)
			kill(pid, SIGTERM);
		nanosleep(&moment, NULL);
	}
	return status;
}

static bool
is_logged(const char *line)
{
	char name[512], *text;
	bool is;

	snprintf(name, sizeof name, "%s/log", unit_directory());
	text = unit_read(name);
	is = text != NULL && strstr(text, line) != NULL;
	free(text);
	return is;
}

static void
test_stale(void **state)
{
	static void (*const helpers[])(
	    void) = { resolve, watch, notify_people };

	(void)state;
	is_stale = true;
	for (size_t i = 0; i < COUNT(helpers); i++)
		ROW(run(helpers[i], 0) == 0, "helper %zu stays", i);
	is_stale = false;
	ROWS_END();
}

static void
test_notifier(void **state)
{
	size_t ended = 0;

	(void)state;
	assert_int_equal(run(notify_people, 0), 0);
	for (size_t n = 1; n <= OPENED; n++) {
		int status = run(notify_people, n);

		ROW(WIFEXITED(status), "call %zu: 0x%x", n,
		    (unsigned int)status);
		ended += WEXITSTATUS(status) == EXIT_FAILURE;
	}
	ROW(ended > 1, "only %zu calls matter", ended);
	ROW(is_logged("out of memory"), "it is not told");
	ROWS_END();
}

static int
set_up(void **state)
{
	const char *file = served_configuration(2, "socket");
	struct error why;

	(void)state;
	gateway = gateway_new(file, &why);
	if (gateway == NULL || gateway_open_state(gateway, &why) != ERR_OK ||
	    log_open(&gateway->settings->log, &why) != ERR_OK) {
		print_error("%s\n", why.text);
		return -1;
	}
	board = scoreboard_new(file, 1);
	slot = shared_new(sizeof *slot);
	return slot != NULL && board != NULL ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	scoreboard_free(board, gateway->settings->file);
	shared_free(slot, sizeof *slot);
	gateway_free(gateway);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stale),
		cmocka_unit_test(test_notifier),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
