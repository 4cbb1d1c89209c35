/*
 * update.h - one update, from the login to the changed record.
 */
#ifndef GATEWAY_UPDATE_H
#define GATEWAY_UPDATE_H

#include <stdbool.h>

#include "account/account.h"
#include "address/address.h"
#include "base/error.h"
#include "config/settings.h"
#include "gateway/claim.h"
#include "gateway/gateway.h"
#include "gateway/reply.h"
#include "gateway/request.h"
#include "state/state.h"

/* Milliseconds.  A widespread client gives up after 10 s. */
#define UPDATE_MS	   8000
#define UPDATE_PROOFS_MS   5000
#define UPDATE_PROVIDER_MS 5000	 /* after the last proof */
#define UPDATE_LATE_MS	   60000 /* after the reply */

/*
 * What came of one record.  Ordered: the worst of a host is its verdict, and
 * what a later try can mend counts as worse, so that there is one.
 */
enum verdict {
	VERDICT_SKIPPED,  /* not public, and not wanted then */
	VERDICT_NOCHG,	  /* the provider had it already */
	VERDICT_GOOD,	  /* the provider has it now */
	VERDICT_OPEN,	  /* not judged yet; never leaves an update */
	VERDICT_WITHHELD, /* not tried, for another record of the host failed */
	VERDICT_ADDRESS,  /* not an address to publish */
	VERDICT_PROOF,	  /* the host did not prove it */
	VERDICT_PROVIDER, /* the provider refused */
	VERDICT_BUSY,	  /* the provider is busy or out of reach, or we are */
	VERDICT__MAX
};

/* One address of one host, with its proof and its publication. */
struct record {
	const struct host_settings *host;
	struct address address;
	bool remove; /* take away what is published; address is its family */
	enum verdict verdict;
	const struct error *why; /* of the verdict, for the log; or NULL */
	struct error refusal;	 /* of an address that is not published */
	struct proof proof;	 /* .how is NULL where none was tried */
	struct publication publication;
};

struct host_state;
struct work;

/* Goes down the steps of update_run() and collects. */
struct update {
	const struct gateway *gateway;
	struct exchanges *exchanges;   /* of this worker, as the next */
	struct store *store;	       /* NULL: there is none */
	const struct request *request; /* NULL after the reply */
	char id[REQUEST_ID_MAX + 1];   /* of the request */
	struct address source;	       /* of the request, if it has one */
	bool has_source;
	struct claim_rules rules; /* of its protocol */
	struct login login;
	struct claim claim;
	const struct host_settings *hosts[SETTINGS_HOSTS_MAX]; /* each once */
	size_t host_count;
	struct record *records; /* two a host at most */
	size_t record_count;
	struct host_state *states; /* one a host, or NULL: see hosts.h */
	struct work *work;	   /* NULL: nothing is under way; see work.h */
	bool abandoned;		   /* the client did not wait */
	bool charged;		   /* a failure was taken; see budget.h */
	bool held_back;		   /* it did not connect; see targets.h */
	long retry_after;	   /* seconds */
	int login_ms, proofs_ms, provider_ms;
	enum err result; /* of the whole */
	struct error why;
};

/*
 * ERR_OK: every record has its verdict.  ERR_ABANDONED, ERR_MEMORY, a code of
 * account_authenticate() or of claim_read(): nothing was done.
 */
enum err update_run(struct update *u);

/*
 * Was something begun at the provider that is not finished?  Its records are
 * open; they are "busy" for the reply.
 */
bool update_is_late(const struct update *u);

/*
 * Was its login put off, and is to be checked after the reply, by the next
 * function?  See account_check_late().
 */
bool update_is_unchecked(const struct update *u);
void update_check_late(struct update *u);

/*
 * Goes on with it, after the reply, until it is finished or the moment comes.
 * The request may have ended by now.  True when it is finished.
 */
bool update_go_on(struct update *u, int64_t until);

/* Gives up what is late, wipes the login and frees the records. */
void update_end(struct update *u);

/* Did the request give the host an address, or take one away? */
bool update_has_host(const struct update *u, const struct host_settings *host);

/* The worst of the host's records; VERDICT_SKIPPED if it has none. */
enum verdict update_host_verdict(const struct update *u,
    const struct host_settings *host);

/* The worst of all hosts. */
enum verdict update_verdict(const struct update *u);

/*
 * The words of a protocol for the whole update: for its worst verdict, or for
 * the error that ended it; errors[ERR_OK] stands for every error that has no
 * entry.
 */
const struct wording *update_wording(const struct update *u,
    const struct wording verdicts[static VERDICT__MAX],
    const struct wording errors[static ERR__MAX]);

/* Has the record, or any of the update, no verdict yet? */
bool record_is_open(const struct record *r);
bool update_has_open(const struct update *u);

/* One word for the log and the client; "busy" for what is not judged. */
const char *verdict_word(enum verdict v);

/* Is something not as the router wants it? */
bool verdict_is_failure(enum verdict v);

#endif
