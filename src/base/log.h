/*
 * log.h - one line per event, to standard error, syslog or a file.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stddef.h>
#include <time.h>

#include "base/error.h"

#define LOG_LINE_MAX 4096 /* longer lines are cut, and end in "..." */

/*
 * Where lines go from now on: "stderr", "syslog" or the absolute name of a
 * file, which is opened for appending (mode 0640).  Also reopens that file,
 * so that it can be rotated.  On failure the old place stays.
 */
enum err log_open(const char *target, struct error *why);

/*
 * Info tells what was done, warn is for somebody to act on.  Control
 * characters are written as \xNN; errno is kept; a full disk or a closed
 * pipe loses the line and nothing else.
 */
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A warning made ready before it is needed. */
struct log_line {
	char bytes[LOG_LINE_MAX];
	size_t len;
};

/* Fills l with what log_warn() would write at the moment when. */
void log_prepare(struct log_line *l, time_t when, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Writes l.  Safe in a signal handler, and so never by syslog(3): where the
 * log is syslog, the line goes to standard error.
 */
void log_write(const struct log_line *l);

#endif
