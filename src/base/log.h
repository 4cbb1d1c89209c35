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
 *
 * Call it once before the first fork: from then on all forked processes count
 * the lines that were lost together.  A pipe that is the target becomes
 * non-blocking, for every process that shares it.
 */
enum err log_open(const char *target, struct error *why);

/*
 * Info tells what was done, warn is for somebody to act on.  Control
 * characters are written as \xNN, and errno is kept.
 *
 * No call ever waits: where the log takes nothing, because nobody reads the
 * pipe, the socket or the terminal, or because the disk is full, the line is
 * lost and counted, and the count is told before the next line that gets
 * through.
 *
 * Where systemd reads standard error (systemd.exec(5), JOURNAL_STREAM), a line
 * begins with its priority (sd-daemon(3), "<4>"), and has neither time nor
 * pid, which the journal knows.
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

/* Writes l, without waiting.  Safe in a signal handler (signal-safety(7)). */
void log_write(const struct log_line *l);

#endif
