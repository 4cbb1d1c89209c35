#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/entry.h"
#include "base/json.h"
#include "base/quote.h"
#include "base/self.h"

#define VALUE_MAX 512 /* bytes of a field, quoted */

/* "2026-11-28T04:05:06Z", made once for all the entries of a second. */
static const char *
stamp(time_t when)
{
	static char text[32];
	static time_t made;
	struct tm tm;

	if (*text == '\0' || when != made) {
		(void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ",
		    gmtime_r(&when, &tm));
		made = when;
	}
	return text;
}

/* What a line of a file begins with, made once as well. */
static const char *
plain_head(time_t when)
{
	static char text[64];
	static time_t made;
	static pid_t process;

	if (when != made || self_pid() != process) {
		made = when;
		process = self_pid();
		snprintf(text, sizeof text, "%s ddnsgate[%d]: ", stamp(when),
		    (int)process);
	}
	return text;
}

/* Printable ASCII, as all that stands in an entry. */
static const char *
value_text(const struct log_field *f, char text[static VALUE_MAX])
{
	if (f->text != NULL)
		(void)quote(text, VALUE_MAX, f->text, strlen(f->text), "");
	else
		snprintf(text, VALUE_MAX, "%ld", f->number);
	return text;
}

/*
 * {"time": ..., "level": ..., "pid": ..., "message": ..., fields}, without
 * those that there is no memory for.
 */
static json_object *
make_object(time_t when, int priority, const char *message,
    const struct log_field *fields)
{
	json_object *o = json_object_new_object();
	char value[VALUE_MAX];

	(void)json_add_made(o, "time", json_object_new_string(stamp(when)));
	(void)json_add_made(o, "level",
	    json_object_new_string(
		priority == LOG_WARNING ? "warning" : "info"));
	(void)json_add_made(o, "pid", json_object_new_int64(self_pid()));
	(void)json_add_made(o, "message", json_object_new_string(message));
	for (; fields->name != NULL; fields++)
		(void)json_add_made(o, fields->name,
		    fields->text != NULL ?
			json_object_new_string(value_text(fields, value)) :
			json_object_new_int64(fields->number));
	return o;
}

/*
 * Puts the object into to, whose message is cut until the whole has room; all
 * of its bytes are printable.
 */
static void
put_json(char *to, size_t size, time_t when, int priority, char *message,
    const struct log_field *fields)
{
	size_t len = strlen(message), over;
	const char *text;
	json_object *o;

	for (;;) {
		o = make_object(when, priority, message, fields);
		text = json_text(o,
		    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
		if (text == NULL || strlen(text) < size || len == 0)
			break;
		over = strlen(text) - size + 4;
		len = over < len ? len - over : 0;
		strcpy(message + len, "...");
		json_object_put(o);
	}
	snprintf(to, size, "%s", text != NULL ? text : "{}");
	json_object_put(o);
}

/* Writes what precedes the text; returns its length, which is below 80. */
static size_t
put_head(char *line, size_t size, enum entry_form form, bool json, time_t when,
    int priority)
{
	struct tm tm;
	size_t n = 0;

	switch (form) {
	case ENTRY_STREAM:
		return (size_t)snprintf(line, size, "<%d>", priority);
	case ENTRY_SYSLOG:
		n = (size_t)snprintf(line, size, "<%d>", LOG_DAEMON | priority);
		n += strftime(line + n, size - n, "%b %e %H:%M:%S ",
		    localtime_r(&when, &tm));
		return n +
		    (size_t)snprintf(line + n, size - n,
			"ddnsgate[%d]: ", (int)self_pid());
	case ENTRY_JOURNAL:
		return (size_t)snprintf(line, size,
		    "PRIORITY=%d\nSYSLOG_IDENTIFIER=ddnsgate\nMESSAGE=",
		    priority);
	default:
		if (json)
			return 0;
		n = strlen(plain_head(when));
		memcpy(line, plain_head(when), n);
		if (priority == LOG_WARNING)
			n += (size_t)snprintf(line + n, size - n, "warning: ");
		return n;
	}
}

/* "DDNSGATE_NAME=value", a line each; those for which there is no room stay. */
static size_t
put_fields(char *to, size_t size, const struct log_field *fields)
{
	char value[VALUE_MAX];
	size_t n = 0;

	for (; fields->name != NULL; fields++) {
		value_text(fields, value);
		if (n + strlen(fields->name) + strlen(value) + 12 > size)
			break;
		n += (size_t)snprintf(to + n, size - n, "DDNSGATE_");
		for (const char *c = fields->name; *c != '\0'; c++)
			to[n++] = (char)toupper((unsigned char)*c);
		n += (size_t)snprintf(to + n, size - n, "=%s\n", value);
	}
	return n;
}

void
entry_make(struct log_line *l, enum entry_form form, bool json, time_t when,
    int priority, const char *text, const struct log_field *fields)
{
	size_t size = LOG_LINE_MAX - 1;
	char message[LOG_LINE_MAX + 4];
	size_t n = put_head(l->bytes, size, form, json, when, priority);

	if (json) {
		(void)quote(message, LOG_LINE_MAX, text, strlen(text), "");
		put_json(l->bytes + n, size - n, when, priority, message,
		    fields);
		n += strlen(l->bytes + n);
	} else {
		n += quote(l->bytes + n, size - n, text, strlen(text), "");
	}
	l->bytes[n++] = '\n';
	if (form == ENTRY_JOURNAL)
		n += put_fields(l->bytes + n, sizeof l->bytes - n, fields);
	l->len = n;
}
