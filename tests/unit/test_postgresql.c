/*
 * test_postgresql.c - a store in a database that fails at each statement in
 * turn, in each way: nothing seems to be done that was not committed.
 *
 * The database is a few answers behind the functions of libpq;
 * tests/integration has a real one.
 */
#include "unit.h"

#include <pwd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "base/buffer.h"
#include "base/log.h"
#include "state/engine.h"
#include "state/state.h"

#define COLUMNS_MAX 17
#define HOST	    "nas.example.org"

/* How a statement fails. */
enum fault {
	NONE,
	REFUSED,     /* an error comes back */
	CONFLICT,    /* one that says to try again */
	LOCKED,	     /* one that says that somebody has the row */
	ROLLED_BACK, /* COMMIT is answered so */
	UNSENT,	     /* the connection is lost, at each of libpq's calls */
	UNFLUSHED,
	STUCK,
	UNREAD,
	REFUSED_ON, /* this one, and all that follow */
	LOST_ON,
	FAULTS
};

static const char *const fault_names[FAULTS] = { "none", "refused", "conflict",
	"locked", "rolled back", "unsent", "unflushed", "stuck", "unread",
	"refused from there on", "lost from there on" };

/* What the database says to a statement that has a text in it. */
static const struct {
	const char *text;
	int columns;
	const char *row[COLUMNS_MAX];
} answers[] = {
	{ "SELECT ipv4", 9,
	    { "192.0.2.9", NULL, "5", "5", "1", "1", "", "0", "1000" } },
	{ "SELECT newest_id", 12,
	    { "0", "0", "", "0", "0", "", "0", "", "0", "0", "0", "1000" } },
	{ "SELECT name, account, ipv4", 11,
	    { HOST, "router", "192.0.2.9", NULL, "1", "1", "1", "0", "0", "0",
		"" } },
	{ "SELECT id, at", 17,
	    { "1", "1", "192.0.2.1", "router", HOST, "A", NULL, "192.0.2.9",
		"good", NULL, NULL, NULL, NULL, "0", "1", "1", NULL } },
	{ "SELECT value, CAST", 2, { "0 0", "1000" } },
	{ "key = 'accounts'", 1, { "1" } },
	{ "key = $1", 1, { "kept" } },
	{ "SELECT account FROM", 1, { "{}" } },
	{ "SELECT name, account, version", 3, { "router", "{}", "2" } },
	{ "SELECT count", 1, { "7" } },
	{ "SELECT 1", 1, { "1" } },
};

static struct {
	enum fault fault;
	size_t at, statement;  /* which one fails, and which is the last */
	const char *sql;       /* that one, while it has not been answered */
	const char *version;   /* of the tables */
	bool empty;	       /* they have no rows */
	bool lost;	       /* the connection is */
	bool failing, reading; /* the statement is */
	size_t blocked;	       /* how often it cannot be sent yet */
	bool in_transaction;
	char staged[16384], done[16384]; /* what will be, and is, committed */
	int ready;			 /* a socket that is */
	bool no_connection;
} db;

static bool
has(const char *sql, const char *text)
{
	return strstr(sql, text) != NULL;
}

static bool
is_lost(enum fault f)
{
	return f == UNSENT || f == UNFLUSHED || f == STUCK || f == UNREAD ||
	    f == LOST_ON;
}

/* The statement is carried out. */
static void
carry_out(const char *sql)
{
	char *to = db.in_transaction ? db.staged : db.done;
	size_t len;

	if (has(sql, "BEGIN")) {
		db.in_transaction = true;
	} else if (has(sql, "ROLLBACK")) {
		db.in_transaction = false;
		*db.staged = '\0';
	} else if (has(sql, "COMMIT")) {
		db.in_transaction = false;
		len = strlen(db.done);
		assert_true(len + strlen(db.staged) < sizeof db.done);
		memmove(db.done + len, db.staged, strlen(db.staged) + 1);
		*db.staged = '\0';
	} else {
		strncat(to, sql, sizeof db.done - strlen(to) - 1);
		if (has(sql, "INSERT INTO ddnsgate_turn"))
			db.empty = false;
		if (has(sql, "UPDATE ddnsgate_meta SET value = '3'"))
			db.version = "3";
	}
}

