/*
 * state.h - what was published, what is being published, and what happened.
 *
 * The provider holds the truth; a store keeps a cache of it, so that an update
 * that changes nothing costs nothing, and orders the updates of one host.  No
 * token and no credential ever enters it.  What is not certain is unknown, and
 * an update of an unknown host proves, reads and writes as if there were no
 * store.  Losing a store costs requests to the provider, never a wrong answer.
 *
 * sqlite.c keeps it in one file of one machine, postgresql.c in a database that
 * several machines share.
 */
#ifndef STATE_STATE_H
#define STATE_STATE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/address.h"
#include "base/error.h"
#include "config/settings.h"
#include "state/order.h"

#define STATE_DIGEST_LEN 16 /* bytes of SHA-256 */
#define STATE_HOSTS_MAX	 SETTINGS_HOSTS_MAX
#define STATE_TEXT_MAX	 256 /* bytes of a reason or a name that is kept */

enum state_family { STATE_IPV4, STATE_IPV6, STATE_FAMILIES };

/* The record of one family that a name has, or shall have. */
struct state_value {
	enum {
		VALUE_UNKNOWN, /* of a claim: it says nothing of the family */
		VALUE_NONE,    /* no record */
		VALUE_ADDRESS
	} kind;
	struct address address;
};

/* What one update asks for one host. */
struct state_claim {
	const char *host;
	const char *account;
	/*
	 * Digest of the host's configuration: what was proved and published
	 * under another one is not believed.
	 */
	uint8_t settings[STATE_DIGEST_LEN];
	struct state_value wanted[STATE_FAMILIES];
	int64_t expiry; /* of the certificate that proved it; 0: none did */
};

struct state; /* a configuration's store; made before the fork */
struct store; /* one process's open connection to it */

/*
 * Prepares the store that s names: makes the file or the tables, migrates those
 * of an older version, and decides what of them is believed.  A store that
 * cannot be used is logged, and the program goes on without: NULL only with
 * ERR_CONFIG (a store of a newer version) or ERR_MEMORY.
 */
struct state *state_new(const struct settings *s, struct error *why);
void state_free(struct state *s);

/*
 * The same store for a command that only looks: nothing is made, migrated or
 * decided.  NULL without memory, or for a store that this build cannot open.
 */
struct state *state_view(const struct settings *s, struct error *why);

/*
 * What serve would meet in the store of state_view().  Nothing is made or
 * changed.  ERR_CONFIG: a newer program made it, and serve refuses it.
 * ERR_SYSTEM, ERR_UNREACHABLE: serve goes on without it.  A store that is not
 * there yet is none of these.
 */
enum err state_examine(struct state *s, struct error *why);

/* Faults of s are not logged: another one of the same store tells them. */
void state_hush(struct state *s);

/* Takes over the shared part of another configuration's, of the same store. */
void state_inherit(struct state *s, struct state *from);

/* Files and TCP ports that a connection to a database needs. */
#define STATE_FILES_MAX 8
#define STATE_PORTS_MAX 8
struct state_needs {
	char files[STATE_FILES_MAX][PATH_MAX];
	size_t file_count;
	uint16_t ports[STATE_PORTS_MAX];
	size_t port_count;
};

/*
 * Fills in what a process that opens the store will need, for its sandbox:
 * nothing, for a store in files.  More than there is room for is left out.
 * False: out of memory.
 */
bool state_needs(const struct state *s, struct state_needs *n);

/*
 * Opens the store for this process; after the fork only.  Never NULL but
 * without memory: one that cannot be opened now is tried again later.
 */
struct store *store_open(struct state *s);
void store_close(struct store *st);

/* The answers of a store to a question. */
enum store_answer {
	STORE_YES,
	STORE_NO,
	STORE_OUT_OF_REACH /* of several machines: do not change anything */
};

/*
 * Is all that c wants of its host published, under the same configuration,
 * without a write under way, and for less than refresh_ms?
 */
enum store_answer store_is_applied(struct store *st,
    const struct state_claim *c, int64_t refresh_ms);

/*
 * May the update t begin with the host, as order.h rules?  verdicts gets those
 * to share with ORDER_SHARED.  A store that is absent answers ORDER_MINE.
 */
enum order_answer store_take(struct store *st, const char *host, struct turn *t,
    int verdicts[static ORDER_VERDICTS]);

/* May t go on?  To be asked at least each second of its turn. */
enum order_answer store_keep(struct store *st, const char *host,
    const struct turn *t);

/* Ends the turn; see order_give(). */
void store_give(struct store *st, const char *host, const struct turn *t,
    const int *verdicts);

/*
 * Commits that what c wants is about to be written: from now on the families
 * that it names are unknown.  To be called before the provider's first write.
 * ERR_UNREACHABLE: the store of several machines did not take it, so nothing
 * may be written.  One machine's store that does not take it is believed no
 * longer.  old gets what was there before, as far as that is known.
 */
enum err store_intend(struct store *st, const struct state_claim *c,
    struct state_value old[static STATE_FAMILIES]);

/* What became of the write of one family. */
enum state_outcome {
	OUTCOME_OPEN,	/* no answer came: it may take effect later */
	OUTCOME_ENDED,	/* it was refused, or never sent */
	OUTCOME_APPLIED /* the provider certainly has what was wanted */
};

/*
 * Commits what became of the intent, a family each of c.wanted.  What was
 * applied is believed from now on, but for one case: if an earlier write of the
 * same record was left open, by a worker that died or by a provider that gave
 * no answer, that may still take effect.  Until STATE_STRAY_MS after the intent
 * that found it open, each update reads the provider again.
 */
