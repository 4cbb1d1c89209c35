/*
 * test_state.c - what a store on this machine believes, whatever befalls it.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/shared.h"
#include "state/engine.h"
#include "state/hex.h"
#include "state/sqlite/file.h"
#include "state/state.h"

#define V4	"89.14.163.156"
#define V6	"2a01:c22:b045:defc::8"
#define REFRESH 3600000
#define BOOT_ID "/proc/sys/kernel/random/boot_id"

/*
 * The URL of a database that is there for these tests alone: what does not
 * speak of files is tried on it, too.
 */
static const char *database;

/* A directory of its own for each test, and the store in it. */
struct stage {
	struct settings settings;
	char directory[256], file[300];
	struct state *state;
	struct store *store;
};

static void
stage_open(struct stage *s)
{
	struct error why;

	s->state = state_new(&s->settings, &why);
	assert_non_null(s->state);
	s->store = store_open(s->state);
	assert_non_null(s->store);
}

static void
stage_close(struct stage *s)
{
	store_close(s->store);
	state_free(s->state);
	s->store = NULL;
	s->state = NULL;
}

static void
stage_again(struct stage *s)
{
	stage_close(s);
	stage_open(s);
}

static void
stage_start(struct stage *s)
{
	static unsigned int count;

	*s = (struct stage){ .settings.state.history_days = 400 };
	if (database != NULL) {
		s->settings.state.place = database;
		stage_open(s);
		store_forget(s->store, "home.example.org");
		return;
	}
	snprintf(s->directory, sizeof s->directory, "%s/%u", unit_directory(),
	    count++);
	snprintf(s->file, sizeof s->file, "%s/state.db", s->directory);
	assert_int_equal(mkdir(s->directory, 0700), 0);
	s->settings.state.place = s->directory;
	stage_open(s);
}

/* What the store's directory and its file are said to be. */
static bool is_read_only, is_full, is_without_times, is_unknown;
static int looks = SQLITE_OK; /* what a look at the epoch comes to */
static void (*meanwhile)(struct state *s); /* and what happens then */
static bool has_no_boot; /* the file that tells which boot it is is hidden */

int __real_access(const char *file, int mode);
int __wrap_access(const char *file, int mode);
int __real_statvfs(const char *file, struct statvfs *fs);
int __wrap_statvfs(const char *file, struct statvfs *fs);
int __real_epoch_find(struct state *s, sqlite3 *db, bool own);
int __wrap_epoch_find(struct state *s, sqlite3 *db, bool own);

int
__wrap_access(const char *file, int mode)
{
	errno = EROFS;
	return is_read_only ? -1 : __real_access(file, mode);
}

int
__wrap_statvfs(const char *file, struct statvfs *fs)
{
	int rc = __real_statvfs(file, fs);

	if (is_full)
		fs->f_bavail = 0;
	return is_unknown ? -1 : rc;
}

int
__wrap_epoch_find(struct state *s, sqlite3 *db, bool own)
{
	if (looks != SQLITE_OK && meanwhile != NULL)
		meanwhile(s);
	return looks != SQLITE_OK ? looks : __real_epoch_find(s, db, own);
}

UNIT_BETWEEN(is_without_times, int, utimensat, -1,
    (int fd, const char *file, const struct timespec times[2], int flags),
    (fd, file, times, flags))

UNIT_BETWEEN(has_no_boot &&strcmp(file, BOOT_ID) == 0, FILE *, fopen, NULL,
    (const char *file, const char *mode), (file, mode))

/* text: an address, "none", or NULL for a family that is not named. */
static struct state_value
value(const char *text)
{
	struct state_value v = { .kind = VALUE_UNKNOWN };

	if (text != NULL && strcmp(text, "none") == 0)
		v.kind = VALUE_NONE;
	else if (text != NULL) {
		v.kind = VALUE_ADDRESS;
		assert_true(address_parse_any(&v.address, text));
	}
	return v;
}

static struct state_claim
claim(const char *ipv4, const char *ipv6)
{
	return (struct state_claim){ .host = "home.example.org",
		.account = "router",
		.settings = "settings",
		.wanted = { value(ipv4), value(ipv6) } };
}

static const enum state_outcome both[STATE_FAMILIES] = { OUTCOME_APPLIED,
	OUTCOME_APPLIED };
static struct state_value old[STATE_FAMILIES]; /* what an intent replaced */

static void
publish(struct stage *s, const char *ipv4, const char *ipv6)
{
	struct state_claim c = claim(ipv4, ipv6);

	assert_int_equal(store_intend(s->store, &c, old), ERR_OK);
	store_apply(s->store, &c, both);
}

static bool
has(struct stage *s, const char *ipv4, const char *ipv6)
{
	struct state_claim c = claim(ipv4, ipv6);

	return store_is_applied(s->store, &c, REFRESH) == STORE_YES;
}

