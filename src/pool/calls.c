#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "pool/calls.h"

#ifdef HAVE_LIBSECCOMP

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define CALLS_MAX   512		/* whose names the log can tell */
#define PROGRAM_MAX 4096	/* instructions, BPF_MAXINSNS */
#define NOBODY	    0x7fedcba9U /* no pid: they end at 2^22 */
#define TESTS_MAX   3		/* of one call */
#define SIGNALS_MAX 63		/* all bits that the number of a signal has */

/* The numbers are those of the kernel's interface, and need not be in glibc. */
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif
#define NAMESPACES                                                     \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | \
	    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

#define ALL                                                              \
	(CALLS_SUPERVISOR | CALLS_WORKER | CALLS_NAMES | CALLS_WATCHER | \
	    CALLS_NOTIFIER | CALLS_DATABASE)
#define PARENT CALLS_SUPERVISOR
#define WORKER (CALLS_SUPERVISOR | CALLS_WORKER)
/* Whoever uses the state, and speaks HTTPS. */
#define CLIENTS	 (WORKER | CALLS_NOTIFIER)
#define NAMES	 (CALLS_SUPERVISOR | CALLS_NAMES)
#define DATABASE (CALLS_SUPERVISOR | CALLS_DATABASE)
#define SYSLOG	 (CALLS_SUPERVISOR | CALLS_SYSLOG)
#define SOCKETS	 (CLIENTS | NAMES | DATABASE)
#define CHECKS	 CALLS_CHECKS
/* Whoever reads names through the modules of nsswitch.conf(5). */
#define LOADERS (NAMES | DATABASE)

/* What an argument must be. */
struct test {
	enum {
		ANY,
		IS,	/* its bits of mask are value */
		IS_NOT, /* its low bits are not all those of value */
		IS_US	/* our own pid */
	} how;
	unsigned int argument;
	uint64_t mask;
	uint64_t value;
};

struct call {
	const char *name;
	unsigned int who;
	struct test tests[TESTS_MAX]; /* all of them must hold */
};

/* The argument n, an int, is value; or its bits of mask are. */
#define ARG(n, value)                                \
	{                                            \
		IS, n, UINT32_MAX, (uint32_t)(value) \
	}
#define BITS(n, mask, value)       \
	{                          \
		IS, n, mask, value \
	}
#define ALWAYS                     \
	{                          \
		{                  \
			.how = ANY \
		}                  \
	}
#define STREAM	 BITS(1, 0xf, SOCK_STREAM)
#define DATAGRAM BITS(1, 0xf, SOCK_DGRAM)

