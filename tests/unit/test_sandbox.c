/*
 * test_sandbox.c - a process whose sandbox fails at any call is not let on, but
 * for a supervisor that cannot have one at all.
 *
 * Nothing is given up here: what the kernel would be asked is stood in for.
 * tests/integration/test_sandbox.py has the real one.
 */
#include "unit.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "pool/calls.h"
#include "pool/landlock.h"
#include "pool/sandbox.h"

#define WHAT_MAX 32

/* Seen by the child that plays, and by us. */
static struct play {
	size_t count, fails;   /* calls, and which one fails; 0: none */
	char what[WHAT_MAX];   /* that one */
	bool entered, next_in; /* what sandbox_enter() said */
} * play;

static bool
is_refused(const char *what)
{
	if (++play->count != play->fails)
		return false;
	snprintf(play->what, sizeof play->what, "%s", what);
	errno = ENOMEM;
	return true;
}

int __wrap_landlock_new(uint64_t files, uint64_t tcp, uint64_t outside);
int __real_landlock_new(uint64_t files, uint64_t tcp, uint64_t outside);
bool __wrap_landlock_allow_path(int rules, const char *path, uint64_t files);
bool __real_landlock_allow_path(int rules, const char *path, uint64_t files);
bool __wrap_landlock_allow_port(int rules, uint16_t port);
bool __real_landlock_allow_port(int rules, uint16_t port);
bool __wrap_landlock_enter(int rules);
enum err __wrap_calls_limit(unsigned int who, const char *whose,
    struct error *why);
int __wrap_getrlimit(int resource, void *limit);
int __wrap_setrlimit(int resource, const void *limit);
bool __wrap_state_needs(const struct state *s, struct state_needs *n);
const struct provider *__wrap_providers_get(const struct providers *p,
    size_t index);
const struct endpoint *__wrap_provider_endpoint(const struct provider *p);
const struct endpoint *__wrap_provider_login(const struct provider *p);
bool __wrap_log_connects(void);
long __wrap_syscall(long number, ...);

int
__wrap_landlock_new(uint64_t files, uint64_t tcp, uint64_t outside)
{
	(void)files;
	(void)tcp;
	(void)outside;
	return is_refused("landlock_new") ? -1 : 7;
}

bool
__wrap_landlock_allow_path(int rules, const char *path, uint64_t files)
{
	(void)rules;
	(void)path;
	(void)files;
	return !is_refused("landlock_allow_path");
}

bool
__wrap_landlock_allow_port(int rules, uint16_t port)
{
	(void)rules;
	(void)port;
	return !is_refused("landlock_allow_port");
}

bool
__wrap_landlock_enter(int rules)
{
	(void)rules;
	return !is_refused("landlock_enter");
}

enum err
__wrap_calls_limit(unsigned int who, const char *whose, struct error *why)
{
	(void)who;
	(void)whose;
	return is_refused("calls_limit") ?
	    error_set(why, ERR_SYSTEM, "seccomp: no") :
	    ERR_OK;
}

int
__wrap_getrlimit(int resource, void *limit)
{
	(void)resource;
	memset(limit, 0, 2 * sizeof(unsigned long));
	return is_refused("getrlimit") ? -1 : 0;
}

int
__wrap_setrlimit(int resource, const void *limit)
{
	(void)resource;
	(void)limit;
	return is_refused("setrlimit") ? -1 : 0;
}

bool
__wrap_state_needs(const struct state *s, struct state_needs *n)
{
	(void)s;
	n->file_count = n->port_count = 1;
	strcpy(n->files[0], "/etc/pgpass");
	n->ports[0] = 5432;
	return !is_refused("state_needs");
}

const struct provider *
__wrap_providers_get(const struct providers *p, size_t index)
{
	(void)p;
	(void)index;
	return NULL;
}

static const struct endpoint api = { .port = 443 }, login = { .port = 8443 };
static bool no_api; /* as of a provider that is a name server */

const struct endpoint *
__wrap_provider_endpoint(const struct provider *p)
{
	(void)p;
	return no_api ? NULL : &api;
}

const struct endpoint *
__wrap_provider_login(const struct provider *p)
{
	(void)p;
	return no_api ? NULL : &login;
}

bool
__wrap_log_connects(void)
{
	return true;
}

static struct host_settings host = { .proof.port = 443 };
static struct account_settings account = { .hosts = &host, .host_count = 1 };
static struct settings settings = { .accounts = &account,
	.account_count = 1,
	.provider_count = 1,
	.account_directory = "/etc/ddnsgate/accounts.d" };
static struct receiver_settings mail = { .mail = "root", .smtp_port = 25 },
				phone = { .secret_file = "/etc/secret" };
static struct receivers receivers = { .list = { { .settings = &mail },
					  { .settings = &phone } },
	.count = 2 };
static const struct gateway gateway = { .settings = &settings,
	.receivers = &receivers };

