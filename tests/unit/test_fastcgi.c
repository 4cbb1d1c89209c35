/*
 * test_fastcgi.c - the stream of a web server: what is a request, what is
 * refused before libfcgi sees it, and what goes back.
 */
#include "unit.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/heap.h"
#include "pool/fastcgi.h"
#include "poor.h"

#define SOON_MS	   20000 /* for what comes at once */
#define STREAM_MAX (256 * 1024)
#define LINGER_MS  2000 /* for the rest of a request after the reply */

/* Types of records, FastCGI specification section 8. */
enum { BEGIN = 1, ABORT, END, PARAMS, STDIN, STDOUT, GET_VALUES = 9 };

static struct fastcgi *fastcgi;
static struct incoming incoming; /* the last one */

/* A stream under construction. */
struct stream {
	uint8_t bytes[STREAM_MAX];
	size_t len;
};

static void
put(struct stream *s, const void *bytes, size_t len)
{
	assert_true(s->len + len <= sizeof s->bytes);
	memcpy(s->bytes + s->len, bytes, len);
	s->len += len;
}

static void
record(struct stream *s, unsigned int type, unsigned int id,
    const void *content, size_t len, unsigned int padding)
{
	static const uint8_t zeros[255];
	const uint8_t h[8] = { 1, (uint8_t)type, (uint8_t)(id >> 8),
		(uint8_t)id, (uint8_t)(len >> 8), (uint8_t)len,
		(uint8_t)padding, 0 };

	put(s, h, sizeof h);
	put(s, content, len);
	put(s, zeros, padding);
}

static void
begin(struct stream *s, uint8_t role)
{
	const uint8_t body[8] = { 0, role };

	record(s, BEGIN, 1, body, sizeof body, 0);
}

/* A record of one pair with short lengths. */
static void
pair(struct stream *s, const char *name, const char *value)
{
	uint8_t bytes[2 + 255];
	size_t n = strlen(name), v = strlen(value);

	assert_true(n < 0x80 && v < 0x80);
	bytes[0] = (uint8_t)n;
	bytes[1] = (uint8_t)v;
	memcpy(bytes + 2, name, n);
	memcpy(bytes + 2 + n, value, v);
	record(s, PARAMS, 1, bytes, 2 + n + v, 3);
}

static void
end(struct stream *s, unsigned int type)
{
	record(s, type, 1, "", 0, 0);
}

/* How the copy that libfcgi reads from fails; 0: it does not. */
enum { NO_PAIR = 1, NO_ROOM, NO_SENDING, LOST_COPY, LOST };

static int copy; /* while a request is handed to libfcgi */

UNIT_BETWEEN(copy == NO_PAIR, int, socketpair, -1,
    (int domain, int type, int protocol, int fds[2]),
    (domain, type, protocol, fds))
UNIT_BETWEEN(copy == NO_ROOM, int, setsockopt, -1,
    (int fd, int level, int name, const void *to, socklen_t len),
    (fd, level, name, to, len))

ssize_t __real_sendmsg(int fd, const struct msghdr *m, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *m, int flags);

ssize_t
__wrap_sendmsg(int fd, const struct msghdr *m, int flags)
{
	size_t len = 0;

	if (copy == NO_SENDING)
		return -1;
	if (copy != LOST_COPY)
		return __real_sendmsg(fd, m, flags);
	for (size_t i = 0; i < m->msg_iovlen; i++)
		len += m->msg_iov[i].iov_len;
	shutdown(fd, SHUT_WR);
	return (ssize_t)len;
}

static int fails; /* as copy, for the next request */

/* Hands what has come to libfcgi. */
static bool
parse(struct request *q)
{
	static uint8_t bytes[STREAM_MAX];
	struct error why;
	enum err rc;

	if (fails == LOST)
		(void)recv(incoming.fd, bytes, sizeof bytes, MSG_DONTWAIT);
	copy = fails;
	rc = fastcgi_parse(fastcgi, &incoming, incoming.since, q, &why);
	copy = 0;
	return rc == ERR_OK;
}