/* libpq */

PGconn *__wrap_PQconnectStartParams(const char *const *keywords,
    const char *const *values, int expand);
PostgresPollingStatusType __wrap_PQconnectPoll(PGconn *c);
ConnStatusType __wrap_PQstatus(const PGconn *c);
int __wrap_PQsocket(const PGconn *c);
int __wrap_PQsetnonblocking(PGconn *c, int on);
PQnoticeReceiver __wrap_PQsetNoticeReceiver(PGconn *c, PQnoticeReceiver f,
    void *data);
char *__wrap_PQerrorMessage(const PGconn *c);
void __wrap_PQfinish(PGconn *c);
int __wrap_PQsendQuery(PGconn *c, const char *sql);
int __wrap_PQsendQueryParams(PGconn *c, const char *sql, int count,
    const Oid *types, const char *const *values, const int *lengths,
    const int *formats, int format);
int __wrap_PQflush(PGconn *c);
int __wrap_PQconsumeInput(PGconn *c);
int __wrap_PQisBusy(PGconn *c);
PGresult *__wrap_PQgetResult(PGconn *c);
char *__wrap_PQresultErrorField(const PGresult *r, int field);
char *__wrap_PQcmdStatus(PGresult *r);
int __wrap_nanosleep(const struct timespec *for_, struct timespec *left);
struct passwd *__wrap_getpwuid(uid_t uid);
void *__wrap_calloc(size_t count, size_t size);
void *__real_calloc(size_t count, size_t size);

static PGconn *const connection = (PGconn *)&db;

PGconn *
__wrap_PQconnectStartParams(const char *const *keywords,
    const char *const *values, int expand)
{
	(void)keywords;
	(void)values;
	(void)expand;
	db.lost = db.fault == LOST_ON && db.statement >= db.at;
	return db.no_connection ? NULL : connection;
}

PostgresPollingStatusType
__wrap_PQconnectPoll(PGconn *c)
{
	(void)c;
	return PGRES_POLLING_OK;
}

ConnStatusType
__wrap_PQstatus(const PGconn *c)
{
	(void)c;
	return db.lost ? CONNECTION_BAD : CONNECTION_OK;
}

int
__wrap_PQsocket(const PGconn *c)
{
	(void)c;
	return db.ready;
}

int
__wrap_PQsetnonblocking(PGconn *c, int on)
{
	(void)c;
	(void)on;
	return 0;
}

PQnoticeReceiver
__wrap_PQsetNoticeReceiver(PGconn *c, PQnoticeReceiver f, void *data)
{
	(void)c;
	f(data, NULL);
	return NULL;
}

char *
__wrap_PQerrorMessage(const PGconn *c)
{
	static char text[] = "it is\ngone\n";

	(void)c;
	return text;
}

void
__wrap_PQfinish(PGconn *c)
{
	if (c != NULL) {
		db.in_transaction = false;
		*db.staged = '\0';
	}
}

static int
send_statement(const char *sql)
{
	bool on = db.fault == REFUSED_ON || db.fault == LOST_ON;

	db.statement++;
	db.failing = db.fault != NONE && db.at > 0 &&
	    (db.statement == db.at || (on && db.statement > db.at)) &&
	    (db.fault != ROLLED_BACK || has(sql, "COMMIT"));
	db.reading = false;
	db.sql = sql;
	db.blocked = db.failing && db.fault == STUCK ? 2 : 1;
	db.lost = db.lost ||
	    (db.failing && (db.fault == UNSENT || db.fault == LOST_ON));
	return db.lost ? 0 : 1;
}

int
__wrap_PQsendQuery(PGconn *c, const char *sql)
{
	(void)c;
	return send_statement(sql);
}