/* In a child, for what a supervisor cannot have it remembers. */
static void
run(enum sandbox_kind kind, size_t fails)
{
	int status;
	pid_t pid;

	memset(play, 0, sizeof *play);
	play->fails = fails;
	assert_int_not_equal(pid = fork(), -1);
	if (pid == 0) {
		sandbox_prepare(&gateway);
		play->entered = sandbox_enter(kind, &gateway);
		if (kind == SANDBOX_SUPERVISOR) {
			size_t count = play->count;

			play->fails = 0;
			play->next_in = sandbox_enter(SANDBOX_WORKER, &gateway);
			play->count = count;
		}
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* What surrounds the supervisor may have neither; then its children go on. */
static bool
can_do_without(const char *what)
{
	return unit_same(what, "landlock_new") ||
	    unit_same(what, "calls_limit");
}

static void
test_each_call_fails(void **state)
{
	static const char *const places[] = { "/var/lib/ddnsgate",
		"postgresql://db/ddnsgate" };

	(void)state;
	for (size_t p = 0; p < COUNT(places); p++)
		for (enum sandbox_kind kind = SANDBOX_SUPERVISOR;
		     kind <= SANDBOX_NOTIFIER; kind++) {
			size_t count;

			settings.state.place = places[p];
			no_api = true;
			run(kind, 0);
			no_api = false;
			assert_true(play->entered);
			run(kind, 0);
			assert_true(play->entered);
			count = play->count;
			assert_int_not_equal(count, 0);
			for (size_t n = 1; n <= count; n++) {
				bool may;

				run(kind, n);
				may = kind == SANDBOX_SUPERVISOR &&
				    can_do_without(play->what);
				ROW(play->entered == may,
				    "%s: kind %d %s, though %s failed (%zu)",
				    places[p], (int)kind,
				    play->entered ? "goes on" : "ends",
				    play->what, n);
				ROW(!may || play->next_in,
				    "a worker ends, though its supervisor "
				    "cannot have %s either",
				    play->what);
			}
		}
	ROWS_END();
}

/* A kernel of each version is asked for what it knows, and nothing else. */
static long version;
static size_t asked_size, rules_made;
static bool no_rules;

long
__wrap_syscall(long number, ...)
{
	const void *attr;
	va_list ap;

	va_start(ap, number);
	attr = va_arg(ap, const void *);
	if (number == SYS_landlock_create_ruleset && attr != NULL)
		asked_size = va_arg(ap, size_t);
	va_end(ap);
	errno = ENOSYS;
	if (number == SYS_landlock_create_ruleset)
		return attr == NULL ? version : 7;
	rules_made++;
	errno = ENOMEM;
	return no_rules ? -1 : 0;
}

static void
test_versions(void **state)
{
	static const struct {
		long version;
		size_t size;
	} rows[] = { { 1, 8 }, { 3, 8 }, { 4, 16 }, { 5, 16 }, { 6, 24 },
		{ 7, 24 } };

	(void)state;
	version = -1;
	assert_int_equal(__real_landlock_new(LL_ALL_FILES, 0, 0), -1);
	assert_int_equal(errno, ENOSYS);
	for (size_t i = 0; i < COUNT(rows); i++) {
		version = rows[i].version;
		ROW(__real_landlock_new(LL_ALL_FILES, LL_BIND_TCP,
			LL_SIGNALS) == 7 &&
			asked_size == rows[i].size,
		    "version %ld: %zu bytes", version, asked_size);
	}
	ROWS_END();
}

/* What is not there needs no rule; what cannot be looked at is an error. */
static void
test_rules(void **state)
{
	static const struct {
		const char *name; /* NULL: a port */
		uint64_t files;
		long version;
		bool no_rules, good;
		size_t made;
	} rows[] = {
		{ "", LL_READ_FILE, 4, false, true, 1 },
		{ "", LL_READ_FILE, 4, true, false, 1 },
		{ "file", LL_READ_FILE | LL_READ_DIR, 4, false, true, 1 },
		{ "file", LL_READ_DIR, 4, false, true, 0 },
		{ "file/file", LL_READ_FILE, 4, false, true, 0 },
		{ "nowhere", LL_READ_FILE, 4, false, true, 0 },
		{ "loop", LL_READ_FILE, 4, false, false, 0 },
		{ NULL, 0, 3, false, true, 0 },
		{ NULL, 0, 4, false, true, 1 },
		{ NULL, 0, 4, true, false, 1 },
	};
	char loop[512];

	(void)state;
	unit_write("file", "", 0);
	snprintf(loop, sizeof loop, "%s/loop", unit_directory());
	assert_int_equal(symlink("loop", loop), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		char name[512];
		bool good;

		version = rows[i].version;
		assert_int_equal(__real_landlock_new(LL_ALL_FILES,
				     LL_CONNECT_TCP, 0),
		    7);
		rules_made = 0;
		no_rules = rows[i].no_rules;
		if (rows[i].name != NULL)
			snprintf(name, sizeof name, "%s/%s", unit_directory(),
			    rows[i].name);
		good = rows[i].name == NULL ?
		    __real_landlock_allow_port(7, 443) :
		    __real_landlock_allow_path(7, name, rows[i].files);
		no_rules = false;
		ROW(good == rows[i].good && rules_made == rows[i].made,
		    "%zu: %d, %zu rules", i, good, rules_made);
	}
	ROWS_END();
}

static int
set_up(void **state)
{
	struct error why;

	(void)state;
	play = mmap(NULL, sizeof *play, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return play != MAP_FAILED &&
		log_open(&(struct log_settings){ .to = "/dev/null" }, &why) ==
		    ERR_OK ?
	    0 :
	    -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_call_fails),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_rules),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
