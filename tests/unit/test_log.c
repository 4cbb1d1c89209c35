/*
 * test_log.c - one line an event, and nothing in it that acts on a terminal.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include <json-c/json.h>

#include "base/entry.h"
#include "base/log.h"

#define VALUE_LONG  400
#define FIELDS_MANY 100

/* "2024-02-29T12:00:00Z ddnsgate[123]: " */
#define HEAD                                                    \
	"^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:" \
	"[0-6][0-9]Z ddnsgate\\[[0-9]+\\]: "

static const char *
log_file(void)
{
	static char file[512];

	snprintf(file, sizeof file, "%s/log", unit_directory());
	return file;
}

/* Opens an empty log. */
static int
start(void **state)
{
	struct error why;

	(void)state;
	unlink(log_file());
	assert_int_equal(log_open(&(struct log_settings){ .to = log_file() },
			     &why),
	    ERR_OK);
	return 0;
}

static int
stop(void **state)
{
	struct error why;

	(void)state;
	assert_int_equal(log_open(&(struct log_settings){ .to = "stderr" },
			     &why),
	    ERR_OK);
	return 0;
}

/* What follows the head of the only line; the caller frees *text. */
static const char *
only_line(char **text)
{
	regmatch_t head;
	regex_t re;
	char *end;

	*text = unit_read(log_file());
	end = strchr(*text, '\n');
	assert_non_null(end);
	assert_int_equal(end[1], '\0');
	*end = '\0';
	assert_int_equal(regcomp(&re, HEAD, REG_EXTENDED), 0);
	assert_int_equal(regexec(&re, *text, 1, &head, 0), 0);
	regfree(&re);
	return *text + head.rm_eo;
}

static const struct {
	const char *in;
	const char *out;
} quoted[] = {
	{ "home.example.org: good", "home.example.org: good" },
	{ "", "" },
	{ "a\nb", "a\\x0ab" },
	{ "a\r\n2024-02-29T12:00:00Z ddnsgate[1]: forged",
	    "a\\x0d\\x0a2024-02-29T12:00:00Z ddnsgate[1]: forged" },
	{ "\x1b[2J\x07", "\\x1b[2J\\x07" },
	{ "\t", "\\x09" },
	{ "\x7f", "\\x7f" },
	{ "m\xc3\xbcller", "m\\xc3\\xbcller" },
	{ "\xff\x80", "\\xff\\x80" },
	{ "%s%n", "%s%n" },
};

static void
test_quoted(void **state)
{
	char *text;

	for (size_t i = 0; i < COUNT(quoted); i++) {
		const char *line;

		start(state);
		log_info("%s", quoted[i].in);
		line = only_line(&text);
		ROW(strcmp(line, quoted[i].out) == 0, "\"%s\", not \"%s\"",
		    line, quoted[i].out);
		free(text);
	}
	ROWS_END();
}

static void
test_warn(void **state)
{
	char *text;

	(void)state;
	log_warn("worker %d died", 7);
	assert_string_equal(only_line(&text), "warning: worker 7 died");
	free(text);
}

static void
test_errno(void **state)
{
	(void)state;
	errno = EILSEQ;
	log_info("x");
	assert_int_equal(errno, EILSEQ);
}

/* One line, not longer than it may be, and the reader sees that it was cut. */
static const struct {
	char fill;
	size_t len;
	bool cut;
} lengths[] = {
	{ 'a', 1, false },
	{ 'a', LOG_LINE_MAX / 2, false },
	{ 'a', LOG_LINE_MAX - 100, false },
	{ 'a', LOG_LINE_MAX, true },
	{ 'a', LOG_LINE_MAX + 1, true },
	{ 'a', 10 * LOG_LINE_MAX, true },
	{ '\n', LOG_LINE_MAX / 5, false },
	{ '\n', LOG_LINE_MAX / 2, true },
	{ '\n', LOG_LINE_MAX, true },
	{ '\n', 10 * LOG_LINE_MAX, true },
};

