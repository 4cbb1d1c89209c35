#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "pool/calls.h"
#include "pool/landlock.h"
#include "pool/sandbox.h"
#include "provider/endpoint.h"

#define WATCHED_MAX 32 /* files whose replacement is noticed */
#define DNS_PORT    53

/* What the files of one process are: for open(2), and whether replaced. */
struct watched {
	const char *path;
	dev_t device;
	ino_t inode; /* 0: not there */
};

static struct watched watched[WATCHED_MAX];
static size_t watched_count;

static const struct kind {
	const char *title;
	unsigned int calls;
	rlim_t descriptors; /* at most; 0: as they are */
	bool alone;	    /* starts no process */
} kinds[] = {
	[SANDBOX_SUPERVISOR] = { "supervisor",
	    CALLS_SUPERVISOR | CALLS_DATABASE, 0, false },
	[SANDBOX_WORKER] = { "worker", CALLS_WORKER, 1024, true },
	[SANDBOX_NAMES] = { "resolver", CALLS_NAMES, 64, true },
	[SANDBOX_WATCHER] = { "watcher", CALLS_WATCHER, 64, true },
	[SANDBOX_NOTIFIER] = { "notifier", CALLS_NOTIFIER, 256, true },
};

void
sandbox_harden(void)
{
	static const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#ifndef __SANITIZE_ADDRESS__
	/* No core, no ptrace, no /proc/self/mem; the leak check needs them. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

/* Lowers both limits, never raises one. */
static bool
limit(int resource, rlim_t most)
{
	struct rlimit l;

	if (getrlimit(resource, &l) == -1)
		return false;
	if (l.rlim_cur > most)
		l.rlim_cur = most;
	l.rlim_max = l.rlim_cur;
	return setrlimit(resource, &l) == 0;
}

/* No limit of a file's size: the log may be a large one. */
static bool
set_limits(const struct kind *k)
{
	return (k->descriptors == 0 || limit(RLIMIT_NOFILE, k->descriptors)) &&
	    (!k->alone || limit(RLIMIT_NPROC, 0)) && limit(RLIMIT_MEMLOCK, 0) &&
	    limit(RLIMIT_MSGQUEUE, 0) && limit(RLIMIT_RTPRIO, 0) &&
	    limit(RLIMIT_NICE, 0);
}

static ino_t
look(const char *path, dev_t *device)
{
	struct stat st = { .st_ino = 0 };

	(void)stat(path, &st);
	*device = st.st_dev;
	return st.st_ino;
}

/*
 * A rule for a file is one for its inode.  path must stay as it is for the life
 * of the process.
 */
static bool
allow_file(int rules, const char *path)
{
	struct watched *w = &watched[watched_count];

	if (watched_count < WATCHED_MAX) {
		w->path = path;
		w->inode = look(path, &w->device);
		watched_count++;
	}
	return landlock_allow_path(rules, path, LL_READ_FILE);
}

bool
sandbox_is_stale(void)
{
	for (size_t i = 0; i < watched_count; i++) {
		dev_t device;
		ino_t inode = look(watched[i].path, &device);

		if (inode != 0 &&
		    (inode != watched[i].inode || device != watched[i].device))
			return true;
	}
	return false;
}

/* What getaddrinfo(3) reads, and the libraries that nsswitch.conf(5) names. */
static bool
allow_names(int rules)
{
	static const char *const files[] = { "/etc/resolv.conf", "/etc/hosts",
		"/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf",
		"/etc/services", "/etc/protocols", "/etc/ld.so.cache" };
	static const char *const places[] = { "/lib", "/lib32", "/lib64",
		"/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/lib" };
	bool done = landlock_allow_port(rules, DNS_PORT);

	for (size_t i = 0; i < sizeof files / sizeof *files && done; i++)
		done = allow_file(rules, files[i]);
	for (size_t i = 0; i < sizeof places / sizeof *places && done; i++)
		done = landlock_allow_path(rules, places[i], LL_READ_FILE);
	return done;
}

/* Where hosts are proved; found once, for there may be many hosts. */
static bool is_port_of_host[UINT16_MAX + 1];

static void
find_ports(const struct settings *s)
{
	memset(is_port_of_host, 0, sizeof is_port_of_host);
	for (size_t i = 0; i < s->account_count; i++)
		for (size_t j = 0; j < s->accounts[i].host_count; j++)
			is_port_of_host[s->accounts[i].hosts[j].proof.port] =
			    true;
}

static bool
allow_ports_of_hosts(int rules)
{
	for (size_t port = 0; port <= UINT16_MAX; port++)
		if (is_port_of_host[port] &&
		    !landlock_allow_port(rules, (uint16_t)port))
			return false;
	return true;
}

/* Where a worker connects to: the hosts, the providers and their logins. */
static bool
allow_ports(int rules, const struct gateway *g)
{
	if (!allow_ports_of_hosts(rules))
		return false;
	for (size_t i = 0; i < g->settings->provider_count; i++) {
		const struct provider *p = providers_get(g->providers, i);
		const struct endpoint *api = provider_endpoint(p);
		const struct endpoint *login = provider_login(p);

		if ((api != NULL && !landlock_allow_port(rules, api->port)) ||
		    (login != NULL && !landlock_allow_port(rules, login->port)))
			return false;
	}
	return true;
}

/* What libpq reads, and where the database is. */
static bool
allow_database(int rules, const struct gateway *g)
{
	static struct state_needs needs; /* paths are watched for ever */
	bool done = state_needs(g->state, &needs) && allow_names(rules) &&
	    landlock_allow_path(rules, "/etc/ssl", LL_READ_FILE | LL_READ_DIR);

	for (size_t i = 0; i < needs.port_count && done; i++)
		done = landlock_allow_port(rules, needs.ports[i]);
	for (size_t i = 0; i < needs.file_count && done; i++)
		done = allow_file(rules, needs.files[i]);
	return done;
}

/* The start of a process, which tells it from a later one: base/alive.h. */
static bool
allow_marks(int rules)
{
	return landlock_allow_path(rules, "/proc", LL_READ_FILE);
}

static bool
allow_state(int rules, const struct gateway *g, bool database)
{
	return landlock_allow_path(rules, "/dev/urandom", LL_READ_FILE) &&
	    (database ? allow_database(rules, g) :
			landlock_allow_path(rules, g->settings->state.place,
			    LL_READ_FILE | LL_WRITE_FILE | LL_READ_DIR |
				LL_MAKE_REG | LL_REMOVE_FILE | LL_TRUNCATE));
}

static bool
allow_worker(int rules, const struct gateway *g, bool database)
{
	return allow_ports(rules, g) && allow_marks(rules) &&
	    allow_state(rules, g, database);
}

/*
 * Where its receivers are, and their secrets, with the owners of their
 * directories, which are looked at before a secret is read.
 */
static bool
allow_notifier(int rules, const struct gateway *g, bool database)
{
	bool done = allow_state(rules, g, database);

	for (size_t i = 0; i < g->receivers->count && done; i++) {
		const struct receiver *r = &g->receivers->list[i];

		done = landlock_allow_port(rules,
		    r->settings->mail != NULL ? r->settings->smtp_port :
						r->at.port);
		if (done && r->settings->secret_file != NULL)
			done = allow_file(rules, r->settings->secret_file);
	}
	return done;
}

/* Only names and times; while the directory is not there, those above it. */
static bool
allow_watcher(int rules, const struct gateway *g, bool database)
{
	return (g->settings->account_directory == NULL ||
		   landlock_allow_path(rules, "/", LL_READ_DIR)) &&
	    (!database || allow_database(rules, g));
}

/*
 * The supervisor reads what the next configuration names, which may be
 * anywhere, and makes sockets and logs there.
 */
static int
rules_new(enum sandbox_kind kind)
{
	if (kind == SANDBOX_SUPERVISOR)
		return landlock_new(LL_EXECUTE | LL_MAKE_CHAR | LL_MAKE_BLOCK |
			LL_MAKE_FIFO | LL_MAKE_SYM | LL_IOCTL_DEV,
		    0, LL_SIGNALS);
	return landlock_new(LL_ALL_FILES, LL_BIND_TCP | LL_CONNECT_TCP,
	    LL_ABSTRACT_SOCKETS | LL_SIGNALS);
}

static bool
restrict_files(enum sandbox_kind kind, const struct gateway *g, bool database)
{
	static bool absent;
	bool done = true;
	int rules;

	if (absent)
		return true;
	if ((rules = rules_new(kind)) == -1) {
		absent = kind == SANDBOX_SUPERVISOR;
		if (absent)
			log_warn("no Landlock here (%s): whoever takes a "
				 "worker over can read what the user of the "
				 "daemon can",
			    strerror(errno));
		return absent;
	}
	if (kind == SANDBOX_WORKER)
		done = allow_worker(rules, g, database);
	else if (kind == SANDBOX_NAMES)
		done = allow_names(rules);
	else if (kind == SANDBOX_WATCHER)
		done = allow_watcher(rules, g, database);
	else if (kind == SANDBOX_NOTIFIER)
		done = allow_notifier(rules, g, database);
	if (DG_COVERAGE && done)
		done = landlock_allow_path(rules, DG_COVERAGE_DIRECTORY,
		    LL_READ_FILE | LL_WRITE_FILE | LL_TRUNCATE);
	return landlock_enter(rules) && done;
}

/*
 * What surrounds the supervisor, such as a container, may forbid both; then it
 * serves without, and so do its children.  A child must succeed where the
 * supervisor has.
 */
static bool
restrict_calls(enum sandbox_kind kind, unsigned int calls)
{
	static bool absent;
	struct error why;

	if (absent || calls_limit(calls, kinds[kind].title, &why) == ERR_OK)
		return true;
	log_warn("%s: %s", kinds[kind].title, why.text);
	absent = kind == SANDBOX_SUPERVISOR;
	return absent;
}

/* Of a process of that kind with this configuration. */
static unsigned int
calls_of(enum sandbox_kind kind, const struct gateway *g)
{
	unsigned int calls = kinds[kind].calls;

	if (settings_is_database(g->settings->state.place) &&
	    kind != SANDBOX_NAMES)
		calls |= CALLS_DATABASE;
	if (log_connects())
		calls |= CALLS_SYSLOG;
	return calls;
}

void
sandbox_prepare(const struct gateway *g)
{
	find_ports(g->settings);
	calls_prepare(calls_of(SANDBOX_WORKER, g));
}

bool
sandbox_enter(enum sandbox_kind kind, const struct gateway *g)
{
	static const bool writes_reports = DG_SANITIZERS;
	const struct kind *k = &kinds[kind];
	bool database = settings_is_database(g->settings->state.place);

	tzset(); /* reads a file, which is known from now on */
	watched_count = 0;
	if (!set_limits(k)) {
		log_warn("%s: limits: %s", k->title, strerror(errno));
		return false;
	}
	if (!writes_reports && !restrict_files(kind, g, database)) {
		log_warn("%s: Landlock: %s", k->title, strerror(errno));
		return false;
	}
	return restrict_calls(kind, calls_of(kind, g));
}
