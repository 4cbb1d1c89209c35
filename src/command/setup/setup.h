/*
 * setup.h - what `ddnsgate setup' knows while it asks, tries and writes.
 */
#ifndef COMMAND_SETUP_SETUP_H
#define COMMAND_SETUP_SETUP_H

#include <stdbool.h>

#include "address/address.h"
#include "command/account/form.h"
#include "command/setup/draft.h"
#include "command/input.h"

#define SETUP_SETS_MAX 16

/* All strings named answers are owned; NULL: not answered. */
struct setup {
	const char *config, *user, *token_file;
	const char *sets[SETUP_SETS_MAX]; /* KEY=VALUE of the provider */
	size_t set_count;
	struct account_form form; /* zone, ttl, proof and suffix */
	bool new_token, no_trial, start;
	bool person; /* somebody can be asked */

	/* answers */
	char *server, *provider, *account, *host, *ipv4, *ipv6, *length,
	    *device, *site, *certificate, *key;
	char *last[2]; /* of ipv4 and ipv6, before they are asked again */
	char *name;    /* of server, without a port */
	json_object *variables; /* "config" of the provider */

	struct draft draft;
	struct address now[2]; /* IPv4, IPv6; of no family: none to try */
	char suffix[ADDRESS_TEXT_MAX];
	char token[INPUT_TOKEN_MAX + 1];
	bool has_token, token_tried, proof_tried;
	bool site_refused; /* nginx did not take it */
};

/*
 * Each asks until the answer is right, or takes that of an option.  False, told
 * on standard error, if an option is wrong or lacking, or the input ended.
 */
bool setup_ask_names(struct setup *s);	   /* server, provider, account, host */
bool setup_ask_addresses(struct setup *s); /* and the prefix length */
bool setup_ask_token(struct setup *s);	   /* if one is needed, or wanted */
bool setup_ask_device(struct setup *s);
bool setup_ask_site(struct setup *s);

/* yes or no; preset is the answer of whoever just presses Enter. */
bool setup_ask_whether(const struct setup *s, const char *question,
    bool preset);

/*
 * Tries the token at the provider, and the proofs of the addresses, of the
 * draft, as far as they are not good yet.  *token and *proof: it did not fail.
 * False, told on standard error: the draft is no configuration.
 */
bool setup_try(struct setup *s, bool *token, bool *proof);

#endif
