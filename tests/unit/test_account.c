/*
 * test_account.c - which header is a login, and what a wrong one costs.
 */
#include "unit.h"

#include <time.h>
#include <unistd.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "account/account.h"
#include "account/familiar.h"
#include "account/penalty.h"
#include "account/verifier.h"

#define DEAR 3000 /* iterations of the dearest verifier */

#define WRONG "wrong token, or the verifier was made for another user name"

static struct account_settings list[] = {
	{ .name = "colon",
	    .verifier =
		"$pbkdf2-sha256$i=1000$"
		"c2FsdC1vZi1jb2xvbg$cQm1/Fm6GX+p8gUjL35GXTS6JA94aOSe9HFXryH7O4s" },
	{ .name = "dear",
	    .query_credentials = true,
	    .verifier =
		"$pbkdf2-sha256$i=3000$"
		"c2FsdC1vZi1kZWFy$rJNfWNE47fNQvQcL/U/k6iYDc5qdm6tqCOKB3l2RIBc" },
	{ .name = "off",
	    .disabled = true,
	    .verifier =
		"$pbkdf2-sha256$i=1000$"
		"c2FsdC1vZi1vZmY$iKGTiDEpNWajkvtfRacCYKYbymqFbvmoMzQsef+KGws" },
	{ .name = "router",
	    .verifier =
		"$pbkdf2-sha256$i=1000$"
		"c2FsdC1vZi1yb3V0ZXI$8aVVxrwy9IrNvubLjZnvkXJBtXhjdfTV2jQm+J24CNQ" },
};
static struct operator_settings operators[] = {
	{ .name = "operator",
	    .verifier =
		"$pbkdf2-sha256$i=2000$"
		"c2FsdC1vZi1vcGVyYXRvcg$jiwiBheGgjCFxh3l9SVyhcQjz+N7p1qp2fK+FcfzxTc" },
};
static const struct settings settings = {
	.file = (char *)(uintptr_t) "ddnsgate.json",
	.accounts = list,
	.account_count = COUNT(list),
	.operators = operators,
	.operator_count = COUNT(operators),
};

/* What the system does, as a test likes. */
static struct {
	bool no_hmac;
	size_t rnd_fails, rnd_calls; /* which call fails; 0: none */
	bool has_begun;		     /* the machine, a second ago */
	bool zeros;		     /* what PBKDF2 comes to */
	long cores;
	void (*meanwhile)(void); /* once, while somebody hashes */
	void (*waiting)(void);	 /* once, while somebody waits */
} world = { .cores = 1 };

UNIT_BETWEEN(world.no_hmac, int, gnutls_hmac_init, GNUTLS_E_MEMORY_ERROR,
    (gnutls_hmac_hd_t * h, gnutls_mac_algorithm_t a, const void *key,
	size_t len),
    (h, a, key, len))
UNIT_BETWEEN(++world.rnd_calls == world.rnd_fails, int, gnutls_rnd,
    GNUTLS_E_RANDOM_FAILED, (gnutls_rnd_level_t level, void *to, size_t len),
    (level, to, len))
UNIT_BETWEEN(name == _SC_NPROCESSORS_ONLN, long, sysconf, world.cores,
    (int name), (name))

static void
once(void (**what)(void))
{
	void (*run)(void) = *what;

	*what = NULL;
	if (run != NULL)
		run();
}

int __real_nanosleep(const struct timespec *span, struct timespec *left);
int __wrap_nanosleep(const struct timespec *span, struct timespec *left);

int
__wrap_nanosleep(const struct timespec *span, struct timespec *left)
{
	once(&world.waiting);
	return __real_nanosleep(span, left);
}

int __real_clock_gettime(clockid_t id, struct timespec *t);
int __wrap_clock_gettime(clockid_t id, struct timespec *t);

int
__wrap_clock_gettime(clockid_t id, struct timespec *t)
{
	if (!world.has_begun)
		return __real_clock_gettime(id, t);
	*t = (struct timespec){ 1, 0 };
	return 0;
}

/* Stands before the library's, and counts. */
static unsigned long iterations_spent;

int __real_gnutls_pbkdf2(gnutls_mac_algorithm_t mac, const gnutls_datum_t *key,
    const gnutls_datum_t *salt, unsigned iterations, void *output,
    size_t length);
int __wrap_gnutls_pbkdf2(gnutls_mac_algorithm_t mac, const gnutls_datum_t *key,
    const gnutls_datum_t *salt, unsigned iterations, void *output,
    size_t length);