int
__wrap_PQsendQueryParams(PGconn *c, const char *sql, int count,
    const Oid *types, const char *const *values, const int *lengths,
    const int *formats, int format)
{
	(void)c;
	(void)count;
	(void)types;
	(void)values;
	(void)lengths;
	(void)formats;
	(void)format;
	return send_statement(sql);
}

/* The first time the socket is full. */
int
__wrap_PQflush(PGconn *c)
{
	(void)c;
	if (db.failing && db.fault == UNFLUSHED) {
		db.lost = true;
		return -1;
	}
	if (db.blocked == 0)
		return 0;
	db.blocked--;
	return 1;
}

int
__wrap_PQconsumeInput(PGconn *c)
{
	(void)c;
	if (db.failing &&
	    ((db.fault == STUCK && db.blocked == 0) ||
		(db.fault == UNREAD && db.reading)))
		db.lost = true;
	return db.lost ? 0 : 1;
}

int
__wrap_PQisBusy(PGconn *c)
{
	(void)c;
	db.reading = true;
	return db.failing && db.fault == UNREAD && !db.lost;
}

/* One row, or none. */
static PGresult *
answer(const char *sql)
{
	PGresult *r = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	const char *version[COLUMNS_MAX] = { db.version };
	const char *const *row =
	    has(sql, "key = 'version'") && has(sql, "SELECT") ? version : NULL;
	int columns = 1;

	for (size_t i = 0; row == NULL && i < COUNT(answers); i++)
		if (has(sql, answers[i].text) && has(sql, "SELECT")) {
			row = answers[i].row;
			columns = answers[i].columns;
		}
	if (row != NULL) {
		PGresAttDesc columns_of[COLUMNS_MAX] = { { .name = NULL } };
		static char name[] = "column";

		for (int i = 0; i < columns; i++)
			columns_of[i].name = name;
		PQsetResultAttrs(r, columns, columns_of);
		for (int i = 0; (!db.empty || row == version) && i < columns;
		     i++)
			PQsetvalue(r, 0, i, (char *)(uintptr_t)row[i],
			    row[i] != NULL ? (int)strlen(row[i]) : -1);
	}
	return r;
}

PGresult *
__wrap_PQgetResult(PGconn *c)
{
	const char *sql = db.sql;

	(void)c;
	db.sql = NULL;
	if (sql == NULL || db.lost)
		return NULL;
	if (db.failing)
		return PQmakeEmptyPGresult(NULL,
		    db.fault == ROLLED_BACK ? PGRES_COMMAND_OK :
					      PGRES_FATAL_ERROR);
	carry_out(sql);
	return answer(sql);
}

char *
__wrap_PQresultErrorField(const PGresult *r, int field)
{
	static char conflict[] = "40001", locked[] = "55P03";

	(void)r;
	(void)field;
	return db.fault == CONFLICT ? conflict :
	    db.fault == LOCKED	    ? locked :
				      NULL;
}

char *
__wrap_PQcmdStatus(PGresult *r)
{
	static char commit[] = "COMMIT", rollback[] = "ROLLBACK";

	(void)r;
	return db.failing ? rollback : commit;
}

int
__wrap_nanosleep(const struct timespec *for_, struct timespec *left)
{
	(void)for_;
	(void)left;
	return 0;
}

static struct passwd *user;

struct passwd *
__wrap_getpwuid(uid_t uid)
{
	(void)uid;
	return user;
}

static bool lacks_memory;

void *
__wrap_calloc(size_t count, size_t size)
{
	return lacks_memory ? NULL : __real_calloc(count, size);
}

/* What a process does with a store; each returns whether it seems done. */

static struct settings settings = {
	.state = { .place = "postgresql://db.example.org/ddnsgate" },
};

static const struct state_claim claim = { .host = HOST,
	.account = "router",
	.settings = "settings",
	.wanted = { { .kind = VALUE_NONE }, { .kind = VALUE_UNKNOWN } } };

static const enum state_outcome applied[STATE_FAMILIES] = { OUTCOME_APPLIED,
	OUTCOME_APPLIED };