/* A call stands once for each set of arguments that it may have. */
static const struct call table[] = {
	/* Memory.  No page is ever both written and run. */
	{ "brk", ALL, ALWAYS },
	{ "mmap", ALL, { BITS(2, PROT_EXEC, 0) } },
	{ "mmap2", ALL, { BITS(2, PROT_EXEC, 0) } },
	{ "munmap", ALL, ALWAYS },
	{ "mremap", ALL, ALWAYS },
	{ "madvise", ALL, { ARG(2, MADV_DONTNEED) } },
	/* A library of nsswitch.conf(5), or of OpenSSL, is loaded late. */
	{ "mmap", LOADERS,
	    { BITS(2, PROT_EXEC | PROT_WRITE, PROT_EXEC),
		BITS(3, MAP_ANONYMOUS, 0) } },
	{ "mmap2", LOADERS,
	    { BITS(2, PROT_EXEC | PROT_WRITE, PROT_EXEC),
		BITS(3, MAP_ANONYMOUS, 0) } },
	{ "mprotect", LOADERS, { BITS(2, PROT_EXEC, 0) } },
	{ "mprotect", CHECKS, ALWAYS },
	{ "madvise", CHECKS, ALWAYS },

	/* Files that are open, and the names that Landlock leaves. */
	{ "read", ALL, ALWAYS },
	{ "readv", ALL, ALWAYS },
	{ "pread64", ALL, ALWAYS },
	{ "preadv", ALL, ALWAYS },
	{ "write", ALL, ALWAYS },
	{ "writev", ALL, ALWAYS },
	{ "pwrite64", ALL, ALWAYS },
	{ "pwritev", ALL, ALWAYS },
	{ "lseek", ALL, ALWAYS },
	{ "_llseek", ALL, ALWAYS },
	{ "close", ALL, ALWAYS },
	{ "close_range", ALL, ALWAYS },
	{ "open", ALL, ALWAYS },
	{ "openat", ALL, ALWAYS },
	{ "stat", ALL, ALWAYS },
	{ "stat64", ALL, ALWAYS },
	{ "lstat", ALL, ALWAYS },
	{ "lstat64", ALL, ALWAYS },
	{ "fstat", ALL, ALWAYS },
	{ "fstat64", ALL, ALWAYS },
	{ "newfstatat", ALL, ALWAYS },
	{ "fstatat64", ALL, ALWAYS },
	{ "statx", ALL, ALWAYS },
	{ "access", ALL, ALWAYS },
	{ "faccessat", ALL, ALWAYS },
	{ "faccessat2", ALL, ALWAYS },
	{ "readlink", ALL, ALWAYS },
	{ "readlinkat", ALL, ALWAYS },
	{ "getcwd", ALL, ALWAYS },
	{ "getdents", ALL, ALWAYS },
	{ "getdents64", ALL, ALWAYS },
	{ "fcntl", ALL, { ARG(1, F_GETFD) } },
	{ "fcntl", ALL, { ARG(1, F_SETFD) } },
	{ "fcntl", ALL, { ARG(1, F_GETFL) } },
	{ "fcntl", ALL, { ARG(1, F_SETFL) } },
	{ "fcntl", ALL, { ARG(1, F_DUPFD_CLOEXEC) } },
	{ "fcntl64", ALL, { ARG(1, F_GETFD) } },
	{ "fcntl64", ALL, { ARG(1, F_SETFD) } },
	{ "fcntl64", ALL, { ARG(1, F_GETFL) } },
	{ "fcntl64", ALL, { ARG(1, F_SETFL) } },
	{ "fcntl64", ALL, { ARG(1, F_DUPFD_CLOEXEC) } },
	{ "ioctl", ALL, { ARG(1, FIONREAD) } },
	{ "ioctl", ALL, { ARG(1, FIONBIO) } },
	{ "ioctl", ALL, { ARG(1, TCGETS) } }, /* isatty(3) */

	/* The state: SQLite locks, syncs, cuts and replaces its files. */
	{ "fcntl", CLIENTS, { ARG(1, F_GETLK) } },
	{ "fcntl", CLIENTS, { ARG(1, F_SETLK) } },
	{ "fcntl", CLIENTS, { ARG(1, F_SETLKW) } },
	{ "fcntl64", CLIENTS, { ARG(1, F_GETLK) } },
	{ "fcntl64", CLIENTS, { ARG(1, F_SETLK) } },
	{ "fcntl64", CLIENTS, { ARG(1, F_SETLKW) } },
	{ "fcntl64", CLIENTS, { ARG(1, 12 /* F_GETLK64 */) } },
	{ "fcntl64", CLIENTS, { ARG(1, 13 /* F_SETLK64 */) } },
	{ "fcntl64", CLIENTS, { ARG(1, 14 /* F_SETLKW64 */) } },
	{ "flock", CLIENTS, ALWAYS },
	{ "fsync", CLIENTS, ALWAYS },
	{ "fdatasync", CLIENTS, ALWAYS },
	{ "ftruncate", CLIENTS, ALWAYS },
	{ "ftruncate64", CLIENTS, ALWAYS },
	{ "fallocate", CLIENTS, ALWAYS },
	{ "fchmod", CLIENTS, ALWAYS },
	{ "fchown", CLIENTS, ALWAYS },
	{ "fchown32", CLIENTS, ALWAYS },
	{ "unlink", CLIENTS, ALWAYS },
	{ "unlinkat", CLIENTS, ALWAYS },
	{ "rename", CLIENTS, ALWAYS },
	{ "renameat", CLIENTS, ALWAYS },
	{ "renameat2", CLIENTS, ALWAYS },
	{ "mkdir", CLIENTS, ALWAYS },
	{ "mkdirat", CLIENTS, ALWAYS },
	{ "rmdir", CLIENTS, ALWAYS },
	{ "utimensat", CLIENTS, ALWAYS },
	{ "utimensat_time64", CLIENTS, ALWAYS },
	{ "statfs", CLIENTS, ALWAYS },
	{ "statfs64", CLIENTS, ALWAYS },
	{ "fstatfs", CLIENTS, ALWAYS },
	{ "fstatfs64", CLIENTS, ALWAYS },
	{ "memfd_create", WORKER, ALWAYS }, /* of libfcgi's stream */

	/* Signals: to nobody but itself.  Handlers, but for SIGSYS. */
	{ "rt_sigaction", ALL, { { IS_NOT, 0, 0, SIGSYS } } },
	{ "rt_sigprocmask", ALL, ALWAYS },
	{ "rt_sigpending", ALL, ALWAYS },
	{ "rt_sigreturn", ALL, ALWAYS },
	{ "sigreturn", ALL, ALWAYS },
	{ "rt_sigtimedwait", ALL, ALWAYS },
	{ "rt_sigtimedwait_time64", ALL, ALWAYS },
	{ "sigaltstack", CHECKS, ALWAYS },
	{ "kill", ALL, { ARG(1, 0) } },		   /* is a process alive? */
	{ "tgkill", ALL, { { IS_US, 0, 0, 0 } } }, /* abort(3) */
	{ "exit", ALL, ALWAYS },
	{ "exit_group", ALL, ALWAYS },

	/* Time, chance, and who we are. */
	{ "clock_gettime", ALL, ALWAYS },
	{ "clock_gettime64", ALL, ALWAYS },
	{ "clock_getres", ALL, ALWAYS },
	{ "clock_getres_time64", ALL, ALWAYS },
	{ "gettimeofday", ALL, ALWAYS },
	{ "time", ALL, ALWAYS },
	{ "nanosleep", ALL, ALWAYS },
	{ "clock_nanosleep", ALL, ALWAYS },
	{ "clock_nanosleep_time64", ALL, ALWAYS },
	{ "restart_syscall", ALL, ALWAYS },
	{ "setitimer", ALL, ALWAYS },
	{ "getitimer", ALL, ALWAYS },
	{ "alarm", ALL, ALWAYS },
	{ "timer_create", ALL, ALWAYS },
	{ "timer_settime", ALL, ALWAYS },
	{ "timer_settime64", ALL, ALWAYS },
	{ "timer_delete", ALL, ALWAYS },
	{ "getrandom", ALL, ALWAYS },
	{ "getpid", ALL, ALWAYS },
	{ "gettid", ALL, ALWAYS },
	{ "getppid", ALL, ALWAYS },
	{ "getuid", ALL, ALWAYS },
	{ "getuid32", ALL, ALWAYS },
	{ "geteuid", ALL, ALWAYS },
	{ "geteuid32", ALL, ALWAYS },
	{ "getgid", ALL, ALWAYS },
	{ "getgid32", ALL, ALWAYS },
	{ "getegid", ALL, ALWAYS },
	{ "getegid32", ALL, ALWAYS },
	{ "uname", ALL, ALWAYS },
	{ "sysinfo", ALL, ALWAYS }, /* qsort(3) */
	{ "getrlimit", ALL, ALWAYS },
	{ "ugetrlimit", ALL, ALWAYS },
	{ "prlimit64", ALL,
	    { ARG(0, 0), BITS(2, UINT64_MAX, 0) } }, /* ask, not set */
	{ "getrusage", ALL, ALWAYS },
	{ "sched_yield", ALL, ALWAYS },
	{ "sched_getaffinity", ALL, ALWAYS },
	{ "getcpu", ALL, ALWAYS },
	{ "futex", ALL, ALWAYS },
	{ "futex_time64", ALL, ALWAYS },
	{ "prctl", ALL, { ARG(0, PR_SET_NAME) } },
	{ "prctl", ALL, { ARG(0, PR_SET_VMA) } }, /* malloc(3) names its maps */

	/* Waiting. */
	{ "poll", ALL, ALWAYS },
	{ "ppoll", ALL, ALWAYS },
	{ "ppoll_time64", ALL, ALWAYS },
	{ "select", ALL, ALWAYS },
	{ "_newselect", ALL, ALWAYS },
	{ "pselect6", ALL, ALWAYS },
	{ "pselect6_time64", ALL, ALWAYS },
	{ "epoll_create1", CLIENTS | LOADERS, ALWAYS },
	{ "epoll_ctl", CLIENTS | LOADERS, ALWAYS },
	{ "epoll_wait", CLIENTS | LOADERS, ALWAYS },
	{ "epoll_pwait", CLIENTS | LOADERS, ALWAYS },
	{ "epoll_pwait2", CLIENTS | LOADERS, ALWAYS },
	{ "eventfd2", CLIENTS | LOADERS, ALWAYS },
	{ "pipe", CLIENTS | LOADERS, ALWAYS },
	{ "pipe2", CLIENTS | LOADERS, ALWAYS },
	{ "timerfd_create", LOADERS, ALWAYS },
	{ "timerfd_settime", LOADERS, ALWAYS },

	/* Sockets.  To listen at a new one, nobody needs but the parent. */
	{ "socket", SOCKETS, { ARG(0, AF_INET), STREAM } },
	{ "socket", SOCKETS, { ARG(0, AF_INET6), STREAM } },
	{ "socket", SOCKETS, /* which addresses are ours: getifaddrs(3) */
	    { ARG(0, AF_NETLINK), BITS(1, 0xf, SOCK_RAW),
		ARG(2, NETLINK_ROUTE) } },
	{ "socket", LOADERS, { ARG(0, AF_INET), DATAGRAM } },
	{ "socket", LOADERS, { ARG(0, AF_INET6), DATAGRAM } },
	{ "socket", LOADERS, { ARG(0, AF_UNIX), STREAM } },
	{ "socket", NAMES, { ARG(0, AF_UNIX), DATAGRAM } },
	{ "socket", SYSLOG, { ARG(0, AF_UNIX), DATAGRAM } },
	{ "socketpair", CLIENTS, ALWAYS }, /* libcurl wakes itself */
	{ "bind", SOCKETS, ALWAYS },	   /* of netlink */
	{ "connect", SOCKETS | SYSLOG, ALWAYS },
	{ "shutdown", SOCKETS, ALWAYS },
	{ "getsockname", SOCKETS, ALWAYS },
	{ "getpeername", SOCKETS, ALWAYS },
	{ "getsockopt", ALL, ALWAYS },
	{ "setsockopt", SOCKETS, ALWAYS },
	{ "send", ALL, ALWAYS }, /* to the log, in ALL of them */
	{ "sendto", ALL, ALWAYS },
	{ "recv", SOCKETS, ALWAYS },
	{ "recvfrom", SOCKETS, ALWAYS },
	{ "sendmsg", SOCKETS, ALWAYS },
	{ "recvmsg", SOCKETS, ALWAYS },
	{ "sendmmsg", LOADERS, ALWAYS },
	{ "accept", WORKER, ALWAYS },
	{ "accept4", WORKER, ALWAYS },

	/* The supervisor starts processes, and reads the configuration. */
	{ "clone", PARENT, { BITS(0, NAMESPACES, 0) } },
	{ "fork", PARENT, ALWAYS },
	{ "vfork", PARENT, ALWAYS },
	{ "wait4", PARENT, ALWAYS },
	{ "waitid", PARENT, ALWAYS },
	{ "waitpid", PARENT, ALWAYS },
	{ "kill", PARENT, ALWAYS },
	{ "tgkill", PARENT, ALWAYS },
	{ "pidfd_open", PARENT, ALWAYS },
	{ "pidfd_send_signal", PARENT, ALWAYS },
	{ "set_robust_list", PARENT, ALWAYS },
	{ "set_tid_address", PARENT, ALWAYS },
	{ "rseq", PARENT, ALWAYS },
	{ "prctl", PARENT, { ARG(0, PR_SET_PDEATHSIG) } },
	{ "prctl", PARENT, { ARG(0, PR_SET_NO_NEW_PRIVS), ARG(1, 1) } },
	{ "prctl", PARENT, { ARG(0, PR_GET_NO_NEW_PRIVS) } },
	{ "prctl", PARENT, { ARG(0, PR_SET_DUMPABLE), ARG(1, 0) } },
	{ "prctl", PARENT, { ARG(0, PR_GET_DUMPABLE) } },
	{ "prctl", PARENT, { ARG(0, PR_SET_SECCOMP) } },
	{ "prctl", PARENT, { ARG(0, PR_GET_SECCOMP) } },
	{ "seccomp", PARENT, ALWAYS },
	{ "landlock_create_ruleset", PARENT, ALWAYS },
	{ "landlock_add_rule", PARENT, ALWAYS },
	{ "landlock_restrict_self", PARENT, ALWAYS },
	{ "setrlimit", PARENT, ALWAYS },
	{ "prlimit64", PARENT, { ARG(0, 0) } },
	{ "mprotect", PARENT, { BITS(2, PROT_EXEC, 0) } },
	{ "madvise", PARENT, ALWAYS },
	{ "msync", PARENT, ALWAYS },
	{ "dup", PARENT, ALWAYS },
	{ "dup2", PARENT, ALWAYS },
	{ "dup3", PARENT, ALWAYS },
	{ "umask", PARENT, ALWAYS },
	{ "chmod", PARENT, ALWAYS },
	{ "fchmodat", PARENT, ALWAYS },
	{ "fchmodat2", PARENT, ALWAYS },
	{ "chown", PARENT, ALWAYS },
	{ "chown32", PARENT, ALWAYS },
	{ "lchown", PARENT, ALWAYS },
	{ "lchown32", PARENT, ALWAYS },
	{ "fchownat", PARENT, ALWAYS },
	{ "listen", PARENT, ALWAYS },
	{ "signalfd4", PARENT, ALWAYS },
	{ "times", PARENT, ALWAYS },

	/* What a sanitizer looks at, or gcov writes at the end. */
	{ "prlimit64", CHECKS, { ARG(0, 0) } },
	{ "clone", CHECKS, { BITS(0, NAMESPACES, 0) } },
	{ "mkdir", CHECKS, ALWAYS },
	{ "fcntl", CHECKS, ALWAYS },
	{ "ioctl", CHECKS, ALWAYS },
	{ "getpgrp", CHECKS, ALWAYS },
};

