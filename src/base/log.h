/*
 * log.h - one line per event, to standard error, syslog or a file.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/error.h"

#define LOG_LINE_MAX   4096 /* longer lines are cut, and end in "..." */
#define LOG_FIELDS_MAX 4096 /* bytes of fields beside the line */

/* Where lines go, how they look, and which. */
struct log_settings {
	const char *to;	    /* "stderr", "syslog", or the full name of a file */
	bool json;	    /* each line is a JSON object */
	bool only_warnings; /* nothing else is logged */
};

/*
 * How lines are logged from now on.  A file is opened for appending (mode
 * 0640), and opened again if it is the same one, so that it can be rotated.  On
 * failure all stays as it was.
 *
 * Call it once before the first fork: from then on all forked processes count
 * the lines that were lost together.  A pipe that is the target becomes
 * non-blocking, for every process that shares it.
 */
enum err log_open(const struct log_settings *how, struct error *why);

/* Is it a socket of syslogd or the journal, which is connected to anew? */
bool log_connects(void);

/*
 * Info tells what was done, warn is for somebody to act on.  Control
 * characters are written as \xNN, and errno is kept.
 *
 * No call ever waits: where the log takes nothing, because nobody reads the
 * pipe, the socket or the terminal, or because the disk is full, the line is
 * lost and counted, and the count is told before the next line that gets
 * through.
 *
 * Where systemd reads standard error (systemd.exec(5), JOURNAL_STREAM), lines
 * go to the journal's own socket, with their priority and fields, or else begin
 * with their priority (sd-daemon(3), "<4>"); neither time nor pid is in them,
 * which the journal knows.
 */
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Something that a program may look for in an entry. */
struct log_field {
	const char *name; /* in small letters; NULL: no more follow */
	const char *text; /* NULL: the number */
	long number;
};

/* Info: text, and fields that JSON and the journal have beside it. */
void log_event(const struct log_field *fields, const char *text);

/* Where the journal listens; tests have another one. */
extern const char *log_journal;

/* A warning made ready before it is needed. */
struct log_line {
	char bytes[LOG_LINE_MAX + LOG_FIELDS_MAX];
	size_t len;
};

/* Fills l with what log_warn() would write at the moment when. */
void log_prepare(struct log_line *l, time_t when, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Writes l, without waiting.  Safe in a signal handler (signal-safety(7)). */
void log_write(const struct log_line *l);

#endif