/* Takes over fd, and closes it where no request comes in time. */
static bool
read_request(int fd, int64_t span_ms, struct request *q)
{
	enum progress p;
	bool taken;

	incoming_begin(&incoming, fd);
	p = incoming_wait(&incoming, clock_now() + span_ms);
	if (p == INCOMING_MORE)
		p = incoming_expire(&incoming);
	taken = p == INCOMING_WHOLE && parse(q);
	incoming_end(&incoming);
	/* libfcgi may have closed it. */
	if (!taken && incoming.fd != -1)
		close(fd);
	return taken;
}

/*
 * Sends the stream, and no more comes if over.  A child sends, for a long one
 * does not fit between two sockets.  Returns whether there is a request.
 */
static bool
hand_over(const struct stream *s, bool over, struct request *q, int *peer,
    int64_t span_ms)
{
	int fds[2];
	pid_t child;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	child = fork();
	assert_int_not_equal(child, -1);
	if (child == 0) {
		size_t sent = 0;
		ssize_t n = 1;

		close(fds[0]);
		for (; sent < s->len && n > 0; sent += (size_t)n)
			n = send(fds[1], s->bytes + sent, s->len - sent,
			    MSG_NOSIGNAL);
		if (over)
			shutdown(fds[1], SHUT_WR);
		(void)poor_end(); /* for what gcov writes */
		_exit(0);
	}
	*peer = fds[1];
	return read_request(fds[0], span_ms, q);
}

/* All that came back, until the other side closed. */
static size_t
answer(int peer, uint8_t *bytes, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size && (n = recv(peer, bytes + len, size - len, 0)) > 0)
		len += (size_t)n;
	close(peer);
	return len;
}

/* Sends the reply and closes the connection, as a worker does. */
static void
finish(const struct reply *r)
{
	fastcgi_reply(fastcgi, r);
	assert_true(fastcgi_finish(fastcgi));
	if (!incoming.is_ended) {
		incoming_answered(&incoming);
		(void)incoming_wait(&incoming, clock_now() + LINGER_MS);
	}
	close(incoming.fd);
}

static void
reply_with(const char *body, int peer)
{
	struct reply r = { .status = 200, .body.max = REPLY_BODY_MAX };

	assert_true(buffer_puts(&r.body, body));
	shutdown(peer, SHUT_WR);
	finish(&r);
	reply_end(&r);
}

/* Without memory, the head of a reply may be cut anywhere. */
static bool no_memory;

void __real_reply_head(const struct reply *r, struct buffer *head);
void __wrap_reply_head(const struct reply *r, struct buffer *head);

void
__wrap_reply_head(const struct reply *r, struct buffer *head)
{
	__real_reply_head(r, head);
	if (no_memory) {
		head->len = 0;
		head->failed = true;
	}
}

/* What cannot be said is no success. */
static void
test_no_memory_for_the_head(void **state)
{
	static struct stream s;
	char back[8192];
	struct request q;
	size_t len;
	int peer;

	(void)state;
	s.len = 0;
	begin(&s, 1);
	pair(&s, "REQUEST_URI", "/update");
	end(&s, PARAMS);
	end(&s, STDIN);
	assert_true(hand_over(&s, false, &q, &peer, SOON_MS));
	request_end(&q);
	no_memory = true;
	reply_with("good 89.14.163.156\n", peer);
	no_memory = false;
	len = answer(peer, (uint8_t *)back, sizeof back - 1);
	back[len] = '\0';
	assert_true(len > 8);
	assert_int_equal(strncmp(back + 8, "Status: 503 ", 12), 0);
	assert_null(memmem(back, len, "good", 4));
	assert_non_null(memmem(back, len, "\r\n\r\n", 4));
}

