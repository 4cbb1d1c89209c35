/*
 * publish.h - brings the records of one request to a provider with an API.
 *
 * publish.c decides what is next, zone.c finds the zones of names, and call.c
 * sends what compose.c made of a step and fill.c filled in; judge.c says what
 * an answer means.  All of them work on the tree of tree.h.
 */
#ifndef PROVIDER_REST_PUBLISH_H
#define PROVIDER_REST_PUBLISH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "https/exchange.h"
#include "provider/publication.h"
#include "provider/rest/api.h"
#include "provider/rest/recording.h"

struct run;

/*
 * Starts to bring count records, PUBLICATIONS_MAX at most, to the provider;
 * all arguments must outlive the run.  The names take turns: turn, any number,
 * says which one goes first.  By the deadline the router wants its reply, so
 * requests for several records do not wait longer for one of them than half of
 * that; late is the moment by which all requests end.  NULL: there was no
 * memory, and every record says so.  Nothing is sent before publish_step().
 */
struct run *publish_start(const struct api *api, struct exchanges *exchanges,
    const char *token, struct publication *const records[], size_t count,
    unsigned int turn, int64_t deadline, int64_t late);

/* Keeps every exchange of the run in r; before the first publish_step(). */
void publish_record(struct run *run, struct recording *r);

/*
 * Sends what can go, and acts on the answers that have come.  Never waits.
 * false: all records have their result.
 */
bool publish_step(struct run *run);

/* The moment at which publish_step() is due though no answer has come. */
int64_t publish_due(const struct run *run);

/*
 * Aborts what is still under way, and frees the run.  *retry_after gets the
 * seconds that the provider asked for, or 0.
 */
void publish_finish(struct run *run, long *retry_after);

/*
 * Is something written, or being written, that is not whole yet, or read from a
 * list of which some pages have come?  Then the run is worth finishing, though
 * nobody waits for it any more.
 */
bool publish_goes_on(const struct run *run);

/* Must the next publish_step() wait for an answer, not only for a moment? */
bool publish_in_flight(const struct run *run);

#endif
