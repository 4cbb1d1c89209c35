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

#include "base/entry.h"
#include "base/log.h"
#include "base/shared.h"

/* What a line is written to. */
enum sink {
	SINK_UNKNOWN, /* nobody has looked at it yet */
	SINK_SOCKET,
	SINK_FILE, /* which takes a line at once, or never */
	SINK_OTHER /* a pipe or a terminal, which may be full */
};

/* The process has one log; every function writes to it. */
static int log_fd = STDERR_FILENO; /* -1: a socket that does not answer */
static enum entry_form log_form;
static enum sink log_sink;
static bool log_unseen = true; /* standard error was not looked at yet */
static bool log_json, log_only_warnings;

const char *log_journal = "/run/systemd/journal/socket";

static const struct log_field no_fields[] = { { NULL, NULL, 0 } };

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

static enum entry_form
form_of_stderr(void)
{
	struct stat st;

	return fstat(STDERR_FILENO, &st) == 0 && is_journal(&st) ?
	    ENTRY_STREAM :
	    ENTRY_PLAIN;
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
connect_to(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd;

	if ((fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		 0)) == -1)
		return -1;
	snprintf(un.sun_path, sizeof un.sun_path, "%s", path);
	if (connect(fd, (struct sockaddr *)&un, sizeof un) == 0)
		return fd;
	close(fd);
	return -1;
}

/* The journal itself, where standard error is its stream; or standard error. */
static int
open_stderr(enum entry_form *form)
{
	int fd;

	*form = form_of_stderr();
	if (*form == ENTRY_STREAM && (fd = connect_to(log_journal)) != -1) {
		*form = ENTRY_JOURNAL;
		return fd;
	}
	unblock_stderr();
	return STDERR_FILENO;
}

enum err
log_open(const struct log_settings *how, struct error *why)
{
	enum entry_form form = ENTRY_PLAIN;
	_Atomic unsigned long *counter;
	int fd;

	if (strcmp(how->to, "stderr") == 0) {
		fd = open_stderr(&form);
	} else if (strcmp(how->to, "syslog") == 0) {
		fd = connect_to(_PATH_LOG);
		form = ENTRY_SYSLOG;
	} else if ((fd = open(how->to,
			O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW |
			    O_NOCTTY | O_NONBLOCK,
			0640)) == -1) {
		return error_set(why, ERR_SYSTEM, "log %s: %s", how->to,
		    errno == ELOOP ?
			"a symbolic link, which is not followed; name the file "
			"that it leads to" :
			strerror(errno));
	}
	if (log_fd != STDERR_FILENO && log_fd != -1)
		close(log_fd);
	log_fd = fd;
	log_sink = sink_of(fd);
	log_form = form;
	log_unseen = false;
	log_json = how->json;
	log_only_warnings = how->only_warnings;
	if (lost == &lost_here &&
	    (counter = shared_new(sizeof *counter)) != NULL)
		lost = counter;
	return ERR_OK;
}

static void
line_format(struct log_line *l, time_t when, int priority, const char *text,
    const struct log_field *fields)
{
	if (log_unseen)
		log_form = form_of_stderr();
	log_unseen = false;
	entry_make(l, log_form, log_json, when, priority, text, fields);
}

bool
log_connects(void)
{
	return log_form == ENTRY_SYSLOG || log_form == ENTRY_JOURNAL;
}

/* One write, so that lines of several processes do not mix. */
static bool
write_once(const struct log_line *l)
{
	struct pollfd writable = { .fd = log_fd, .events = POLLOUT };
	/* A line break ends a line of a file, and no datagram. */
	size_t len = log_form == ENTRY_SYSLOG ? l->len - 1 : l->len;

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

/* As write_once(); a reader that was started anew is found again. */
static bool
line_write(const struct log_line *l)
{
	if (write_once(l))
		return true;
	if (!log_connects() || errno == EAGAIN)
		return false;
	if (log_fd != -1)
		close(log_fd);
	log_fd = connect_to(log_form == ENTRY_SYSLOG ? _PATH_LOG : log_journal);
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
	static struct log_line line;
	unsigned long count = atomic_exchange(lost, 0);
	char text[80];

	if (count == 0)
		return true;
	snprintf(text, sizeof text, "lines lost before this one: %lu", count);
	line_format(&line, time(NULL), LOG_WARNING, text, no_fields);
	if (line_write(&line))
		return true;
	atomic_fetch_add(lost, count);
	return false;
}

/* Large texts are not on the stack, which the compiler clears each time. */
static void
put_text(int priority, const struct log_field *fields, const char *text)
{
	static struct log_line line;
	int saved = errno;

	if (log_only_warnings && priority != LOG_WARNING)
		return;
	line_format(&line, time(NULL), priority, text, fields);
	if (tell_lost())
		log_write(&line);
	else
		atomic_fetch_add(lost, 1);
	errno = saved;
}

static void __attribute__((format(printf, 2, 0)))
log_text(int priority, const char *fmt, va_list ap)
{
	static char text[LOG_LINE_MAX + 64];
	int saved = errno;

	vsnprintf(text, sizeof text, fmt, ap);
	errno = saved;
	put_text(priority, no_fields, text);
}

void
log_prepare(struct log_line *l, time_t when, const char *fmt, ...)
{
	char text[LOG_LINE_MAX + 64];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	line_format(l, when, LOG_WARNING, text, no_fields);
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

void
log_event(const struct log_field *fields, const char *text)
{
	put_text(LOG_INFO, fields, text);
}