/* For the handler, which must not allocate. */
static const char *names[CALLS_MAX];
static const char *title;
static bool named;

static void
name_calls(void)
{
	for (int i = 0; i < CALLS_MAX && !named; i++)
		names[i] =
		    seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, i);
	named = true;
}

/*
 * The kernel has set the default action back (SA_RESETHAND), so what is
 * forbidden once more ends the process.
 */
static void
on_forbidden(int sig, siginfo_t *info, void *context)
{
	int number = info->si_syscall;
	const char *name =
	    number >= 0 && number < CALLS_MAX ? names[number] : NULL;
	struct log_line line;
	sigset_t sys;

	(void)context;
	log_prepare(&line, time(NULL), "%s: system call %d (%s) is not allowed",
	    title, number, name != NULL ? name : "unknown");
	log_write(&line);
	sigemptyset(&sys);
	sigaddset(&sys, sig);
	sigprocmask(SIG_UNBLOCK, &sys, NULL);
	kill(getpid(), sig);
	_exit(EXIT_FAILURE);
}

/* Before the first filter, which lets nobody change it. */
static bool
handle_forbidden(void)
{
	struct sigaction sa = { .sa_sigaction = on_forbidden,
		.sa_flags = SA_SIGINFO | (int)SA_RESETHAND };
	static bool done;

	if (done)
		return true;
	sigfillset(&sa.sa_mask);
	done = sigaction(SIGSYS, &sa, NULL) == 0;
	return done;
}

