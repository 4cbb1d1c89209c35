/*
 * account.h - who sends this request?
 */
#ifndef ACCOUNT_ACCOUNT_H
#define ACCOUNT_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "config/settings.h"

#define CREDENTIAL_MAX	1024	/* bytes of "user:token" */

struct accounts;	/* every verifier, parsed */

/* A login that was found right.  Ends with login_end(), which wipes it. */
struct login {
	const struct account_settings	*account;
	char				 credential[CREDENTIAL_MAX + 1];
	const char			*token;	/* inside credential */
};

/*
 * Parses the verifier of every account; s must outlive the result.  NULL on
 * the first that is wrong, which why names.
 */
struct accounts	*accounts_new(const struct settings *s, struct error *why);
void		 accounts_free(struct accounts *a);

/*
 * Checks the value of an Authorization header (RFC 7617), NULL if there was
 * none.  ERR_OK fills *login; anything else is ERR_AUTH.  A header
 * that is no Basic credential of printable ASCII fails at once; every other
 * failure costs the time of the dearest verifier, so that it does not tell
 * which users exist.
 */
enum err	 account_authenticate(const struct accounts *a,
		    const char *authorization, struct login *login,
		    struct error *why);

/*
 * The same for a user and a token that came as parameters; only accounts that
 * allow query_credentials can be entered so.
 */
enum err	 account_authenticate_query(const struct accounts *a,
		    const char *user, const char *token, struct login *login,
		    struct error *why);

void		 login_end(struct login *login);

/* Is s the text of a "user:token" that a header can carry? */
bool		 credential_valid(const char *s, size_t len);

#endif