static void
test_length(void **state)
{
	char *in = malloc(10 * LOG_LINE_MAX + 1);

	assert_non_null(in);
	for (size_t i = 0; i < COUNT(lengths); i++) {
		size_t len, want = lengths[i].len;
		const char *line;
		char *text;

		start(state);
		memset(in, lengths[i].fill, want);
		in[want] = '\0';
		log_info("%s", in);
		line = only_line(&text);
		len = strlen(line);
		/* With its head and its end. */
		ROW(strlen(text) + 1 <= LOG_LINE_MAX, "%zu: %zu bytes", want,
		    strlen(text) + 1);
		ROW((len >= 3 && strcmp(line + len - 3, "...") == 0) ==
			lengths[i].cut,
		    "%zu of %d: ends in \"%s\"", want, lengths[i].fill,
		    len >= 8 ? line + len - 8 : line);
		if (!lengths[i].cut)
			ROW(len == want * (lengths[i].fill == 'a' ? 1 : 4),
			    "%zu: became %zu", want, len);
		free(text);
	}
	free(in);
	ROWS_END();
}

static void
test_mode(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(stat(log_file(), &st), 0);
	assert_int_equal(st.st_mode & 07777 & ~0640, 0);
}

/* Appends; and after a rotation the same name is a new file. */
static void
test_reopen(void **state)
{
	struct error why;
	char moved[600], *text;

	(void)state;
	snprintf(moved, sizeof moved, "%s.1", log_file());
	log_info("one");
	assert_int_equal(log_open(&(struct log_settings){ .to = log_file() },
			     &why),
	    ERR_OK);
	log_info("two");
	assert_int_equal(rename(log_file(), moved), 0);
	log_info("three");
	assert_int_equal(log_open(&(struct log_settings){ .to = log_file() },
			     &why),
	    ERR_OK);
	log_info("four");
	assert_string_equal(only_line(&text), "four");
	free(text);
	text = unit_read(moved);
	assert_non_null(strstr(text, "one\n"));
	assert_non_null(strstr(text, "two\n"));
	assert_non_null(strstr(text, "three\n"));
	free(text);
}

/* What cannot be opened leaves the log as it is. */
static void
test_refused(void **state)
{
	char link[600], *text;
	struct error why;

	(void)state;
	assert_int_equal(log_open(&(struct
				      log_settings){ .to = unit_directory() },
			     &why),
	    ERR_SYSTEM);
	assert_int_equal(log_open(&(struct
				      log_settings){ .to = "/nonexistent/log" },
			     &why),
	    ERR_SYSTEM);
	assert_string_equal(why.text,
	    "log /nonexistent/log: No such file or directory");
	/* Somebody else's link could point anywhere. */
	snprintf(link, sizeof link, "%s/link", unit_directory());
	assert_int_equal(symlink("/etc/passwd", link), 0);
	assert_int_equal(log_open(&(struct log_settings){ .to = link }, &why),
	    ERR_SYSTEM);
	unlink(link);
	log_info("still here");
	assert_string_equal(only_line(&text), "still here");
	free(text);
}

/* A full disk loses the line and nothing else, and the next line tells. */
static void
test_full(void **state)
{
	struct error why;
	char *text;

	(void)state;
	if (access("/dev/full", W_OK) == -1) {
		unit_skipped("there is no /dev/full");
		return;
	}
	assert_int_equal(log_open(&(struct log_settings){ .to = "/dev/full" },
			     &why),
	    ERR_OK);
	errno = 0;
	log_info("lost");
	assert_int_equal(errno, 0);
	assert_int_equal(log_open(&(struct log_settings){ .to = log_file() },
			     &why),
	    ERR_OK);
	log_info("written");
	text = unit_read(log_file());
	assert_non_null(
	    strstr(text, "warning: lines lost before this one: 1\n"));
	assert_non_null(strstr(text, "]: written\n"));
	free(text);
}

/* Every byte that lies in fd, which does not block; the caller frees it. */
static char *
drain(int fd)
{
	size_t room = 1 << 20, len = 0;
	char *text = malloc(room);
	ssize_t n;

	assert_non_null(text);
	while (len < room - 1 &&
	    (n = recv(fd, text + len, room - 1 - len, MSG_DONTWAIT)) > 0)
		len += (size_t)n;
	if (len == 0)
		while (len < room - 1 &&
		    (n = read(fd, text + len, room - 1 - len)) > 0)
			len += (size_t)n;
	text[len] = '\0';
	return text;
}

/*
 * How many lines of text are events, and how many lines do the others say
 * were lost?
 */
static void
count_lines(const char *text, unsigned long *events, unsigned long *told)
{
	for (; *text != '\0'; text = strchr(text, '\n') + 1) {
		const char *at = strstr(text, "]: ");
		unsigned long n;

		assert_non_null(at);
		assert_non_null(strchr(text, '\n'));
		if (sscanf(at, "]: warning: lines lost before this one: %lu",
			&n) == 1)
			*told += n;
		else
			++*events;
	}
}