/* libfcgi, which does not bear it, does not notice; the reply says 503. */
static void
test_no_memory_at_all(void **state)
{
	static const char *const methods[] = { "GET", "POST" };
	static struct stream s;
	struct reply r = { .status = 200, .body.max = REPLY_BODY_MAX };

	(void)state;
	if (!heap_wipes()) {
		unit_skipped("the heap is a sanitizer's");
		return;
	}
	for (size_t i = 0; i < COUNT(methods); i++) {
		char back[8192] = "";
		struct request q;
		bool taken, right = false;
		int peer;

		s.len = 0;
		begin(&s, 1);
		pair(&s, "REQUEST_METHOD", methods[i]);
		pair(&s, "REQUEST_URI", "/update");
		end(&s, PARAMS);
		end(&s, STDIN);
		poor_begin(1, SIZE_MAX);
		taken = hand_over(&s, true, &q, &peer, SOON_MS);
		if (taken) {
			right = strcmp(q.path, "/update") == 0;
			request_end(&q);
			finish(&r);
		}
		(void)poor_end();
		assert_true(taken && right);
		assert_true(answer(peer, (uint8_t *)back, sizeof back - 1) > 8);
		assert_int_equal(strncmp(back + 8, "Status: 503 ", 12), 0);
	}
}

static void
test_whole(void **state)
{
	static struct stream s;
	static const uint8_t ask[] = { 14, 0, 'F', 'C', 'G', 'I', '_', 'M', 'A',
		'X', '_', 'C', 'O', 'N', 'N', 'S' };
	static const uint8_t values[8] = { 1, 10 },
			     unknown[16] = { 1, 11, 0, 0, 0, 8, 0, 0, 77 };
	uint8_t back[8192];
	struct request q;
	size_t len;
	int peer;

	(void)state;
	s.len = 0;
	record(&s, GET_VALUES, 0, ask, sizeof ask, 5);
	begin(&s, 1);
	record(&s, 77, 0, "?", 1, 0);
	pair(&s, "REQUEST_METHOD", "POST");
	pair(&s, "REQUEST_URI", "/update?a=1");
	pair(&s, "QUERY_STRING", "a=1");
	pair(&s, "QUERY_STRING", "a=2");
	pair(&s, "CONTENT_TYPE", "application/x-www-form-urlencoded");
	end(&s, PARAMS);
	record(&s, STDIN, 1, "b=2&", 4, 255);
	record(&s, STDIN, 1, "c=3+4", 5, 0);
	end(&s, STDIN);
	assert_true(hand_over(&s, false, &q, &peer, SOON_MS));
	assert_int_equal(q.why.code, ERR_OK);
	assert_string_equal(q.path, "/update");
	assert_string_equal(q.method, "POST");
	assert_string_equal(q.parameters[0].name, "a");
	assert_string_equal(q.parameters[0].value, "1");
	assert_string_equal(q.parameters[1].name, "b");
	assert_string_equal(q.parameters[1].value, "2");
	assert_string_equal(q.parameters[2].name, "c");
	assert_string_equal(q.parameters[2].value, "3 4");
	assert_false(request_abandoned(&q));
	request_end(&q);
	reply_with("hello\n", peer);
	len = answer(peer, back, sizeof back);
	assert_true(len > 24 + 8);
	assert_memory_equal(back, values, 8);
	assert_memory_equal(back + 8, unknown, 16);
	assert_int_equal(back[24 + 1], STDOUT);
	assert_memory_equal(back + 24 + 8, "Status: 200 OK\r\n", 16);
	assert_non_null(memmem(back, len, "\r\n\r\nhello\n", 10));
	/* The last record says that the request is done. */
	assert_int_equal(back[len - 16 + 1], END);
}

/* One record that is out of order, or of a wrong kind, ends the matter. */
static const struct {
	const char *title;
	const char *bytes; /* of pairs, in a record; or NULL */
	size_t len;
	uint8_t role;
	unsigned int type, id; /* of the record that is put in */
} wrong[] = {
	{ "another role", NULL, 0, 2, 0, 0 },
	{ "a second beginning", NULL, 0, 1, BEGIN, 1 },
	{ "an abort", NULL, 0, 1, ABORT, 1 },
	{ "a body before the end of parameters", NULL, 0, 1, STDIN, 1 },
	{ "another request", NULL, 0, 1, PARAMS, 2 },
	{ "a length of 2 GB", "\xff\xff\xff\xff\1", 5, 1, 0, 0 },
	{ "two of them", "\xff\xff\xff\xff\xff\xff\xff\xff", 8, 1, 0, 0 },
	{ "a length of 1.9 GB", "\1\xf1\x00\x00\x00x", 6, 1, 0, 0 },
	{ "half a length of a name", "\x80\0", 2, 1, 0, 0 },
	{ "half a length", "\1\x80\0", 3, 1, 0, 0 },
	{ "a name alone", "\1", 1, 1, 0, 0 },
	{ "a value that is too long", "\1\2ab", 4, 1, 0, 0 },
	{ "a NUL", "\1\2a\0b", 5, 1, 0, 0 },
	{ "a '=' in a name", "\2\1a=b", 5, 1, 0, 0 },
};

