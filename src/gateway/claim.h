/*
 * claim.h - what a request asks for, whichever words its client uses.
 *
 * The names of parameters are those of every client that we know of; the same
 * ones count for /update and for dyndns2.
 */
#ifndef GATEWAY_CLAIM_H
#define GATEWAY_CLAIM_H

#include <stdbool.h>

#include "address/address.h"
#include "address/prefix.h"
#include "base/error.h"
#include "config/settings.h"
#include "gateway/request.h"

#define CLAIM_NAMES_MAX	  SETTINGS_HOSTS_MAX /* in one request */
#define CLAIM_IGNORED_MAX 8

/* The rules of a protocol for names of hosts. */
struct claim_rules {
	size_t names_max; /* an account with more hosts may name them all */
	bool names_needed;
};

/* One family: an address, the word to remove it, or neither. */
struct claim_address {
	bool given;
	bool remove; /* "none" */
	struct address address;
};

struct claim {
	struct claim_address ipv4, ipv6;
	bool has_prefix;
	bool prefix_named; /* by a parameter that is for prefixes */
	struct prefix prefix;
	bool force;	/* prove and publish, whatever is known */
	bool has_names; /* else all of the account */
	const struct host_settings *names[CLAIM_NAMES_MAX]; /* as sent */
	size_t name_count;
	/* For the log: names of parameters that had a value of no use. */
	const char *ignored[CLAIM_IGNORED_MAX]; /* borrowed from the request */
	size_t ignored_count;
	size_t ignored_more; /* that cannot be named, or were too many */
};

/*
 * Reads the parameters of q, and what the account lets us take from the
 * connection.  Names of parameters are known in any case, and with the "amp;"
 * of an escaped ampersand before them.  A value that says "there is none now"
 * is an absent one; the others are read in every form that has one meaning.
 * What should narrow an update never widens it: a parameter of any name whose
 * value is a host name counts as hostname, and where the rules need names, an
 * account with several hosts gets by without only by its "all_hosts".
 *
 * ERR_REQUEST (why says which parameter), ERR_NOT_A_NAME, ERR_NOT_YOURS or
 * ERR_TOO_MANY_NAMES; dyndns2 has words of its own for the last three.  why is
 * fit for the client.
 */
enum err claim_read(struct claim *c, const struct request *q,
    const struct account_settings *account, const struct claim_rules *rules,
    struct error *why);

/*
 * The user and the token, where the parameters hold both; borrowed from q.
 * False when they do not.
 */
bool claim_credential(const struct request *q, const char **user,
    const char **token);

#endif