int
__wrap_gnutls_pbkdf2(gnutls_mac_algorithm_t mac, const gnutls_datum_t *key,
    const gnutls_datum_t *salt, unsigned iterations, void *output,
    size_t length)
{
	iterations_spent += iterations;
	once(&world.meanwhile);
	if (world.zeros)
		memset(output, 0, length);
	return world.zeros ?
	    0 :
	    __real_gnutls_pbkdf2(mac, key, salt, iterations, output, length);
}

static struct accounts *
accounts(void)
{
	struct error why;
	struct accounts *a = accounts_new(&settings, &why);

	assert_non_null(a);
	return a;
}

/* "Basic BASE64" of a credential. */
static char *
basic(const char *credential, size_t len)
{
	gnutls_datum_t in = { (unsigned char *)(uintptr_t)credential,
		(unsigned int)len },
		       out = { NULL, 0 };
	char *header;

	if (len == 0)
		return strdup("Basic ");
	assert_int_equal(gnutls_base64_encode2(&in, &out), 0);
	assert_int_not_equal(asprintf(&header, "Basic %.*s", (int)out.size,
				 (char *)out.data),
	    -1);
	gnutls_free(out.data);
	return header;
}

/* No byte of a credential is left. */
static bool
wiped(const struct login *l)
{
	for (size_t i = 0; i < sizeof l->credential; i++)
		if (l->credential[i] != '\0')
			return false;
	return l->account == NULL && l->operator== NULL && l->token == NULL;
}

static const struct {
	const char *credential;
	size_t len;	     /* 0: to the NUL */
	const char *account; /* NULL: refused */
	const char *token;
	unsigned long cost;
	const char *why;
} credentials[] = {
	{ "router:token", 0, "router", "token", 1000, NULL },
	{ "dear:geheim", 0, "dear", "geheim", DEAR, NULL },
	/* Only the first colon splits. */
	{ "colon:key:secret", 0, "colon", "key:secret", 1000, NULL },
	{ "router:wrong", 0, NULL, NULL, DEAR, WRONG },
	{ "dear:token", 0, NULL, NULL, DEAR, WRONG },
	{ "router:token2", 0, NULL, NULL, DEAR, WRONG },
	{ "router:toke", 0, NULL, NULL, DEAR, WRONG },
	{ "router:TOKEN", 0, NULL, NULL, DEAR, WRONG },
	{ "dear:wrong", 0, NULL, NULL, DEAR, WRONG },
	{ "off:token", 0, NULL, NULL, DEAR, "the account is disabled" },
	{ "off:wrong", 0, NULL, NULL, DEAR, "the account is disabled" },
	{ "nobody:token", 0, NULL, NULL, DEAR, "no such account" },
	{ "Router:token", 0, NULL, NULL, DEAR, "no such account" },
	{ "route:rtoken", 0, NULL, NULL, DEAR, "no such account" },
	{ "colon:key:wrong", 0, NULL, NULL, DEAR, WRONG },
	{ "router:", 0, NULL, NULL, 0, "not a Basic credential" },
	{ ":token", 0, NULL, NULL, 0, "not a Basic credential" },
	{ ":", 0, NULL, NULL, 0, "not a Basic credential" },
	{ "router", 0, NULL, NULL, 0, "not a Basic credential" },
	{ "", 0, NULL, NULL, 0, "not a Basic credential" },
	{ "router:to ken", 0, NULL, NULL, 0, "not a Basic credential" },
	{ "router: token", 0, NULL, NULL, 0, "not a Basic credential" },
	{ "rou ter:token", 0, NULL, NULL, 0, "not a Basic credential" },
	{ "router:token\n", 0, NULL, NULL, 0, "not a Basic credential" },
	{ "router:token\r\nX: y", 0, NULL, NULL, 0, "not a Basic credential" },
	{ "router:t\xc3\xb6ken", 0, NULL, NULL, 0, "not a Basic credential" },
	{ "router:token\x7f", 0, NULL, NULL, 0, "not a Basic credential" },
	{ "router:token", 13, NULL, NULL, 0, "not a Basic credential" },
	{ "router:token\0x", 14, NULL, NULL, 0, "not a Basic credential" },
	{ "\0router:token", 13, NULL, NULL, 0, "not a Basic credential" },
};