static int saved_stderr = -1;

/* Standard error is fd until stderr_restore(). */
static void
stderr_is(int fd)
{
	struct error why;

	fflush(stderr);
	assert_int_not_equal(saved_stderr = dup(STDERR_FILENO), -1);
	assert_int_not_equal(dup2(fd, STDERR_FILENO), -1);
	assert_int_equal(log_open(&(struct log_settings){ .to = "stderr" },
			     &why),
	    ERR_OK);
}

static void
stderr_restore(void)
{
	struct error why;

	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	assert_int_equal(log_open(&(struct log_settings){ .to = "stderr" },
			     &why),
	    ERR_OK);
}

/*
 * Nobody reads, in a pipe or in a socket: no line waits (the alarm would end
 * the program), the ones that got in are whole, and the others are counted.
 */
static void
check_unread(const int ends[2])
{
	enum { SENT = 5000 };
	unsigned long events = 0, told = 0;
	char *before, *after;

	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	alarm(60);
	stderr_is(ends[1]);
	for (int i = 0; i < SENT; i++)
		log_info("%0200d", i);
	before = drain(ends[0]);
	log_info("heard");
	stderr_restore();
	alarm(0);
	after = drain(ends[0]);
	count_lines(before, &events, &told);
	assert_true(events > 0 && events < SENT);
	count_lines(after, &events, &told);
	assert_int_equal(events + told, SENT + 1);
	assert_non_null(strstr(after, "lines lost before this one: "));
	assert_non_null(strstr(after, "heard\n"));
	free(before);
	free(after);
	close(ends[0]);
	close(ends[1]);
}

static void
test_unread_pipe(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	check_unread(ends);
}

static void
test_unread_socket(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
			     ends),
	    0);
	check_unread(ends);
}

/* All forked processes count together, so that the one that lives tells. */
static void
test_lost_by_a_child(void **state)
{
	int ends[2], status;
	char *text;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	stderr_is(ends[1]);
	assert_int_not_equal(pid = fork(), -1);
	if (pid == 0) {
		for (int i = 0; i < 5000; i++)
			log_info("%0200d", i);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	free(drain(ends[0]));
	log_info("heard");
	stderr_restore();
	text = drain(ends[0]);
	assert_non_null(strstr(text, "lines lost before this one: "));
	free(text);
	close(ends[0]);
	close(ends[1]);
}

static const struct log_field fields[] = { { "request_id", "a-1", 0 },
	{ "user", "an\"na\n", 0 }, { "login_ms", NULL, 12 },
	{ NULL, NULL, 0 } };

/* Each line is one JSON object, whatever is in it. */
static void
test_json(void **state)
{
	const struct log_settings how = { .to = log_file(), .json = true };
	char *text, *line, *end, long_text[LOG_LINE_MAX + 200];
	struct error why;
	json_object *o;

	(void)state;
	assert_int_equal(log_open(&how, &why), ERR_OK);
	log_event(fields, "a \"quoted\"\n\xff word");
	log_warn("worker %d died", 7);
	for (size_t i = 0; i < 3; i++) {
		snprintf(long_text, sizeof long_text, "%0*d%s",
		    (int)(LOG_LINE_MAX - 300 + i * 200), 1, "\"\\\"");
		log_event(fields, long_text);
	}
	text = unit_read(log_file());
	for (line = text; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		*end = '\0';
		ROW(strlen(line) < LOG_LINE_MAX, "%zu bytes", strlen(line));
		o = json_tokener_parse(line);
		ROW(o != NULL, "no JSON: %s", line);
		json_object_put(o);
	}
	line = strchr(text, '\0') + 1;
	ROW(strstr(text, "Z\",\"level\":\"info\",\"pid\":") != NULL &&
		strstr(text,
		    ",\"message\":\"a \\\"quoted\\\"\\\\x0a\\\\xff word\","
		    "\"request_id\":\"a-1\",\"user\":\"an\\\"na\\\\x0a\","
		    "\"login_ms\":12}") != NULL,
	    "%s", text);
	ROW(strstr(line, "\"level\":\"warning\"") != NULL &&
		strstr(line, "\"message\":\"worker 7 died\"}") != NULL,
	    "%s", line);
	free(text);
	ROWS_END();
}

static void
test_level(void **state)
{
	const struct log_settings how = { .to = log_file(),
		.only_warnings = true };
	struct error why;
	char *text;

	(void)state;
	assert_int_equal(log_open(&how, &why), ERR_OK);
	log_info("all is well");
	log_warn("act");
	assert_string_equal(only_line(&text), "warning: act");
	free(text);
}

/* The journal's own socket: systemd.io/JOURNAL_NATIVE_PROTOCOL. */
static void
test_journal_socket(void **state)
{
	const struct log_settings how = { .to = "stderr" };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	char stream[64], bytes[2 * LOG_LINE_MAX];
	int ends[2], fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const char *before = log_journal;
	struct error why;
	struct stat st;
	ssize_t n;

	(void)state;
	snprintf(un.sun_path, sizeof un.sun_path, "%s/j", unit_directory());
	unlink(un.sun_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof un), 0);
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	assert_int_equal(fstat(ends[1], &st), 0);
	snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
	log_journal = un.sun_path;
	stderr_is(ends[1]);
	log_event(fields, "two\nlines");
	stderr_restore();
	log_journal = before;
	assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
	assert_int_equal(log_open(&how, &why), ERR_OK);
	n = recv(fd, bytes, sizeof bytes - 1, MSG_DONTWAIT);
	assert_true(n > 0);
	bytes[n] = '\0';
	assert_string_equal(bytes,
	    "PRIORITY=6\nSYSLOG_IDENTIFIER=ddnsgate\nMESSAGE=two\\x0alines\n"
	    "DDNSGATE_REQUEST_ID=a-1\nDDNSGATE_USER=an\"na\\x0a\n"
	    "DDNSGATE_LOGIN_MS=12\n");
	close(fd);
	close(ends[0]);
	close(ends[1]);
}

