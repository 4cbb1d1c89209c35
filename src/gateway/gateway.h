/*
 * gateway.h - all that one configuration stands for, ready to answer requests.
 */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include "account/account.h"
#include "base/error.h"
#include "config/settings.h"
#include "news/receivers.h"
#include "proof/proof.h"
#include "provider/provider.h"
#include "state/state.h"
#include "tls/trust.h"

struct budget;
struct metrics;
struct notices;
struct seen;
struct slow;
struct targets;

struct gateway {
	const struct settings *settings;
	struct accounts *accounts;
	struct trust *trust; /* of proofs and providers */
	struct prover *prover;
	struct providers *providers;
	struct receivers *receivers; /* of news */
	struct notices *notices;     /* or NULL */
	struct slow *slow;	     /* this and the next three are NULL until
			      * gateway_open_state() */
	struct targets *targets;
	struct metrics *metrics;
	struct budget *budget;
	struct seen *seen; /* NULL: nobody wants to know */
	struct state *state;
};

/*
 * Reads a configuration and all that it names: verifiers, CA files,
 * descriptions of providers.  To be called before the fork, so that
 * the workers share the pages.  NULL on the first error.
 */
struct gateway *gateway_new(const char *file, struct error *why);

/*
 * Reads the configuration of g anew, as gateway_new() does; an account of the
 * directory that is wrong now is as it is in g.
 */
struct gateway *gateway_read_again(const struct gateway *g, struct error *why);

/*
 * The hosts of providers and receivers that the resolver must be asked for,
 * counted from 0; NULL after the last.
 */
#define GATEWAY_RESOLVED_MAX (PROVIDERS_RESOLVED_MAX + RECEIVERS_RESOLVED_MAX)
const struct endpoint *gateway_resolved(const struct gateway *g, size_t index);

/*
 * From now on this process can only read what the resolver has found.  False:
 * errno says why.
 */
bool gateway_only_reads_addresses(const struct gateway *g);

/* Can its accounts change without a reload of all? */
bool gateway_watches(const struct gateway *g);

/*
 * Have they changed since they were read?  st, of this process, tells those of
 * the database; NULL where there are none.
 */
bool gateway_accounts_changed(const struct gateway *g, struct store *st);

/* A connection for that, which store_close() ends; NULL: none is needed. */
struct store *gateway_watch(const struct gateway *g);

/*
 * Reads those that have changed, and nothing else.  ERR_CONFIG: the directory
 * cannot be read, and its accounts stay as they were until that changes.
 * ERR_UNREACHABLE: the same for the database, which can be tried again.
 * ERR_MEMORY: g can only be freed.
 */
enum err gateway_read_accounts(struct gateway *g, struct error *why);

/*
 * Would the JSON of text be right as the account name in a gateway of s?  The
 * error calls it file, and names the place and the remedy.
 */
enum err gateway_check_account(struct settings *s, const char *text,
    const char *file, const char *name, struct error *why);

/* Warns of the accounts that were wrong when they were read last. */
void gateway_log_faults(const struct gateway *g);

void gateway_free(struct gateway *g);

/*
 * Makes the state and the places for slow work ready, to be called by whoever
 * will serve, before the fork.
 * ERR_CONFIG: it cannot serve with this state.
 */
enum err gateway_open_state(struct gateway *g, struct error *why);

/*
 * Takes over what the processes of another configuration know: addresses of
 * providers, logins, the state.  from can only be freed afterwards.
 */
void gateway_inherit(struct gateway *g, struct gateway *from);

#endif
