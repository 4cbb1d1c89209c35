/*
 * engine.h - what a kind of store does behind state.h.  Private to state/.
 */
#ifndef STATE_ENGINE_H
#define STATE_ENGINE_H

#include <stdatomic.h>
#include <sys/types.h>

#include "state/published.h"
#include "state/state.h"

/*
 * In memory that all processes share.  A worker that finds the store damaged,
 * or cannot commit an intent, changes it for all of them.
 */
struct state_shared {
	_Atomic int64_t epoch;	      /* rows of another one are not believed;
					 0: none is */
	_Atomic unsigned int version; /* changes when the store was replaced;
					 odd: it is being replaced */
	_Atomic int64_t mending;      /* clock_now() of the begin of that */
	_Atomic uint64_t file;	      /* which files are open; 0: none yet */
	_Atomic unsigned int users;   /* stores that are open, at most */
	_Atomic int64_t quiet_until;  /* what is published till then is not
					 believed: others may be at work */
	_Atomic unsigned int errors;  /* for status and metrics */
	_Atomic unsigned int moved;   /* damaged stores that were moved aside */
	_Atomic int64_t logged;	      /* clock_now() of the last warning */
	_Atomic int64_t silent_until; /* a database that gave no answer is not
					 asked before then */
	_Atomic bool alone; /* nobody else had SQLite's file open in the
			       beginning; others tell what they change */
	struct published published;
};

struct engine;

struct state {
	const struct engine *engine;
	struct state_shared *shared;
	const char *place; /* file or URL, of the settings */
	char *path;	   /* of SQLite's file */
	const char *ca;	   /* of a database that is reached over TLS */
	const char *password_file;
	int64_t history_s; /* how long events are kept */
	bool may_make;	   /* tables that are not there */
	int directory; /* of SQLite's file, locked while it is used; or -1 */
	pid_t owner;   /* who prepared it, and leaves it at the end */
	bool hushed;   /* its faults are not logged */
};

/* The first member of an engine's own struct. */
struct store {
	const struct engine *engine;
	struct state *state;
};

/*
 * One function for each of state.h, with the same contract.  They may assume
 * that the claim names a host, and do nothing about an absent store but say so.
 */
struct engine {
	const char *meanwhile; /* what a fault of the store means for updates */
	/* Fills in what follows from the place; for every state. */
	enum err (*name)(struct state *s, struct error *why);
	enum err (*prepare)(struct state *s, struct error *why);
	enum err (*examine)(struct state *s, struct error *why);
	/* At the end, of a state that was prepared; may be NULL. */
	void (*leave)(struct state *s);
	struct store *(*open)(struct state *s);
	void (*close)(struct store *st);
	enum store_answer (*is_applied)(struct store *st,
	    const struct state_claim *c, int64_t refresh_ms);
	enum order_answer (*take)(struct store *st, const char *host,
	    struct turn *t, int *verdicts);
	enum order_answer (
	    *keep)(struct store *st, const char *host, const struct turn *t);
	void (*give)(struct store *st, const char *host, const struct turn *t,
	    const int *verdicts);
	enum err (*intend)(struct store *st, const struct state_claim *c,
	    struct state_value *old);
	void (*apply)(struct store *st, const struct state_claim *c,
	    const enum state_outcome *outcomes);
	enum err (*check)(struct store *st, struct error *why);
	enum err (*count_intents)(struct store *st, int64_t *count);
	bool (*forget)(struct store *st, const char *host);
	void (*record)(struct store *st, const struct state_event *e);
	/* most: so many are wanted, as in struct state_search. */
	enum err (*hosts)(struct store *st, const char *account,
	    const char *from, unsigned int most,
	    bool (*each)(const struct state_host *h, void *data), void *data);
	enum err (*history)(struct store *st, const struct state_search *s,
	    bool (*each)(const struct state_event *e, void *data), void *data);
	int64_t late_s; /* see state_late_s() */
	enum err (*news)(struct store *st, const char *after,
	    bool (*each)(const struct state_event *e, void *data), void *data);
	bool (*leads)(struct store *st, uint64_t id);
	void (*resign)(struct store *st, uint64_t id);
	enum err (
	    *note)(struct store *st, const char *key, struct buffer *text);
	enum err (*keep_note)(struct store *st, const char *key,
	    const char *before, const char *text);
	/* These may be NULL. */
	int64_t (*accounts_version)(struct store *st);
	enum err (*accounts)(struct store *st, int64_t since,
	    bool (*each)(const struct state_account *a, void *data),
	    void *data);
	enum err (*account_write)(struct store *st, const char *name,
	    const char *text, bool is_new);
	bool (*needs)(const struct state *s, struct state_needs *n);
};

extern const struct engine sqlite_engine;
#ifdef HAVE_LIBPQ
extern const struct engine postgresql_engine;
#endif

/* Text of a value as the tables keep it: "" for none, NULL for unknown. */
const char *value_text(const struct state_value *v,
    char text[static ADDRESS_TEXT_MAX]);
struct state_value value_parse(const char *text);
bool value_equal(const struct state_value *a, const struct state_value *b);

/* "A proof: REASON", as status shows it; "" where nothing was refused. */
const char *event_refusal(const struct state_event *e,
    char text[static STATE_TEXT_MAX]);

/*
 * Why a family of a row is unknown: it is being written; or what is there was
 * true under another configuration, or in another epoch; or an earlier write
 * that nobody saw the end of may still take effect.
 */
#define INTENT_WRITE(family) (1U << (family))
#define INTENT_DOUBT(family) (1U << (STATE_FAMILIES + (family)))
#define INTENT_STRAY(family) (1U << (2 * STATE_FAMILIES + (family)))
#define INTENT_WRITES	     (INTENT_WRITE(STATE_FAMILIES) - 1)
#define INTENT_DOUBTS	     (INTENT_WRITES << STATE_FAMILIES)

/* A row that is believed, as both engines read it. */
struct applied {
	struct state_value value[STATE_FAMILIES];
	unsigned int intent; /* INTENT_*() */
	uint8_t settings[STATE_DIGEST_LEN];
	int64_t at[STATE_FAMILIES];    /* ms of the store's clock: when it was
				       applied, or a stray write found */
	int64_t since[STATE_FAMILIES]; /* seconds since 1970 */
};

/* Is all of c in a, for less than refresh_ms at now? */
bool applied_has(const struct applied *a, const struct state_claim *c,
    int64_t refresh_ms, int64_t now);

/* Is the moment at not after now, and less than refresh_ms before it? */
bool applied_is_fresh(int64_t at, int64_t refresh_ms, int64_t now);

/* Since when it has all of that, ms of the store's clock. */
int64_t applied_since(const struct applied *a, const struct state_claim *c);

/*
 * What store_intend() and store_apply() change in a row, at now of the store's
 * clock.
 */
void applied_intend(struct applied *a, const struct state_claim *c,
    int64_t now);
void applied_conclude(struct applied *a, const struct state_claim *c,
    const enum state_outcome *outcomes, int64_t now);

/* Logs a fault of the store, at most once an hour in all processes. */
void state_warn(struct state *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
