/*
 * test_guard.c - what stands in front of GnuTLS: it passes on what GnuTLS says,
 * tells why a session ended, and looks at each message before GnuTLS does.
 */
#include "unit.h"

#include <dlfcn.h>
#include <sys/socket.h>
#include <unistd.h>

#include "certificates.h"
#include "https/guard.h"

/* The functions behind ours, which are looked for by name. */
void *__real_dlsym(void *handle, const char *name);
void *__wrap_dlsym(void *handle, const char *name);

static const char *missing = ""; /* "all" of them, or one */
static ssize_t says;		 /* what they return; 1: what GnuTLS does */
static unsigned int received;	 /* calls of gnutls_record_recv() */

static int
say_handshake(gnutls_session_t session)
{
	(void)session;
	return (int)says;
}

static ssize_t
say_recv(gnutls_session_t session, void *data, size_t size)
{
	(void)session;
	(void)data;
	(void)size;
	received++;
	return says;
}

static ssize_t
say_send(gnutls_session_t session, const void *data, size_t size)
{
	(void)session;
	(void)data;
	(void)size;
	return says;
}

static int
say_init(gnutls_session_t *session, unsigned int flags)
{
	static int (*real)(gnutls_session_t *, unsigned int);

	if (says != 1)
		return (int)says;
	if (real == NULL)
		*(void **)&real = __real_dlsym(RTLD_NEXT, "gnutls_init");
	return real(session, flags);
}

void *
__wrap_dlsym(void *handle, const char *name)
{
	static const struct {
		const char *name;
		void *function;
	} ours[] = {
		{ "gnutls_handshake", (void *)say_handshake },
		{ "gnutls_record_recv", (void *)say_recv },
		{ "gnutls_record_send", (void *)say_send },
		{ "gnutls_init", (void *)say_init },
	};

	if (strcmp(missing, "all") == 0 || strcmp(missing, name) == 0)
		return NULL;
	for (size_t i = 0; i < COUNT(ours); i++)
		if (strcmp(name, ours[i].name) == 0)
			return ours[i].function;
	return __real_dlsym(handle, name);
}

/* What was told, and of which session. */
static struct exchanges *const all = (struct exchanges *)&says;
static struct error told;
static gnutls_session_t told_of;

static void
tell(struct exchanges *of, gnutls_session_t session, const struct error *why)
{
	assert_ptr_equal(of, all);
	told = *why;
	told_of = session;
}

/* The first test: later on each function is known. */
static void
test_nothing_behind(void **state)
{
	gnutls_session_t session = NULL;
	char byte = 0;

	(void)state;
	missing = "all";
	says = 0;
	assert_int_equal(gnutls_handshake(session), GNUTLS_E_INTERNAL_ERROR);
	assert_int_equal(gnutls_record_recv(session, &byte, 1),
	    GNUTLS_E_INTERNAL_ERROR);
	assert_int_equal(gnutls_record_send(session, &byte, 1),
	    GNUTLS_E_INTERNAL_ERROR);
	assert_int_equal(gnutls_init(&session, GNUTLS_CLIENT),
	    GNUTLS_E_INTERNAL_ERROR);
	assert_null(session);
	/* Without a hook there is no session, where there must be one. */
	missing = "gnutls_handshake_set_hook_function";
	says = 1;
	guard_begin(all, tell);
	assert_int_equal(gnutls_init(&session, GNUTLS_CLIENT),
	    GNUTLS_E_INTERNAL_ERROR);
	guard_end();
	missing = "";
	says = GNUTLS_E_MEMORY_ERROR;
	assert_int_equal(gnutls_init(&session, GNUTLS_CLIENT),
	    GNUTLS_E_MEMORY_ERROR);
	says = 1;
	assert_int_equal(gnutls_init(&session, GNUTLS_CLIENT), 0);
	gnutls_deinit(session);
}

static const struct {
	char function; /* h, r or s */
	ssize_t says;
	const char *told; /* NULL: nothing */
} endings[] = {
	{ 'h', 0, NULL },
	{ 'h', GNUTLS_E_AGAIN, NULL },
	{ 'h', GNUTLS_E_MEMORY_ERROR, NULL },
	{ 'h', GNUTLS_E_PREMATURE_TERMINATION,
	    "TLS: closed without an answer" },
	{ 'r', 1, NULL },
	{ 'r', GNUTLS_E_AGAIN, NULL },
	{ 'r', GNUTLS_E_PREMATURE_TERMINATION, NULL },
	{ 'r', GNUTLS_E_FATAL_ALERT_RECEIVED,
	    "TLS: the server ended the session (alert close_notify)" },
	{ 's', 1, NULL },
	{ 's', GNUTLS_E_AGAIN, NULL },
	/* What came before it is read, and says nothing of an alert. */
	{ 's', GNUTLS_E_PUSH_ERROR, NULL },
	{ 's', GNUTLS_E_FATAL_ALERT_RECEIVED,
	    "TLS: the server ended the session (alert close_notify)" },
};