static void
test_credentials(void **state)
{
	struct accounts *a = accounts();

	(void)state;
	for (size_t i = 0; i < COUNT(credentials); i++) {
		size_t len = credentials[i].len != 0 ?
		    credentials[i].len :
		    strlen(credentials[i].credential);
		char *header = basic(credentials[i].credential, len);
		struct error why = { .text = "" };
		struct login login;
		enum err rc;

		memset(&login, 'x', sizeof login);
		iterations_spent = 0;
		rc = account_authenticate(a, header, NULL, &login, &why);
		if (credentials[i].account != NULL)
			ROW(rc == ERR_OK && login.account != NULL &&
				unit_same(login.account->name,
				    credentials[i].account) &&
				unit_same(login.token, credentials[i].token),
			    "%s: %s", header, why.text);
		else
			ROW(rc == ERR_AUTH && wiped(&login) &&
				unit_same(why.text, credentials[i].why),
			    "%s: %s", header, why.text);
		ROW(iterations_spent == credentials[i].cost,
		    "%s: %lu iterations", header, iterations_spent);
		login_end(&login);
		ROW(wiped(&login), "%s: not wiped", header);
		free(header);
	}
	accounts_free(a);
	ROWS_END();
}

/* The header around it. */
static const struct {
	const char *header; /* NULL: none */
	bool good;
	const char *why;
} headers[] = {
	{ "Basic cm91dGVyOnRva2Vu", true, NULL },
	{ "basic cm91dGVyOnRva2Vu", true, NULL },
	{ "BASIC cm91dGVyOnRva2Vu", true, NULL },
	{ "Basic  cm91dGVyOnRva2Vu", true, NULL },
	{ NULL, false, "no credential" },
	{ "", false, "not a Basic credential" },
	{ "Basic", false, "not a Basic credential" },
	{ "Basic ", false, "not a Basic credential" },
	{ "Basic\tcm91dGVyOnRva2Vu", false, "not a Basic credential" },
	{ "Basiccm91dGVyOnRva2Vu", false, "not a Basic credential" },
	{ " Basic cm91dGVyOnRva2Vu", false, "not a Basic credential" },
	{ "cm91dGVyOnRva2Vu", false, "not a Basic credential" },
	{ "Bearer cm91dGVyOnRva2Vu", false, "not a Basic credential" },
	{ "Digest username=\"router\"", false, "not a Basic credential" },
	{ "Basic router:token", false, "not a Basic credential" },
	{ "Basic ????", false, "not a Basic credential" },
	{ "Basic cm91dGVyOnRva2V", false, "not a Basic credential" },
	{ "Basic cm91dGVyOnRva2Vu====", false, "not a Basic credential" },
	{ "Basic cm91dGVyOnRva2Vu, Basic cm91dGVyOnRva2Vu", false,
	    "not a Basic credential" },
};

static void
test_headers(void **state)
{
	struct accounts *a = accounts();

	(void)state;
	for (size_t i = 0; i < COUNT(headers); i++) {
		struct error why = { .text = "" };
		struct login login;
		enum err rc;

		iterations_spent = 0;
		rc = account_authenticate(a, headers[i].header, NULL, &login,
		    &why);
		ROW((rc == ERR_OK) == headers[i].good &&
			(rc == ERR_OK ||
			    (rc == ERR_AUTH && wiped(&login) &&
				unit_same(why.text, headers[i].why) &&
				iterations_spent == 0)),
		    "\"%s\": %s, %lu iterations", unit_text(headers[i].header),
		    why.text, iterations_spent);
		login_end(&login);
	}
	accounts_free(a);
	ROWS_END();
}

/*
 * In the query, for accounts that allow it; what it costs is the same, and a
 * right credential in the wrong place is as wrong as any.
 */
static const struct {
	const char *user;
	const char *token;
	const char *account; /* NULL: refused */
	unsigned long cost;
} queries[] = {
	{ "dear", "geheim", "dear", DEAR },
	{ "dear", "wrong", NULL, DEAR },
	{ "nobody", "geheim", NULL, DEAR },
	{ "router", "token", NULL, DEAR },
	{ "router", "wrong", NULL, DEAR },
	{ "colon:key", "secret", NULL, 0 },
	{ "", "token", NULL, 0 },
	{ "router", "", NULL, 0 },
	{ "router", "to ken", NULL, 0 },
};

