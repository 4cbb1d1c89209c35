/*
 * account.h - one account: who a router logs in as, and the hosts it has.
 */
#ifndef CONFIG_ACCOUNT_H
#define CONFIG_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/host.h"
#include "config/reader.h"

struct settings;

#define ACCOUNT_NAME_MAX 128

/* Where an account is written down. */
enum account_source {
	ACCOUNT_IN_CONFIGURATION,
	ACCOUNT_IN_DIRECTORY,
	ACCOUNT_IN_TABLE
};

struct account_settings {
	const char *name;
	const char *verifier; /* checked by account/ */
	size_t provider;      /* index into the providers of the settings */
	bool from_connection;
	bool query_credentials;
	bool all_hosts; /* dyndns2 without a host name means all */
	bool disabled;	/* nobody can log in as it */
	struct host_settings *hosts;
	size_t host_count;
	enum account_source source;
	uint64_t stamp; /* of a file: another one when the file has changed */
	bool owned;	/* a copy, which borrows nothing from a document */
	bool loose;	/* made after the settings, outside of their region */
};

/*
 * Reads the account that r stands at; its name is that of the reader.  What it
 * leaves out is taken from the member "defaults" of s, whose providers it
 * names.  *to is to be released by account_end() in any case; its name and
 * verifier and the strings of its proofs are borrowed from the documents.
 * Errors are kept by r.
 */
void account_read(struct reader *r, struct settings *s,
    struct account_settings *to);

/*
 * Checks the member "defaults" that r stands at, as far as that can be done
 * without an account.
 */
void account_check_defaults(struct reader *r, const struct settings *s);

/*
 * Makes *to, of s, a copy of from, which belongs to the settings of, so that
 * it borrows nothing from them.  False: out of memory, or s lacks its
 * provider; *to is all zero then.
 */
bool account_copy(struct account_settings *to, const struct settings *s,
    const struct account_settings *from, const struct settings *of);

/* Releases what an account of s has. */
void account_end(struct account_settings *a, const struct settings *s);

/* The reason why no account can have this name, or NULL. */
const char *account_name_fault(const char *name);

#endif
