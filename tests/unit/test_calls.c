/*
 * test_calls.c - no kind of process can make a call that none of them needs.
 *
 * What each kind does need, the tests of the installed program show.
 */
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef HAVE_LIBSECCOMP
#include <seccomp.h>
#endif

#include "base/log.h"
#include "pool/calls.h"

#define NOBODY_UID 65534

/* The groups of systemd.exec(5), SystemCallFilter=, that nobody needs. */
static const char *const forbidden[] = {
	/* programs, other processes, and code */
	"execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev",
	"process_madvise", "pidfd_getfd", "kcmp", "rt_sigqueueinfo",
	"rt_tgsigqueueinfo", "tkill", "personality", "modify_ldt", "arch_prctl",
	"uselib", "pkey_mprotect", "remap_file_pages", "perf_event_open", "bpf",
	"userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register",
	"io_setup", "lookup_dcookie", "memfd_secret", "process_mrelease",
	/* names of files, mounts, namespaces */
	"mount", "umount2", "pivot_root", "chroot", "unshare", "setns",
	"open_tree", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick",
	"mount_setattr", "open_by_handle_at", "name_to_handle_at", "mknod",
	"mknodat", "symlink", "symlinkat", "link", "linkat", "quotactl",
	"fanotify_init", "setxattr", "lsetxattr", "fsetxattr", "chdir",
	"fchdir", "creat", "truncate", "vmsplice", "splice", "tee",
	/* who we are, limits and priorities */
	"setuid", "setgid", "setreuid", "setresuid", "setregid", "setresgid",
	"setgroups", "setfsuid", "setfsgid", "capset", "setsid", "setpgid",
	"setpriority", "sched_setscheduler", "sched_setparam", "sched_setattr",
	"ioprio_set", "mbind", "set_mempolicy", "migrate_pages", "move_pages",
	"mlock", "mlock2", "mlockall", "add_key", "request_key", "keyctl",
	/* memory and messages shared with others */
	"shmget", "shmat", "shmctl", "msgget", "semget", "mq_open",
	/* the machine */
	"init_module", "finit_module", "delete_module", "kexec_load",
	"kexec_file_load", "reboot", "swapon", "swapoff", "acct", "syslog",
	"settimeofday", "clock_settime", "adjtimex", "clock_adjtime",
	"sethostname", "setdomainname", "iopl", "ioperm", "vhangup",
	"nfsservctl", "sysfs", "ustat", "_sysctl"
};

static const struct {
	const char *name;
	unsigned int who;
} kinds[] = {
	{ "supervisor", CALLS_SUPERVISOR | CALLS_DATABASE | CALLS_SYSLOG },
	{ "worker", CALLS_WORKER },
	{ "worker of a database", CALLS_WORKER | CALLS_DATABASE },
	{ "names", CALLS_NAMES | CALLS_SYSLOG },
	{ "watcher", CALLS_WATCHER },
	{ "notifier", CALLS_NOTIFIER },
};

#ifdef HAVE_LIBSECCOMP