static void
test_query(void **state)
{
	struct accounts *a = accounts();

	(void)state;
	for (size_t i = 0; i < COUNT(queries); i++) {
		struct error why = { .text = "" };
		struct login login;
		enum err rc;

		iterations_spent = 0;
		rc = account_authenticate_query(a, queries[i].user,
		    queries[i].token, NULL, &login, &why);
		if (queries[i].account != NULL)
			ROW(rc == ERR_OK && login.account != NULL &&
				unit_same(login.account->name,
				    queries[i].account) &&
				unit_same(login.token, queries[i].token),
			    "%s: %s", queries[i].user, why.text);
		else
			ROW(rc == ERR_AUTH && wiped(&login), "%s: taken",
			    queries[i].user);
		ROW(iterations_spent == queries[i].cost,
		    "%s %s: %lu iterations", queries[i].user, queries[i].token,
		    iterations_spent);
		login_end(&login);
	}
	accounts_free(a);
	ROWS_END();
}

/* The longest credential, and one byte more. */
static void
test_length(void **state)
{
	static const size_t lengths[] = { CREDENTIAL_MAX - 1, CREDENTIAL_MAX,
		CREDENTIAL_MAX + 1, CREDENTIAL_MAX + 3, 100000 };
	struct accounts *a = accounts();

	(void)state;
	for (size_t i = 0; i < COUNT(lengths); i++) {
		char *credential = malloc(lengths[i]), *header;
		const char *want = lengths[i] <= CREDENTIAL_MAX ?
		    WRONG :
		    "not a Basic credential";
		struct error why;
		struct login login;

		assert_non_null(credential);
		memset(credential, 'x', lengths[i]);
		memcpy(credential, "router:", 7);
		ROW(credential_valid(credential, lengths[i]) ==
			(lengths[i] <= CREDENTIAL_MAX),
		    "%zu: valid", lengths[i]);
		header = basic(credential, lengths[i]);
		ROW(account_authenticate(a, header, NULL, &login, &why) ==
			    ERR_AUTH &&
			unit_same(why.text, want),
		    "%zu: %s", lengths[i], why.text);
		free(header);
		free(credential);
	}
	accounts_free(a);
	ROWS_END();
}

/*
 * Logins that were right, and failures, of one source
 */

/* One login; returns what it cost. */
static unsigned long
log_in(const struct accounts *a, const char *credential, const char *source,
    enum err wanted, long wait)
{
	char *header = basic(credential, strlen(credential));
	struct address from;
	struct error why = { .text = "" };
	struct login login;
	enum err rc;

	assert_true(source == NULL || address_parse_any(&from, source));
	iterations_spent = 0;
	rc = account_authenticate(a, header, source != NULL ? &from : NULL,
	    &login, &why);
	ROW(rc == wanted && (rc == ERR_OK || wiped(&login)) &&
		(login.wait > 0) == (wait > 0) && login.wait <= wait,
	    "%s from %s: %s, %ld s", credential, unit_text(source), why.text,
	    login.wait);
	login_end(&login);
	free(header);
	return iterations_spent;
}

/* Who was right a moment ago costs nothing; who is wrong always does. */
static void
test_remembered(void **state)
{
	struct accounts *a = accounts();
	struct error why;
	struct login login;

	(void)state;
	ROW(log_in(a, "router:token", NULL, ERR_OK, 0) == 1000, "first");
	ROW(log_in(a, "router:token", NULL, ERR_OK, 0) == 0, "second");
	ROW(log_in(a, "router:wrong", NULL, ERR_AUTH, 0) == DEAR, "wrong");
	ROW(log_in(a, "router:wrong", NULL, ERR_AUTH, 0) == DEAR, "again");
	ROW(log_in(a, "nobody:token", NULL, ERR_AUTH, 0) == DEAR, "nobody");
	ROW(log_in(a, "router:token", NULL, ERR_OK, 0) == 0, "third");
	/* It is no way around a rule. */
	ROW(account_authenticate_query(a, "router", "token", NULL, &login,
		&why) == ERR_AUTH &&
		iterations_spent == DEAR,
	    "in the query");
	accounts_free(a);
	ROWS_END();
}

static const struct {
	const char *credential;
	bool accounts_too;
	const char *who; /* NULL: refused */
	unsigned long cost;
	const char *why;
} operator_logins[] = {
	{ "operator:secret", false, "operator", 2000, NULL },
	{ "operator:secret", true, "operator", 2000, NULL },
	{ "operator:wrong", false, NULL, DEAR, WRONG },
	{ "operator:wrong", true, NULL, DEAR, WRONG },
	{ "router:token", true, "router", 1000, NULL },
	{ "router:token", false, NULL, DEAR, "no such operator" },
	{ "off:token", true, NULL, DEAR, "the account is disabled" },
	{ "nobody:token", false, NULL, DEAR, "no such operator" },
	{ "nobody:token", true, NULL, DEAR, "no such account" },
	{ "operator", true, NULL, 0, "not a Basic credential" },
};