/* SQL on the file, as if by another hand. */
static void
run_sql(const struct stage *s, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(s->file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* The same while nobody has it open. */
static void
tamper(struct stage *s, const char *sql)
{
	stage_close(s);
	run_sql(s, sql);
	stage_open(s);
}

struct seen {
	char text[2048];
	size_t stop_after;
};

static bool
see_event(const struct state_event *e, void *data)
{
	struct seen *seen = data;
	size_t n = strlen(seen->text);

	snprintf(seen->text + n, sizeof seen->text - n, "%lld %s %s %s>%s %s\n",
	    (long long)e->at, e->host, e->type, unit_text(e->old),
	    unit_text(e->new), e->verdict);
	return --seen->stop_after > 0;
}

#define REQUEST_SIZE 80

/* The name of the latest event's request. */
static bool
see_request(const struct state_event *e, void *data)
{
	snprintf(data, REQUEST_SIZE, "%s", unit_text(e->request));
	return false;
}

static bool
see_host(const struct state_host *h, void *data)
{
	struct seen *seen = data;
	size_t n = strlen(seen->text);
	char text[ADDRESS_TEXT_MAX];

	snprintf(seen->text + n, sizeof seen->text - n, "%s %s %s %lld %s\n",
	    h->host, h->account,
	    unit_text(h->value[0].kind == VALUE_ADDRESS ?
		    address_format(&h->value[0].address, text) :
		    NULL),
	    (long long)h->expiry, h->refused);
	return --seen->stop_after > 0;
}

/*
 * What is believed
 */

static const struct {
	const char *published[2], *asked[2];
	bool known;
} beliefs[] = {
	{ { V4, V6 }, { V4, V6 }, true },
	{ { V4, V6 }, { V4, NULL }, true },
	{ { V4, V6 }, { NULL, V6 }, true },
	{ { V4, V6 }, { NULL, NULL }, false },
	{ { V4, V6 }, { "89.14.163.157", V6 }, false },
	{ { V4, V6 }, { V4, "2a01:c22:b045:defc::9" }, false },
	{ { V4, V6 }, { "none", V6 }, false },
	{ { V4, NULL }, { V4, V6 }, false },
	{ { V4, NULL }, { V4, NULL }, true },
	{ { V4, NULL }, { V4, "none" }, false },
	{ { "none", V6 }, { "none", V6 }, true },
	{ { "none", V6 }, { V4, V6 }, false },
};

static void
test_beliefs(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(beliefs); i++) {
		struct stage s;

		stage_start(&s);
		ROW(!has(&s, beliefs[i].asked[0], beliefs[i].asked[1]),
		    "%zu: known before", i);
		publish(&s, beliefs[i].published[0], beliefs[i].published[1]);
		ROW(has(&s, beliefs[i].asked[0], beliefs[i].asked[1]) ==
			beliefs[i].known,
		    "%zu: wrong", i);
		stage_again(&s);
		ROW(has(&s, beliefs[i].asked[0], beliefs[i].asked[1]) ==
			beliefs[i].known,
		    "%zu: wrong after a restart", i);
		stage_close(&s);
	}
	ROWS_END();
}

/* Nothing is believed that anything at all speaks against. */
static void
test_doubts(void **state)
{
	struct state_claim c = claim(V4, V6), other = c;
	struct stage s;

	(void)state;
	stage_start(&s);
	publish(&s, V4, V6);
	other.settings[0] ^= 1;
	assert_int_equal(store_is_applied(s.store, &other, REFRESH), STORE_NO);
	other = c;
	other.host = "b.example.org";
	assert_int_equal(store_is_applied(s.store, &other, REFRESH), STORE_NO);
	assert_int_equal(store_is_applied(s.store, &c, 0), STORE_NO);

	/* A write that began, and of which nothing was heard. */
	other = claim("89.14.163.157", NULL);
	store_intend(s.store, &other, old);
	assert_false(has(&s, V4, NULL));
	assert_false(has(&s, "89.14.163.157", NULL));
	assert_true(has(&s, NULL, V6));
	stage_again(&s);
	assert_false(has(&s, V4, NULL));
	assert_true(has(&s, NULL, V6));
	store_intend(s.store, &other, old);
	store_apply(s.store, &other,
	    (enum state_outcome[STATE_FAMILIES]){ OUTCOME_OPEN, OUTCOME_OPEN });
	assert_false(has(&s, V4, NULL));
	assert_false(has(&s, "89.14.163.157", NULL));
	/* That write may still take effect, after the next one. */
	publish(&s, V4, V6);
	publish(&s, V4, V6);
	assert_false(has(&s, V4, NULL));
	assert_true(has(&s, NULL, V6));
	assert_true(store_forget(s.store, "home.example.org"));
	assert_false(store_forget(s.store, "b.example.org"));
	assert_false(has(&s, V4, V6));
	stage_close(&s);
}

/* The write of one that died is waited for, and forgotten in the end. */
static void
test_stray(void **state)
{
	struct applied a = { .intent = 0 };
	struct state_claim c = claim(V4, NULL);
	const enum state_outcome open[STATE_FAMILIES] = { OUTCOME_OPEN },
				 ended[STATE_FAMILIES] = { OUTCOME_ENDED };

	(void)state;
	memcpy(a.settings, c.settings, STATE_DIGEST_LEN);
	/* A refusal is the end of a write: the next one is believed at once. */
	applied_intend(&a, &c, 1000);
	applied_conclude(&a, &c, ended, 1000);
	assert_false(applied_has(&a, &c, REFRESH, 1000));
	applied_intend(&a, &c, 1000);
	applied_conclude(&a, &c, both, 1000);
	assert_true(applied_has(&a, &c, REFRESH, 1000));
	/* No answer, or a death, is not. */
	applied_intend(&a, &c, 2000);
	applied_conclude(&a, &c, open, 2000);
	for (int64_t now = 3000; now < 3000 + STATE_STRAY_MS; now += 10000) {
		applied_intend(&a, &c, now);
		applied_conclude(&a, &c, both, now);
		assert_false(applied_has(&a, &c, REFRESH, now));
		assert_true(a.value[STATE_IPV4].kind == VALUE_ADDRESS);
	}
	applied_intend(&a, &c, 3000 + STATE_STRAY_MS);
	applied_conclude(&a, &c, both, 3000 + STATE_STRAY_MS);
	assert_true(applied_has(&a, &c, REFRESH, 3000 + STATE_STRAY_MS));
	/* What was found in another boot is of another clock. */
	applied_intend(&a, &c, 500000);
	applied_intend(&a, &c, 500000);
	applied_conclude(&a, &c, both, 100);
	assert_true(applied_has(&a, &c, REFRESH, 100));
}

static bool
see_intent(const struct state_host *h, void *data)
{
	*(bool *)data = h->intent;
	return false;
}

/* What a person is told of it: a write, not a mere doubt. */
static void
test_writing(void **state)
{
	struct state_claim c = claim(V4, NULL);
	bool writing = true;
	struct stage s;

	(void)state;
	stage_start(&s);
	publish(&s, V4, NULL);
	store_hosts(s.store, "router", "home", see_intent, &writing);
	assert_false(writing);
	store_intend(s.store, &c, old);
	store_hosts(s.store, "router", "home", see_intent, &writing);
	assert_true(writing);
	c.settings[0] ^= 1;
	store_intend(s.store, &c, old);
	store_apply(s.store, &c, both);
	store_hosts(s.store, "router", "home", see_intent, &writing);
	assert_false(writing);
	stage_close(&s);
}

/* Under another configuration one family is published: the other is unknown. */
static void
test_settings(void **state)
{
	struct state_claim c = claim(V4, NULL);
	struct stage s;

	(void)state;
	stage_start(&s);
	publish(&s, V4, V6);
	c.settings[0] ^= 1;
	store_intend(s.store, &c, old);
	store_apply(s.store, &c, both);
	assert_int_equal(store_is_applied(s.store, &c, REFRESH), STORE_YES);
	c.wanted[STATE_IPV6] = value(V6);
	assert_int_equal(store_is_applied(s.store, &c, REFRESH), STORE_NO);
	stage_close(&s);
}

static const char *const tampered[] = {
	"UPDATE host SET ipv4 = '89.14.163.157'",
	"UPDATE host SET ipv4 = NULL",
	"UPDATE host SET ipv6 = ''",
	"UPDATE host SET at4 = at4 - 1",
	"UPDATE host SET epoch = epoch + 1",
	"UPDATE host SET settings = x'00'",
	"UPDATE host SET name = 'b.example.org'",
	"DELETE FROM host",
	/* What another boot wrote may be older than what was published. */
	"UPDATE meta SET value = 'another' WHERE key = 'boot'",
	"DELETE FROM meta",
};

static void
test_tampered(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(tampered); i++) {
		struct stage s;

		stage_start(&s);
		publish(&s, V4, V6);
		tamper(&s, tampered[i]);
		ROW(!has(&s, V4, V6), "%s: believed", tampered[i]);
		ROW(!has(&s, "89.14.163.157", V6), "%s: believed, too",
		    tampered[i]);
		publish(&s, V4, V6);
		ROW(has(&s, V4, V6), "%s: not mended", tampered[i]);
		stage_close(&s);
	}
	ROWS_END();
}

/*
 * What befalls the file
 */

static void
overwrite(const struct stage *s, off_t at, size_t len)
{
	int fd = open(s->file, O_WRONLY | O_CLOEXEC);

	assert_int_not_equal(fd, -1);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(pwrite(fd, "x", 1, at + (off_t)i), 1);
	close(fd);
}

static bool
directory_has(const struct stage *s, const char *pattern)
{
	char command[512];

	snprintf(command, sizeof command, "ls %s/%s >/dev/null 2>&1",
	    s->directory, pattern);
	return system(command) == 0;
}

/* Damage is found at the start, or while the store is open. */
static void
test_damage(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		bool open = i % 2 == 1;
		struct stage s;

		stage_start(&s);
		publish(&s, V4, V6);
		stage_again(&s);
		if (!open)
			stage_close(&s);
		if (i < 2)
			overwrite(&s, 0, 8192);
		else
			assert_int_equal(truncate(s.file, 100), 0);
		if (!open)
			stage_open(&s);
		assert_false(has(&s, V4, "none"));
		publish(&s, V4, V6);
		publish(&s, V4, V6);
		ROW(has(&s, V4, V6), "%d: not mended", i);
		/* Pages that SQLite holds in memory mend an open file. */
		ROW(i == 1 || directory_has(&s, "state.db.damaged-*"),
		    "%d: lost", i);
		stage_close(&s);
	}
	ROWS_END();
}

