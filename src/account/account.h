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
 * there.  ERR_TOO_MANY_FAILURES: too many others failed, and this one was not
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

void login_end(struct login *login);

/* Is s the text of a "user:token" that a header can carry? */
bool credential_valid(const char *s, size_t len);

#endif