/* The test's own syslogd stands where syslog(3) looks for it. */
static char syslogd[sizeof((struct sockaddr_un *)0)->sun_path];

int __wrap_connect(int fd, const struct sockaddr *to, socklen_t len);
int __real_connect(int fd, const struct sockaddr *to, socklen_t len);

int
__wrap_connect(int fd, const struct sockaddr *to, socklen_t len)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	if (strcmp(((const struct sockaddr_un *)(const void *)to)->sun_path,
		_PATH_LOG) != 0)
		return __real_connect(fd, to, len);
	strcpy(un.sun_path, syslogd);
	return __real_connect(fd, (struct sockaddr *)&un, sizeof un);
}

static int
start_syslogd(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(syslogd, sizeof syslogd, "%s/syslogd", unit_directory());
	strcpy(un.sun_path, syslogd);
	unlink(syslogd);
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof un), 0);
	return fd;
}

/* The next datagram must be of that form: RFC 3164, 4.1. */
static void
expect(int fd, const char *form)
{
	char bytes[2 * LOG_LINE_MAX], whole[256];
	ssize_t n = recv(fd, bytes, sizeof bytes - 1, MSG_DONTWAIT);
	regex_t re;

	bytes[n > 0 ? n : 0] = '\0';
	snprintf(whole, sizeof whole,
	    "^%.4s[A-Z][a-z]{2} [ 1-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-6][0-9] "
	    "ddnsgate\\[[0-9]+\\]: %s$",
	    form, form + 4);
	assert_int_equal(regcomp(&re, whole, REG_EXTENDED | REG_NOSUB), 0);
	ROW(regexec(&re, bytes, 0, NULL, 0) == 0, "\"%s\" is not %s", bytes,
	    whole);
	regfree(&re);
}

/* A syslogd that was started anew is found again, and told what it missed. */
static void
test_syslog(void **state)
{
	const struct log_settings how = { .to = "syslog" };
	struct error why;
	int fd = start_syslogd();

	(void)state;
	assert_int_equal(log_open(&how, &why), ERR_OK);
	log_info("all is\nwell");
	log_warn("act");
	expect(fd, "<30>all is\\\\x0awell");
	expect(fd, "<28>act");
	close(fd);
	log_info("nobody reads this");
	log_info("nor this");
	fd = start_syslogd();
	log_info("back");
	expect(fd, "<28>lines lost before this one: 2");
	expect(fd, "<30>back");
	close(fd);
	fd = start_syslogd();
	log_info("nothing is lost");
	expect(fd, "<30>nothing is lost");
	close(fd);
	unlink(syslogd);
	/* Nobody listens, twice: there is no descriptor to close. */
	assert_int_equal(log_open(&how, &why), ERR_OK);
	assert_int_equal(log_open(&how, &why), ERR_OK);
	stop(state);
	ROWS_END();
}