#define STATE_STRAY_MS 60000
void store_apply(struct store *st, const struct state_claim *c,
    const enum state_outcome outcomes[static STATE_FAMILIES]);

/* Makes the next update of the host begin anew; false: it is not known. */
bool store_forget(struct store *st, const char *host);

#define STATE_MARK_MAX 48 /* bytes of an event's mark, with its end */

/* May updates rely on the store now?  If not, why says what is wrong. */
enum err store_check(struct store *st, struct error *why);

/* How many hosts have a write under way, or one that was cut off. */
enum err store_count_intents(struct store *st, int64_t *count);

/*
 * How often the store could not be used, and how many damaged ones were moved
 * aside, since the service started.
 */
unsigned int state_errors(const struct state *s);
unsigned int state_moved(const struct state *s);

/* One line of the history: something changed, or was refused. */
struct state_event {
	/*
	 * Of an event that was read: its place.  The mark of a later event
	 * compares greater, by strcmp(3).
	 */
	const char *mark;
	int64_t at;	    /* seconds since 1970 */
	const char *source; /* the router's address */
	const char *account;
	const char *host;
	const char *type;    /* "A" or "AAAA" */
	const char *old;     /* text of an address, "none", or NULL: unknown */
	const char *new;     /* the same, of what was asked for */
	const char *verdict; /* verdict_word() */
	const char *reason;  /* or NULL */
	const char *issuer;  /* of the certificate that was seen, or NULL */
	const char *serial;
	const char *key; /* SHA-256 of the key, in hex */
	int64_t expiry;	 /* seconds since 1970; 0: no certificate */
	int proof_ms, provider_ms;
	const char *request; /* what the web server called it, or NULL */
};

/* Appends an event, and removes a few that are older than "history". */
void store_record(struct store *st, const struct state_event *e);

/* What is known of a host, for people. */
struct state_host {
	char host[STATE_TEXT_MAX], account[STATE_TEXT_MAX];
	struct state_value value[STATE_FAMILIES];
	int64_t since[STATE_FAMILIES]; /* seconds since 1970 */
	int64_t applied_at;	       /* last proof and publication */
	bool intent;		       /* a write is, or was, under way */
	int64_t expiry;		       /* of its certificate, 0: none seen */
	int64_t refused_at;	       /* 0: never */
	char refused[STATE_TEXT_MAX];  /* verdict and reason */
};

/*
 * Calls each() for the hosts from the name from on, in their order, for those
 * of account, or all if it is NULL, until it returns false.
 */
enum err store_hosts(struct store *st, const char *account, const char *from,
    bool (*each)(const struct state_host *h, void *data), void *data);

/*
 * What is known of the host of that name.  ERR_NOT_FOUND: nothing.
 * ERR_UNREACHABLE: the store cannot be read now.
 */
enum err store_host(struct store *st, const char *name, struct state_host *h);

/* Which events are asked for; all zero: every one. */
struct state_search {
	const char *host, *account; /* NULL: any */
	int64_t since;		    /* seconds since 1970 */
	const char *before; /* a mark: those that are older; NULL: all */
	unsigned int most;  /* so many are wanted, if it is not 0; a hint */
};

/*
 * Calls each() for these events, the latest first, until it returns false.
 * Asked for a host, it costs as much as that host has events.
 */
enum err store_history(struct store *st, const struct state_search *s,
    bool (*each)(const struct state_event *e, void *data), void *data);

/*
 * News: what happened since, for a process that tells people of it.
 *
 * Calls each() for the events behind the mark after, all of them if it is "",
 * the earliest first, until it returns false.  Several machines may commit
 * events out of their order: one that turns up behind after may be followed by
 * another before it, for state_late_s() seconds of the clocks of both.
 */
enum err store_news(struct store *st, const char *after,
    bool (*each)(const struct state_event *e, void *data), void *data);
int64_t state_late_s(const struct state *s);

/*
 * May this process tell, for all that share the store?  One may at a time,
 * under an id of its own, for STATE_LEAD_MS after each time that it was told
 * so.  Once it has resigned another one may at once; if it ends without, after
 * that span where several machines share the store.
 */
#define STATE_LEAD_MS 60000
bool store_leads(struct store *st, uint64_t id);
void store_resign(struct store *st, uint64_t id);

/*
 * Reads what was kept under a key into text, emptied before; nothing, if there
 * is nothing.  store_keep_note() keeps another text there, in place of before,
 * which may be "" for nothing, or NULL for whatever it is.  ERR_NOT_FOUND:
 * before is not what is there, for another process changed it, or the store is
 * a new one.  ERR_UNREACHABLE: the store cannot be used now, or text is too
 * small.
 */
struct buffer;
enum err store_note(struct store *st, const char *key, struct buffer *text);
enum err store_keep_note(struct store *st, const char *key, const char *before,
    const char *text);

/* An account that the tables hold for all machines. */
struct state_account {
	const char *name;
	const char *text; /* JSON; NULL: it was removed */
	int64_t version;  /* of the list, when the account was written */
};

/* The version of the list of accounts, from 1 on; 0 if it cannot be had. */
int64_t store_accounts_version(struct store *st);

/*
 * Calls each() for the accounts that were written after version since, in this
 * order, until it returns false.  ERR_UNREACHABLE: it gave out on the way, or
 * the store is of one machine, which holds none.
 */
enum err store_accounts(struct store *st, int64_t since,
    bool (*each)(const struct state_account *a, void *data), void *data);

/*
 * Writes an account, or removes it where text is NULL.  ERR_CONFIG: is_new, and
 * there is one of that name already; or it is not there.  ERR_UNREACHABLE as
 * above.
 */
enum err store_account_write(struct store *st, const char *name,
    const char *text, bool is_new);

#endif
