/*
 * lookout.h - news that no event brings, but the clock: a certificate is near
 * its end, a host has not been updated for long.
 */
#ifndef NEWS_LOOKOUT_H
#define NEWS_LOOKOUT_H

#include <json-c/json.h>

#include "news/news.h"
#include "news/seen.h"

#define LOOKOUT_TOLD_MAX 3000 /* hosts that are told at a time, a kind each */

/* What is looked at, and for whom. */
struct lookout {
	const struct settings *settings;
	struct store *store;
	struct seen *seen; /* or NULL */
	const struct receiver_settings *to;
	int64_t from; /* nobody is silent since an earlier moment */
	/*
	 * What is told: an object each, with the moment of the certificate's
	 * end, or of the last update, by host.  What is over is taken out.
	 */
	json_object *certificates, *silent;
};

/*
 * Fills the list, which is empty.  ERR_UNREACHABLE: the store cannot be used
 * now.
 */
enum err lookout_find(struct lookout *l, struct news_list *list);

/* One of the list was told. */
void lookout_told(struct lookout *l, const struct news *n);

#endif
