/*
 * evil.c - code in the place of a process that was taken over.
 *
 * Preloaded: a worker that is sent the parameter EVIL tries the escape of that
 * name, with EVIL_PATH and EVIL_PID for it.  Of the environment: the process
 * whose name ends in EVIL_WHO ("" is the supervisor) tries EVIL_WHAT once it has
 * done its first work, and is not allowed the system call EVIL_WITHOUT.  What
 * came of an escape is written to standard error: "evil NAME: ..."; nothing is,
 * if the process does not survive.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fcgiapp.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static const char *path;
static pid_t pid;

/* Each returns what the system call does: -1 and errno, or a success. */

static long
run_program(void)
{
	char *const none[] = { NULL };

	return execve("/bin/true", none, none);
}

static long
run_descriptor(void)
{
	char *const none[] = { NULL };

	return syscall(SYS_execveat, 1, "", none, none, AT_EMPTY_PATH);
}

static long
start_process(void)
{
	return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static long
start_thread(void)
{
	return syscall(SYS_clone, CLONE_VM | CLONE_THREAD | CLONE_SIGHAND, 0, 0,
	    0, 0);
}

/* Whose flags no filter can see. */
static long
start_by_clone3(void)
{
	uint64_t args[11] = { 0 };

	return syscall(SYS_clone3, args, sizeof args);
}

static long
trace(void)
{
	return ptrace(PTRACE_SEIZE, pid, 0, 0);
}

static long
read_memory(void)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { (void *)&path, 1 };

	return process_vm_readv(pid, &here, 1, &there, 1, 0);
}

static long
write_memory(void)
{
	char byte = 0;
	struct iovec here = { &byte, 1 }, there = { (void *)&path, 1 };

	return process_vm_writev(pid, &here, 1, &there, 1, 0);
}

static long
send_signal(void)
{
	return kill(pid, SIGSTOP);
}

static long
end_another(void)
{
	return syscall(SYS_tgkill, pid, pid, SIGABRT);
}

/* As abort(3) does; this one must stay. */
static long
signal_itself(void)
{
	return syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), 0);
}

/* A signal that the kernel sends, when something comes at a socket. */
static long
send_by_socket(void)
{
	return fcntl(3, F_SETOWN, pid);
}

static long
steal_descriptor(void)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	return fd == -1 ? -1 : syscall(SYS_pidfd_getfd, fd, 0, 0);
}

static long
read_file(void)
{
	return open(path, O_RDONLY);
}

static long
write_file(void)
{
	return open(path, O_WRONLY | O_APPEND);
}

static long
create_file(void)
{
	return open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
}

static long
delete_file(void)
{
	return unlink(path);
}

static long
list_directory(void)
{
	return open(path, O_RDONLY | O_DIRECTORY);
}

static long
link_file(void)
{
	return symlink("/etc/passwd", path);
}

static long
connect_elsewhere(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons(25),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return connect(fd, (struct sockaddr *)&sin, sizeof sin);
}

static long
bind_port(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return bind(fd, (struct sockaddr *)&sin, sizeof sin);
}

static long
listen_anew(void)
{
	return listen(socket(AF_INET, SOCK_STREAM, 0), 1);
}

static long
socket_unix(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static long
socket_udp(void)
{
	return socket(AF_INET, SOCK_DGRAM, 0);
}

static long
socket_raw(void)
{
	return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

static long
socket_packet(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0);
}

static long
socket_audit(void)
{
	return socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT);
}

static long
raise_limit(void)
{
	struct rlimit l = { 1 << 20, 1 << 20 };

	return setrlimit(RLIMIT_NOFILE, &l);
}

static long
allow_cores(void)
{
	return prctl(PR_SET_DUMPABLE, 1);
}

static long
new_namespace(void)
{
	return unshare(CLONE_NEWUSER);
}

static long
enter_namespace(void)
{
	return setns(3, 0);
}

static long
mount_anything(void)
{
	return syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL);
}

static long
change_root(void)
{
	return chroot("/");
}

static long
map_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ?
	    -1 :
	    0;
}