/* An operator's login opens the operators' pages, and costs as any other. */
static void
test_operators(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(operator_logins); i++) {
		const char *c = operator_logins[i].credential;
		const char *wanted = operator_logins[i].who, *who = NULL;
		char *header = basic(c, strlen(c));
		struct accounts *a = accounts();
		struct error why = { .text = "" };
		struct login login;
		enum err rc;

		iterations_spent = 0;
		rc = account_authenticate_operator(a, header, NULL,
		    operator_logins[i].accounts_too, &login, &why);
		if (rc == ERR_OK)
			who = login.operator!= NULL ?
			    login.operator->name : login.account->name;
		ROW((wanted == NULL && rc == ERR_AUTH && wiped(&login) &&
			strcmp(why.text, operator_logins[i].why) == 0) ||
			(wanted != NULL && who != NULL &&
			    strcmp(who, wanted) == 0 &&
			    (login.operator== NULL) != (login.account == NULL)),
		    "%s: %s, %s", c, unit_text(who), why.text);
		ROW(iterations_spent == operator_logins[i].cost, "%s: cost %lu",
		    c, iterations_spent);
		login_end(&login);
		free(header);
		accounts_free(a);
	}
	ROWS_END();
}

/* Nobody sends updates as an operator. */
static void
test_operator_is_no_account(void **state)
{
	struct accounts *a = accounts();
	struct error why;
	struct login login;

	(void)state;
	ROW(log_in(a, "operator:secret", NULL, ERR_AUTH, 0) == DEAR, "update");
	ROW(account_authenticate_query(a, "operator", "secret", NULL, &login,
		&why) == ERR_AUTH,
	    "query");
	accounts_free(a);
	ROWS_END();
}

/* A source that failed too often is not listened to, but for the known. */
static void
test_limit(void **state)
{
	struct accounts *a = accounts();

	(void)state;
	ROW(log_in(a, "router:token", "192.0.2.1", ERR_OK, 0) == 1000, "known");
	for (int i = 0; i < PENALTY_BURST; i++)
		ROW(log_in(a, i % 2 == 0 ? "router:wrong" : "nobody:token",
			"192.0.2.1", ERR_AUTH, 0) == DEAR,
		    "failure %d", i);
	ROW(log_in(a, "router:wrong", "192.0.2.1", ERR_TOO_MANY_FAILURES, 60) ==
		0,
	    "one too many");
	ROW(log_in(a, "nobody:token", "192.0.2.1", ERR_TOO_MANY_FAILURES, 60) ==
		0,
	    "of nobody");
	ROW(log_in(a, "dear:geheim", "192.0.2.1", ERR_TOO_MANY_FAILURES, 60) ==
		0,
	    "right, but unknown");
	ROW(log_in(a, "router:token", "192.0.2.1", ERR_OK, 0) == 0, "known");
	ROW(log_in(a, "dear:geheim", "192.0.2.2", ERR_OK, 0) == DEAR,
	    "another source");
	ROW(log_in(a, "router:wrong", NULL, ERR_AUTH, 0) == DEAR,
	    "of no source");
	accounts_free(a);
	ROWS_END();
}

/* A user who was right from there before the start may try now and then. */
static void
test_familiar(void **state)
{
	struct accounts *a = accounts();
	struct address source;

	(void)state;
	assert_true(address_parse_any(&source, "192.0.2.1"));
	account_was_right(a, "dear", &source);
	for (int i = 0; i < PENALTY_BURST; i++)
		(void)log_in(a, "nobody:token", "192.0.2.1", ERR_AUTH, 0);
	ROW(log_in(a, "router:token", "192.0.2.1", ERR_TOO_MANY_FAILURES, 60) ==
		0,
	    "never seen there");
	ROW(log_in(a, "dear:wrong", "192.0.2.1", ERR_AUTH, 0) == DEAR,
	    "a try, wrong");
	ROW(log_in(a, "dear:wrong", "192.0.2.1", ERR_TOO_MANY_FAILURES, 120) ==
		0,
	    "no second one");
	accounts_free(a);
	a = accounts();
	account_was_right(a, "dear", &source);
	for (int i = 0; i < PENALTY_BURST; i++)
		(void)log_in(a, "nobody:token", "192.0.2.1", ERR_AUTH, 0);
	ROW(log_in(a, "dear:geheim", "192.0.2.1", ERR_OK, 0) == DEAR,
	    "a try, right");
	ROW(log_in(a, "dear:geheim", "192.0.2.1", ERR_OK, 0) == 0, "recent");
	accounts_free(a);
	ROWS_END();
}

