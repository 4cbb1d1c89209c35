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

static void
log_line(int priority, const char *fmt, va_list ap)
{
	char text[LOG_LINE_MAX + 64], line[LOG_LINE_MAX];
	int saved = errno;
	time_t now = time(NULL);
	struct tm tm;
	size_t n;

	vsnprintf(text, sizeof text, fmt, ap);
	if (log_syslog) {
		quote(line, sizeof line, text);
		syslog(priority, "%s", line);
	} else {
		n = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%SZ ",
		    gmtime_r(&now, &tm));
		n += (size_t)snprintf(line + n, sizeof line - n,
		    "ddnsgate[%d]: %s", (int)getpid(),
		    priority == LOG_WARNING ? "warning: " : "");
		n += quote(line + n, sizeof line - n - 1, text);
		line[n++] = '\n';
		/* One write, so that lines of workers do not mix. */
		if (write(log_fd, line, n) == -1) {
			/* There is nowhere to say so. */
		}
	}
	errno = saved;
}

void
log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_INFO, fmt, ap);
	va_end(ap);
}

void
log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_WARNING, fmt, ap);
	va_end(ap);
}