static ssize_t
call(char function, gnutls_session_t session)
{
	char byte = 0;

	if (function == 'h')
		return gnutls_handshake(session);
	if (function == 'r')
		return gnutls_record_recv(session, &byte, 1);
	return gnutls_record_send(session, &byte, 1);
}

static void
test_ends(void **state)
{
	gnutls_session_t session;

	(void)state;
	says = 1;
	assert_int_equal(gnutls_init(&session, GNUTLS_CLIENT), 0);
	for (size_t i = 0; i < 2 * COUNT(endings); i++) {
		size_t n = i / 2;
		bool guarded = i % 2 == 0;
		const char *want =
		    guarded && endings[n].told != NULL ? endings[n].told : "";

		told = (struct error){ .code = ERR_OK };
		told_of = NULL;
		received = 0;
		says = endings[n].says;
		if (guarded)
			guard_begin(all, tell);
		ROW(call(endings[n].function, session) == endings[n].says,
		    "row %zu: another result", n);
		guard_end();
		ROW(strcmp(told.text, want) == 0, "row %zu: %s", n, told.text);
		ROW(told_of == (*want != '\0' ? session : NULL),
		    "row %zu: of another session", n);
		/* Only who is told of it reads. */
		ROW(endings[n].function != 's' ||
			received ==
			    (guarded && says < 0 && says != GNUTLS_E_AGAIN),
		    "row %zu: %u read", n, received);
	}
	says = 1;
	gnutls_deinit(session);
	ROWS_END();
}

static unsigned int hooked;

static int
hook(gnutls_session_t session, unsigned int type, unsigned int when,
    unsigned int incoming, const gnutls_datum_t *message)
{
	(void)session;
	(void)type;
	(void)when;
	(void)incoming;
	(void)message;
	hooked++;
	return 0;
}

/* A handshake by GnuTLS itself, with a server that shows too much. */
static int
shake(gnutls_session_t client, const struct identity *identity)
{
	gnutls_certificate_credentials_t shown = identity_credentials(identity),
					 nobody;
	int (*real)(gnutls_session_t), a = GNUTLS_E_AGAIN, ends[2];
	gnutls_session_t server;

	*(void **)&real = __real_dlsym(RTLD_NEXT, "gnutls_handshake");
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
			     ends),
	    0);
	gnutls_certificate_allocate_credentials(&nobody);
	gnutls_init(&server, GNUTLS_SERVER | GNUTLS_NONBLOCK);
	gnutls_set_default_priority(client);
	gnutls_set_default_priority(server);
	gnutls_credentials_set(client, GNUTLS_CRD_CERTIFICATE, nobody);
	gnutls_credentials_set(server, GNUTLS_CRD_CERTIFICATE, shown);
	gnutls_transport_set_int(client, ends[0]);
	gnutls_transport_set_int(server, ends[1]);
	for (int i = 0; i < 100 && a == GNUTLS_E_AGAIN; i++) {
		a = real(client);
		(void)real(server);
	}
	gnutls_deinit(server);
	gnutls_certificate_free_credentials(shown);
	gnutls_certificate_free_credentials(nobody);
	close(ends[0]);
	close(ends[1]);
	return a;
}

/*
 * A session that was made under guard has our hook and keeps it, whoever sets
 * another one; what that refuses is told to whoever is there.
 */
static void
test_hooks(void **state)
{
	static const struct {
		bool made_guarded, told_guarded, large;
		bool refused, hooked;
	} rows[] = {
		{ true, true, false, false, false },
		{ true, true, true, true, false },
		{ true, false, true, true, false },
		{ false, false, true, false, true },
	};
	struct identity ca, small, large;

	(void)state;
	says = 1;
	identity_make_ca(&ca, "a CA");
	identity_make(&small, &ca, &(struct leaf){ .names = { "a.example" } });
	identity_make(&large, &ca,
	    &(struct leaf){ .names = { "a.example" }, .more_names = 200 });
	for (size_t i = 0; i < COUNT(rows); i++) {
		gnutls_session_t session;
		int rc;

		told = (struct error){ .code = ERR_OK };
		hooked = 0;
		if (rows[i].made_guarded)
			guard_begin(all, tell);
		assert_int_equal(gnutls_init(&session,
				     GNUTLS_CLIENT | GNUTLS_NONBLOCK),
		    0);
		gnutls_handshake_set_hook_function(session,
		    GNUTLS_HANDSHAKE_ANY, GNUTLS_HOOK_PRE, hook);
		guard_end();
		if (rows[i].told_guarded)
			guard_begin(all, tell);
		rc = shake(session, rows[i].large ? &large : &small);
		guard_end();
		ROW(rc == (rows[i].refused ? GNUTLS_E_CERTIFICATE_ERROR : 0),
		    "row %zu: %d", i, rc);
		ROW((strstr(told.text, "more than 32768") != NULL) ==
			(rows[i].refused && rows[i].told_guarded),
		    "row %zu: %s", i, told.text);
		ROW((hooked > 0) == rows[i].hooked, "row %zu: another hook", i);
		gnutls_deinit(session);
	}
	identity_end(&large);
	identity_end(&small);
	identity_end(&ca);
	ROWS_END();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_behind),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_hooks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
