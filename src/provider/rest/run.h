/*
 * run.h - a description at work, for the records of one request of a router.
 *
 * Private to publish.c, which decides what is next, zone.c, which finds the
 * zone of a name, and call.c, which sends and receives.
 */
#ifndef PROVIDER_REST_RUN_H
#define PROVIDER_REST_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "https/exchange.h"
#include "provider/rest/compose.h"
#include "provider/rest/judge.h"
#include "provider/rest/page.h"
#include "provider/rest/recording.h"
#include "provider/rest/tree.h"

/* One message, and the answer to it. */
struct call {
	struct call *next;
	const struct step *step; /* that sent it first */
	const struct endpoint *to;
	struct message message;
	struct exchange *exchange; /* NULL: waits for again */
	int repeats;		   /* left */
	int64_t again;
	bool over;   /* the answer is here, or none will come */
	bool heard;  /* and was heard by all that waited for it */
	bool shared; /* others that ask the same may have the answer */
	enum err rc;
	struct error why;
	const struct exchange_answer *answer; /* of exchange; if rc is ERR_OK */
	struct pages_read pages;
	size_t size; /* bytes of the answer, or of all its pages */
};

/* The phases of a run, in their order. */
enum phase { PHASE_BEGIN, PHASE_RECORDS, PHASE_END, PHASE_OVER };

struct run {
	struct tree tree;
	struct exchanges *exchanges;
	struct recording *recording; /* or NULL */
	unsigned int turn;	     /* the name that goes first */
	int64_t deadline;
	int64_t impatient; /* from then on nothing waits for other records */
	enum phase phase;
	size_t session_step; /* of begin, or of end */
	struct call *session_call;
	struct call *calls; /* in the order in which they were made */
	size_t under_way;   /* of them, not over */
	size_t at_once_max; /* of under_way */
	size_t kept;	    /* bytes of answers that are shared */
	struct call *parsed;
	json_object *parsed_tree; /* of the answer to it */
	bool answered;		  /* the provider has answered once */
	bool ended;		  /* by why, which every call would meet */
	struct error why;
	unsigned int batches;
	long retry_after;
};

/* May one more call be made? */
bool call_may_start(const struct run *run);

/*
 * Sends the request of a step.  A step that only asks shares the call of
 * another one that asks the same, as long as nothing was written since.
 * NULL: nothing was sent, and *outcome, with why for a failure, says so.
 */
struct call *call_start(struct run *run, const struct step *step,
    const struct values *v, const struct group *each, enum outcome *outcome,
    struct error *why);

/* Takes what came, and repeats what failed and may be repeated. */
void calls_poll(struct run *run);

/* The next moment at which calls_poll() has to do something by itself. */
int64_t calls_due(const struct run *run);

/* Is a request under way, and not only one that will be repeated? */
bool calls_in_flight(const struct run *run);

/* Frees the calls that nobody will ask for again; calls_end() all of them. */
void calls_sweep(struct run *run);
void calls_end(struct run *run);

/*
 * judge_answer() and judge_take() for a step and the answer of a call.  The
 * call must be over.
 */
enum outcome call_judge(struct run *run, struct call *c,
    const struct step *step, struct error *why);
enum err call_take(struct run *run, struct call *c, const struct step *step,
    const struct values *v, const struct publication *p, struct values *to,
    bool *found, struct error *why);

/*
 * Goes on with the search for the zone of a name. true: something changed, the
 * name found its zone, or its records have failed since there is none.
 */
bool zone_search(struct run *run, struct name *n);

/* Hears the answer to n->call. */
void zone_hear(struct run *run, struct name *n);

/* Ends the run: why would stop every other call, too. */
void run_fail(struct run *run, const struct error *why);

/* Ends all records of a name with an error. */
void name_fail(struct run *run, const struct name *n, const struct error *why);

#endif