/* By another hand, in the directory of the state. */
static void
meddle(const struct stage *s, const char *command)
{
	char text[1024];

	snprintf(text, sizeof text, "cd %s && %s", s->directory, command);
	assert_int_equal(system(text), 0);
}

/* A copy of before, from a backup, while the program was stopped. */
static void
test_restored(void **state)
{
	static const char *const ways[] = { "cp -p old state.db",
		"mv old state.db", "cat old >state.db" };

	(void)state;
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct stage s;

		stage_start(&s);
		publish(&s, V4, V6);
		stage_again(&s);
		ROW(has(&s, V4, V6), "%zu: forgotten", i);
		stage_close(&s);
		meddle(&s, "cp state.db old");
		stage_open(&s);
		publish(&s, "89.14.163.157", V6);
		stage_close(&s);
		meddle(&s, ways[i]);
		stage_open(&s);
		ROW(!has(&s, V4, V6), "%zu: believed", i);
		publish(&s, V4, V6);
		ROW(has(&s, V4, V6), "%zu: not mended", i);
		stage_close(&s);
	}
	ROWS_END();
}

/* A program that was killed said nothing of the file that it left. */
static void
test_not_left(void **state)
{
	struct stage s;
	int status;
	pid_t pid;

	(void)state;
	stage_start(&s);
	stage_close(&s);
	if ((pid = fork()) == 0) {
		stage_open(&s);
		publish(&s, V4, V6);
		raise(has(&s, V4, V6) ? SIGKILL : SIGTERM);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	stage_open(&s);
	assert_false(has(&s, V4, V6));
	stage_close(&s);
}

/* Of processes that end at the same moment, none may have closed it last. */
static void
test_left_by_nobody(void **state)
{
	struct stage s;
	int told[2], status;
	char byte = 0;
	pid_t pid;

	(void)state;
	stage_start(&s);
	assert_int_equal(pipe(told), 0);
	if ((pid = fork()) == 0) {
		store_close(s.store);
		s.store = store_open(s.state);
		publish(&s, V4, V6);
		(void)!write(told[1], &byte, 1);
		pause();
	}
	assert_int_equal(read(told[0], &byte, 1), 1);
	store_close(s.store);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	state_free(s.state);
	stage_open(&s);
	assert_true(has(&s, V4, V6));
	stage_close(&s);
	close(told[0]);
	close(told[1]);
}

/*
 * Files that somebody removes or replaces while two processes have them open:
 * what one of them does, the other one must know or doubt.
 */
static void
test_removed(void **state)
{
	static const char *const ways[] = {
		"rm state.db",
		"rm state.db-wal",
		"rm state.db-wal state.db-shm",
		"rm state.db*",
		"mv state.db elsewhere",
		"cp state.db new && mv new state.db",
		"rm -r $PWD",
		"rm -r $PWD && mkdir $PWD",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct state_claim before = claim(V4, V6),
				   new = claim("89.14.163.157", V6);
		struct store *other, *late;
		struct stage s;

		stage_start(&s);
		publish(&s, V4, V6);
		other = store_open(s.state);
		ROW(store_is_applied(other, &before, REFRESH) == STORE_YES,
		    "%zu: not known", i);
		meddle(&s, ways[i]);
		late = store_open(s.state);
		/* One of them publishes something else. */
		assert_int_equal(store_intend(s.store, &new, old), ERR_OK);
		store_apply(s.store, &new, both);
		ROW(store_is_applied(other, &before, REFRESH) == STORE_NO,
		    "%zu: the other one believes", i);
		ROW(store_is_applied(late, &before, REFRESH) == STORE_NO,
		    "%zu: a later one believes", i);
		/* And back, by the other one. */
		assert_int_equal(store_intend(other, &before, old), ERR_OK);
		store_apply(other, &before, both);
		ROW(store_is_applied(s.store, &new, REFRESH) == STORE_NO,
		    "%zu: the first one believes", i);
		store_close(late);
		store_close(other);
		stage_close(&s);
	}
	ROWS_END();
}

/* Stages with something published, in directories that are quiet by now. */
static void
start_quietly(struct stage *stages, size_t count)
{
	const struct timespec pause = { 0, 50000000L };
	struct file_look look;

	for (size_t i = 0; i < count; i++) {
		stage_start(&stages[i]);
		publish(&stages[i], V4, V6);
	}
	while (!file_look(stages[count - 1].state, &look))
		nanosleep(&pause, NULL);
}

/*
 * The same, and a marker that is taken away, where nothing happened in the
 * directory for so long that the store does not look at each file any more: the
 * very next question is answered no.
 */
static void
test_removed_when_quiet(void **state)
{
	static const char *const ways[] = {
		"rm state.db.trusted",
		"echo 1 >new && mv new state.db.trusted",
		"rm state.db",
		"rm state.db-wal",
		"mv state.db elsewhere",
		"cp state.db new && mv new state.db",
		"rm -r $PWD",
		"rm -r $PWD && mkdir $PWD",
	};
	static struct stage stages[COUNT(ways)];

	(void)state;
	start_quietly(stages, COUNT(ways));
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct stage *s = &stages[i];

		for (int twice = 0; twice < 2; twice++)
			ROW(has(s, V4, V6), "%s: not known", ways[i]);
		meddle(s, ways[i]);
		ROW(!has(s, V4, V6), "%s: believed", ways[i]);
		stage_close(s);
	}
	ROWS_END();
}

/*
 * Once the directory is quiet, a host that was asked for is answered from
 * memory; what another process changes, which has another memory, counts at
 * once all the same.
 */
static void
test_others(void **state)
{
	static const char *const ways[] = { "an intent", "forget",
		"forget where no mark can be left" };
	static struct stage stages[COUNT(ways)];
	struct state_claim other = claim("89.14.163.157", V6),
			   known = claim(V4, V6);
	struct error why;

	(void)state;
	start_quietly(stages, COUNT(ways));
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct stage *s = &stages[i], second = *s;

		for (int twice = 0; twice < 2; twice++)
			ROW(has(s, V4, V6), "%s: not known", ways[i]);
		ROW(store_is_applied(s->store, &known, 0) == STORE_NO,
		    "%s: believed for ever", ways[i]);
		run_sql(s, "DELETE FROM host");
		ROW(has(s, V4, V6), "%s: not answered from memory", ways[i]);
		second.state = i == 0 ? state_new(&s->settings, &why) :
					state_view(&s->settings, &why);
		assert_non_null(second.state);
		second.store = store_open(second.state);
		is_without_times = i == 2;
		if (i == 0)
			assert_int_equal(store_intend(second.store, &other,
					     old),
			    ERR_OK);
		else
			(void)store_forget(second.store, other.host);
		is_without_times = false;
		ROW(!has(s, V4, V6), "%s: believed", ways[i]);
		stage_close(&second);
		stage_close(s);
	}
	ROWS_END();
}

