/*
 * pool.h - what the supervisor knows of its pool, for the files that are the
 * supervisor: supervisor.c, children.c, generation.c and status.c.
 */
#ifndef POOL_POOL_H
#define POOL_POOL_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "config/edition.h"
#include "gateway/gateway.h"
#include "pool/backoff.h"
#include "pool/crashes.h"
#include "pool/listener.h"
#include "pool/notify.h"
#include "pool/scoreboard.h"

/*
 * Two generations of workers, each of which may have its helpers, live side by
 * side while the old one leaves; a third one waits until there is room.
 */
#define HELPERS_MAX  3 /* a resolver, a watcher, and a notifier */
#define CHILDREN_MAX (2 * (SETTINGS_WORKERS_MAX + HELPERS_MAX))

enum role {
	ROLE_WORKER,
	ROLE_RESOLVER,
	ROLE_WATCHER,
	ROLE_NOTIFIER,
	ROLE__COUNT
};

struct child {
	pid_t pid; /* 0: nobody */
	enum role role;
	int64_t born;
	int64_t told;		 /* to leave, at that moment; 0: not yet */
	bool killed;		 /* it hung; told in the log once */
	unsigned int generation; /* of the pool when it was forked */
	struct slot *slot;	 /* of the scoreboard, for ever */
};

struct pool {
	struct gateway *gateway;
	struct listener *listener;
	struct listener old_listener; /* while its generation leaves */
	struct scoreboard *scoreboard;
	struct edition edition; /* of the configuration, as it was seen last */
	struct child children[CHILDREN_MAX];
	struct backoff backoffs[ROLE__COUNT];
	struct crashes crashes;
	unsigned int generation;
	bool renewing;		     /* older ones are not all told to leave */
	const char *renewed;	     /* what the log says when they are */
	int64_t names_until;	     /* workers wait for the resolver */
	int64_t accounts_not_before; /* next try to read them */
	bool accounts_changed;	     /* the watcher said so, and left */
	bool broken;		     /* without memory, it can only stop */
	int64_t socket_not_before;   /* next try to make the socket anew */
	int64_t looked_at;	     /* for children that hang, the last time */
	int64_t awake_since;	     /* without having been stopped itself */
	int64_t lived_at;	     /* a worker showed that it lives */
	bool starved;		     /* none did for long; told once */
	struct error complaint;	     /* of the last reload; ERR_OK: none */
	char status[NOTIFY_STATUS_MAX]; /* what the manager was told last */
	sigset_t while_waiting;		/* the mask of ppoll() */
};

#endif