/* What is no credential costs nothing, and is no failure. */
static void
test_no_failure(void **state)
{
	struct accounts *a = accounts();

	(void)state;
	for (int i = 0; i < 2 * PENALTY_BURST; i++)
		(void)log_in(a, "router", "192.0.2.1", ERR_AUTH, 0);
	ROW(log_in(a, "router:wrong", "192.0.2.1", ERR_AUTH, 0) == DEAR,
	    "a failure");
	accounts_free(a);
	ROWS_END();
}

/* A reload keeps both; a new verifier makes an old login unknown. */
static void
test_inherit(void **state)
{
	struct account_settings changed[COUNT(list)];
	struct settings s = settings;
	struct accounts *a = accounts(), *next;
	struct error why;

	(void)state;
	memcpy(changed, list, sizeof changed);
	changed[COUNT(list) - 1].verifier =
	    "$pbkdf2-sha256$i=2000$c2FsdC1vZi1yb3V0ZXI$"
	    "8aVVxrwy9IrNvubLjZnvkXJBtXhjdfTV2jQm+J24CNQ";
	s.accounts = changed;
	ROW(log_in(a, "router:token", NULL, ERR_OK, 0) == 1000, "first");
	ROW(log_in(a, "colon:key:secret", NULL, ERR_OK, 0) == 1000, "first");
	for (int i = 0; i < PENALTY_BURST; i++)
		(void)log_in(a, "router:wrong", "192.0.2.1", ERR_AUTH, 0);
	next = accounts_new(&s, &why);
	assert_non_null(next);
	accounts_inherit(next, a);
	accounts_free(a);
	ROW(log_in(next, "colon:key:secret", NULL, ERR_OK, 0) == 0, "kept");
	ROW(log_in(next, "router:wrong", "192.0.2.1", ERR_TOO_MANY_FAILURES,
		60) == 0,
	    "kept, too");
	/* The same key, but of more iterations: the token is wrong now. */
	changed[COUNT(list) - 1].verifier = list[0].verifier;
	a = accounts_new(&s, &why);
	assert_non_null(a);
	accounts_inherit(a, next);
	accounts_free(next);
	ROW(log_in(a, "router:token", NULL, ERR_AUTH, 0) == DEAR, "changed");
	accounts_free(a);
	ROWS_END();
}

/* A reload with more accounts than there was room for forgets no login. */
static void
test_inherit_grown(void **state)
{
	struct account_settings many[40 * COUNT(list)];
	struct settings s = settings;
	struct accounts *a = accounts(), *next;
	struct error why;

	(void)state;
	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = list[i / 40];
	for (size_t i = 0; i < COUNT(list); i++) /* the names are in order */
		for (size_t j = 1; j < 40; j++)
			assert_int_not_equal(asprintf((char **)(uintptr_t)&many
							  [40 * i + j]
							      .name,
						 "%s%02zu", list[i].name, j),
			    -1);
	s.accounts = many;
	s.account_count = COUNT(many);
	ROW(log_in(a, "router:token", NULL, ERR_OK, 0) == 1000, "first");
	ROW(log_in(a, "colon:key:secret", NULL, ERR_OK, 0) == 1000, "first");
	next = accounts_new(&s, &why);
	assert_non_null(next);
	accounts_inherit(next, a);
	ROW(log_in(next, "router:token", NULL, ERR_OK, 0) == 0, "kept");
	/* Workers of before go on with theirs. */
	ROW(log_in(a, "router:token", NULL, ERR_OK, 0) == 0, "theirs");
	accounts_free(a);
	ROW(log_in(next, "colon:key:secret", NULL, ERR_OK, 0) == 0, "kept");
	ROW(log_in(next, "dear:wrong", NULL, ERR_AUTH, 0) == DEAR, "wrong");
	accounts_free(next);
	for (size_t i = 0; i < COUNT(list); i++)
		for (size_t j = 1; j < 40; j++)
			free((char *)(uintptr_t)many[40 * i + j].name);
	ROWS_END();
}

