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

#define CLAIM_NAMES_MAX SETTINGS_HOSTS_MAX /* in one request */

/* One family: an address, the word to remove it, or neither. */
struct claim_address {
	bool given;
	bool remove; /* "none" */
	struct address address;
};

struct claim {
	struct claim_address ipv4, ipv6;
	bool has_prefix;
	struct prefix prefix;
	bool force;	/* prove and publish, whatever is known */
	bool has_names; /* else all of the account */
	const struct host_settings *names[CLAIM_NAMES_MAX]; /* as sent */
	size_t name_count;
};

/*
 * Reads the parameters of q, and what the account lets us take from the
 * connection.  Forgives what devices are known to do: blanks, a length behind
 * an address, lists of both families, a name that is doubled or stands behind
 * the address.  An empty value is an absent one.
 * ERR_REQUEST (why says which parameter), ERR_NOT_A_NAME, ERR_NOT_YOURS or, for
 * more than names_max names, ERR_TOO_MANY_NAMES; dyndns2 has words of its own
 * for the last three. why is fit for the client.
 */
enum err claim_read(struct claim *c, const struct request *q,
    const struct account_settings *account, size_t names_max,
    struct error *why);

/*
 * The user and the token, where the parameters hold both; borrowed from q.
 * False when they do not.
 */
bool claim_credential(const struct request *q, const char **user,
    const char **token);

#endif
