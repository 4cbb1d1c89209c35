/*
 * page.h - a list that comes in pages, put together.
 *
 * An answer may hold a part of a list only, and say where the next part is.
 * Whoever looks for a record must have seen all of them: one that is on a page
 * that was not asked for would be made a second time.
 */
#ifndef PROVIDER_REST_PAGE_H
#define PROVIDER_REST_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

#include "base/buffer.h"
#include "base/error.h"
#include "https/exchange.h"
#include "provider/description/description.h"
#include "provider/rest/compose.h"

#define PAGES_MAX	64
#define PAGES_BYTES_MAX (16UL << 20) /* of all pages of one list */

/* What there is so far.  Start one as { .count = 0 }. */
struct pages_read {
	size_t count;	       /* pages */
	size_t bytes;	       /* of them */
	size_t weight;	       /* likewise, json_weight() */
	json_object *tree;     /* of the first, with the elements of all */
	json_object *elements; /* in tree */
	struct buffer path;    /* of the next page; NULL: as in the message */
};

/*
 * Takes one more page, the answer to m or to a page of it.  ERR_OK: *more says
 * whether another one follows, at p->path.  An answer that is not good, or has
 * no list, is the last, and p->tree is NULL: it is judged by itself.
 * ERR_REFUSED: too many pages, or a link to nowhere.  ERR_MEMORY.
 */
enum err page_take(struct pages_read *p, const struct step *step,
    const struct message *m, const struct exchange_answer *answer, bool *more,
    struct error *why);

void pages_end(struct pages_read *p);

#endif