/* A file that is no database, with a page in the middle, or cut, at random. */
static void
test_corruptions(void **state)
{
	(void)state;
	for (unsigned int seed = 0; seed < 20; seed++) {
		struct stage s;
		struct stat st;

		srandom(seed);
		stage_start(&s);
		publish(&s, V4, V6);
		publish(&s, "89.14.163.157", V6);
		if (seed % 2 == 0)
			stage_close(&s);
		assert_int_equal(stat(s.file, &st), 0);
		for (int i = 0; i < 16; i++)
			overwrite(&s, random() % (st.st_size - 64),
			    (size_t)(1 + random() % 64));
		if (seed % 5 == 0)
			assert_int_equal(truncate(s.file,
					     random() % st.st_size),
			    0);
		if (seed % 2 == 0)
			stage_open(&s);
		ROW(!has(&s, V4, V6), "seed %u: believed", seed);
		for (int i = 0; i < 4; i++)
			publish(&s, V4, V6);
		ROW(!has(&s, "89.14.163.157", V6), "seed %u: believed, too",
		    seed);
		stage_again(&s);
		publish(&s, V4, V6);
		publish(&s, V4, V6);
		ROW(has(&s, V4, V6), "seed %u: not mended", seed);
		stage_close(&s);
	}
	ROWS_END();
}

/* Many processes find the damage: one file is moved aside, not each new one. */
static void
test_damage_found_by_many(void **state)
{
	struct stage s;
	int status;

	(void)state;
	stage_start(&s);
	publish(&s, V4, V6);
	stage_again(&s);
	for (int i = 0; i < 6; i++)
		if (fork() == 0) {
			struct store *st = store_open(s.state);
			struct state_claim c = claim(V4, V6);

			c.host = "shared.example.org";
			usleep(300000); /* all have it open by then */
			for (int n = 0; n < 50; n++) {
				store_intend(st, &c, old);
				store_apply(st, &c, both);
				usleep(2000);
			}
			store_close(st);
			_exit(0);
		}
	usleep(150000);
	overwrite(&s, 0, 65536);
	while (wait(&status) > 0)
		assert_int_equal(status, 0);
	meddle(&s, "test $(ls state.db.damaged-* | wc -l) -le 1");
	stage_again(&s);
	publish(&s, V4, V6);
	publish(&s, V4, V6);
	assert_true(has(&s, V4, V6));
	stage_close(&s);
}

/* One that died while it mended is not waited for. */
static void
test_mending(void **state)
{
	struct state_shared *shared;
	struct stage s;

	(void)state;
	stage_start(&s);
	publish(&s, V4, V6);
	shared = s.state->shared;
	atomic_fetch_add(&shared->version, 1);
	atomic_store(&shared->mending, clock_now());
	assert_false(has(&s, V4, V6));
	assert_int_equal(atomic_load(&shared->version) % 2, 1);
	atomic_store(&shared->mending, clock_now() - 3600000);
	assert_false(has(&s, V4, V6));
	assert_int_equal(atomic_load(&shared->version) % 2, 0);
	publish(&s, V4, V6);
	assert_true(has(&s, V4, V6));
	stage_close(&s);
}

/*
 * A file without tables whose list of free pages is wrong: the damage is found
 * where tables are made.
 */
static void
write_broken_list(const struct stage *s)
{
	sqlite3 *db;

	meddle(s, "rm -f state.db*");
	assert_int_equal(sqlite3_open(s->file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
			     "CREATE TABLE t (x); INSERT INTO t VALUES"
			     " (zeroblob(65536)); DROP TABLE t",
			     NULL, NULL, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	overwrite(s, 32, 4); /* the number of the first one */
}

static void
test_broken_list(void **state)
{
	(void)state;
	for (int open = 0; open < 2; open++) {
		struct error why = { .code = ERR_OK };
		struct state *view;
		struct stage s;

		stage_start(&s);
		if (open == 0)
			stage_close(&s);
		write_broken_list(&s);
		if (open == 0)
			stage_open(&s);
		publish(&s, V4, V6);
		publish(&s, V4, V6);
		ROW(has(&s, V4, V6), "%d: not mended", open);
		ROW(directory_has(&s, "state.db.damaged-*"), "%d: lost", open);
		stage_close(&s);
		/* To look at a damaged file is no error: it is mended later. */
		meddle(&s, "head -c 8192 /dev/zero | tr '\\0' x >state.db");
		assert_non_null(view = state_view(&s.settings, &why));
		ROW(state_examine(view, &why) == ERR_OK, "%d: %s", open,
		    why.text);
		state_free(view);
		ROW(directory_has(&s, "state.db"), "%d: moved", open);
	}
	ROWS_END();
}

/* Another program writes into the file that is to have tables. */
static void
test_locked(void **state)
{
	struct stage s;
	sqlite3 *db;

	(void)state;
	stage_start(&s);
	stage_close(&s);
	meddle(&s, "rm -f state.db*");
	assert_int_equal(sqlite3_open(s.file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
			     "PRAGMA journal_mode = WAL; BEGIN IMMEDIATE", NULL,
			     NULL, NULL),
	    SQLITE_OK);
	stage_open(&s);
	publish(&s, V4, V6);
	assert_false(has(&s, V4, V6));
	assert_false(directory_has(&s, "state.db.damaged-*"));
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	stage_again(&s);
	publish(&s, V4, V6);
	assert_true(has(&s, V4, V6));
	stage_close(&s);
}

/* What the next start finds beside the file, if that is not what it left. */
static void
test_markers(void **state)
{
	static const char *const ways[] = {
		": >state.db.trusted",
		"rm state.db.trusted",
		"sed -i 's/^/1/' state.db.trusted",
		/* The device, the inode, the size, and when it was changed. */
		"sed -i 's/^\\([0-9]*\\) /\\1 1/' state.db.trusted",
		"sed -i 's/^\\([0-9]* [0-9]*\\) /\\1 1/' state.db.trusted",
		"sed -i 's/^\\([0-9]* [0-9]* [0-9]*\\) /\\1 1/' "
		"state.db.trusted",
		"sed -i 's/\\.\\([0-9]*\\)$/1.\\1/' state.db.trusted",
		"sed -i 's/\\.[0-9]*$/.7/' state.db.trusted",
		"sed -i 's/\\.[0-9]*$//' state.db.trusted",
		"sed -i 's/ .*//' state.db.trusted",
		/* A log of writes that nobody has seen. */
		"echo x >>state.db-wal",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct stage s;

		stage_start(&s);
		publish(&s, V4, V6);
		stage_again(&s);
		ROW(has(&s, V4, V6), "%s: not known", ways[i]);
		stage_close(&s);
		meddle(&s, ways[i]);
		stage_open(&s);
		ROW(!has(&s, V4, V6), "%s: believed", ways[i]);
		publish(&s, V4, V6);
		ROW(has(&s, V4, V6), "%s: not mended", ways[i]);
		stage_close(&s);
	}
	ROWS_END();
}

/* A file that is not whole when it is left is not sealed. */
static void
test_left_broken(void **state)
{
	static const char *const ways[] = {
		"rm state.db",
		"echo x >>state.db-wal && echo no database >state.db",
		"rm state.db.trusted",
		"mkdir state.db.trusted.new",
		"ln -s /dev/full state.db.trusted.new",
		"mv state.db.trusted elsewhere && mkdir state.db.trusted",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct stage s;

		stage_start(&s);
		publish(&s, V4, V6);
		store_close(s.store);
		meddle(&s, ways[i]);
		state_free(s.state);
		meddle(&s, "rm -fr state.db.trusted.new");
		stage_open(&s);
		ROW(!has(&s, V4, V6), "%s: believed", ways[i]);
		stage_close(&s);
	}
	ROWS_END();
}

/* A child that ends seals nothing: its parent goes on. */
static void
test_left_by_child(void **state)
{
	struct stage s;
	int status;
	pid_t pid;

	(void)state;
	stage_start(&s);
	publish(&s, V4, V6);
	if ((pid = fork()) == 0) {
		stage_close(&s);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(has(&s, V4, V6));
	publish(&s, "89.14.163.157", V6);
	assert_true(has(&s, "89.14.163.157", V6));
	stage_close(&s);
}

/* Which boot it is: the kernel says it, or else the unit; or nobody does. */
static void
test_boot(void **state)
{
	static const struct {
		const char *told, *then; /* DDNSGATE_BOOT_ID; NULL: not set */
		bool known;
	} rows[] = { { "4f2a", "4f2a", true }, { "4f2a", "4f2b", false },
		{ "4f2a", NULL, false }, { NULL, NULL, false } };

	(void)state;
	has_no_boot = true;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct stage s;

		unsetenv("DDNSGATE_BOOT_ID");
		if (rows[i].told != NULL)
			setenv("DDNSGATE_BOOT_ID", rows[i].told, 1);
		stage_start(&s);
		publish(&s, V4, V6);
		ROW(has(&s, V4, V6), "%zu: not known", i);
		stage_close(&s);
		unsetenv("DDNSGATE_BOOT_ID");
		if (rows[i].then != NULL)
			setenv("DDNSGATE_BOOT_ID", rows[i].then, 1);
		stage_open(&s);
		ROW(has(&s, V4, V6) == rows[i].known, "%zu: wrong", i);
		stage_close(&s);
	}
	unsetenv("DDNSGATE_BOOT_ID");
	has_no_boot = false;
	ROWS_END();
}

/* Tables by another hand, while they are in use or not. */
static void
test_other_tables(void **state)
{
	static const char *const ways[] = {
		/* Brought up from a version that they were never of. */
		"PRAGMA user_version = 1",
		"PRAGMA user_version = 0",
		"PRAGMA user_version = -7",
		"DROP TABLE meta",
		"DROP TABLE turn",
		"UPDATE turn SET newest_claim = x'00', shared = NULL",
	};

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(ways); i++) {
		const char *way = ways[i / 2];
		int verdicts[ORDER_VERDICTS];
		struct turn t = { .id = 7, .arrival = 7 };
		struct stage s;

		stage_start(&s);
		publish(&s, V4, V6);
		(void)store_take(s.store, "home.example.org", &t, verdicts);
		if (i % 2 == 0)
			tamper(&s, way);
		else
			run_sql(&s, way);
		/* An update goes on, whatever is there. */
		atomic_store(&s.state->shared->epoch, 0);
		publish(&s, "89.14.163.157", V6);
		t.id++;
		ROW(store_take(s.store, "other.example.org", &t, verdicts) ==
			ORDER_MINE,
		    "%s, %zu: no turn", way, i % 2);
		publish(&s, "89.14.163.157", V6);
		ROW(!has(&s, V4, V6), "%s, %zu: believed", way, i % 2);
		stage_close(&s);
	}
	ROWS_END();
}

/* What others do while one process finds the file damaged. */
static void
remove_directory(struct state *s)
{
	char text[512];

	snprintf(text, sizeof text, "rm -r %s", s->place);
	assert_int_equal(system(text), 0);
}

static void
replace_store(struct state *s)
{
	atomic_fetch_add(&s->shared->version, 2);
}

static void
test_meanwhile(void **state)
{
	void (*const ways[])(
	    struct state * s) = { remove_directory, replace_store };
	struct state_claim c = claim(V4, V6);

	(void)state;
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct stage s;

		stage_start(&s);
		publish(&s, V4, V6);
		atomic_store(&s.state->shared->epoch, 0);
		looks = SQLITE_CORRUPT;
		meanwhile = ways[i];
		ROW(store_intend(s.store, &c, old) == ERR_OK, "%zu: no", i);
		looks = SQLITE_OK;
		meanwhile = NULL;
		ROW(!has(&s, V4, V6), "%zu: believed", i);
		store_apply(s.store, &c, both);
		stage_close(&s);
	}
	ROWS_END();
}

