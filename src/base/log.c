#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/quote.h"
#include "base/self.h"
#include "base/shared.h"

/* How a line begins. */
enum head {
	HEAD_UNKNOWN, /* standard error, which nobody has looked at yet */
	HEAD_PLAIN,   /* time, name and pid */
	HEAD_JOURNAL, /* "<4>": the journal adds the rest itself */
	HEAD_SYSLOG,  /* as syslogd(8) reads it from its local socket */
};

/* What a line is written to. */
enum sink {
	SINK_UNKNOWN, /* as HEAD_UNKNOWN */
	SINK_SOCKET,
	SINK_FILE, /* which takes a line at once, or never */
	SINK_OTHER /* a pipe or a terminal, which may be full */
};

/* The process has one log; every function writes to it. */
static int log_fd = STDERR_FILENO; /* -1: syslog, which does not answer */
static enum head log_head;
static enum sink log_sink;

/* Lines that were lost since the last one that got through. */
static _Atomic unsigned long lost_here;
static _Atomic unsigned long *lost = &lost_here;

/* Is standard error the stream that systemd told us of? */
static bool
is_journal(const struct stat *st)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t device, inode;

	return stream != NULL &&
	    sscanf(stream, "%" SCNuMAX ":%" SCNuMAX, &device, &inode) == 2 &&
	    device == (uintmax_t)st->st_dev && inode == (uintmax_t)st->st_ino;
}

static enum head
head_of_stderr(void)
{
	struct stat st;

	return fstat(STDERR_FILENO, &st) == 0 && is_journal(&st) ?
	    HEAD_JOURNAL :
	    HEAD_PLAIN;
}

/* Safe in a signal handler, as is all that writes a line. */
static enum sink
sink_of(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return SINK_UNKNOWN;
	return S_ISSOCK(st.st_mode) ? SINK_SOCKET :
	    S_ISREG(st.st_mode)	    ? SINK_FILE :
				      SINK_OTHER;
}

/*
 * A write to a pipe must not wait for its reader.  The flag belongs to all who
 * share the pipe; a terminal keeps it off, since a shell shares that one.
 */
static void
unblock_stderr(void)
{
	struct stat st;
	int flags;

	if (fstat(STDERR_FILENO, &st) == 0 && S_ISFIFO(st.st_mode) &&
	    (flags = fcntl(STDERR_FILENO, F_GETFL)) != -1)
		(void)fcntl(STDERR_FILENO, F_SETFL, flags | O_NONBLOCK);
}

/*
 * A socket of our own, since syslog(3) waits while the queue of syslogd is
 * full.  -1 if nobody listens.
 */
static int
connect_syslog(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX,
		.sun_path = "/dev/log" };
	int fd;

	if ((fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		 0)) == -1)
		return -1;
	if (connect(fd, (struct sockaddr *)&un, sizeof un) == 0)
		return fd;
	close(fd);
	return -1;
}

enum err
log_open(const char *target, struct error *why)
{
	_Atomic unsigned long *counter;
	enum head head = HEAD_PLAIN;
	int fd;

	if (strcmp(target, "stderr") == 0) {
		fd = STDERR_FILENO;
		head = head_of_stderr();
		unblock_stderr();
	} else if (strcmp(target, "syslog") == 0) {
		fd = connect_syslog();
		head = HEAD_SYSLOG;
	} else if ((fd = open(target,
			O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW |
			    O_NOCTTY | O_NONBLOCK,
			0640)) == -1) {
		return error_set(why, ERR_SYSTEM, "log %s: %s", target,
		    errno == ELOOP ?
			"a symbolic link, which is not followed; name the file "
			"that it leads to" :
			strerror(errno));
	}
	if (log_fd != STDERR_FILENO && log_fd != -1)
		close(log_fd);
	log_fd = fd;
	log_head = head;
	log_sink = sink_of(fd);
	if (lost == &lost_here &&
	    (counter = shared_new(sizeof *counter)) != NULL)
		lost = counter;
	return ERR_OK;
}

/* "2026-11-28T04:05:06Z ", made once for all the lines of a second. */
static const char *
stamp(time_t when)
{
	static char text[32];
	static time_t made;
	struct tm tm;

	if (*text == '\0' || when != made) {
		(void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ ",
		    gmtime_r(&when, &tm));
		made = when;
	}
	return text;
}

