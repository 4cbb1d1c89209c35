/*
 * keeper.h - brings into the state when hosts were updated last, for the time
 * after a restart and for other machines.
 */
#ifndef NEWS_KEEPER_H
#define NEWS_KEEPER_H

#include <stdbool.h>

#include "base/error.h"
#include "config/settings.h"
#include "news/seen.h"
#include "state/state.h"

#define KEEPER_S 3600 /* for each host, at most once in so many seconds */

struct keeper;

/* All arguments must outlive the result.  NULL without memory. */
struct keeper *keeper_new(const struct settings *s, const struct seen *seen,
    struct store *st);
void keeper_free(struct keeper *k);

/*
 * Writes down some of what is due; all: that of every host that was seen since,
 * for the end of the process.
 */
void keeper_step(struct keeper *k, bool all);

/* When the host was updated last, as the state knows it; 0: it does not. */
int64_t keeper_read(struct store *st, const char *host);

#endif