/*
 * A value is another one if it differs in any bit: a rule for each.  (Whether
 * an int is unequal cannot be asked: the kernel compares 64 bits, and the upper
 * ones may be anything.)
 */
static int
allow_others(scmp_filter_ctx ctx, int number, const struct test *t)
{
	int rc = 0;

	for (uint64_t bit = 1; bit <= SIGNALS_MAX && rc == 0; bit <<= 1) {
		struct scmp_arg_cmp differs = SCMP_CMP(t->argument,
		    SCMP_CMP_MASKED_EQ, bit, ~t->value & bit);

		rc = -seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, number, 1,
		    &differs);
	}
	return rc;
}

/* 0, or an errno.  A call that this architecture does not have is left out. */
static int
allow(scmp_filter_ctx ctx, const struct call *c, uint32_t us)
{
	int number = seccomp_syscall_resolve_name(c->name);
	struct scmp_arg_cmp tests[TESTS_MAX];
	unsigned int n = 0;

	if (number == __NR_SCMP_ERROR)
		return 0;
	if (c->tests[0].how == IS_NOT)
		return allow_others(ctx, number, &c->tests[0]);
	for (; n < TESTS_MAX && c->tests[n].how != ANY; n++) {
		const struct test *t = &c->tests[n];

		tests[n] = t->how == IS_US ?
		    SCMP_CMP(t->argument, SCMP_CMP_MASKED_EQ, UINT32_MAX, us) :
		    SCMP_CMP(t->argument, SCMP_CMP_MASKED_EQ, t->mask,
			t->value);
	}
	return -seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, number, n, tests);
}

