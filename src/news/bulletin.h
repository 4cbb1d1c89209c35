/*
 * bulletin.h - news in the form in which a receiver wants them.
 */
#ifndef NEWS_BULLETIN_H
#define NEWS_BULLETIN_H

#include "base/buffer.h"
#include "news/news.h"

#define BULLETIN_MAX (64UL << 10)

/*
 * What is sent to a URL.  body and type belong together; everything is of
 * visible ASCII characters.
 */
struct bulletin {
	struct buffer body;
	const char *type; /* of the body, a constant */
};

/* False: out of memory.  bulletin_free() is due all the same. */
bool bulletin_make(struct bulletin *m, const struct receiver_settings *to,
    const struct news_list *list);
void bulletin_free(struct bulletin *m);

#endif
