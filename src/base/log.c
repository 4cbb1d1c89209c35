#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

/* The process has one log; every function writes to it. */
static int log_fd = STDERR_FILENO;
static bool log_syslog;

enum err
log_open(const char *target, struct error *why)
{
	int fd = STDERR_FILENO;

	if (strcmp(target, "syslog") != 0 && strcmp(target, "stderr") != 0 &&
	    (fd = open(target,
		 O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW |
		     O_NOCTTY,
		 0640)) == -1)
		return error_set(why, ERR_SYSTEM, "log %s: %s", target,
		    strerror(errno));
	if (log_fd != STDERR_FILENO)
		close(log_fd);
	log_fd = fd;
	log_syslog = strcmp(target, "syslog") == 0;
	if (log_syslog)
		openlog("ddnsgate", LOG_PID | LOG_NDELAY, LOG_DAEMON);
	return ERR_OK;
}

/* Copies text to line so that no byte of it can act on a terminal. */
static size_t
quote(char *line, size_t size, const char *text)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0;

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (n + 8 > size) {
			memcpy(line + n, "...", 3);
			n += 3;
			break;
		}
		if (c >= 0x20 && c < 0x7f) {
			line[n++] = (char)c;
		} else {
			line[n++] = '\\';
			line[n++] = 'x';
			line[n++] = hex[c >> 4];
			line[n++] = hex[c & 15];
		}
	}
	line[n] = '\0';
	return n;
}

/* The time, the process and the quoted text, as files and terminals get it. */
static void
line_format(struct log_line *l, time_t when, int priority, const char *text)
{
	char *line = l->bytes;
	size_t size = sizeof l->bytes, n;
	struct tm tm;

	n = strftime(line, size, "%Y-%m-%dT%H:%M:%SZ ", gmtime_r(&when, &tm));
	n += (size_t)snprintf(line + n, size - n, "ddnsgate[%d]: %s",
	    (int)getpid(), priority == LOG_WARNING ? "warning: " : "");
	n += quote(line + n, size - n - 1, text);
	line[n++] = '\n';
	l->len = n;
}

void
log_write(const struct log_line *l)
{
	int fd = log_syslog ? STDERR_FILENO : log_fd;

	/* One write, so that lines of workers do not mix. */
	if (write(fd, l->bytes, l->len) == -1) {
		/* There is nowhere to say so. */
	}
}

static void
log_text(int priority, const char *fmt, va_list ap)
{
	char text[LOG_LINE_MAX + 64];
	struct log_line line;
	int saved = errno;

	vsnprintf(text, sizeof text, fmt, ap);
	if (log_syslog) {
		quote(line.bytes, sizeof line.bytes, text);
		syslog(priority, "%s", line.bytes);
	} else {
		line_format(&line, time(NULL), priority, text);
		log_write(&line);
	}
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
