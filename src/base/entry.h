/*
 * entry.h - one entry of the log, as the bytes that its reader wants.
 */
#ifndef BASE_ENTRY_H
#define BASE_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/log.h"

/* What surrounds the text, by who reads it. */
enum entry_form {
	ENTRY_PLAIN,  /* a file or a terminal: time, name and pid */
	ENTRY_STREAM, /* the journal, through standard error: "<4>" */
	ENTRY_SYSLOG, /* syslogd(8), at its local socket */
	/* The journal, at its own socket: systemd.io/JOURNAL_NATIVE_PROTOCOL */
	ENTRY_JOURNAL,
};

/*
 * Makes an entry of text and fields, which end with a name that is NULL; the
 * text and every value are quoted, and cut if all is too long.  json: the text
 * is JSON, with time, level, pid, the message and the fields in it.
 */
void entry_make(struct log_line *l, enum entry_form form, bool json,
    time_t when, int priority, const char *text,
    const struct log_field *fields);

#endif
