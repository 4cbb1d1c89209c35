/*
 * feed.h - what one receiver has not been told yet.
 *
 * The history is read from the event on that was told last.  What was told is
 * kept in the store, so that neither a restart nor another machine tells it
 * again; what was sent but not kept is told twice, and nothing is told never.
 */
#ifndef NEWS_FEED_H
#define NEWS_FEED_H

#include "news/news.h"
#include "news/seen.h"

#define FEED_WEEK_S 604800 /* what is older is nothing new */
#define FEED_DAY_S  86400  /* a refusal that goes on is told each day */

struct feed;

/* Where news come from. */
struct feed_source {
	const struct settings *settings;
	const struct state *state;
	struct store *store; /* of it */
	struct seen *seen;   /* or NULL */
	int64_t began; /* seconds since 1970: the configuration was read */
};

/*
 * For the receiver to.  One that the store knows nothing of is told what
 * happens after the configuration was read.  Both arguments, and what is in
 * from, must outlive the result.  NULL without memory.
 */
struct feed *feed_new(const struct receiver_settings *to,
    const struct feed_source *from);
void feed_free(struct feed *f);

/*
 * Fills the list, which is empty, with what is to be told next: the earliest
 * first, and as much as one message holds.  A host that is refused the same
 * address in the same way as just before is no news.  ERR_UNREACHABLE: the
 * store cannot be used now.
 */
enum err feed_look(struct feed *f, struct news_list *list);

/* The list of feed_look() was told. */
enum err feed_told(struct feed *f, const struct news_list *list);

#endif
