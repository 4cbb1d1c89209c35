/*
 * settings.h - ddnsgate.json, read and checked.
 *
 * The settings have passed every check that needs no other file.  They are
 * made once, before any worker starts; only accounts of a directory change
 * later, by roster.h.
 */
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

#include <sys/types.h>

#include <json-c/json.h>

#include "address/address.h"
#include "base/error.h"
#include "base/log.h"
#include "config/account.h"
#include "config/edition.h"
#include "config/operator.h"

#define SETTINGS_WORKERS_MAX   256
#define SETTINGS_HOSTS_MAX     64 /* of one account */
#define SETTINGS_ACCOUNTS_MAX  1000000
#define SETTINGS_PROVIDERS_MAX 64
#define SETTINGS_ADDRESSES_MAX 8 /* of one provider */
#define SETTINGS_PEERS_MAX     16
#define SETTINGS_FAULTS_MAX    8 /* of accounts, that are kept */
#define SETTINGS_STATE_DEFAULT LOCALSTATEDIR "/lib/ddnsgate"
#define SETTINGS_CA_DEFAULT    "/etc/ssl/certs/ca-certificates.crt"

struct provider_settings {
	const char *name;
	const char *description; /* name of its file */
	json_object *variables;	 /* {config.*}; NULL: none */
	struct address addresses[SETTINGS_ADDRESSES_MAX];
	size_t address_count; /* 0: ask the resolver */
	const char *ca;
};

struct listen_settings {
	const char *path; /* NULL: a socket is handed in */
	mode_t mode;
	gid_t group; /* (gid_t)-1: our own */
};

/* Where we remember what was published; ddnsgate.json(5), state. */
struct state_settings {
	const char *place;	   /* directory, or URL of a database */
	const char *password_file; /* of the database; NULL: libpq's own */
	int64_t history_days;
	int64_t refresh_ms; /* what was published is believed for so long */
};

/* Who reads the counters without a login, and what of each host is shown. */
struct metrics_settings {
	struct network allow[SETTINGS_ALLOW_MAX];
	size_t allow_count;
	bool hosts;
};

struct reader;
struct receiver_settings;

struct settings {
	char *file;
	struct edition edition;	    /* of file */
	struct heap_region *region; /* of document and accounts, or NULL */
	json_object *document;	    /* without accounts; owns the strings */
	unsigned int workers;
	struct listen_settings listen;
	uid_t peers[SETTINGS_PEERS_MAX];
	size_t peer_count;
	struct log_settings log;
	struct state_settings state;
	const char *url; /* how routers reach us, or NULL */
	const char *ca;
	struct provider_settings *providers;
	size_t provider_count;
	struct metrics_settings metrics;
	struct operator_settings *operators;
	size_t operator_count;
	struct receiver_settings *receivers; /* of news */
	size_t receiver_count;
	struct account_settings *accounts; /* sorted by name */
	size_t account_count;
	const char *account_directory; /* of more of them, or NULL */
	bool account_table;	       /* more of them are in the database */
	int64_t table_version; /* of them, when it was read last; 0: never */
	uint64_t fingerprint;  /* of the directory, when it was read last */
	/* Errors of accounts in the directory, each with its consequence. */
	struct error faults[SETTINGS_FAULTS_MAX];
	size_t fault_count; /* may be more than are kept */
	bool ready;	    /* read; what changes now is no part of region */
};

/*
 * A further check of each account that is read from a directory, such as of
 * its verifier; an error is that of the account alone.
 */
struct account_judge {
	enum err (*judge)(const struct account_settings *a, void *data,
	    struct error *why);
	void *data;
};

/*
 * Reads file, and the directory of accounts that it names.  NULL on the first
 * error of the file, which why tells with the file, the place in it and the
 * remedy.  An account of the directory that is wrong, or not right for judge,
 * is one of the faults of the result, and is as it was in before.  Both before
 * and judge may be NULL.
 */
struct settings *settings_read_after(const char *file,
    const struct settings *before, const struct account_judge *judge,
    struct error *why);

/* The same with neither of them. */
struct settings *settings_read(const char *file, struct error *why);

/* The same without the directory, whose accounts are missing. */
struct settings *settings_read_alone(const char *file, struct error *why);

/*
 * Fills faults, which is empty, with all errors of the file, or the only one
 * of a file that cannot be parsed.  further adds others, of what the settings
 * name; after an error they have a fallback, or nothing, in that place.
 */
void settings_examine(const char *file, struct faults *faults,
    void (*further)(const struct settings *s, struct faults *faults));

/* NULL is fine. */
void settings_free(struct settings *s);

/* Is the place of a state the URL of a database, not a directory? */
bool settings_is_database(const char *place);

/* Reads a list of addresses, for the readers of other parts. */
void settings_read_addresses(const struct reader *r,
    struct provider_settings *to);

/* The order of accounts, for qsort(3). */
int settings_compare_accounts(const void *a, const void *b);

/* Of all accounts. */
size_t settings_count_hosts(const struct settings *s);

/* The account of that name, or NULL. */
const struct account_settings *settings_account(const struct settings *s,
    const char *name);

/* The host of that name of an account, which may be NULL; or NULL. */
const struct host_settings *settings_host(const struct account_settings *a,
    const char *name);

#endif
