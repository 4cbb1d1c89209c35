/*
 * update.h - one update, from the login to the changed record.
 */
#ifndef GATEWAY_UPDATE_H
#define GATEWAY_UPDATE_H

#include "account/account.h"
#include "address/address.h"
#include "base/error.h"
#include "config/settings.h"
#include "gateway/request.h"
#include "proof/proof.h"
#include "provider/exchange.h"
#include "provider/provider.h"

/* Milliseconds.  A widespread client gives up after 10 s. */
#define UPDATE_DEADLINE		8000
#define UPDATE_PROOF_DEADLINE	5000
#define UPDATE_PROVIDER_DEADLINE 5000

/* What an update needs; all of it is made before the fork but exchange. */
struct house {
	const struct settings	*settings;
	struct accounts		*accounts;
	struct prover		*prover;
	struct providers	*providers;
	struct exchange		*exchange;	/* of this worker */
};

/*
 * What came of one record.  Ordered: the worst of a host is its verdict, and
 * what a later try can mend counts as worse, so that there is one.
 */
enum verdict {
	VERDICT_NOCHG,		/* the provider had it already */
	VERDICT_GOOD,		/* the provider has it now */
	VERDICT_OPEN,		/* not judged yet; never leaves an update */
	VERDICT_HELD,		/* left alone, for another of the host failed */
	VERDICT_ADDRESS,	/* not an address to publish */
	VERDICT_PROOF,		/* the host did not prove it */
	VERDICT_PROVIDER,	/* the provider refused */
	VERDICT_BUSY,		/* the provider is busy or out of reach */
	VERDICT__MAX
};

struct record {
	const struct host_settings	*host;
	struct address			 address;
	enum verdict			 verdict;
	struct error			 why;		/* for the log alone */
	int				 proof_started;	/* ms; -1: no proof */
	int				 proof_ended;
};

/* Goes down the steps of update_run() and collects. */
struct update {
	const struct house	*house;
	const struct request	*request;
	struct login		 login;
	const struct host_settings *hosts[SETTINGS_HOSTS_MAX];	/* asked for */
	size_t			 host_count;
	struct record		*records;		/* two a host at most */
	size_t			 record_count;
	long			 retry_after;		/* seconds */
	int			 login_ms, proofs_ms, provider_ms;
	enum err		 result;	/* of the whole */
	struct error		 why;
};

/* Why an update ended before there were verdicts, beside the common codes. */
#define UPDATE_ABANDONED	ERR_SYSTEM	/* nobody waits any more */
#define UPDATE_NOT_YOURS	ERR_ZONE	/* a host of another account */

/*
 * ERR_OK: every record has its verdict.  ERR_AUTH, ERR_REQUEST (why says which
 * parameter, in words fit for the client), UPDATE_NOT_YOURS or
 * UPDATE_ABANDONED: nothing was done.
 */
enum err	 update_run(struct update *u);

/* Wipes the login and frees the records. */
void		 update_end(struct update *u);

/* The worst of the host's records; VERDICT_NOCHG if it has none. */
enum verdict	 update_host_verdict(const struct update *u,
		    const struct host_settings *host);

/* One word for the log and the client. */
const char	*verdict_word(enum verdict v);

#endif