static struct turn turn = { .id = 7, .arrival = 1 };

static bool
see_event(const struct state_event *e, void *data)
{
	(void)e;
	++*(unsigned int *)data;
	return true;
}

static bool
see_host(const struct state_host *h, void *data)
{
	(void)h;
	++*(unsigned int *)data;
	return true;
}

static bool
see_account(const struct state_account *a, void *data)
{
	(void)a;
	++*(unsigned int *)data;
	return true;
}

static bool
want_no_more(const struct state_account *a, void *data)
{
	(void)a;
	++*(unsigned int *)data;
	return false;
}

static bool
is_applied(struct store *st)
{
	return store_is_applied(st, &claim, 3600000) != STORE_OUT_OF_REACH;
}

static bool
intend(struct store *st)
{
	struct state_value old[STATE_FAMILIES];

	return store_intend(st, &claim, old) == ERR_OK;
}

static bool
apply(struct store *st)
{
	store_apply(st, &claim, applied);
	return false;
}

static bool
take(struct store *st)
{
	struct turn mine = turn;
	int verdicts[ORDER_VERDICTS];

	return store_take(st, HOST, &mine, verdicts) != ORDER_OUT_OF_REACH;
}

static bool
take_first(struct store *st)
{
	db.empty = true;
	return take(st);
}

static bool
keep(struct store *st)
{
	return store_keep(st, HOST, &turn) != ORDER_OUT_OF_REACH;
}

static bool
give(struct store *st)
{
	store_give(st, HOST, &turn, NULL);
	return false;
}

static bool
record(struct store *st)
{
	store_record(st,
	    &(struct state_event){ .at = 1780000000,
		.account = "router",
		.host = HOST,
		.type = "A",
		.verdict = "good" });
	return false;
}

static bool
forget(struct store *st)
{
	return store_forget(st, HOST);
}

static bool
check(struct store *st)
{
	struct error why;

	return store_check(st, &why) == ERR_OK;
}

static bool
count_intents(struct store *st)
{
	int64_t count = 0;

	return store_count_intents(st, &count) == ERR_OK && count == 7;
}

static bool
hosts(struct store *st)
{
	unsigned int count = 0;

	return store_hosts(st, NULL, "", see_host, &count) == ERR_OK &&
	    count == 1;
}

static bool
history(struct store *st)
{
	static const struct state_search all = { .since = 0 };
	unsigned int count = 0;

	return store_history(st, &all, see_event, &count) == ERR_OK &&
	    count == 1;
}

static bool
news(struct store *st)
{
	unsigned int count = 0;

	return store_news(st, "", see_event, &count) == ERR_OK && count == 1;
}

static bool
leads(struct store *st)
{
	return store_leads(st, 7);
}

static bool
resign(struct store *st)
{
	store_resign(st, 7);
	return false;
}

static bool
note(struct store *st)
{
	struct buffer text = { .max = 64 };
	bool good = store_note(st, "key", &text) == ERR_OK &&
	    unit_same(text.data, "kept");

	buffer_free(&text);
	return good;
}

static bool
keep_note(struct store *st)
{
	return store_keep_note(st, "key", NULL, "new") == ERR_OK;
}

static bool
replace_note(struct store *st)
{
	return store_keep_note(st, "key", "kept", "new") == ERR_OK;
}

static bool
accounts_version(struct store *st)
{
	return store_accounts_version(st) == 1;
}

static bool
accounts(struct store *st)
{
	unsigned int count = 0;

	return store_accounts(st, 0, see_account, &count) == ERR_OK &&
	    count == 1;
}

static bool
add_account(struct store *st)
{
	db.empty = true;
	return store_account_write(st, "new", "{}", true) == ERR_OK;
}

static bool
change_account(struct store *st)
{
	return store_account_write(st, "router", "{}", false) == ERR_OK;
}