/*
 * The filter for a process with the pid us.  Of clone3(2) no filter can see the
 * flags; glibc goes back to clone(2).
 */
static int
make_filter(scmp_filter_ctx ctx, unsigned int who, uint32_t us)
{
	int rc = -seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
	    SCMP_ACT_KILL_PROCESS);

	for (size_t i = 0; i < sizeof table / sizeof *table && rc == 0; i++)
		if ((table[i].who & who) != 0)
			rc = allow(ctx, &table[i], us);
	if (rc == 0)
		rc = -seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS),
		    SCMP_SYS(clone3), 0);
	/* A tree instead of a list: the calls of a request cost less. */
	(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	return rc;
}

/* The program of ctx; its length in bytes, or -1. */
static ssize_t
export_filter(scmp_filter_ctx ctx, void *to, size_t size)
{
	int fd = memfd_create("calls", MFD_CLOEXEC);
	ssize_t n = -1;

	if (fd != -1 && seccomp_export_bpf(ctx, fd) == 0)
		n = pread(fd, to, size, 0);
	if (fd != -1)
		close(fd);
	return n;
}

/* What is made once for all workers; NOBODY stands for the pid of each. */
static struct sock_filter prepared[PROGRAM_MAX];
static size_t prepared_len; /* 0: nothing is */
static unsigned int prepared_who;

