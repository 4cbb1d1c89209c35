/*
 * provider.h - write addresses into the public DNS.
 *
 * description/ compiles the file that says how to talk to a provider, rest/
 * carries it out at a provider with an API, and dns/ speaks to name servers
 * that take updates.
 */
#ifndef PROVIDER_PROVIDER_H
#define PROVIDER_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "config/settings.h"
#include "provider/publication.h"

#define PROVIDERS_RESOLVED_MAX (2 * SETTINGS_PROVIDERS_MAX)

struct trust;
struct description;
struct endpoint;
struct exchanges;
struct provider;  /* one of the configuration */
struct providers; /* all of it, ready; made before the fork */

/*
 * Reads the description of every provider of s and checks it against the
 * settings.  s must outlive the result.  NULL on the first error.
 */
struct providers *providers_new(const struct settings *s, struct error *why);
void providers_free(struct providers *p);

/* By the index that account_settings has. */
const struct provider *providers_get(const struct providers *p, size_t index);

/*
 * SHA-256 over all settings of the provider that decide where a record is
 * written: equal before and after a reload, unless one of them changed.
 */
#define PROVIDER_DIGEST_LEN 32
const uint8_t *provider_digest(const struct provider *p);

/*
 * Loads the CA file that judges the provider's certificate, if it is spoken to
 * with HTTPS; exchanges_new() takes the same trust.  ERR_CONFIG names the
 * provider and the file.
 */
enum err provider_trust(const struct provider *p, struct trust *trust,
    struct error *why);

/*
 * Where it is spoken to; where else its login is, or NULL; and its description,
 * which is NULL if it has none (RFC 2136).
 */
const struct endpoint *provider_endpoint(const struct provider *p);
const struct endpoint *provider_login(const struct provider *p);
const struct description *provider_description(const struct provider *p);

/*
 * Prints where the provider is spoken to, at which addresses, and by whose
 * certificate, for people to read.  asked: providers_resolve() came before.
 */
void provider_print(const struct provider *p, bool asked, FILE *to);

/*
 * Asks the resolver, once, for each provider whose addresses are not pinned;
 * what was known stays where it fails, which is logged.  May take long.
 */
void providers_resolve(struct providers *p);

/*
 * The hosts of p that the resolver must be asked for, counted from 0; NULL
 * after the last.  None: every provider is pinned, or has no host.
 */
const struct endpoint *providers_resolved(const struct providers *p,
    size_t index);

/*
 * From now on this process can only read the addresses that the resolver has
 * found.  False: errno says why.
 */
bool providers_only_read(struct providers *p);

/* Has each of the hosts of providers_resolved() an address? */
bool providers_known(const struct providers *p);

/*
 * Copies what another configuration, which stays as it is, knows of the
 * addresses of the same hosts.
 */
void providers_inherit(struct providers *p, const struct providers *from);

/*
 * Brings the records to the provider, those of one request together, and
 * judges each, as a part of a loop of the caller's own.  Reads before it
 * writes; never writes what is already so, nor what has no leave.  The number
 * of requests is bounded by the description.
 *
 *	pub = provider_start(...);
 *	while (provider_step(pub)) {
 *		... wait until provider_due(pub), in exchanges_wait_with() if
 *		provider_in_flight(pub), and decide about leaves meanwhile
 *	}
 *	provider_finish(pub, &retry_after);
 */
struct publishing;

/*
 * At most PUBLICATIONS_MAX records; all arguments must outlive the run.
 * deadline: when the router wants its reply; late, not before it: when all
 * requests end.  NULL: there was no memory, and every record says so.
 */
struct publishing *provider_start(const struct provider *p, struct exchanges *x,
    const char *token, struct publication *const records[], size_t count,
    int64_t deadline, int64_t late);

/*
 * Does what can be done now; false: all records are done.  Never waits, but for
 * a name server (RFC 2136), which is spoken to once no leave is awaited any
 * more, until the deadline.
 */
bool provider_step(struct publishing *pub);

/* The moment of the next provider_step(), though no answer has come. */
int64_t provider_due(const struct publishing *pub);

/* Is a request under way? */
bool provider_in_flight(const struct publishing *pub);

/*
 * Is something written, or being written, that is not whole yet, or read from a
 * list of which some pages have come?
 */
bool provider_goes_on(const struct publishing *pub);

/*
 * Aborts what is under way; records that are not done get ERR_UNREACHABLE.
 * *retry_after gets the seconds that the provider asked for, or 0.  NULL is
 * fine.
 */
void provider_finish(struct publishing *pub, long *retry_after);

/* All of these in one: returns when every record is done. */
void provider_publish(const struct provider *p, struct exchanges *x,
    const char *token, struct publication *const records[], size_t count,
    int64_t deadline, long *retry_after);

/*
 * The same, and writes what was said to a file, as recording.h does.
 * ERR_CONFIG: the provider is a name server; that cannot be recorded.
 */
enum err provider_record(const struct provider *p, struct exchanges *x,
    const char *token, struct publication *const records[], size_t count,
    int64_t deadline, long *retry_after, FILE *to, struct error *why);

/*
 * Prints the requests that provider_publish() would send, and sends none.  The
 * token is masked, "<id>" stands for what an answer would give, and a step is
 * shown if any answer may lead to it.  A zone that is not given is taken to
 * have two labels.  Judges each record, as provider_publish() does: what no
 * answer can make succeed fails here as well.
 */
void provider_rehearse(const struct provider *p, FILE *to,
    struct publication *const records[], size_t count);

#endif