static long
make_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

static long
map_file_as_code(void)
{
	int fd = (int)syscall(SYS_memfd_create, "code", 0);

	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) ==
		MAP_FAILED ?
	    -1 :
	    0;
}

static long
load_bpf(void)
{
	return syscall(SYS_bpf, 0, NULL, 0);
}

static long
open_counter(void)
{
	return syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0);
}

static long
use_keys(void)
{
	return syscall(SYS_keyctl, 0, 0, 0, 0, 0);
}

static long
use_io_uring(void)
{
	return syscall(SYS_io_uring_setup, 1, NULL);
}

static long
use_userfaultfd(void)
{
	return syscall(SYS_userfaultfd, 0);
}

static long
change_handler(void)
{
	return signal(SIGSYS, SIG_IGN) == SIG_ERR ? -1 : 0;
}

/* The same with bits above those that the kernel looks at. */
static long
change_handler_high(void)
{
	struct sigaction sa = { .sa_handler = SIG_IGN };

	return syscall(SYS_rt_sigaction, SIGSYS | UINT64_C(1) << 32, &sa, NULL,
	    8);
}

static long
type_into_terminal(void)
{
	return ioctl(0, TIOCSTI, "x");
}

static long
other_personality(void)
{
	return syscall(SYS_personality, 0xffffffffUL);
}

/* Of the tables that others write, the first that this process can read. */
static void *
table_of_others(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512], rights[8];
	unsigned long begin;

	while (maps != NULL && fgets(line, sizeof line, maps) != NULL)
		if (sscanf(line, "%lx-%*x %7s", &begin, rights) == 2 &&
		    strcmp(rights, "r--s") == 0)
			return (void *)begin;
	return NULL;
}

static long
open_table(void)
{
	void *p = table_of_others();

	return p == NULL ? 0 : mprotect(p, 4096, PROT_READ | PROT_WRITE);
}

static long
write_table(void)
{
	volatile char *p = table_of_others();

	if (p != NULL)
		*p = 1;
	return 0;
}

/* getpid() of another architecture, which the filter cannot number. */
static long
other_architecture(void)
{
#ifdef __x86_64__
	long rc = 20;

	__asm__ volatile("int $0x80" : "+a"(rc) : : "memory");
	return rc;
#else
	return syscall(SYS_ptrace, 0);
#endif
}

static const struct escape {
	const char *name;
	long (*run)(void);
} escapes[] = {
	{ "run a program", run_program },
	{ "run a descriptor", run_descriptor },
	{ "start a process", start_process },
	{ "start a thread", start_thread },
	{ "start one by clone3", start_by_clone3 },
	{ "trace", trace },
	{ "read memory", read_memory },
	{ "write memory", write_memory },
	{ "send a signal", send_signal },
	{ "end another", end_another },
	{ "signal itself", signal_itself },
	{ "send one by a socket", send_by_socket },
	{ "steal a descriptor", steal_descriptor },
	{ "read a file", read_file },
	{ "write a file", write_file },
	{ "create a file", create_file },
	{ "delete a file", delete_file },
	{ "list a directory", list_directory },
	{ "link a file", link_file },
	{ "connect elsewhere", connect_elsewhere },
	{ "bind a port", bind_port },
	{ "listen", listen_anew },
	{ "local socket", socket_unix },
	{ "UDP socket", socket_udp },
	{ "raw socket", socket_raw },
	{ "packet socket", socket_packet },
	{ "audit socket", socket_audit },
	{ "raise a limit", raise_limit },
	{ "allow cores", allow_cores },
	{ "new namespace", new_namespace },
	{ "enter a namespace", enter_namespace },
	{ "mount", mount_anything },
	{ "change the root", change_root },
	{ "map code", map_code },
	{ "make code", make_code },
	{ "map a file as code", map_file_as_code },
	{ "load BPF", load_bpf },
	{ "open a counter", open_counter },
	{ "use keys", use_keys },
	{ "use io_uring", use_io_uring },
	{ "use userfaultfd", use_userfaultfd },
	{ "change the handler", change_handler },
	{ "change it by high bits", change_handler_high },
	{ "type into a terminal", type_into_terminal },
	{ "open a table", open_table },
	{ "write a table", write_table },
	{ "another personality", other_personality },
	{ "another architecture", other_architecture },
};