static const struct {
	const char *name;
	bool (*run)(struct store *st);
	const char *done; /* what is committed, or asked, if it seems done */
} stories[] = {
	{ "is_applied", is_applied, "SELECT ipv4" },
	{ "intend", intend, "UPDATE ddnsgate_host" },
	{ "apply", apply, "UPDATE ddnsgate_host" },
	{ "take", take, "UPDATE ddnsgate_turn" },
	{ "take_first", take_first, "UPDATE ddnsgate_turn" },
	{ "keep", keep, "SELECT newest_id" },
	{ "give", give, "SELECT newest_id" },
	{ "record", record, "INSERT INTO ddnsgate_history" },
	{ "forget", forget, "UPDATE ddnsgate_host SET settings = ''" },
	{ "check", check, "SELECT 1" },
	{ "count_intents", count_intents, "SELECT count" },
	{ "hosts", hosts, "SELECT name, account, ipv4" },
	{ "history", history, "SELECT id, at" },
	{ "news", news, "SELECT id, at" },
	{ "leads", leads, "DO UPDATE SET value = $2" },
	{ "resign", resign, "SELECT value, CAST" },
	{ "note", note, "key = $1" },
	{ "keep_note", keep_note, "DO UPDATE SET value = $2" },
	{ "replace_note", replace_note, "DO UPDATE SET value = $2" },
	{ "accounts_version", accounts_version, "key = 'accounts'" },
	{ "accounts", accounts, "SELECT name, account, version" },
	{ "add_account", add_account, "INSERT INTO ddnsgate_account" },
	{ "change_account", change_account, "INSERT INTO ddnsgate_account" },
};

/* One of them, from a new process on or on a connection that is kept. */
static void
play(size_t story, enum fault fault, size_t at, bool kept, size_t *count)
{
	struct error why;
	struct state *s = state_view(&settings, &why);
	struct store *st = s != NULL ? store_open(s) : NULL;
	bool seems, is;

	assert_non_null(st);
	db.fault = NONE;
	db.empty = false;
	db.version = "3";
	if (kept)
		assert_true(check(st));
	db.fault = fault;
	db.at = at;
	db.statement = 0;
	*db.done = '\0';
	seems = stories[story].run(st);
	is = has(db.done, stories[story].done);
	ROW(is || !seems, "%s seems done, though statement %zu was %s",
	    stories[story].name, at, fault_names[fault]);
	ROW(is || fault != NONE, "%s is not done", stories[story].name);
	/* Two statements make a connection; what meets another is run again. */
	if (fault == CONFLICT ? kept || at > 2 :
				fault == UNSENT && kept && at == 1)
		ROW(is, "%s is given up, though statement %zu was only %s",
		    stories[story].name, at, fault_names[fault]);
	*count = db.statement;
	store_close(st);
	state_free(s);
}

static void
test_each_statement_fails(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * COUNT(stories); i++) {
		size_t count, ignored;

		play(i / 2, NONE, 0, i % 2, &count);
		assert_int_not_equal(count, 0);
		for (enum fault f = REFUSED; f < FAULTS; f++)
			for (size_t n = 1; n <= count; n++)
				play(i / 2, f, n, i % 2, &ignored);
	}
	ROWS_END();
}

static void
test_what_is_there_decides(void **state)
{
	struct error why;
	struct state *s = state_view(&settings, &why);
	struct store *st = store_open(s);
	struct buffer small = { .max = 2 };
	unsigned int count = 0;

	(void)state;
	db.fault = NONE;
	db.empty = false;
	db.version = "3";
	assert_int_equal(store_keep_note(st, "key", "other", "new"),
	    ERR_NOT_FOUND);
	assert_int_equal(store_note(st, "key", &small), ERR_UNREACHABLE);
	assert_int_equal(store_account_write(st, "router", "{}", true),
	    ERR_CONFIG);
	assert_int_equal(store_accounts(st, 0, want_no_more, &count), ERR_OK);
	assert_int_equal(count, 1);
	db.empty = true;
	assert_int_equal(store_account_write(st, "router", "{}", false),
	    ERR_CONFIG);
	assert_int_equal(store_accounts_version(st), 0);
	buffer_free(&small);
	store_close(st);
	state_free(s);
}

