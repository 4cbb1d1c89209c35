/*
 * worker.h - a process that answers one request after the other.
 */
#ifndef POOL_WORKER_H
#define POOL_WORKER_H

#include <stdbool.h>

#include "gateway/gateway.h"
#include "pool/scoreboard.h"

struct worker;

/* A task for a worker, apart from answering requests. */
enum worker_task {
	WORKER_GO_ON,
	WORKER_RELOAD, /* SIGHUP */
	WORKER_REOPEN, /* SIGUSR1: the log */
	WORKER_STOP,   /* SIGTERM, SIGQUIT, SIGINT */
};

/*
 * A worker of g on the socket listener, both of which stay the caller's.  slot,
 * its place on the scoreboard, and board may be NULL.  Blocks every signal for
 * the rest of the process; they are heard in worker_turn().  alone: SIGHUP and
 * SIGUSR1 are tasks; else they are ignored, for the supervisor sees to them.
 * NULL: it does not start, which is logged.
 */
struct worker *worker_new(const struct gateway *g, int listener,
    struct scoreboard *board, struct slot *slot, bool alone);

/* NULL is fine. */
void worker_free(struct worker *w);

/*
 * From now on requests are answered by g; the connections to providers and to
 * the state are new.  False: out of memory, and everything stays as it was.
 */
bool worker_change(struct worker *w, const struct gateway *g);

/*
 * Waits half a second at most, answers what is whole, and says what a
 * signal has asked for.
 */
enum worker_task worker_turn(struct worker *w);

/*
 * Answers what waits in the queue of the listener, for some seconds at most:
 * a worker's last duty, since nobody else may be left to do so.
 */
void worker_drain(struct worker *w);

/*
 * The life of a worker of a pool, until it is told to stop, or has answered
 * about 1000 requests, lived for about a day, or grown by 64 MB; then somebody
 * must start another one.  Returns the exit status, for _exit(2).
 */
int worker_run(const struct gateway *g, int listener, struct scoreboard *board,
    struct slot *slot);

#endif
