/*
 * test_endpoint.c - the host of a provider, from its URL and its addresses.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "provider/endpoint.h"

static const struct {
	const char *url;
	const char *host; /* NULL: refused */
	uint16_t port;
	const char *origin;
	const char *path;
} rows[] = {
	{ "https://api.example", "api.example", 443, "https://api.example",
	    "" },
	{ "https://api.example/", "api.example", 443, "https://api.example",
	    "" },
	{ "https://API.Example:443/v1//", "api.example", 443,
	    "https://api.example", "/v1" },
	{ "https://api.example:8443/v1/x", "api.example", 8443,
	    "https://api.example:8443", "/v1/x" },
	{ "HTTPS://api.example/v1", "api.example", 443, "https://api.example",
	    "/v1" },
	{ "http://api.example", .host = NULL },
	{ "ftp://api.example", .host = NULL },
	{ "api.example", .host = NULL },
	{ "https://", .host = NULL },
	{ "", .host = NULL },
	{ "https://192.0.2.1/", .host = NULL },
	{ "https://[2001:db8::1]/", .host = NULL },
	{ "https://0x7f.1/", .host = NULL },
	{ "https://user@api.example/", .host = NULL },
	{ "https://user:word@api.example/", .host = NULL },
	{ "https://api.example/?a=b", .host = NULL },
	{ "https://api.example/#part", .host = NULL },
	{ "https://api.example:0x1bb/", .host = NULL },
	{ "https://api.example:65536/", .host = NULL },
	{ "https://api example/", .host = NULL },
	{ "https://api..example/", .host = NULL },
};

static void
test_urls(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint e = { .host = NULL };
		struct error why = { .code = ERR_OK };
		enum err rc = endpoint_read(&e, rows[i].url, &why);

		ROW(rc == (rows[i].host != NULL ? ERR_OK : ERR_CONFIG),
		    "\"%s\": %s, %s", rows[i].url, error_name(rc),
		    unit_text(e.host));
		if (rc == ERR_OK && rows[i].host != NULL)
			ROW(strcmp(e.host, rows[i].host) == 0 &&
				e.port == rows[i].port &&
				strcmp(e.origin, rows[i].origin) == 0 &&
				strcmp(e.path, rows[i].path) == 0,
			    "\"%s\": %s, %u, %s, %s", rows[i].url, e.host,
			    (unsigned int)e.port, e.origin, e.path);
		endpoint_end(&e);
		ROW(e.host == NULL && e.origin == NULL && e.path == NULL,
		    "\"%s\": not ended", rows[i].url);
	}
	ROWS_END();
}

/* Those of the configuration, and no resolver. */
static void
test_pinned(void **state)
{
	struct provider_settings s = { .name = "home", .address_count = 2 };
	struct endpoint e = { .host = (char[]){ "api.example" },
		.settings = &s };
	struct address list[SETTINGS_ADDRESSES_MAX];

	(void)state;
	s.addresses[0] = unit_address("192.0.2.1");
	s.addresses[1] = unit_address("2001:db8::1");
	assert_int_equal(endpoint_addresses(&e, list), 2);
	assert_true(address_equal(&list[0], &s.addresses[0]));
	assert_true(address_equal(&list[1], &s.addresses[1]));
	assert_false(endpoint_is_resolved(&e));
	assert_true(endpoint_resolve(&e));
	endpoint_want_addresses(&e);
}

/* What the resolver found; a doubt is told once. */
static void
test_resolved(void **state)
{
	struct provider_settings s = { .name = "home" };
	struct resolution *r = resolution_new(1);
	struct endpoint e = { .host = (char[]){ "api.example" },
		.settings = &s,
		.resolution = resolution_at(r, 0) };
	struct address list[SETTINGS_ADDRESSES_MAX];
	struct address found = unit_address("192.0.2.7");

	(void)state;
	assert_non_null(r);
	assert_true(endpoint_is_resolved(&e));
	assert_int_equal(endpoint_addresses(&e, list), 0);
	resolution_set(e.resolution, &found, 1);
	assert_int_equal(endpoint_addresses(&e, list), 1);
	assert_true(address_equal(&list[0], &found));
	assert_false(resolution_wanted(e.resolution));
	endpoint_want_addresses(&e);
	assert_true(resolution_wanted(e.resolution));
	assert_false(resolution_wanted(e.resolution));
	/* An endpoint that a description does not have. */
	e.host = NULL;
	assert_false(endpoint_is_resolved(&e));
	resolution_free(r, 1);
}