/* Only a service makes tables, or brings them up; whatever it meets. */
static void
test_tables(void **state)
{
	struct error why;
	struct state *s = state_view(&settings, &why);

	(void)state;
	db.fault = NONE;
	db.empty = false;
	db.version = "2";
	assert_int_equal(state_examine(s, &why), ERR_UNREACHABLE);
	assert_non_null(strstr(why.text, "of an older version"));
	db.version = "0";
	assert_int_equal(state_examine(s, &why), ERR_UNREACHABLE);
	assert_non_null(strstr(why.text, "there are no tables yet"));
	db.version = "4";
	assert_int_equal(state_examine(s, &why), ERR_CONFIG);
	db.no_connection = true;
	assert_int_equal(state_examine(s, &why), ERR_UNREACHABLE);
	assert_string_equal(why.text, "connect: out of memory");
	db.no_connection = false;
	state_free(s);
	for (enum fault f = NONE; f < FAULTS; f++) {
		bool lasts = f == REFUSED_ON || is_lost(f);

		db.fault = f;
		db.at = 5;
		db.statement = 0;
		db.version = "2";
		assert_non_null(s = state_new(&settings, &why));
		ROW(unit_same(db.version, lasts ? "2" : "3"),
		    "%s: the tables are of version %s", fault_names[f],
		    db.version);
		state_free(s);
	}
	ROWS_END();
}

/* What the sandbox of a process that opens the store lets it have. */
static void
test_needs(void **state)
{
	static char home[] = "/home/their";
	struct passwd entry = { .pw_dir = home };
	struct settings broken = { .state.place = "postgresql://db/a?no=such" };
	struct state_needs n;
	struct error why;
	struct state *s = state_view(&settings, &why);

	(void)state;
	setenv("HOME", "/home/of", 1);
	assert_true(state_needs(s, &n));
	assert_int_equal(n.port_count, 1);
	assert_int_equal(n.ports[0], 5432);
	assert_int_equal(n.file_count, 1);
	assert_string_equal(n.files[0], "/home/of/.pgpass");
	unsetenv("HOME");
	assert_true(state_needs(s, &n));
	assert_int_equal(n.file_count, 0);
	user = &entry;
	assert_true(state_needs(s, &n));
	assert_int_equal(n.file_count, 1);
	assert_string_equal(n.files[0], "/home/their/.pgpass");
	unsetenv("HOME");
	user = NULL;
	state_free(s);
	s = state_view(&broken, &why);
	assert_false(state_needs(s, &n));
	state_free(s);
}

/* What one database has published says nothing of another one. */
static void
test_another_place(void **state)
{
	struct settings other = { .state.place = "postgresql://db/other" };
	struct error why;
	struct state *from = state_view(&settings, &why);
	struct state *to = state_view(&other, &why);
	struct state *same = state_view(&settings, &why);
	struct state_shared *shared = from->shared, *own = to->shared;

	(void)state;
	state_inherit(to, from);
	assert_ptr_equal(to->shared, own);
	assert_ptr_equal(from->shared, shared);
	state_inherit(same, from);
	assert_ptr_equal(same->shared, shared);
	state_free(from);
	state_free(to);
	state_free(same);
}

static void
test_no_memory(void **state)
{
	struct error why;
	struct state *s = state_view(&settings, &why);

	(void)state;
	lacks_memory = true;
	assert_null(store_open(s));
	lacks_memory = false;
	state_free(s);
}

static int
set_up(void **state)
{
	struct error why;
	int pair[2];

	(void)state;
	if (log_open(&(struct log_settings){ .to = "/dev/null" }, &why) !=
		ERR_OK ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == -1 ||
	    write(pair[1], "x", 1) != 1)
		return -1;
	db.ready = pair[0];
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_statement_fails),
		cmocka_unit_test(test_what_is_there_decides),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_another_place),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