static unsigned int
with_checks(unsigned int who)
{
	return who | (DG_SANITIZERS || DG_COVERAGE ? CALLS_CHECKS : 0);
}

void
calls_prepare(unsigned int who)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_TRAP);
	ssize_t n = -1;

	if (ctx != NULL && make_filter(ctx, with_checks(who), NOBODY) == 0)
		n = export_filter(ctx, prepared, sizeof prepared);
	/* As much as there is room for may be a part of it. */
	prepared_len = n > 0 && (size_t)n < sizeof prepared ?
	    (size_t)n / sizeof *prepared :
	    0;
	prepared_who = with_checks(who);
	seccomp_release(ctx);
}

/* 0, or an errno. */
static int
load_prepared(void)
{
	const struct sock_fprog program = { (unsigned short)prepared_len,
		prepared };

	for (size_t i = 0; i < prepared_len; i++)
		if (prepared[i].k == NOBODY &&
		    BPF_CLASS(prepared[i].code) == BPF_JMP)
			prepared[i].k = (uint32_t)getpid();
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0 ?
	    0 :
	    errno;
}

/* 0, or an errno. */
static int
make_and_load(unsigned int who)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_TRAP);
	int rc =
	    ctx != NULL ? make_filter(ctx, who, (uint32_t)getpid()) : ENOMEM;

	if (rc == 0)
		rc = -seccomp_load(ctx);
	seccomp_release(ctx);
	return rc;
}

bool
calls_limited(void)
{
	return true;
}

enum err
calls_limit(unsigned int who, const char *whose, struct error *why)
{
	int rc;

	title = whose;
	name_calls();
	if (!handle_forbidden())
		return error_set(why, ERR_SYSTEM, "SIGSYS: %s",
		    strerror(errno));
	who = with_checks(who);
	rc = prepared_len > 0 && prepared_who == who ? load_prepared() :
						       make_and_load(who);
	return rc == 0 ?
	    ERR_OK :
	    error_set(why, ERR_SYSTEM, "seccomp: %s", strerror(rc));
}

#else

void
calls_prepare(unsigned int who)
{
	(void)who;
}

bool
calls_limited(void)
{
	return false;
}

enum err
calls_limit(unsigned int who, const char *whose, struct error *why)
{
	(void)who;
	(void)whose;
	(void)why;
	return ERR_OK;
}

#endif
