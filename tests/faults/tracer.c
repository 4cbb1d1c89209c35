/*
 * tracer.c - stands beside a worker and counts the system calls of a request.
 *
 *   tracer PID
 *
 * Reads a line for each request that is about to be made, answers "ready", and
 * later with one line of what came of it:
 *
 *   count           "calls NUMBER...", of each call of the request in order
 *   kill N          "killed NUMBER": it got SIGKILL when it made its Nth call;
 *                   0: when it had just accepted the connection
 *   fail N NUMBER ERRNO
 *                   "failed NUMBER": its Nth call, or the first one after that
 *                   which is NUMBER, was not made and said ERRNO (close(2) is
 *                   made: whatever it says, the descriptor is gone)
 *
 * "ended COUNT" means that the request had fewer calls, and "died SIGNAL NUMBER"
 * or "left STATUS" that the worker is gone.  A request begins when a connection
 * has been accepted, and ends when the worker waits for the next one.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALLS_MAX 65536

enum order { ORDER_NONE, ORDER_COUNT, ORDER_KILL, ORDER_FAIL };

static pid_t pid;
static enum order order;
static unsigned long wanted, expected, error;
static bool begun, failing, failed;
static unsigned long long calls[CALLS_MAX], now;
static unsigned long count;

static void
die(const char *what)
{
	printf("error %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

/*
 * The call that is about to be made becomes one that does nothing, and that the
 * sandbox knows: it looks after us, and ends a process for a call that is none.
 */
static void
skip_call(void)
{
#ifdef __x86_64__
	struct user_regs_struct r;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &r) == -1)
		die("registers");
	r.orig_rax = SYS_getppid;
	if (ptrace(PTRACE_SETREGS, pid, NULL, &r) == -1)
		die("registers");
#endif
}

static void
say_error(void)
{
#ifdef __x86_64__
	struct user_regs_struct r;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &r) == -1)
		die("registers");
	r.rax = (unsigned long long)-(long long)error;
	if (ptrace(PTRACE_SETREGS, pid, NULL, &r) == -1)
		die("registers");
#endif
}

static void
finish(void)
{
	if (order == ORDER_COUNT) {
		printf("calls");
		for (unsigned long i = 0; i < count; i++)
			printf(" %llu", calls[i]);
		printf("\n");
	} else if (failed) {
		printf("failed %lu\n", expected);
	} else {
		printf("ended %lu\n", count);
	}
	order = ORDER_NONE;
	begun = false;
}

static void
kill_now(unsigned long long number)
{
	kill(pid, SIGKILL);
	printf("killed %llu\n", number);
	order = ORDER_NONE;
}

static void
on_entry(unsigned long long number)
{
	now = number;
	if (!begun || order == ORDER_NONE)
		return;
	if (number == SYS_epoll_pwait) {
		finish();
		return;
	}
	if (count < CALLS_MAX)
		calls[count] = number;
	count++;
	if (count < wanted || failed)
		return;
	if (order == ORDER_KILL && count == wanted) {
		kill_now(number);
	} else if (order == ORDER_FAIL && number == expected) {
		if (number != SYS_close)
			skip_call();
		failing = failed = true;
	}
}

static void
on_exit_of(long long result)
{
	if (failing) {
		say_error();
		failing = false;
		return;
	}
	if (begun || order == ORDER_NONE || now != SYS_accept4 || result < 0)
		return;
	begun = true;
	count = 0;
	if (order == ORDER_KILL && wanted == 0)
		kill_now(now);
}

/* Returns the signal to hand on. */
static int
on_stop(int status)
{
	struct __ptrace_syscall_info info = { .op = 0 };

	if (WSTOPSIG(status) != (SIGTRAP | 0x80))
		return status >> 16 != 0 ? 0 : WSTOPSIG(status);
	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) == -1)
		return 0;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		on_entry(info.entry.nr);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		on_exit_of(info.exit.rval);
	return 0;
}

static void
reap(void)
{
	int status;

	while (waitpid(pid, &status, WNOHANG | __WALL) == pid) {
		if (WIFSIGNALED(status)) {
			if (order != ORDER_NONE)
				printf("died %d %llu\n", WTERMSIG(status),
				    wanted > 0 && count >= wanted ?
					calls[wanted - 1] :
					now);
			exit(EXIT_SUCCESS);
		}
		if (WIFEXITED(status)) {
			if (begun && order != ORDER_NONE)
				finish();
			else if (order != ORDER_NONE)
				printf("left %d\n", WEXITSTATUS(status));
			exit(EXIT_SUCCESS);
		}
		(void)ptrace(PTRACE_SYSCALL, pid, NULL, on_stop(status));
	}
}

static void
take_order(void)
{
	char line[128], word[16];

	if (fgets(line, sizeof line, stdin) == NULL)
		exit(EXIT_SUCCESS);
	wanted = expected = error = count = 0;
	begun = failing = failed = false;
	if (sscanf(line, "%15s %lu %lu %lu", word, &wanted, &expected, &error) <
	    1)
		return;
	order = strcmp(word, "kill") == 0 ? ORDER_KILL :
	    strcmp(word, "fail") == 0	  ? ORDER_FAIL :
					    ORDER_COUNT;
	printf("ready\n");
}

int
main(int argc, char *argv[])
{
	struct pollfd p[2] = { { .fd = STDIN_FILENO, .events = POLLIN },
		{ .events = POLLIN } };
	struct signalfd_siginfo heard;
	sigset_t child;

	if (argc != 2)
		return EXIT_FAILURE;
	setvbuf(stdout, NULL, _IOLBF, 0);
	/* Line by line, so that poll() sees what is left. */
	setvbuf(stdin, NULL, _IONBF, 0);
	pid = (pid_t)strtol(argv[1], NULL, 10);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	if ((p[1].fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK)) == -1)
		die("signalfd");
	if (ptrace(PTRACE_SEIZE, pid, NULL,
		(void *)(long)PTRACE_O_TRACESYSGOOD) == -1 ||
	    ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) == -1)
		die("attach");
	for (;;) {
		(void)poll(p, 2, -1);
		if (p[1].revents & POLLIN) {
			while (read(p[1].fd, &heard, sizeof heard) > 0)
				continue;
			reap();
		}
		if (p[0].revents != 0)
			take_order();
	}
}