static void
attempt(const char *name)
{
	for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++) {
		long rc;

		if (strcmp(escapes[i].name, name) != 0)
			continue;
		errno = 0;
		rc = escapes[i].run();
		dprintf(2, "evil %s: %s\n", name,
		    rc == -1 ? strerrorname_np(errno) : "DONE");
		return;
	}
	dprintf(2, "evil %s: unknown\n", name);
}

/* A worker has read a request. */
int
FCGX_Accept_r(FCGX_Request *request)
{
	static int (*real)(FCGX_Request *);
	const char *name, *number;
	int rc;

	if (real == NULL)
		real = dlsym(RTLD_NEXT, "FCGX_Accept_r");
	rc = real(request);
	if (rc != 0 || (name = FCGX_GetParam("EVIL", request->envp)) == NULL)
		return rc;
	path = FCGX_GetParam("EVIL_PATH", request->envp);
	number = FCGX_GetParam("EVIL_PID", request->envp);
	pid = number != NULL ? atoi(number) : getppid();
	attempt(name);
	return rc;
}

static const char *who, *what, *without;
static char title[16]; /* of this process; "" in the first one */

__attribute__((constructor)) static void
remember(void)
{
	who = getenv("EVIL_WHO");
	what = getenv("EVIL_WHAT");
	without = getenv("EVIL_WITHOUT");
	path = getenv("EVIL_PATH");
}

/* A child gets its name. */
int
prctl(int option, ...)
{
	unsigned long a[4];
	va_list ap;

	va_start(ap, option);
	for (size_t i = 0; i < 4; i++)
		a[i] = va_arg(ap, unsigned long);
	va_end(ap);
	if (option == PR_SET_NAME)
		snprintf(title, sizeof title, "%.15s", (const char *)a[0]);
	return (int)syscall(SYS_prctl, option, a[0], a[1], a[2], a[3]);
}

static int
is_meant(void)
{
	size_t len = strlen(title);

	if (who == NULL || *who == '\0')
		return who != NULL && len == 0;
	return len >= strlen(who) &&
	    strcmp(title + len - strlen(who), who) == 0;
}

static void
attempt_once(void)
{
	const char *name = what;

	if (name == NULL || !is_meant())
		return;
	what = NULL;
	pid = getppid();
	attempt(name);
}

/* A helper has done its work for now. */
int
nanosleep(const struct timespec *t, struct timespec *left)
{
	attempt_once();
	return clock_nanosleep(CLOCK_REALTIME, 0, t, left);
}

/* The supervisor has started its children. */
int
ppoll(struct pollfd *fds, nfds_t n, const struct timespec *t,
    const sigset_t *mask)
{
	static int (*real)(struct pollfd *, nfds_t, const struct timespec *,
	    const sigset_t *);

	if (real == NULL)
		real = dlsym(RTLD_NEXT, "ppoll");
	attempt_once();
	return real(fds, n, t, mask);
}

/* No filter is made before the fork: each process makes its own. */
int
seccomp_export_bpf(void *ctx, int fd)
{
	int (*real)(void *, int) = dlsym(RTLD_NEXT, "seccomp_export_bpf");

	return without != NULL ? -EINVAL : real(ctx, fd);
}

/* libseccomp gets a row of the table. */
int
seccomp_rule_add_array(void *ctx, uint32_t action, int number, unsigned int n,
    const void *tests)
{
	int (*real)(void *, uint32_t, int, unsigned int, const void *) =
	    dlsym(RTLD_NEXT, "seccomp_rule_add_array");
	int (*resolve)(const char *) =
	    dlsym(RTLD_NEXT, "seccomp_syscall_resolve_name");

	return without != NULL && is_meant() && number == resolve(without) ?
	    0 :
	    real(ctx, action, number, n, tests);
}