/*
 * What the engines share
 */

/* Texts as tables may have them, whoever wrote them. */
static void
test_texts(void **state)
{
	static const struct {
		const char *text;
		int kind;
	} values[] = { { NULL, VALUE_UNKNOWN }, { "", VALUE_NONE },
		{ V4, VALUE_ADDRESS }, { V6, VALUE_ADDRESS },
		{ "nonsense", VALUE_UNKNOWN } };
	static const struct {
		const char *text;
		uint8_t bytes[2];
	} digits[] = { { "0aff", { 0x0a, 0xff } }, { NULL, { 0 } },
		{ "0af", { 0 } }, { "0AFF", { 0 } }, { "0axx", { 0 } },
		{ "", { 0 } } };

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++)
		ROW((int)value_parse(values[i].text).kind == values[i].kind,
		    "%s", unit_text(values[i].text));
	for (size_t i = 0; i < COUNT(digits); i++) {
		uint8_t bytes[2] = { 7, 7 };

		hex_read(bytes, sizeof bytes, digits[i].text);
		ROW(memcmp(bytes, digits[i].bytes, sizeof bytes) == 0, "%s",
		    unit_text(digits[i].text));
	}
	assert_true(applied_is_fresh(100, 50, 100));
	assert_true(applied_is_fresh(100, 50, 149));
	assert_false(applied_is_fresh(100, 50, 150));
	assert_false(applied_is_fresh(100, 50, 99));
	ROWS_END();
}

static size_t
count_lines(const char *file)
{
	char *text = unit_read(file);
	size_t n = 0;

	for (const char *s = text; (s = strchr(s, '\n')) != NULL; s++)
		n++;
	free(text);
	return n;
}

/* A fault is told once an hour, by all processes together. */
static void
test_warnings(void **state)
{
	const char *log = unit_write("warnings", "", 0);
	struct error why;
	struct stage s;

	(void)state;
	stage_start(&s);
	assert_int_equal(log_open(&(struct log_settings){ .to = log }, &why),
	    ERR_OK);
	state_warn(s.state, "first");
	assert_int_equal(count_lines(log), 1);
	state_warn(s.state, "again");
	assert_int_equal(count_lines(log), 1);
	atomic_fetch_sub(&s.state->shared->logged, 3600000);
	state_warn(s.state, "an hour later");
	assert_int_equal(count_lines(log), 2);
	state_hush(s.state);
	atomic_store(&s.state->shared->logged, 0);
	state_warn(s.state, "of one that only looks");
	assert_int_equal(count_lines(log), 2);
	assert_int_equal(state_errors(s.state), 4);
	assert_int_equal(log_open(&(struct log_settings){ .to = "stderr" },
			     &why),
	    ERR_OK);
	stage_close(&s);
}

static bool
no_account(const struct state_account *a, void *data)
{
	(void)a;
	(void)data;
	fail_msg("there is an account");
	return false;
}

/* A store on this machine has no accounts, and needs nothing. */
static void
test_no_accounts(void **state)
{
	static struct state_needs needs;
	struct stage s;

	(void)state;
	stage_start(&s);
	assert_int_equal(store_accounts_version(s.store), 0);
	assert_int_equal(store_accounts(s.store, 0, no_account, NULL),
	    ERR_UNREACHABLE);
	assert_int_equal(store_account_write(s.store, "a", "{}", true),
	    ERR_UNREACHABLE);
	needs.file_count = needs.port_count = 7;
	assert_true(state_needs(s.state, &needs));
	assert_int_equal(needs.file_count + needs.port_count, 0);
	stage_close(&s);
}