/* A verifier that is wrong is told at the start, with its account. */
static void
test_wrong_verifier(void **state)
{
	struct account_settings wrong[] = {
		{ .name = "good", .verifier = list[0].verifier },
		{ .name = "bad", .verifier = "geheim" },
	};
	struct settings s = settings;
	struct error why;

	(void)state;
	s.accounts = wrong;
	s.account_count = COUNT(wrong);
	assert_null(accounts_new(&s, &why));
	assert_int_equal(why.code, ERR_CONFIG);
	assert_string_equal(why.text,
	    "ddnsgate.json: /accounts/bad/verifier: "
	    "must begin with $pbkdf2-sha256$; make one with ddnsgate hash");
	/* Whatever stands there instead may be a secret. */
	assert_null(strstr(why.text, "geheim"));
	accounts_free(NULL);
}

/* Without randomness there are no accounts, and no verifier. */
static void
test_no_randomness(void **state)
{
	char text[VERIFIER_TEXT_MAX];
	struct error why;
	size_t count;

	(void)state;
	world.rnd_calls = 0;
	accounts_free(accounts());
	count = world.rnd_calls;
	assert_true(count > 2);
	for (size_t n = 1; n <= count; n++) {
		struct accounts *a;

		why.code = ERR_OK;
		world.rnd_calls = 0;
		world.rnd_fails = n;
		a = accounts_new(&settings, &why);
		ROW(a == NULL && why.code == ERR_MEMORY, "call %zu", n);
		accounts_free(a);
	}
	world.rnd_calls = 0;
	world.rnd_fails = 1;
	assert_int_equal(verifier_make(text, "a:b", 3, 1000, &why), ERR_SYSTEM);
	world.rnd_fails = 0;
	ROWS_END();
}

/* A key that nobody has is nobody's, even if PBKDF2 came to it. */
static void
test_zeros(void **state)
{
	struct accounts *a = accounts();

	(void)state;
	world.zeros = true;
	ROW(log_in(a, "nobody:token", NULL, ERR_AUTH, 0) == DEAR, "nobody");
	world.zeros = false;
	accounts_free(a);
	ROWS_END();
}

static void
test_too_long(void **state)
{
	char token[CREDENTIAL_MAX + 1];
	struct accounts *a = accounts();
	struct login login;
	struct error why;

	(void)state;
	memset(token, 'x', sizeof token - 1);
	token[sizeof token - 1] = '\0';
	assert_int_equal(account_authenticate_query(a, "dear", token, NULL,
			     &login, &why),
	    ERR_AUTH);
	assert_string_equal(why.text, "not a credential");
	accounts_free(a);
}

/* A reload without memory for its HMAC forgets logins, and serves. */
static void
test_no_hmac(void **state)
{
	struct account_settings many[40 * COUNT(list)];
	struct settings s = settings;
	struct accounts *a = accounts(), *next;
	struct error why;

	(void)state;
	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = (struct account_settings){ .name = "a",
			.verifier = list[3].verifier };
	many[COUNT(many) - 1] = list[3];
	s.accounts = many;
	s.account_count = COUNT(many);
	ROW(log_in(a, "router:token", NULL, ERR_OK, 0) == 1000, "first");
	assert_non_null(next = accounts_new(&s, &why));
	world.no_hmac = true;
	accounts_inherit(next, a);
	world.no_hmac = false;
	accounts_free(a);
	ROW(log_in(next, "router:token", NULL, ERR_OK, 0) == 1000, "forgot");
	ROW(log_in(next, "router:token", NULL, ERR_OK, 0) == 1000, "again");
	for (int i = 0; i < PENALTY_BURST; i++)
		(void)log_in(next, "nobody:token", "2001:db8::1", ERR_AUTH, 0);
	ROW(log_in(next, "router:token", "2001:db8::1", ERR_TOO_MANY_FAILURES,
		60) == 0,
	    "remembered");
	accounts_free(next);
	ROWS_END();
}

/* Who was right before, of IPv6 and just after the boot as well. */
static void
test_familiar_places(void **state)
{
	static const char *const places[] = { "192.0.2.1", "2001:db8::1" };

	(void)state;
	for (size_t i = 0; i < 4 * COUNT(places); i++) {
		struct familiar *f = familiar_new(1);
		struct address from = unit_address(places[i % 2]);
		struct address other = unit_address(places[(i + 1) % 2]);

		assert_non_null(f);
		world.has_begun = (i & 2) != 0;
		world.no_hmac = (i & 4) != 0;
		familiar_add(f, "router", &from);
		familiar_add(f, "router", &from);
		ROW(familiar_knows(f, "router", &from), "%zu: unknown", i);
		/* Without memory all are one. */
		ROW(familiar_knows(f, "router", &other) == world.no_hmac,
		    "%zu: another place", i);
		ROW(familiar_try(f, "router", &from) == !world.has_begun,
		    "%zu: a try", i);
		ROW(!familiar_try(f, "router", &from), "%zu: a second one", i);
		world.has_begun = world.no_hmac = false;
		familiar_free(f);
	}
	ROWS_END();
}