/* Writes what precedes the text; returns its length, which is below 80. */
static size_t
put_head(char *line, size_t size, time_t when, int priority)
{
	struct tm tm;
	size_t n = 0;

	switch (log_head) {
	case HEAD_JOURNAL:
		return (size_t)snprintf(line, size, "<%d>", priority);
	case HEAD_SYSLOG:
		n = (size_t)snprintf(line, size, "<%d>", LOG_DAEMON | priority);
		n += strftime(line + n, size - n, "%b %e %H:%M:%S ",
		    localtime_r(&when, &tm));
		return n +
		    (size_t)snprintf(line + n, size - n,
			"ddnsgate[%d]: ", (int)self_pid());
	default:
		return (size_t)snprintf(line, size, "%sddnsgate[%d]: %s",
		    stamp(when), (int)self_pid(),
		    priority == LOG_WARNING ? "warning: " : "");
	}
}

static void
line_format(struct log_line *l, time_t when, int priority, const char *text)
{
	char *line = l->bytes;
	size_t size = sizeof l->bytes, n;

	if (log_head == HEAD_UNKNOWN)
		log_head = head_of_stderr();
	n = put_head(line, size, when, priority);
	n += quote(line + n, size - n - 1, text, strlen(text), "");
	line[n++] = '\n';
	l->len = n;
}

/* One write, so that lines of several processes do not mix. */
static bool
write_once(const struct log_line *l)
{
	struct pollfd writable = { .fd = log_fd, .events = POLLOUT };
	/* A line break ends a line of a file, and no datagram. */
	size_t len = log_head == HEAD_SYSLOG ? l->len - 1 : l->len;

	if (log_sink == SINK_UNKNOWN)
		log_sink = sink_of(log_fd);
	if (log_sink == SINK_SOCKET)
		return send(log_fd, l->bytes, len,
			   MSG_DONTWAIT | MSG_NOSIGNAL) != -1;
	/* A terminal may be stopped, and a pipe full. */
	if (log_sink != SINK_FILE &&
	    (poll(&writable, 1, 0) != 1 || (writable.revents & POLLOUT) == 0))
		return false;
	return write(log_fd, l->bytes, len) != -1;
}

/* As write_once(); a syslogd that was started anew is found again. */
static bool
line_write(const struct log_line *l)
{
	if (write_once(l))
		return true;
	if (log_head != HEAD_SYSLOG || errno == EAGAIN)
		return false;
	if (log_fd != -1)
		close(log_fd);
	log_fd = connect_syslog();
	log_sink = SINK_UNKNOWN;
	return log_fd != -1 && write_once(l);
}

void
log_write(const struct log_line *l)
{
	if (!line_write(l))
		atomic_fetch_add(lost, 1);
}

/* False, and the count stays, if not even this line gets through. */
static bool
tell_lost(void)
{
	unsigned long count = atomic_exchange(lost, 0);
	struct log_line line;
	char text[80];

	if (count == 0)
		return true;
	snprintf(text, sizeof text, "lines lost before this one: %lu", count);
	line_format(&line, time(NULL), LOG_WARNING, text);
	if (line_write(&line))
		return true;
	atomic_fetch_add(lost, count);
	return false;
}

static void __attribute__((format(printf, 2, 0)))
log_text(int priority, const char *fmt, va_list ap)
{
	char text[LOG_LINE_MAX + 64];
	struct log_line line;
	int saved = errno;

	vsnprintf(text, sizeof text, fmt, ap);
	line_format(&line, time(NULL), priority, text);
	if (tell_lost())
		log_write(&line);
	else
		atomic_fetch_add(lost, 1);
	errno = saved;
}

void
log_prepare(struct log_line *l, time_t when, const char *fmt, ...)
{
	char text[LOG_LINE_MAX + 64];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	line_format(l, when, LOG_WARNING, text);
}

void
log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_text(LOG_INFO, fmt, ap);
	va_end(ap);
}

void
log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_text(LOG_WARNING, fmt, ap);
	va_end(ap);
}