/* How a process ends that makes the call after it has limited itself. */
static int
ending(unsigned int who, int number)
{
	struct error why;
	int status;
	pid_t pid;

	if ((pid = fork()) == 0) {
		if (calls_limit(who, "a test", &why) != ERR_OK)
			_exit(2);
		syscall(number, 0, 0, 0, 0, 0, 0);
		_exit(0);
	}
	assert_int_not_equal(pid, -1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
test_forbidden(void **state)
{
	struct error why;

	(void)state;
	assert_int_equal(log_open(&(struct log_settings){ .to = "/dev/null" },
			     &why),
	    ERR_OK);
	for (size_t i = 0; i < COUNT(forbidden); i++) {
		int number = seccomp_syscall_resolve_name(forbidden[i]);

		if (number < 0) /* not of this architecture */
			continue;
		for (size_t k = 0; k < COUNT(kinds); k++) {
			int status = ending(kinds[k].who, number);

			if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
				fail_msg("%s may call %s", kinds[k].name,
				    forbidden[i]);
		}
	}
}

/* What libseccomp, or the kernel, refuses. */
static enum {
	NOTHING,
	ANY_FILTER,
	BAD_ARCHITECTURE,
	FIRST_RULE,
	FILE_OF_PROGRAM,
	PROGRAM,
	LOADING,
	HANDLER
} refused;
static size_t rules, refused_from; /* the rule from which on */

UNIT_BETWEEN(refused == ANY_FILTER, scmp_filter_ctx, seccomp_init, NULL,
    (uint32_t what), (what))
UNIT_BETWEEN(refused == BAD_ARCHITECTURE && attr == SCMP_FLTATR_ACT_BADARCH,
    int, seccomp_attr_set, -ENOMEM,
    (scmp_filter_ctx c, enum scmp_filter_attr attr, uint32_t value),
    (c, attr, value))
UNIT_BETWEEN(refused == FIRST_RULE && ++rules >= refused_from, int,
    seccomp_rule_add_array, -ENOMEM,
    (scmp_filter_ctx c, uint32_t what, int call, unsigned int count,
	const struct scmp_arg_cmp *tests),
    (c, what, call, count, tests))
UNIT_BETWEEN(refused == FILE_OF_PROGRAM, int, memfd_create, -1,
    (const char *name, unsigned int flags), (name, flags))
UNIT_BETWEEN(refused == PROGRAM, int, seccomp_export_bpf, -ENOMEM,
    (const scmp_filter_ctx c, int fd), (c, fd))
UNIT_BETWEEN(refused == LOADING, int, seccomp_load, -ENOMEM,
    (const scmp_filter_ctx c), (c))
UNIT_BETWEEN(refused == HANDLER, int, sigaction, -1,
    (int sig, const struct sigaction *to, struct sigaction *old),
    (sig, to, old))

/* Either it is told, or there is a filter that ends who is not allowed. */
static void
test_each_refusal(void **state)
{
	static const struct {
		int what;
		size_t from;
		bool prepares, good;
	} rows[] = {
		{ NOTHING, 0, true, true },
		{ NOTHING, 0, false, true },
		{ ANY_FILTER, 0, true, false },
		{ BAD_ARCHITECTURE, 0, true, false },
		{ FIRST_RULE, 1, true, false },
		{ FIRST_RULE, 90, false, false },
		{ FILE_OF_PROGRAM, 0, true, true },
		{ PROGRAM, 0, true, true },
		{ LOADING, 0, false, false },
		{ HANDLER, 0, true, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int status;
		pid_t pid;

		assert_int_not_equal(pid = fork(), -1);
		if (pid == 0) {
			struct error why = { .text = "" };

			refused = rows[i].what;
			refused_from = rows[i].from;
			rules = 0;
			if (rows[i].prepares)
				calls_prepare(CALLS_WORKER);
			if (calls_limit(CALLS_WORKER, "a test", &why) != ERR_OK)
				_exit(*why.text != '\0' ? 1 : 2);
			syscall(SYS_execve, 0, 0, 0);
			_exit(3);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		ROW(rows[i].good ?
			WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS :
			WIFEXITED(status) && WEXITSTATUS(status) == 1,
		    "refusal %zu: 0x%x", i, (unsigned int)status);
	}
	ROWS_END();
}

/* A filter that the kernel does not take is told, and is no filter. */
static void
test_refused(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 0) {
		unit_skipped("needs root, and privileges to lose");
		return;
	}
	assert_int_not_equal(pid = fork(), -1);
	if (pid == 0) {
		struct error why = { .text = "" };
		enum err rc;

		calls_prepare(CALLS_WORKER);
		/* seccomp(2): it takes CAP_SYS_ADMIN, or no_new_privs. */
		if (seteuid(NOBODY_UID) == -1)
			_exit(2);
		rc = calls_limit(CALLS_WORKER, "a test", &why);
		if (seteuid(0) == -1)
			_exit(3);
		_exit(rc == ERR_SYSTEM &&
			    strcmp(why.text, "seccomp: Permission denied") ==
				0 ?
			0 :
			1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
test_allowed(void **state)
{
	(void)state;
	for (size_t k = 0; k < COUNT(kinds); k++)
		assert_int_equal(ending(kinds[k].who, SYS_getpid), 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forbidden),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_each_refusal),
		cmocka_unit_test(test_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void
test_absent(void **state)
{
	struct error why;

	(void)state;
	assert_false(calls_limited());
	assert_int_equal(calls_limit(kinds[0].who, forbidden[0], &why), ERR_OK);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_absent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
