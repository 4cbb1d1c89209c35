/*
 * outages.h - which provider fails, and since when, by the events of the
 * history.
 */
#ifndef NEWS_OUTAGES_H
#define NEWS_OUTAGES_H

#include <json-c/json.h>

#include "config/settings.h"
#include "state/state.h"

/* The failures of one provider, after its last success. */
struct outage {
	int64_t since; /* the first, in seconds since 1970; 0: there is none */
	int64_t last;
	char reason[STATE_TEXT_MAX]; /* of the last */
	bool told;
};

/* Of each provider of the configuration, by its index. */
struct outages {
	char mark[STATE_MARK_MAX]; /* of the event that was counted last */
	struct outage list[SETTINGS_PROVIDERS_MAX];
};

/* Counts an event, unless it was counted before. */
void outages_count(struct outages *o, const struct settings *s,
    const struct state_event *e);

/* Has it failed for so many seconds, and is not told? */
bool outage_is_due(const struct outage *o, int64_t seconds);

/* It has worked at that moment after all. */
void outage_correct(struct outage *o, int64_t worked);

/*
 * As they are kept; NULL without memory.  What is none of ours is as if it were
 * not there.
 */
json_object *outages_write(const struct outages *o, const struct settings *s);
void outages_read(struct outages *o, const struct settings *s,
    json_object *from);

#endif
