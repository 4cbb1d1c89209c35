/*
 * bulletin.h - news in the form in which a receiver wants them.
 */
#ifndef NEWS_BULLETIN_H
#define NEWS_BULLETIN_H

#include <curl/curl.h>

#include "base/buffer.h"
#include "news/news.h"

#define BULLETIN_MAX (64UL << 10)

/*
 * A request; all of it is of visible ASCII characters, lines of a text apart.
 */
struct bulletin {
	struct buffer title; /* of a mail, whose text is the body */
	const char *method;
	struct curl_slist *headers;
	struct buffer body; /* empty: none */
	const char *ending; /* of the path, a constant, perhaps "" */
	struct buffer
	    query; /* in place of that of the URL, if it is not empty */
};

/*
 * An empty list is for a receiver of pings, which hears so that all is well.
 * False: out of memory.  bulletin_free() is due all the same.
 */
bool bulletin_make(struct bulletin *b, const struct receiver_settings *to,
    const struct news_list *list);
void bulletin_free(struct bulletin *b);

#endif
