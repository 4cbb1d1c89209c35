/*
 * test_response.c - which bytes of a server are an answer.
 */
#include "unit.h"

#include "proof/response.h"

static const struct {
	const char *bytes;
	enum response want;
} lines[] = {
	{ "HTTP/1.1 200 OK\r\n", RESPONSE_GOOD },
	{ "HTTP/1.0 404 Not Found\r\n", RESPONSE_GOOD },
	{ "HTTP/1.1 500", RESPONSE_GOOD },
	{ "HTTP/1.1 103 Early Hints", RESPONSE_GOOD },
	{ "", RESPONSE_PARTIAL },
	{ "H", RESPONSE_PARTIAL },
	{ "HTTP/1.1 20", RESPONSE_PARTIAL },
	{ "HTTP/2 200", RESPONSE_BAD },
	{ "HTTP/1.x 200", RESPONSE_BAD },
	{ "HTTP/1.1  200", RESPONSE_BAD },
	{ "HTTP/1.1 2x0", RESPONSE_BAD },
	{ "http/1.1 200", RESPONSE_BAD },
	{ "HTTP/0.9 200", RESPONSE_BAD },
	{ "220 smtp.example ESMTP", RESPONSE_BAD },
	{ "SSH-2.0-OpenSSH", RESPONSE_BAD },
	{ " HTTP/1.1 200", RESPONSE_BAD },
	{ "\r\nHTTP/1.1 200", RESPONSE_BAD },
};

static void
test_is_http(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++)
		ROW(response_is_http(lines[i].bytes, strlen(lines[i].bytes)) ==
			lines[i].want,
		    "\"%s\"", lines[i].bytes);
	ROWS_END();
	assert_int_equal(response_is_http("HTTP/1.1 \0"
					  "00",
			     12),
	    RESPONSE_BAD);
}

#define OK "HTTP/1.1 200 OK\r\n"
#define V4 "89.14.163.156"
#define V6 "2a01:c22:b045:defc::8"

static const struct {
	const char *own;
	const char *bytes;
	bool closed;
	enum response want;
} echoes[] = {
	{ V4, OK "Content-Length: 13\r\n\r\n" V4, false, RESPONSE_GOOD },
	{ V4, OK "Content-Length: 14\r\n\r\n" V4 "\n", false, RESPONSE_GOOD },
	{ V4, OK "content-length:13\r\n\r\n" V4, true, RESPONSE_GOOD },
	{ V4, OK "\r\n" V4 "\r\n", true, RESPONSE_GOOD },
	{ V4, OK "\r\n  " V4 "\t\r\n", true, RESPONSE_GOOD },
	{ V6, OK "\r\n" V6, true, RESPONSE_GOOD },
	{ V6, OK "\r\n2A01:0C22:B045:DEFC:0:0:0:8", true, RESPONSE_GOOD },
	/* More must come. */
	{ V4, "HTTP/1.1 20", false, RESPONSE_PARTIAL },
	{ V4, OK, false, RESPONSE_PARTIAL },
	{ V4, OK "Content-Length: 13\r\n", false, RESPONSE_PARTIAL },
	{ V4, OK "Content-Length: 13\r\n\r\n", false, RESPONSE_PARTIAL },
	{ V4, OK "Content-Length: 13\r\n\r\n89.14.163.15", false,
	    RESPONSE_PARTIAL },
	/* Cut off here, it would be another address. */
	{ "89.14.163.15", OK "\r\n89.14.163.15", false, RESPONSE_PARTIAL },
	{ "89.14.163.15", OK "Content-Length: 13\r\n\r\n89.14.163.15", true,
	    RESPONSE_BAD },
	/* As a web server with one socket for both families tells it. */
	{ V4, OK "\r\n::ffff:" V4, true, RESPONSE_GOOD },
	{ V4, OK, true, RESPONSE_BAD },
	{ V4, OK "\r\n", true, RESPONSE_BAD },
	{ V4, "HTTP/1.1 20", true, RESPONSE_PARTIAL },
	/* Another address, or none. */
	{ V4, OK "\r\n89.14.163.157", true, RESPONSE_BAD },
	{ V4, OK "\r\n" V6, true, RESPONSE_BAD },
	{ V4, OK "\r\n::ffff:89.14.163.157", true, RESPONSE_BAD },
	{ V6, OK "\r\n" V4, true, RESPONSE_BAD },
	{ V4, OK "\r\n" V4 ", 10.0.0.1", true, RESPONSE_BAD },
	{ V4, OK "\r\nYour address is " V4, true, RESPONSE_BAD },
	{ V4, OK "\r\n<p>" V4 "</p>", true, RESPONSE_BAD },
	{ V4, OK "X-Address: " V4 "\r\n\r\nno", true, RESPONSE_BAD },
	{ V4, OK "Content-Length: 5\r\n\r\n" V4, false, RESPONSE_BAD },
	{ V4, OK "Content-Length: -1\r\n\r\n" V4, true, RESPONSE_BAD },
	{ V4, OK "Content-Length: 18446744073709551616\r\n\r\n" V4, true,
	    RESPONSE_BAD },
	/* Not a success. */
	{ V4, "HTTP/1.1 404 No\r\n\r\n" V4, true, RESPONSE_BAD },
	{ V4, "HTTP/1.1 206 Part\r\n\r\n" V4, true, RESPONSE_BAD },
	{ V4, "HTTP/1.1 302 Found\r\n\r\n" V4, true, RESPONSE_BAD },
	{ V4, "SSH-2.0-" V4, true, RESPONSE_BAD },
};

static void
test_echoes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(echoes); i++) {
		struct address own;
		enum response got;

		assert_true(address_parse_any(&own, echoes[i].own));
		got = response_echoes(echoes[i].bytes, strlen(echoes[i].bytes),
		    echoes[i].closed, &own);
		ROW(got == echoes[i].want, "\"%s\": %d", echoes[i].bytes, got);
	}
	ROWS_END();
}

/* Blanks after the address say nothing about what comes behind them. */
static void
test_second_line(void **state)
{
	static const char bytes[] = OK "\r\n" V4 "\r\n10.0.0.1\r\n";
	struct address own;

	(void)state;
	assert_true(address_parse_any(&own, V4));
	assert_int_equal(response_echoes(bytes, sizeof bytes - 1, true, &own),
	    RESPONSE_BAD);
}

/* Never more than the buffer, never past a NUL. */
static void
test_limits(void **state)
{
	char *bytes = malloc(2 * RESPONSE_MAX);
	struct address own;

	(void)state;
	assert_non_null(bytes);
	assert_true(address_parse_any(&own, V4));
	memset(bytes, ' ', 2 * RESPONSE_MAX);
	memcpy(bytes, OK "\r\n" V4, strlen(OK "\r\n" V4));
	assert_int_equal(response_echoes(bytes, RESPONSE_MAX - 1, true, &own),
	    RESPONSE_GOOD);
	assert_int_equal(response_echoes(bytes, RESPONSE_MAX, true, &own),
	    RESPONSE_BAD);
	assert_int_equal(response_echoes(bytes, 2 * RESPONSE_MAX, true, &own),
	    RESPONSE_BAD);
	bytes[RESPONSE_MAX - 2] = '\0';
	assert_int_equal(response_echoes(bytes, RESPONSE_MAX - 1, true, &own),
	    RESPONSE_BAD);
	free(bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_http),
		cmocka_unit_test(test_echoes),
		cmocka_unit_test(test_second_line),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