/* Whoever started us may have closed standard error. */
static void
test_no_stderr(void **state)
{
	int before = dup(STDERR_FILENO);

	(void)state;
	assert_int_not_equal(before, -1);
	close(STDERR_FILENO);
	stop(state);
	assert_int_not_equal(dup2(before, STDERR_FILENO), -1);
	close(before);
	stop(state);
}

/* Without a descriptor for its socket, lines are lost until there is one. */
static void
test_syslog_without_descriptors(void **state)
{
	const struct log_settings how = { .to = "syslog" };
	struct rlimit before, none;
	struct error why;
	int fd = start_syslogd(), most;

	(void)state;
	assert_int_not_equal(most = dup(STDERR_FILENO), -1);
	close(most);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = (rlim_t)most;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(log_open(&how, &why), ERR_OK);
	log_info("lost");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	log_info("got");
	expect(fd, "<28>lines lost before this one: 1");
	expect(fd, "<30>got");
	close(fd);
	unlink(syslogd);
	stop(state);
	ROWS_END();
}

/* A line that is too long for the journal's fields keeps those that fit. */
static void
test_fields_beyond_a_line(void **state)
{
	char text[VALUE_LONG + 1];
	struct log_field many[FIELDS_MANY + 1] = { { NULL, NULL, 0 } };
	struct log_line line;

	(void)state;
	memset(text, 'x', VALUE_LONG);
	text[VALUE_LONG] = '\0';
	for (size_t i = 0; i < FIELDS_MANY; i++)
		many[i] = (struct log_field){ "reason", text, 0 };
	entry_make(&line, ENTRY_JOURNAL, false, 0, LOG_INFO, "m", many);
	assert_true(line.len <= sizeof line.bytes);
	assert_int_equal(line.bytes[line.len - 1], '\n');
	assert_memory_equal(line.bytes, "PRIORITY=6\n", 11);
	assert_non_null(memmem(line.bytes, line.len, "MESSAGE=m\n", 10));
	assert_non_null(
	    memmem(line.bytes, line.len, "\nDDNSGATE_REASON=x", 18));
}

/* The journal knows time and pid; systemd.exec(5), JOURNAL_STREAM. */
static void
test_journal(void **state)
{
	char stream[64], other[64], *text;
	const char *const streams[] = { "1:1", "", "none", other };
	int ends[2];
	struct stat st;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	assert_int_equal(fstat(ends[1], &st), 0);
	snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	stderr_is(ends[1]);
	log_info("one\n<0>two");
	log_warn("three");
	stderr_restore();
	text = drain(ends[0]);
	assert_string_equal(text, "<6>one\\x0a<0>two\n<4>three\n");
	free(text);
	/* Standard error was redirected since systemd looked. */
	snprintf(other, sizeof other, "%ju:1", (uintmax_t)st.st_dev);
	for (size_t i = 0; i < COUNT(streams); i++) {
		setenv("JOURNAL_STREAM", streams[i], 1);
		stderr_is(ends[1]);
		log_warn("four");
		stderr_restore();
		unsetenv("JOURNAL_STREAM");
		text = drain(ends[0]);
		ROW(strstr(text, "]: warning: four\n") != NULL, "%s: %s",
		    streams[i], text);
		free(text);
	}
	ROWS_END();
	close(ends[0]);
	close(ends[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_quoted, start, stop),
		cmocka_unit_test_setup_teardown(test_warn, start, stop),
		cmocka_unit_test_setup_teardown(test_errno, start, stop),
		cmocka_unit_test_setup_teardown(test_length, start, stop),
		cmocka_unit_test_setup_teardown(test_mode, start, stop),
		cmocka_unit_test_setup_teardown(test_reopen, start, stop),
		cmocka_unit_test_setup_teardown(test_refused, start, stop),
		cmocka_unit_test_setup_teardown(test_full, start, stop),
		cmocka_unit_test(test_unread_pipe),
		cmocka_unit_test(test_unread_socket),
		cmocka_unit_test(test_lost_by_a_child),
		cmocka_unit_test(test_journal),
		cmocka_unit_test(test_journal_socket),
		cmocka_unit_test(test_syslog),
		cmocka_unit_test(test_syslog_without_descriptors),
		cmocka_unit_test(test_no_stderr),
		cmocka_unit_test(test_fields_beyond_a_line),
		cmocka_unit_test_setup_teardown(test_json, start, stop),
		cmocka_unit_test_setup_teardown(test_level, start, stop),
	};

	log_journal = "/nonexistent/journal";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
