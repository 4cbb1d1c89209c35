#include "config.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "page/when.h"

#define ISO_LEN 20 /* of a year with four digits */
#define MINUTE	60
#define HOUR	3600
#define DAY	86400

const char *
when_iso(int64_t at, char text[static WHEN_TEXT_MAX])
{
	time_t t = (time_t)at;
	struct tm tm;

	if (at == 0 || gmtime_r(&t, &tm) == NULL ||
	    strftime(text, WHEN_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm) != ISO_LEN)
		snprintf(text, WHEN_TEXT_MAX, "never");
	return text;
}

/* The part of it from one byte to before another one; a blank for the 'T'. */
static const char *
part(int64_t at, size_t from, size_t end, char text[static WHEN_TEXT_MAX])
{
	char iso[WHEN_TEXT_MAX] = "";

	if (strlen(when_iso(at, iso)) != ISO_LEN)
		from = 0;
	else
		iso[end] = '\0';
	iso[10] = iso[10] == 'T' ? ' ' : iso[10];
	snprintf(text, WHEN_TEXT_MAX, "%s", iso + from);
	return text;
}

const char *
when_text(int64_t at, char text[static WHEN_TEXT_MAX])
{
	return part(at, 0, 16, text);
}

const char *
when_day(int64_t at, char text[static WHEN_TEXT_MAX])
{
	return part(at, 0, 10, text);
}

const char *
when_time(int64_t at, char text[static WHEN_TEXT_MAX])
{
	return part(at, 11, 16, text);
}

const char *
when_apart(int64_t at, int64_t now, char text[static WHEN_TEXT_MAX])
{
	static const struct {
		int64_t seconds;
		const char *one;
	} units[] = { { DAY, "day" }, { HOUR, "hour" }, { MINUTE, "minute" } };
	bool past = at <= now;
	/* The difference of any two moments that a store may hold. */
	uint64_t apart =
	    past ? (uint64_t)now - (uint64_t)at : (uint64_t)at - (uint64_t)now;

	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		uint64_t n = apart / (uint64_t)units[i].seconds;

		if (n == 0)
			continue;
		snprintf(text, WHEN_TEXT_MAX, "%s%llu %s%s%s",
		    past ? "" : "in ", (unsigned long long)n, units[i].one,
		    n == 1 ? "" : "s", past ? " ago" : "");
		return text;
	}
	snprintf(text, WHEN_TEXT_MAX, "%s",
	    past ? "just now" : "within a minute");
	return text;
}

bool
when_parse(const char *text, int64_t now, bool utc, int64_t *since)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 'm', MINUTE }, { 'h', HOUR }, { 'd', DAY } };
	struct tm tm = { .tm_isdst = -1 };
	const char *rest = strptime(text, "%Y-%m-%d", &tm);
	char *end;
	long n;

	if (rest != NULL && *rest == '\0') {
		*since = utc ? timegm(&tm) : mktime(&tm);
		return true;
	}
	errno = 0;
	n = strtol(text, &end, 10);
	if (errno != 0 || *text < '0' || *text > '9' || n > 100000)
		return false;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (end[0] == units[i].unit && end[1] == '\0') {
			*since = now - n * units[i].seconds;
			return true;
		}
	return false;
}