static void
test_wrong(void **state)
{
	static struct stream s;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct request q;
		uint8_t byte;
		bool taken;
		int peer;

		s.len = 0;
		begin(&s, wrong[i].role);
		pair(&s, "REQUEST_URI", "/update");
		if (wrong[i].bytes != NULL)
			record(&s, PARAMS, 1, wrong[i].bytes, wrong[i].len, 0);
		/* Its content would do as parameters. */
		if (wrong[i].type != 0)
			record(&s, wrong[i].type, wrong[i].id, "\1\2abc\1\0x",
			    8, 0);
		end(&s, PARAMS);
		end(&s, STDIN);
		taken = hand_over(&s, false, &q, &peer, SOON_MS);
		ROW(!taken, "%s: taken", wrong[i].title);
		if (taken) {
			request_end(&q);
			reply_with("no\n", peer);
		}
		ROW(taken || answer(peer, &byte, 1) == 0, "%s: answered",
		    wrong[i].title);
		if (taken)
			close(peer);
	}
	ROWS_END();
}

/*
 * Which requests libfcgi reads from the connection itself: those that are whole
 * at the first look.  Either way it is the same request, and all of it is read.
 */
static const struct {
	const char *title, *method;
	bool in_pieces, asks, pads, is_unread;
} ways[] = {
	{ "at once", "GET", false, false, false, true },
	{ "in pieces", "GET", true, false, false, false },
	{ "with a body", "POST", false, false, false, false },
	{ "with a question", "GET", false, true, false, false },
	{ "padded", "GET", false, false, true, false },
};

static void
test_unread(void **state)
{
	static struct stream s;

	(void)state;
	for (size_t i = 0; i < COUNT(ways); i++) {
		size_t first = ways[i].in_pieces ? 20 : sizeof s.bytes;
		struct request q;
		struct error why;
		uint8_t byte;
		int fds[2];

		s.len = 0;
		record(&s, BEGIN, 1, "\0\1\0\0\0\0\0", 8, ways[i].pads ? 4 : 0);
		if (ways[i].asks)
			record(&s, GET_VALUES, 0, "", 0, 0);
		pair(&s, "REQUEST_METHOD", ways[i].method);
		pair(&s, "REQUEST_URI", "/update");
		end(&s, PARAMS);
		end(&s, STDIN);
		if (first > s.len)
			first = s.len;
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		incoming_begin(&incoming, fds[0]);
		assert_int_equal(send(fds[1], s.bytes, first, 0), first);
		if (first < s.len)
			assert_int_equal(incoming_go_on(&incoming),
			    INCOMING_MORE);
		(void)send(fds[1], s.bytes + first, s.len - first, 0);
		assert_int_equal(incoming_go_on(&incoming), INCOMING_WHOLE);
		ROW(incoming.is_unread == ways[i].is_unread, "%s: read",
		    ways[i].title);
		assert_int_equal(fastcgi_parse(fastcgi, &incoming,
				     incoming.since, &q, &why),
		    ERR_OK);
		ROW(strcmp(q.path, "/update") == 0, "%s: another request",
		    ways[i].title);
		ROW(recv(fds[0], &byte, 1, MSG_DONTWAIT) == -1,
		    "%s: not all was read", ways[i].title);
		incoming_end(&incoming);
		request_end(&q);
		reply_with("yes\n", fds[1]);
		ROW(answer(fds[1], &byte, 1) == 1, "%s: no answer",
		    ways[i].title);
	}
	ROWS_END();
}

