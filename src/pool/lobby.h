/*
 * lobby.h - where a worker's connections wait until their requests are whole.
 *
 * A connection that says nothing, or too little, takes a seat here and not the
 * worker.  Where all seats are taken, the first to go is the one that has been
 * silent for the longest time.
 */
#ifndef POOL_LOBBY_H
#define POOL_LOBBY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pool/incoming.h"

#define LOBBY_SEATS 32

struct lobby;

/*
 * epoll, which stays the caller's, tells with data.ptr whose bytes have come.
 * NULL without memory.
 */
struct lobby *lobby_new(int epoll);

/* Closes the connections that wait.  NULL is fine. */
void lobby_free(struct lobby *l);

/*
 * Takes over the connection fd and gives it a seat, if need be that of another
 * one, which is closed.  NULL without memory: fd is closed.
 */
struct incoming *lobby_enter(struct lobby *l, int fd);

/* It waits for more.  False: it cannot, and must leave. */
bool lobby_wait(struct lobby *l, struct incoming *in);

/* Frees the seat and wipes what came; the connection is closed if closing. */
void lobby_leave(struct lobby *l, struct incoming *in, bool closing);

/* How many wait. */
size_t lobby_count(const struct lobby *l);

/*
 * One that waits and began before the moment; another moment holds for those
 * that have been silent since.  NULL: none.
 */
struct incoming *lobby_late(const struct lobby *l, int64_t before,
    int64_t silent_before);

#endif
