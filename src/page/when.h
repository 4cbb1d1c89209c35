/*
 * when.h - moments as people write and read them.
 */
#ifndef PAGE_WHEN_H
#define PAGE_WHEN_H

#include <stdbool.h>
#include <stdint.h>

#define WHEN_TEXT_MAX 48

/* "2026-11-28 01:02", in UTC; "never" for 0. */
const char *when_text(int64_t at, char text[static WHEN_TEXT_MAX]);

/* "2026-11-28", in UTC. */
const char *when_day(int64_t at, char text[static WHEN_TEXT_MAX]);

/* "01:02", in UTC. */
const char *when_time(int64_t at, char text[static WHEN_TEXT_MAX]);

/* "2026-11-28T01:02:00Z", as RFC 3339 and HTML want it. */
const char *when_iso(int64_t at, char text[static WHEN_TEXT_MAX]);

/* "3 hours ago", "in 5 days"; both count whole ones. */
const char *when_apart(int64_t at, int64_t now,
    char text[static WHEN_TEXT_MAX]);

/*
 * Reads a date, as 2026-11-28, which is its first moment in local time or in
 * UTC; or how long before now, as 90m, 12h or 7d.  False if it is neither.
 */
bool when_parse(const char *text, int64_t now, bool utc, int64_t *since);

#endif