/* A seal that cannot be broken would be believed after the next change. */
static void
test_seal(void **state)
{
	struct stage s;

	(void)state;
	stage_start(&s);
	publish(&s, V4, V6);
	stage_close(&s);
	meddle(&s, "mkdir state.db.trusted.new");
	stage_open(&s);
	assert_false(has(&s, V4, V6));
	assert_false(directory_has(&s, "state.db.trusted"));
	publish(&s, V4, V6);
	assert_false(has(&s, V4, V6));
	meddle(&s, "rmdir state.db.trusted.new");
	publish(&s, V4, V6);
	assert_true(has(&s, V4, V6));
	stage_close(&s);
}

/* Fails the statement: there must be no row. */
static int
a_row(void *data, int count, char **values, char **names)
{
	(void)data;
	(void)count;
	(void)values;
	(void)names;
	return 1;
}

static void
test_foreign(void **state)
{
	struct stage s;
	sqlite3 *db;

	(void)state;
	stage_start(&s);
	tamper(&s, "PRAGMA application_id = 7");
	publish(&s, V4, V6);
	stage_close(&s);
	assert_int_equal(sqlite3_open(s.file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "SELECT * FROM host", a_row, NULL,
			     NULL),
	    SQLITE_OK);
	sqlite3_close(db);
	assert_false(directory_has(&s, "state.db.damaged-*"));
}

static void
test_newer(void **state)
{
	struct stage s;
	struct error why;
	sqlite3 *db;

	(void)state;
	stage_start(&s);
	stage_close(&s);
	assert_int_equal(sqlite3_open(s.file, &db), SQLITE_OK);
	sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL);
	sqlite3_close(db);
	assert_null(state_new(&s.settings, &why));
	assert_int_equal(why.code, ERR_CONFIG);
	assert_non_null(strstr(why.text, "newer ddnsgate"));
}

/*
 * A file of version 1, as the program that made it left it; later versions must
 * read it, and bring it up.
 */
static void
test_version_1(void **state)
{
	struct seen hosts = { .stop_after = 9 }, events = { .stop_after = 9 };
	struct stage s;
	sqlite3 *db;
	char *file = unit_source("tests/unit/state-1.sql"), *sql;
	char request[REQUEST_SIZE] = "";

	(void)state;
	stage_start(&s);
	stage_close(&s);
	assert_int_equal(unlink(s.file), 0);
	sql = unit_read(file);
	assert_int_equal(sqlite3_open(s.file, &db), SQLITE_OK);
	ROW(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s",
	    sqlite3_errmsg(db));
	ROWS_END();
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	free(sql);
	free(file);
	stage_open(&s);
	assert_int_equal(store_hosts(s.store, NULL, "", see_host, &hosts),
	    ERR_OK);
	assert_string_equal(hosts.text,
	    "home.example.org router " V4 " 1790000000 AAAA proof: refused\n");
	store_history(s.store, &(struct state_search){ NULL, NULL, 0, NULL, 0 },
	    see_event, &events);
	assert_string_equal(events.text,
	    "1780000100 home.example.org AAAA (null)>" V6 " proof\n"
	    "1780000000 home.example.org A none>" V4 " good\n");
	/* What version 2 keeps besides. */
	store_record(s.store,
	    &(struct state_event){ .at = 1780000200,
		.account = "router",
		.host = "home.example.org",
		.type = "A",
		.verdict = "good",
		.request = "a-1" });
	store_history(s.store, &(struct state_search){ NULL, NULL, 0, NULL, 0 },
	    see_request, request);
	assert_string_equal(request, "a-1");
	/* Of another boot, so it is read but not believed. */
	assert_false(has(&s, V4, NULL));
	publish(&s, V4, V6);
	assert_true(has(&s, V4, V6));
	stage_close(&s);
}

/* A directory that is none: the program goes on, and knows nothing. */
static void
test_absent(void **state)
{
	struct turn t = { .id = 1 };
	int verdicts[ORDER_VERDICTS];
	struct stage s;

	(void)state;
	stage_start(&s);
	stage_close(&s);
	s.settings.state.place = "/dev/null/none";
	stage_open(&s);
	publish(&s, V4, V6);
	assert_false(has(&s, V4, V6));
	assert_int_equal(store_take(s.store, "a", &t, verdicts), ORDER_MINE);
	assert_int_equal(store_keep(s.store, "a", &t), ORDER_MINE);
	store_give(s.store, "a", &t, NULL);
	stage_close(&s);
}

/* Our own lack of descriptors is told as such, with its remedy, once. */
static void
test_lack(void **state)
{
	char path[300], text[2048] = "";
	struct rlimit all, none;
	struct error why;
	struct stage s;
	FILE *log;

	(void)state;
	stage_start(&s);
	publish(&s, V4, V6);
	store_close(s.store);
	snprintf(path, sizeof path, "%s/log", s.directory);
	assert_int_equal(log_open(&(struct log_settings){ .to = path }, &why),
	    ERR_OK);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
	none = all;
	none.rlim_cur = 3; /* the standard ones */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	for (int i = 0; i < 3; i++) {
		s.store = store_open(s.state);
		assert_non_null(s.store);
		assert_false(has(&s, V4, V6));
		store_close(s.store);
	}
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
	s.store = store_open(s.state);
	log = fopen(path, "r");
	assert_non_null(log);
	assert_true(fread(text, 1, sizeof text - 1, log) > 0);
	fclose(log);
	assert_non_null(strstr(text, "state: Too many open files; raise"));
	assert_null(
	    strstr(strstr(text, "state: Too many") + 1, "state: Too many"));
	stage_close(&s);
}

/*
 * On a full disk an intent cannot be committed.  What stands in the file is
 * then believed no longer, by this process, by others, and after a restart.
 */
static void
test_full(void **state)
{
	const struct rlimit none = { 0, RLIM_INFINITY };
	struct rlimit all;
	struct stage s;
	struct store *other;
	struct state_claim before = claim(V4, V6),
			   new = claim("89.14.163.157", V6);

	(void)state;
	stage_start(&s);
	publish(&s, V4, V6);
	other = store_open(s.state);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &all), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_int_equal(store_intend(s.store, &new, old), ERR_OK);
	store_apply(s.store, &new, both);
	assert_int_equal(store_is_applied(s.store, &before, REFRESH), STORE_NO);
	assert_int_equal(store_is_applied(other, &before, REFRESH), STORE_NO);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
	assert_int_equal(store_is_applied(other, &before, REFRESH), STORE_NO);
	store_close(other);
	stage_again(&s);
	assert_false(has(&s, V4, V6));
	publish(&s, V4, V6);
	assert_true(has(&s, V4, V6));
	stage_close(&s);
}

/*
 * Several processes
 */

/* Each takes its turn a hundred times; two at once would be seen. */
static void
work(struct stage *s, uint64_t id, _Atomic int *inside, _Atomic int *overlaps)
{
	struct store *st = store_open(s->state);

	for (int i = 0; i < 100; i++) {
		struct turn t = { .id = id, .arrival = i };
		int verdicts[ORDER_VERDICTS];

		t.claim[0] = (uint8_t)id;
		if (store_take(st, "a.example", &t, verdicts) != ORDER_MINE)
			continue;
		if (atomic_fetch_add(inside, 1) != 0)
			atomic_fetch_add(overlaps, 1);
		(void)store_keep(st, "a.example", &t);
		atomic_fetch_sub(inside, 1);
		store_give(st, "a.example", &t, verdicts);
	}
	store_close(st);
}

