/*
 * courier.h - brings the news to all receivers, for as long as it takes.
 *
 * What does not arrive is sent again, after a pause that doubles from 2
 * seconds to an hour, or for which the receiver has asked.  None waits for
 * another.
 */
#ifndef NEWS_COURIER_H
#define NEWS_COURIER_H

#include "https/exchange.h"
#include "news/feed.h"
#include "news/news.h"
#include "news/receivers.h"

struct couriers;

/* Adds what is wrong with the service to a buffer; nothing, if all is well. */
typedef void courier_fault(const void *data, struct buffer *fault);

/*
 * One for each of r, which must outlive the result, as what is in from, and x
 * must.  fault is asked, with data, when a ping is due.  NULL without memory.
 */
struct couriers *couriers_new(const struct receivers *r,
    const struct feed_source *from, struct exchanges *x, courier_fault *fault,
    const void *data);
void couriers_free(struct couriers *c);

/*
 * Looks for news and begins to send them; may_begin: else only what is under
 * way goes on.  Never waits but for the store.
 */
void couriers_step(struct couriers *c, bool may_begin);

/* Is anything under way? */
bool couriers_busy(const struct couriers *c);

/* Works on that until some of it is done, or the moment comes. */
void couriers_wait(struct couriers *c, int64_t until);

/*
 * Sends a list to one receiver, once, and waits for the answer until the
 * deadline: for a trial.  ERR_OK: it was taken.
 */
enum err courier_send(const struct receiver *to, const struct news_list *list,
    struct exchanges *x, int64_t deadline, struct error *why);

#endif