/* A whole request, cut off behind each of its bytes. */
static void
test_cut_off(void **state)
{
	static struct stream s;
	size_t whole;

	(void)state;
	s.len = 0;
	begin(&s, 1);
	pair(&s, "REQUEST_METHOD", "POST");
	pair(&s, "CONTENT_TYPE", "application/x-www-form-urlencoded");
	end(&s, PARAMS);
	whole = s.len;
	record(&s, STDIN, 1, "ipv4=1.2.3.4", 12, 0);
	end(&s, STDIN);
	for (size_t all = s.len; s.len-- > 0;) {
		struct request q;
		uint8_t back[512];
		int peer;
		bool taken = hand_over(&s, true, &q, &peer, SOON_MS);

		assert_true(s.len < all);
		ROW(taken == (s.len >= whole), "%zu bytes", s.len);
		if (taken) {
			ROW(q.why.code == ERR_REQUEST && q.parameter_count == 0,
			    "%zu bytes: %s", s.len, q.why.text);
			request_end(&q);
			reply_with("no\n", peer);
		}
		(void)answer(peer, back, sizeof back);
	}
	ROWS_END();
}

/* The limits of lengths and counts, and the first beyond each. */
static void
test_limits(void **state)
{
	static struct stream s;
	static uint8_t value[REQUEST_VARIABLES_SIZE + 1];
	static const struct {
		const char *title;
		size_t value, form, management;
		bool taken;
		const char *why; /* where it is; NULL: nothing */
	} rows[] = {
		{ "60 kB in one", 60000, 0, 0, true, NULL },
		{ "64 kB in one", REQUEST_VARIABLES_SIZE - 10, 0, 0, true,
		    "more than 64 FastCGI parameters or 65536 bytes of them" },
		{ "more", REQUEST_VARIABLES_SIZE + 1, 0, 0, true,
		    "more than 64 FastCGI parameters or 65536 bytes of them" },
		{ "a long form", 2, REQUEST_QUERY_MAX, 0, true, NULL },
		{ "too long a form", 2, REQUEST_QUERY_MAX + 1, 0, true,
		    "its body: it is longer than 4096 bytes" },
		{ "many questions", 2, 0, 8, true, NULL },
		{ "too many", 2, 0, 9, false, NULL },
	};

	(void)state;
	memset(value, 'a', sizeof value);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const size_t v = rows[i].value;
		const uint8_t lengths[5] = { 1, (uint8_t)(v >> 24 | 0x80),
			(uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };
		struct request q = { .why.code = ERR_OK };
		uint8_t back[1024];
		bool taken;
		int peer;

		s.len = 0;
		begin(&s, 1);
		for (size_t j = 0; j < rows[i].management; j++)
			record(&s, GET_VALUES, 0, value, 9, 0);
		pair(&s, "REQUEST_METHOD", "POST");
		pair(&s, "CONTENT_TYPE", "application/x-www-form-urlencoded");
		record(&s, PARAMS, 1, lengths, sizeof lengths, 0);
		record(&s, PARAMS, 1, "X", 1, 0);
		record(&s, PARAMS, 1, value, v / 2, 0);
		record(&s, PARAMS, 1, value, v - v / 2, 0);
		end(&s, PARAMS);
		if (rows[i].form > 0)
			record(&s, STDIN, 1, value, rows[i].form, 0);
		end(&s, STDIN);
		taken = hand_over(&s, false, &q, &peer, SOON_MS);
		ROW(taken == rows[i].taken, "%s: %d", rows[i].title, taken);
		ROW(unit_same(q.why.code != ERR_OK ? q.why.text : NULL,
			rows[i].why),
		    "%s: %s", rows[i].title, q.why.text);
		if (taken) {
			request_end(&q);
			reply_with("no\n", peer);
		}
		(void)answer(peer, back, sizeof back);
	}
	ROWS_END();
}