static void
test_processes(void **state)
{
	_Atomic int *counts = shared_new(4096);
	struct stage s;
	int status;

	(void)state;
	stage_start(&s);
	for (uint64_t id = 1; id <= 4; id++)
		if (fork() == 0) {
			work(&s, id, &counts[0], &counts[1]);
			_exit(0);
		}
	for (int i = 0; i < 4; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(counts[1], 0);
	stage_close(&s);
	shared_free(counts, 4096);
}

/* A process that dies between intent and outcome leaves "unknown". */
static void
test_killed(void **state)
{
	struct stage s;
	int status;
	pid_t pid;

	(void)state;
	stage_start(&s);
	publish(&s, V4, V6);
	if ((pid = fork()) == 0) {
		struct store *st = store_open(s.state);
		struct state_claim c = claim("89.14.163.157", NULL);

		store_intend(st, &c, old);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_false(has(&s, V4, NULL));
	assert_false(has(&s, "89.14.163.157", NULL));
	assert_true(has(&s, NULL, V6));
	stage_close(&s);
}

/*
 * For people
 */

static struct state_event
event(int64_t at, const char *host, const char *verdict, const char *reason)
{
	return (struct state_event){ .at = at,
		.source = "203.0.113.9",
		.account = "router",
		.host = host,
		.type = "A",
		.old = NULL,
		.new = V4,
		.verdict = verdict,
		.reason = reason,
		.expiry = reason == NULL ? 2000000000 : 0 };
}

/* One event after the other, each from the mark of the one before. */
struct walk {
	char mark[STATE_MARK_MAX];
	int64_t at[9];
	size_t count;
};

static bool
see_step(const struct state_event *e, void *data)
{
	struct walk *w = data;

	assert_true(w->count == 0 || strcmp(e->mark, w->mark) < 0);
	snprintf(w->mark, sizeof w->mark, "%s", e->mark);
	w->at[w->count++] = e->at;
	return false;
}

static void
walk(struct stage *s, const char *host, struct walk *w)
{
	size_t count;

	*w = (struct walk){ .count = 0 };
	do {
		count = w->count;
		assert_int_equal(store_history(s->store,
				     &(struct state_search){ .host = host,
					 .before = count > 0 ? w->mark : NULL,
					 .most = 1 },
				     see_step, w),
		    ERR_OK);
	} while (w->count > count);
}

/* A page at a time; and one host. */
static void
test_pages(struct stage *s)
{
	struct state_host host;
	struct walk w;

	walk(s, NULL, &w);
	assert_int_equal(w.count, 3);
	assert_int_equal(w.at[0], 50000002);
	assert_int_equal(w.at[2], 50000000);
	walk(s, "a.example", &w);
	assert_int_equal(w.count, 2);
	assert_int_equal(w.at[1], 50000000);
	assert_int_equal(store_host(s->store, "b.example", &host), ERR_OK);
	assert_string_equal(host.host, "b.example");
	assert_string_equal(host.refused, "A proof: connect: refused");
	assert_int_equal(store_host(s->store, "b.exampl", &host),
	    ERR_NOT_FOUND);
	assert_int_equal(store_host(s->store, "zzz", &host), ERR_NOT_FOUND);
}

/* What happened since a mark. */
struct since {
	char mark[STATE_MARK_MAX];
	const char *hosts[3];
	size_t count, most;
};

static bool
see_since(const struct state_event *e, void *data)
{
	static const char *const names[] = { "a.example", "b.example" };
	struct since *n = data;

	assert_true(strcmp(e->mark, n->mark) > 0);
	snprintf(n->mark, sizeof n->mark, "%s", e->mark);
	for (size_t i = 0; i < COUNT(names) && n->count < 3; i++)
		if (strcmp(e->host, names[i]) == 0)
			n->hosts[n->count] = names[i];
	return ++n->count < n->most;
}

/* The earliest first, from the mark of any event on. */
static void
test_news(void **state)
{
	struct state_event events[] = {
		event(1900000000, "a.example", "good", NULL),
		event(1900000002, "b.example", "proof", "connect: refused"),
		event(1900000003, "a.example", "good", NULL),
	};
	struct since none = { .most = SIZE_MAX }, first = { .most = 2 };
	struct stage s;

	(void)state;
	stage_start(&s);
	store_record(s.store, &events[0]);
	assert_int_equal(store_news(s.store, "", see_since, &none), ERR_OK);
	for (size_t i = 0; i < COUNT(events); i++)
		store_record(s.store, &events[i]);
	strcpy(first.mark, none.mark);
	assert_int_equal(store_news(s.store, none.mark, see_since, &first),
	    ERR_OK);
	assert_int_equal(first.count, 2);
	assert_string_equal(first.hosts[0], "a.example");
	assert_string_equal(first.hosts[1], "b.example");
	first.count = 0;
	assert_int_equal(store_news(s.store, first.mark, see_since, &first),
	    ERR_OK);
	assert_int_equal(first.count, 1);
	assert_string_equal(first.hosts[0], "a.example");
	stage_close(&s);
}

static void
test_notes(void **state)
{
	struct buffer note = { .max = 64 }, small = { .max = 2 };
	struct stage s;

	(void)state;
	stage_start(&s);
	assert_int_equal(store_note(s.store, "none", &note), ERR_OK);
	assert_int_equal(note.len, 0);
	assert_int_equal(store_keep_note(s.store, "x", NULL, "zero"), ERR_OK);
	assert_int_equal(store_keep_note(s.store, "x", NULL, "one"), ERR_OK);
	assert_int_equal(store_keep_note(s.store, "x", "", "?"), ERR_NOT_FOUND);
	assert_int_equal(store_keep_note(s.store, "x", "on", "?"),
	    ERR_NOT_FOUND);
	assert_int_equal(store_keep_note(s.store, "x", "one", "two"), ERR_OK);
	assert_int_equal(store_keep_note(s.store, "y", "two", "?"),
	    ERR_NOT_FOUND);
	assert_int_equal(store_note(s.store, "y", &note), ERR_OK);
	assert_int_equal(note.len, 0);
	assert_int_equal(store_keep_note(s.store, "y", "", "three"), ERR_OK);
	assert_int_equal(store_note(s.store, "x", &note), ERR_OK);
	assert_string_equal(note.data, "two");
	assert_int_equal(store_note(s.store, "x", &small), ERR_UNREACHABLE);
	buffer_free(&note);
	buffer_free(&small);
	stage_close(&s);
}

/* One at a time, and the next one at once when it has resigned. */
static void
test_who_leads(void **state)
{
	struct stage s;
	struct store *other;

	(void)state;
	stage_start(&s);
	other = store_open(s.state);
	assert_true(store_leads(s.store, 1));
	assert_true(store_leads(s.store, 1));
	assert_false(store_leads(other, 2));
	store_resign(other, 2);
	assert_false(store_leads(other, 2));
	store_resign(s.store, 1);
	assert_true(store_leads(other, 2));
	assert_false(store_leads(s.store, 1));
	/* On one machine the end of a process is enough. */
	if (database != NULL)
		store_resign(other, 2);
	store_close(other);
	assert_true(store_leads(s.store, 1));
	store_resign(s.store, 1);
	stage_close(&s);
}

static void
test_history(void **state)
{
	struct state_event events[] = {
		event(1000, "old.example", "good", NULL),
		event(50000000, "a.example", "good", NULL),
		event(50000001, "b.example", "proof", "connect: refused"),
		event(50000002, "a.example", "proof", "has expired"),
	};
	struct seen all = { .stop_after = 9 }, one = { .stop_after = 9 },
		    late = { .stop_after = 9 }, first = { .stop_after = 1 },
		    hosts = { .stop_after = 9 };
	struct stage s;

	(void)state;
	stage_start(&s);
	publish(&s, V4, V6);
	for (size_t i = 0; i < COUNT(events); i++)
		store_record(s.store, &events[i]);
	assert_int_equal(store_history(s.store,
			     &(struct state_search){ NULL, NULL, 0, NULL, 0 },
			     see_event, &all),
	    ERR_OK);
	/* What is older than 400 days is gone. */
	assert_string_equal(all.text,
	    "50000002 a.example A (null)>" V4 " proof\n"
	    "50000001 b.example A (null)>" V4 " proof\n"
	    "50000000 a.example A (null)>" V4 " good\n");
	store_history(s.store,
	    &(struct state_search){ "b.example", "router", 0, NULL, 0 },
	    see_event, &one);
	assert_string_equal(one.text,
	    "50000001 b.example A (null)>" V4 " proof\n");
	store_history(s.store,
	    &(struct state_search){ NULL, NULL, 50000002, NULL, 0 }, see_event,
	    &late);
	assert_string_equal(late.text,
	    "50000002 a.example A (null)>" V4 " proof\n");
	store_history(s.store, &(struct state_search){ NULL, NULL, 0, NULL, 0 },
	    see_event, &first);
	assert_int_equal(strchr(first.text, '\n')[1], '\0');
	test_pages(&s);
	assert_int_equal(store_hosts(s.store, "router", "", see_host, &hosts),
	    ERR_OK);
	assert_string_equal(hosts.text,
	    "a.example router (null) 2000000000 A proof: has expired\n"
	    "b.example router (null) 0 A proof: connect: refused\n"
	    "home.example.org router " V4 " 0 \n"
	    "old.example router (null) 2000000000 \n");
	stage_close(&s);
}

/* The certificate of the last proof, not one that was refused. */
static void
test_expiry(void **state)
{
	struct state_claim c = claim(V4, NULL);
	struct state_event refused =
	    event(1000, "home.example.org", "proof", "has expired");
	struct seen seen = { .stop_after = 1 };
	struct stage s;

	(void)state;
	stage_start(&s);
	c.expiry = 1900000000;
	store_intend(s.store, &c, old);
	store_apply(s.store, &c, both);
	c.expiry = 0; /* of a host without a proof */
	store_intend(s.store, &c, old);
	store_apply(s.store, &c, both);
	refused.expiry = 1000;
	store_record(s.store, &refused);
	store_hosts(s.store, "router", "home", see_host, &seen);
	assert_string_equal(seen.text,
	    "home.example.org router " V4 " 1900000000 A proof: has expired\n");
	stage_close(&s);
}

static bool
count_event(const struct state_event *e, void *data)
{
	(void)e;
	++*(size_t *)data;
	return true;
}

/* What is too old goes a few at a time, so that no update waits for it. */
static void
test_retention(void **state)
{
	struct state_event e = event(1000, "kept.example", "good", NULL);
	size_t before = 0, after = 0;
	struct stage s;

	(void)state;
	stage_start(&s);
	for (int i = 0; i < 100; i++)
		store_record(s.store, &e);
	store_history(s.store,
	    &(struct state_search){ "kept.example", NULL, 0, NULL, 0 },
	    count_event, &before);
	assert_true(before >= 100);
	e.at = 1000 + 400 * 86400;
	store_record(s.store, &e);
	store_history(s.store,
	    &(struct state_search){ "kept.example", NULL, 0, NULL, 0 },
	    count_event, &after);
	assert_int_equal(after, before + 1); /* to the second, it is not */
	e.at++;
	for (int i = 0; i < 20; i++) {
		size_t was = after;

		store_record(s.store, &e);
		after = 0;
		store_history(s.store,
		    &(struct state_search){ "kept.example", NULL, 0, NULL, 0 },
		    count_event, &after);
		assert_true(after + 7 >= was);
	}
	after = 0;
	store_history(s.store,
	    &(struct state_search){ "kept.example", NULL, e.at - 1, NULL, 0 },
	    count_event, &after);
	assert_int_equal(after, 21);
	before = after;
	after = 0;
	store_history(s.store,
	    &(struct state_search){ "kept.example", NULL, 0, NULL, 0 },
	    count_event, &after);
	assert_int_equal(after, before);
	stage_close(&s);
}

/* The same for a store of several machines. */
static int
test_database(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_beliefs),
		cmocka_unit_test(test_doubts),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_writing),
		cmocka_unit_test(test_processes),
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_news),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_who_leads),
		cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_retention),
	};

	return cmocka_run_group_tests_name("database", tests, NULL, NULL);
}