/* Of our own descriptors, told once, and not as a failure of the name. */
static void
test_lack(void **state)
{
	struct provider_settings s = { .name = "home" };
	struct resolution *r = resolution_new(1);
	struct endpoint e = { .host = (char[]){ "localhost" },
		.settings = &s,
		.resolution = resolution_at(r, 0) };
	char path[] = "/tmp/test_endpoint.XXXXXX", text[2048] = "";
	struct rlimit before, none;
	struct error why;
	int fd = mkstemp(path);

	(void)state;
	assert_int_equal(log_open(&(struct log_settings){ .to = path }, &why),
	    ERR_OK);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 3; /* standard ones */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	for (int i = 0; i < 3; i++)
		assert_false(endpoint_resolve(&e));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_true(pread(fd, text, sizeof text - 1, 0) > 0);
	assert_non_null(strstr(text, "getaddrinfo: Too many open files"));
	assert_non_null(strstr(text, "LimitNOFILE="));
	assert_ptr_equal(strchr(text, '\n'), strrchr(text, '\n'));
	close(fd);
	unlink(path);
	resolution_free(r, 1);
}

/* What the resolver says, in place of the real one. */
static struct {
	bool speaks;
	int rc, number; /* of getaddrinfo(3), and errno */
	size_t count;	/* of addresses */
	bool odd;	/* the first one is no address of the internet */
} resolver;

int __real_getaddrinfo(const char *name, const char *service,
    const struct addrinfo *hints, struct addrinfo **list);
int __wrap_getaddrinfo(const char *name, const char *service,
    const struct addrinfo *hints, struct addrinfo **list);
void __real_freeaddrinfo(struct addrinfo *list);
void __wrap_freeaddrinfo(struct addrinfo *list);

int
__wrap_getaddrinfo(const char *name, const char *service,
    const struct addrinfo *hints, struct addrinfo **list)
{
	static struct sockaddr_storage sockets[2 * RESOLUTION_MAX];
	static struct addrinfo found[2 * RESOLUTION_MAX];

	if (!resolver.speaks)
		return __real_getaddrinfo(name, service, hints, list);
	for (size_t i = 0; i < resolver.count; i++) {
		struct address a = unit_address("192.0.2.0");

		a.bytes[3] = (uint8_t)i;
		address_sockaddr(&a, 0, &sockets[i]);
		if (i == 0 && resolver.odd)
			sockets[i].ss_family = AF_UNIX;
		found[i] = (struct addrinfo){
			.ai_addr = (struct sockaddr *)&sockets[i],
			.ai_next = i + 1 < resolver.count ? &found[i + 1] : NULL
		};
	}
	*list = resolver.count > 0 ? found : NULL;
	errno = resolver.number;
	return resolver.rc;
}

void
__wrap_freeaddrinfo(struct addrinfo *list)
{
	if (!resolver.speaks)
		__real_freeaddrinfo(list);
}

/* As many as there is room for are taken, and none replaces those before. */
static void
test_answers(void **state)
{
	static const struct {
		int rc, number;
		size_t count;
		bool odd, good;
		size_t known; /* of the addresses */
		const char *log;
	} answers[] = {
		{ 0, 0, 2, false, true, 2, "" },
		{ 0, 0, 2, true, true, 1, "" },
		{ 0, 0, 1, true, false, 1, "" },
		{ 0, 0, 2 * RESOLUTION_MAX, false, true, RESOLUTION_MAX, "" },
		{ EAI_AGAIN, EAGAIN, 0, false, false, RESOLUTION_MAX,
		    "provider home: api.example: Temporary failure in name "
		    "resolution; its addresses stay as they were" },
		/* A lack was told already, and is none of the name's. */
		{ EAI_MEMORY, 0, 0, false, false, RESOLUTION_MAX, "" },
	};
	struct provider_settings s = { .name = "home" };
	struct resolution *r = resolution_new(1);
	struct endpoint e = { .host = (char[]){ "api.example" },
		.what = "provider",
		.settings = &s,
		.resolution = resolution_at(r, 0) };
	struct address list[SETTINGS_ADDRESSES_MAX];
	const char *file = unit_write("log", "", 0);
	struct error why;

	(void)state;
	assert_int_equal(log_open(&(struct log_settings){ .to = file }, &why),
	    ERR_OK);
	for (size_t i = 0; i < COUNT(answers); i++) {
		char *text;

		resolver.speaks = true;
		resolver.rc = answers[i].rc;
		resolver.number = answers[i].number;
		resolver.count = answers[i].count;
		resolver.odd = answers[i].odd;
		ROW(endpoint_resolve(&e) == answers[i].good, "row %zu", i);
		resolver.speaks = false;
		ROW(endpoint_addresses(&e, list) == answers[i].known,
		    "row %zu: %zu", i, endpoint_addresses(&e, list));
		text = unit_read(file);
		ROW(*answers[i].log == '\0' ||
			strstr(text, answers[i].log) != NULL,
		    "row %zu: %s", i, text);
		ROW(strstr(text, gai_strerror(EAI_MEMORY)) == NULL,
		    "row %zu: %s", i, text);
		free(text);
	}
	resolution_free(r, 1);
	ROWS_END();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_pinned),
		cmocka_unit_test(test_resolved),
		cmocka_unit_test(test_lack),
		cmocka_unit_test(test_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