/* What libfcgi cannot be given, or does not take, is lost; the next is not. */
static void
test_no_copy(void **state)
{
	static struct stream s;

	(void)state;
	for (int i = 0; i < 2 * LOST; i++) {
		bool lost = i % 2 == 0, whole = i / 2 + 1 == LOST;
		uint8_t back[512];
		struct request q;
		int peer;

		/* The copy is made once. */
		if (lost) {
			fastcgi_free(fastcgi);
			assert_non_null(fastcgi = fastcgi_new());
		}
		s.len = 0;
		begin(&s, 1);
		pair(&s, "REQUEST_URI", "/update");
		end(&s, PARAMS);
		if (whole)
			end(&s, STDIN);
		fails = lost ? i / 2 + 1 : 0;
		ROW(hand_over(&s, true, &q, &peer, SOON_MS) != lost,
		    "%d: it %s lost", i, lost ? "is not" : "is");
		fails = 0;
		if (!lost) {
			request_end(&q);
			reply_with("yes\n", peer);
		}
		ROW((answer(peer, back, sizeof back) > 0) != lost, "%d", i);
	}
	ROWS_END();
}

/* What only looks like the end of a request is not. */
static void
test_wrong_end(void **state)
{
	static const uint8_t ends[][8] = { { 2, STDIN, 0, 1 },
		{ 1, PARAMS, 0, 1 }, { 1, STDIN, 0, 2 }, { 1, STDIN, 1, 1 },
		{ 1, STDIN, 0, 1, 1, 0 }, { 1, STDIN, 0, 1, 0, 1 },
		{ 1, STDIN, 0, 1, 0, 0, 1 } };
	static struct stream s;

	(void)state;
	for (size_t i = 0; i < COUNT(ends); i++) {
		uint8_t back[512];
		struct request q;
		int peer;

		s.len = 0;
		begin(&s, 1);
		pair(&s, "REQUEST_URI", "/update");
		end(&s, PARAMS);
		put(&s, ends[i], sizeof ends[i]);
		assert_true(hand_over(&s, false, &q, &peer, SOON_MS));
		request_end(&q);
		ROW(!incoming.is_ended, "%zu is an end", i);
		reply_with("yes\n", peer);
		ROW(answer(peer, back, sizeof back) > 0, "%zu: no answer", i);
	}
	ROWS_END();
}

/* A role is a number of two bytes. */
static void
test_large_role(void **state)
{
	static const uint8_t body[8] = { 1, 1 };
	static struct stream s;
	struct request q;
	uint8_t byte;
	int peer;

	(void)state;
	s.len = 0;
	record(&s, BEGIN, 1, body, sizeof body, 0);
	pair(&s, "REQUEST_URI", "/update");
	end(&s, PARAMS);
	assert_false(hand_over(&s, true, &q, &peer, SOON_MS));
	assert_int_equal(answer(peer, &byte, 1), 0);
}

/* Who sends no more is not waited for beyond the deadline. */
static void
test_deadline(void **state)
{
	static struct stream s;
	struct request q;
	uint8_t byte;
	int peer;

	(void)state;
	for (size_t len = 0; len < 30; len += 10) {
		s.len = 0;
		begin(&s, 1);
		pair(&s, "REQUEST_URI", "/update");
		s.len = len;
		assert_false(hand_over(&s, false, &q, &peer, 50));
		assert_int_equal(answer(peer, &byte, 1), 0);
	}
}

/*
 * Requests one after the other, of each length around those at which libfcgi
 * reads once more: each gets its own parameters, and nothing of the last one.
 */