/* Of those that are put off: who goes first later, and who was right. */
static struct accounts *crowded;
static struct login late[2];
#define OFTEN 150

static enum err
push_in(const char *credential, const char *from, struct login *login)
{
	char *header = basic(credential, strlen(credential));
	struct address source;
	struct error why;
	enum err rc;

	if (from != NULL)
		source = unit_address(from);
	rc = account_authenticate(crowded, header,
	    from != NULL ? &source : NULL, login, &why);
	free(header);
	return rc;
}

static void
be_put_off(void)
{
	struct address home = unit_address("192.0.2.9");
	unsigned int last = 0;
	struct login login;
	char text[32];

	for (int i = 0; i < OFTEN; i++) {
		snprintf(text, sizeof text, "colon:guess%d", i);
		ROW(push_in(text, "192.0.2.7", &login) == ERR_LOGINS_BUSY,
		    "%d is let in", i);
		ROW(login.rank >= last && login.rank < 200, "%d: rank %u", i,
		    login.rank);
		last = login.rank;
	}
	ROW(last == 199, "who guesses has rank %u", last);
	ROW(push_in("colon:guess1", "192.0.2.7", &login) == ERR_LOGINS_BUSY &&
		login.rank == 100,
	    "one that comes again has rank %u", login.rank);
	ROW(push_in("off:token", NULL, &login) == ERR_LOGINS_BUSY &&
		login.unchecked == NULL,
	    "one that can never be right is checked later");
	ROW(push_in("colon:wrong", NULL, &late[0]) == ERR_LOGINS_BUSY,
	    "no source");
	account_was_right(crowded, "colon", &home);
	ROW(push_in("colon:key:secret", "192.0.2.9", &late[1]) ==
		    ERR_LOGINS_BUSY &&
		late[1].rank == 0,
	    "who was right from there has rank %u", late[1].rank);
	account_check_late(crowded, &login);
}

static void
wait_in_the_queue(void)
{
	struct login login;

	world.waiting = be_put_off;
	ROW(push_in("dear:geheim", "192.0.2.8", &login) == ERR_LOGINS_BUSY,
	    "it got a place");
}

static void
test_crowd(void **state)
{
	(void)state;
	crowded = accounts();
	/* One hashes, one waits, and the others come. */
	world.meanwhile = wait_in_the_queue;
	ROW(log_in(crowded, "router:token", NULL, ERR_OK, 0) >= 1000, "first");
	for (int i = 0; i < 2; i++) {
		unsigned long before = iterations_spent;

		account_check_late(crowded, &late[i]);
		ROW(iterations_spent == before + 1000, "%d was not checked", i);
	}
	ROW(log_in(crowded, "colon:key:secret", NULL, ERR_OK, 0) == 0,
	    "it is not remembered");
	accounts_free(crowded);
	ROWS_END();
}

static void
find_a_place(void)
{
	struct login login;

	ROW(push_in("dear:geheim", NULL, &login) == ERR_OK, "no place");
	login_end(&login);
}

/* Half of the cores hash at the same time. */
static void
test_cores(void **state)
{
	(void)state;
	world.cores = 8;
	crowded = accounts();
	world.cores = 1;
	world.meanwhile = find_a_place;
	ROW(log_in(crowded, "router:token", NULL, ERR_OK, 0) >= 1000, "first");
	accounts_free(crowded);
	ROWS_END();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_credentials),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_remembered),
		cmocka_unit_test(test_operators),
		cmocka_unit_test(test_operator_is_no_account),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_familiar),
		cmocka_unit_test(test_no_failure),
		cmocka_unit_test(test_inherit),
		cmocka_unit_test(test_inherit_grown),
		cmocka_unit_test(test_wrong_verifier),
		cmocka_unit_test(test_no_randomness),
		cmocka_unit_test(test_zeros),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_no_hmac),
		cmocka_unit_test(test_familiar_places),
		cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_cores),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
