/*
 * settings.h - ddnsgate.json, read and checked.
 *
 * What stands here has passed every check that needs no other file.  It is
 * made once, before any worker starts, and never changes.
 */
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

#include <sys/types.h>

#include <json-c/json.h>

#include "address/address.h"
#include "base/error.h"
#include "config/host.h"

#define SETTINGS_WORKERS_MAX   256
#define SETTINGS_HOSTS_MAX     64 /* of one account */
#define SETTINGS_ACCOUNTS_MAX  1000000
#define SETTINGS_PROVIDERS_MAX 64
#define SETTINGS_ADDRESSES_MAX 8 /* of one provider */
#define SETTINGS_PEERS_MAX     16
#define SETTINGS_STATE_DEFAULT LOCALSTATEDIR "/lib/ddnsgate"
#define SETTINGS_CA_DEFAULT    "/etc/ssl/certs/ca-certificates.crt"

struct account_settings {
	const char *name;
	const char *verifier; /* checked by account/ */
	size_t provider;      /* index into providers */
	bool from_connection;
	bool query_credentials;
	bool all_hosts; /* who names none in dyndns2 means all */
	struct host_settings *hosts;
	size_t host_count;
};

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

struct settings {
	char *file;
	struct heap_region *region; /* of document and accounts, or NULL */
	json_object *document;	    /* owns every borrowed string */
	unsigned int workers;
	struct listen_settings listen;
	uid_t peers[SETTINGS_PEERS_MAX];
	size_t peer_count;
	const char *log;
	struct state_settings state;
	const char *url; /* how routers reach us, or NULL */
	const char *ca;
	struct provider_settings *providers;
	size_t provider_count;
	struct account_settings *accounts; /* sorted by name */
	size_t account_count;
};

/*
 * Reads file.  NULL on the first error, which why tells with the file, the
 * place in it and the remedy.
 */
struct settings *settings_read(const char *file, struct error *why);

/* NULL is fine. */
void settings_free(struct settings *s);

/* Is the place of a state the URL of a database, not a directory? */
bool settings_is_database(const char *place);

/* The account of that name, or NULL. */
const struct account_settings *settings_account(const struct settings *s,
    const char *name);

#endif
