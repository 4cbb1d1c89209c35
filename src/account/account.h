/*
 * account.h - who sends this request?
 */
#ifndef ACCOUNT_ACCOUNT_H
#define ACCOUNT_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>

#include "address/address.h"
#include "base/error.h"
#include "config/settings.h"

#define CREDENTIAL_MAX	 2048 /* bytes of "user:token" */
#define ACCOUNT_USER_MAX 64   /* bytes kept of a user that is logged */

struct verifier;
struct accounts; /* every verifier, parsed; and who logged in of late */

/*
 * A login that was found right; of one that was not, user and wait alone.  Ends
 * with login_end(), which wipes it but for these.
 */
struct login {
	const struct account_settings *account;	  /* NULL: an operator's */
	const struct operator_settings *operator; /* NULL: an account's */
	char credential[CREDENTIAL_MAX + 1];
	const char *token;		 /* inside credential */
	bool recent;			 /* it was right a moment ago */
	char user[ACCOUNT_USER_MAX + 1]; /* who it says it is, perhaps cut */
	long wait; /* seconds until it may be tried again; 0: no use */
	/* Of one that was put off: for account_check_late(); else NULL. */
	const struct verifier *unchecked;
	unsigned int rank; /* the lower, the sooner */
};

/*
 * Parses the verifier of every account; s must outlive the result.  NULL on
 * the first that is wrong, which why names.
 */
struct accounts *accounts_new(const struct settings *s, struct error *why);
void accounts_free(struct accounts *a);

/*
 * Takes over what another configuration remembers of logins and failures.
 * from can only be freed afterwards.
 */
void accounts_inherit(struct accounts *a, struct accounts *from);

/*
 * Checks the value of an Authorization header (RFC 7617), NULL if there was
 * none, that came from source, NULL if that is not known.  ERR_OK fills
 * *login.
 *
 * A login that was right a moment ago passes at once, whatever else came from
 * there; one that was right earlier since the start is looked at nevertheless,
 * and so is, every 10 s, one of a user who was right from there before.
 * ERR_TOO_MANY_FAILURES: too many others failed, and this one was not
 * looked at.  ERR_LOGINS_BUSY: too many log in at the same time.  ERR_AUTH is
 * anything else: a header that is no Basic credential of printable ASCII fails
 * at once; every other failure costs the time of the verifier with the most
 * iterations, so that it does not tell which users exist.
 */
enum err account_authenticate(const struct accounts *a,
    const char *authorization, const struct address *source,
    struct login *login, struct error *why);

/*
 * The same for a user and a token that came as parameters; only accounts that
 * allow query_credentials can be entered so.
 */
enum err account_authenticate_query(const struct accounts *a, const char *user,
    const char *token, const struct address *source, struct login *login,
    struct error *why);

/*
 * The same for the pages of operators: logs in an operator or, if accounts_too,
 * an account, which then may see what is its own.
 */
enum err account_authenticate_operator(const struct accounts *a,
    const char *authorization, const struct address *source, bool accounts_too,
    struct login *login, struct error *why);

/*
 * After the reply to a login that was put off (ERR_LOGINS_BUSY): checks it if
 * it names an account, and its turn comes soon.  If it is right, it counts as
 * one that was right a moment ago, so the next request of the router passes.
 *
 * So those that can be right go first in a flood of logins, and yet nobody can
 * tell by it which users exist.  Until the reply everything is decided without
 * a look at the user: who finds a place in the queue waits and hashes, as long
 * for an unknown user as for any other; who finds none is sent away at once,
 * with the same bytes.  What happens then is seen only by who knows the right
 * token.  A wrong one that is found out so is not counted as a failure of its
 * source, for the limit of failures would tell.
 *
 * Among those that are put off, users that were right from their address before
 * go first, then credentials that come again, for one who guesses sends another
 * each time, then users and sources that were put off less often.
 */
void account_check_late(const struct accounts *a, struct login *login);

/*
 * A login of user from source was right at some time before the start; see
 * familiar.h.
 */
void account_was_right(const struct accounts *a, const char *user,
    const struct address *source);

void login_end(struct login *login);

/* Is s the text of a "user:token" that a header can carry? */
bool credential_valid(const char *s, size_t len);

#endif
