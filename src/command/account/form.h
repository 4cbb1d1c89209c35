/*
 * form.h - what the options of a command make of an account's JSON.
 */
#ifndef COMMAND_ACCOUNT_FORM_H
#define COMMAND_ACCOUNT_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

#include "command/options.h"
#include "config/settings.h"

/* As they were written; NULL, or false: not given. */
struct account_form {
	const char *hosts[SETTINGS_HOSTS_MAX];
	size_t host_count;
	const char *ipv4, *ipv6; /* words of ddnsgate.json(5) */
	const char *prefix_length, *suffix, *zone, *ttl, *proof;
	const char *provider;
	bool token; /* a new one is to be asked for */
};

/* Takes the options that say so; false: too many hosts. */
bool account_form_read(struct account_form *f, const struct options *o);

/*
 * Can it be written into: is it an object, and so are "hosts" and each host, as
 * far as they are there?
 */
bool account_form_fits(json_object *account);

/* Is nothing of an account to be changed? */
bool account_form_is_empty(const struct account_form *f);

/*
 * Writes what was given into account, which fits.  Without hosts, what is meant
 * for a host goes to the only one that the account has.  s says what a new
 * account needs not say.  False, told on standard error, if that is not clear,
 * or without memory.
 */
bool account_form_apply(const struct account_form *f, json_object *account,
    const struct settings *s);

/*
 * Puts the verifier of name and token into account, an object.  False, told on
 * standard error, if they cannot be a credential.
 */
bool account_form_put_verifier(json_object *account, const char *name,
    const char *token);

#endif