static void
test_in_a_row(void **state)
{
	enum { READ = 8192, AROUND = 40 };
	static struct stream s;
	static uint8_t value[3 * READ];

	(void)state;
	memset(value, 'a', sizeof value);
	for (size_t i = 0; i < 2 * 2 * AROUND; i++) {
		size_t v = (1 + i % 2) * READ - AROUND - 40 + i / 2;
		const uint8_t lengths[5] = { 1, (uint8_t)(v >> 24 | 0x80),
			(uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };
		char path[32], want[32];
		uint8_t back[512];
		struct request q;
		int peer;

		snprintf(path, sizeof path, "/%zu?n=%zu", v, i);
		snprintf(want, sizeof want, "/%zu", v);
		s.len = 0;
		begin(&s, 1);
		record(&s, PARAMS, 1, lengths, sizeof lengths, 0);
		record(&s, PARAMS, 1, "X", 1, 0);
		record(&s, PARAMS, 1, value, v, 0);
		pair(&s, "REQUEST_URI", path);
		end(&s, PARAMS);
		end(&s, STDIN);
		assert_true(hand_over(&s, false, &q, &peer, SOON_MS));
		ROW(q.why.code == ERR_OK && strcmp(q.path, want) == 0,
		    "%zu bytes: %s, %s", v, q.path, q.why.text);
		request_end(&q);
		reply_with("yes\n", peer);
		ROW(answer(peer, back, sizeof back) > 0, "%zu bytes", v);
	}
	ROWS_END();
}

/* Puts a request without its last record. */
static void
open_request(struct stream *s)
{
	s->len = 0;
	begin(s, 1);
	pair(s, "REQUEST_URI", "/update");
	end(s, PARAMS);
}

/*
 * A peer that does nothing but hold its end is left at once when all that it
 * had to send has come, and after two seconds when it has not, also if it sends
 * a byte from time to time.
 */
static void
test_leaves(void **state)
{
	static const struct {
		const char *title;
		bool ended, drips;
	} rows[] = {
		{ "the request is whole", true, false },
		{ "its end is missing", false, false },
		{ "a byte from time to time", false, true },
	};
	static struct stream s;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reply r = { .status = 200, .body.max = REPLY_BODY_MAX };
		const struct timespec pause = { 0, 100000000L };
		int64_t began;
		struct request q;
		uint8_t back[512];
		pid_t drip = 0;
		int peer;

		open_request(&s);
		if (rows[i].ended)
			end(&s, STDIN);
		assert_true(hand_over(&s, false, &q, &peer, SOON_MS));
		request_end(&q);
		if (rows[i].drips && (drip = fork()) == 0) {
			close(q.fd);
			while (send(peer, "x", 1, MSG_NOSIGNAL) == 1)
				nanosleep(&pause, NULL);
			_exit(0);
		}
		began = clock_now();
		finish(&r);
		began = clock_now() - began;
		reply_end(&r);
		ROW(rows[i].ended ? began < 1500 :
				    began >= 1900 && began < SOON_MS,
		    "%s: %d ms", rows[i].title, (int)began);
		ROW(answer(peer, back, sizeof back) > 0, "%s: no answer",
		    rows[i].title);
		if (drip > 0)
			waitpid(drip, NULL, 0);
	}
	ROWS_END();
}

/* What comes after the reply was written does not cost the peer the reply. */
static void
test_late_end(void **state)
{
	static struct stream s;
	struct reply r = { .status = 200, .body.max = REPLY_BODY_MAX };
	struct request q;
	uint8_t back[512];
	int peer, status = -1;
	pid_t pid;

	(void)state;
	open_request(&s);
	assert_true(hand_over(&s, false, &q, &peer, SOON_MS));
	request_end(&q);
	if ((pid = fork()) == 0) {
		struct pollfd p = { .fd = peer, .events = POLLIN };

		close(q.fd);
		/* The reply is there, and was not read yet. */
		(void)poll(&p, 1, SOON_MS);
		s.len = 0;
		record(&s, STDIN, 1, "body", 4, 0);
		end(&s, STDIN);
		(void)send(peer, s.bytes, s.len, MSG_NOSIGNAL);
		_exit(answer(peer, back, sizeof back) > 0 ? 0 : 1);
	}
	close(peer);
	finish(&r);
	reply_end(&r);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static int
setup(void **state)
{
	(void)state;
	fastcgi = fastcgi_new();
	return fastcgi != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	fastcgi_free(fastcgi);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_unread),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_no_memory_for_the_head),
		cmocka_unit_test(test_no_memory_at_all),
		cmocka_unit_test(test_no_copy),
		cmocka_unit_test(test_wrong_end),
		cmocka_unit_test(test_large_role),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_in_a_row),
		cmocka_unit_test(test_leaves),
		cmocka_unit_test(test_late_end),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