static void
check_says(struct stage *s, const char *text)
{
	struct error why = { .code = ERR_OK };

	assert_int_equal(store_check(s->store, &why), ERR_UNREACHABLE);
	if (strstr(why.text, text) == NULL)
		fail_msg("\"%s\", not \"%s\"", why.text, text);
}

/* What /healthz says of a store that updates cannot rely on. */
static void
test_check(void **state)
{
	struct stage s;
	struct error why;
	int64_t count = -1;
	sqlite3 *db;

	(void)state;
	stage_start(&s);
	assert_int_equal(store_check(s.store, &why), ERR_OK);
	assert_int_equal(store_count_intents(s.store, &count), ERR_OK);
	assert_int_equal(count, 0);
	is_read_only = true;
	check_says(&s, "Read-only file system");
	is_read_only = false;
	is_full = true;
	check_says(&s, "the disk is full");
	is_full = false;
	/* A file system that does not say how full it is. */
	is_unknown = true;
	assert_int_equal(store_check(s.store, &why), ERR_OK);
	is_unknown = false;
	/* Its tables are another program's now. */
	assert_int_equal(sqlite3_open(s.file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "ALTER TABLE host RENAME TO other",
			     NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(store_count_intents(s.store, &count), ERR_UNREACHABLE);
	stage_close(&s);
	/* Nothing is believed, and cannot begin anew. */
	stage_start(&s);
	assert_int_equal(store_check(s.store, &why), ERR_OK);
	atomic_store(&s.state->shared->epoch, 0);
	looks = SQLITE_FULL;
	check_says(&s, "cannot be written");
	looks = SQLITE_OK;
	stage_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_beliefs),
		cmocka_unit_test(test_doubts),
		cmocka_unit_test(test_stray),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_writing),
		cmocka_unit_test(test_tampered),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_corruptions),
		cmocka_unit_test(test_damage_found_by_many),
		cmocka_unit_test(test_restored),
		cmocka_unit_test(test_not_left),
		cmocka_unit_test(test_left_by_nobody),
		cmocka_unit_test(test_removed),
		cmocka_unit_test(test_removed_when_quiet),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_mending),
		cmocka_unit_test(test_broken_list),
		cmocka_unit_test(test_locked),
		cmocka_unit_test(test_seal),
		cmocka_unit_test(test_markers),
		cmocka_unit_test(test_left_broken),
		cmocka_unit_test(test_left_by_child),
		cmocka_unit_test(test_boot),
		cmocka_unit_test(test_other_tables),
		cmocka_unit_test(test_meanwhile),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_no_accounts),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_newer),
		cmocka_unit_test(test_version_1),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_lack),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_processes),
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_news),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_who_leads),
		cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_retention),
	};

	database = getenv("DDNSGATE_TEST_DATABASE");
	if (database != NULL)
		return test_database();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
