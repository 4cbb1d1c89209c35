#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <gnutls/gnutls.h>

#include "account/account.h"
#include "account/verifier.h"
#include "base/secret.h"

/* "Basic ", and base64 of the longest credential. */
#define HEADER_MAX	(6 + (CREDENTIAL_MAX + 2) / 3 * 4)

struct accounts {
	const struct settings	*settings;
	struct verifier		*verifiers;	/* one an account, same order */
	struct verifier		 nobody;	/* the cost of the dearest one */
};

struct accounts *
accounts_new(const struct settings *s, struct error *why)
{
	struct accounts *a = calloc(1, sizeof *a);

	if (a == NULL || (a->verifiers = calloc(s->account_count,
	    sizeof *a->verifiers)) == NULL) {
		error_memory(why);
		goto fail;
	}
	a->settings = s;
	a->nobody.salt_len = sizeof a->nobody.salt / 4;
	for (size_t i = 0; i < s->account_count; i++) {
		if (verifier_parse(&a->verifiers[i], s->accounts[i].verifier,
		    why) != ERR_OK) {
			error_prefix(why, "%s: /accounts/%s/verifier", s->file,
			    s->accounts[i].name);
			goto fail;
		}
		if (a->verifiers[i].iterations > a->nobody.iterations)
			a->nobody.iterations = a->verifiers[i].iterations;
	}
	return a;
fail:
	accounts_free(a);
	return NULL;
}

void
accounts_free(struct accounts *a)
{
	if (a == NULL)
		return;
	free(a->verifiers);
	free(a);
}

bool
credential_valid(const char *s, size_t len)
{
	const char *colon = memchr(s, ':', len);

	if (len > CREDENTIAL_MAX || colon == NULL || colon == s ||
	    colon == s + len - 1)
		return false;
	for (size_t i = 0; i < len; i++)
		if (s[i] < 0x21 || s[i] > 0x7e)
			return false;
	return true;
}

/* Fills login->credential; false when the header holds no credential. */
static bool
header_decode(const char *header, struct login *login)
{
	gnutls_datum_t in, out = { NULL, 0 };
	size_t len = strlen(header);
	bool ok;

	if (len > HEADER_MAX || strncasecmp(header, "Basic ", 6) != 0)
		return false;
	header += 6 + strspn(header + 6, " ");
	in = (gnutls_datum_t){ (unsigned char *)(uintptr_t)header,
	    (unsigned int)strlen(header) };
	if (gnutls_base64_decode2(&in, &out) < 0)
		return false;
	ok = credential_valid((char *)out.data, out.size);
	if (ok) {
		memcpy(login->credential, out.data, out.size);
		login->credential[out.size] = '\0';
	}
	secret_wipe(out.data, out.size);
	gnutls_free(out.data);
	return ok;
}

/*
 * A failure takes as long as the dearest verifier, whoever was named: what
 * the check of a cheaper one did not use is spent here.
 */
static void
spend_rest(const struct accounts *a, unsigned int used,
    const struct login *login)
{
	struct verifier rest = a->nobody;

	rest.iterations -= used;
	if (rest.iterations > 0)
		(void)verifier_check(&rest, login->credential,
		    strlen(login->credential));
}

/* Checks login->credential, which has the right form. */
static enum err
authenticate(const struct accounts *a, struct login *login, bool in_query,
    struct error *why)
{
	const struct verifier *v = NULL;
	const struct account_settings *account;
	char *colon;

	colon = strchr(login->credential, ':');
	*colon = '\0';
	account = settings_account(a->settings, login->credential);
	*colon = ':';
	if (account != NULL)
		v = &a->verifiers[account - a->settings->accounts];
	if (v != NULL && verifier_check(v, login->credential,
	    strlen(login->credential))) {
		if (in_query && !account->query_credentials) {
			spend_rest(a, v->iterations, login);
			login_end(login);
			return error_set(why, ERR_AUTH, "right, but in the "
			    "query, where the account does not allow it");
		}
		login->account = account;
		login->token = colon + 1;
		return ERR_OK;
	}
	spend_rest(a, v != NULL ? v->iterations : 0, login);
	login_end(login);
	return error_set(why, ERR_AUTH, account != NULL ?
	    "wrong token" : "unknown user");
}

enum err
account_authenticate(const struct accounts *a, const char *authorization,
    struct login *login, struct error *why)
{
	*login = (struct login){ .account = NULL };
	if (authorization == NULL)
		return error_set(why, ERR_AUTH, "no credential");
	if (!header_decode(authorization, login)) {
		login_end(login);
		return error_set(why, ERR_AUTH, "not a Basic credential");
	}
	return authenticate(a, login, false, why);
}

enum err
account_authenticate_query(const struct accounts *a, const char *user,
    const char *token, struct login *login, struct error *why)
{
	*login = (struct login){ .account = NULL };
	if (snprintf(login->credential, sizeof login->credential, "%s:%s",
	    user, token) >= (int)sizeof login->credential ||
	    strchr(user, ':') != NULL || !credential_valid(login->credential,
	    strlen(login->credential))) {
		login_end(login);
		return error_set(why, ERR_AUTH, "not a credential");
	}
	return authenticate(a, login, true, why);
}

void
login_end(struct login *login)
{
	secret_wipe(login->credential, sizeof login->credential);
	login->account = NULL;
	login->token = NULL;
}
