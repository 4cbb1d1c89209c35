#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gnutls/gnutls.h>

#include "account/account.h"
#include "account/familiar.h"
#include "account/gate.h"
#include "account/penalty.h"
#include "account/recent.h"
#include "account/verifier.h"
#include "base/activity.h"
#include "base/bucket.h"
#include "base/secret.h"

/* "Basic ", and base64 of the longest credential. */
#define HEADER_MAX (6 + (CREDENTIAL_MAX + 2) / 3 * 4)
#define CROWD_WAIT 10 /* seconds of Retry-After where no place was free */

/* Who may log in; a set of these. */
#define AS_ACCOUNT  1U
#define AS_OPERATOR 2U

struct accounts {
	const struct settings *settings;
	struct verifier *verifiers; /* one an account, same order */
	struct verifier *operators; /* one an operator, same order */
	struct verifier nobody;	    /* of no account; the most iterations */
	struct recent *recent;
	struct penalties *penalties;
	struct penalties *crowded; /* sources that were put off */
	struct buckets *put_off;   /* users and credentials that were */
	struct buckets *wrong;	   /* credentials that were found wrong then */
	struct familiar *familiar;
	struct gate *gate;
};

/* Half of the cores hash at most, and a quarter of the workers wait. */
static struct gate *
make_gate(const struct settings *s)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return gate_new(cores > 2 ? (unsigned int)cores / 2 : 1,
	    s->workers > 4 ? s->workers / 4 : 1);
}

/* Parses the verifier of list[i], a member of "accounts" or "operators". */
static enum err
read_verifier(struct accounts *a, struct verifier *v, const char *text,
    const char *list, const char *name, struct error *why)
{
	if (verifier_parse(v, text, why) != ERR_OK)
		return error_prefix(why, "%s: /%s/%s/verifier",
		    a->settings->file, list, name);
	if (v->iterations > a->nobody.iterations)
		a->nobody.iterations = v->iterations;
	return ERR_OK;
}

static enum err
read_verifiers(struct accounts *a, struct error *why)
{
	const struct settings *s = a->settings;
	enum err rc = ERR_OK;

	for (size_t i = 0; i < s->account_count && rc == ERR_OK; i++)
		rc = read_verifier(a, &a->verifiers[i], s->accounts[i].verifier,
		    "accounts", s->accounts[i].name, why);
	for (size_t i = 0; i < s->operator_count && rc == ERR_OK; i++)
		rc =
		    read_verifier(a, &a->operators[i], s->operators[i].verifier,
			"operators", s->operators[i].name, why);
	return rc;
}

struct accounts *
accounts_new(const struct settings *s, struct error *why)
{
	struct accounts *a = calloc(1, sizeof *a);

	if (a == NULL ||
	    (a->verifiers = calloc(s->account_count, sizeof *a->verifiers)) ==
		NULL ||
	    (a->operators = calloc(s->operator_count + 1,
		 sizeof *a->operators)) == NULL ||
	    (a->recent = recent_new(s->account_count + s->operator_count)) ==
		NULL ||
	    (a->penalties = penalties_new()) == NULL ||
	    (a->crowded = penalties_new()) == NULL ||
	    (a->put_off = buckets_new()) == NULL ||
	    (a->wrong = buckets_new()) == NULL ||
	    (a->familiar = familiar_new(s->account_count)) == NULL ||
	    (a->gate = make_gate(s)) == NULL) {
		error_memory(why);
		goto fail;
	}
	a->settings = s;
	a->nobody.salt_len = sizeof a->nobody.salt / 4;
	if (read_verifiers(a, why) != ERR_OK)
		goto fail;
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
	recent_free(a->recent);
	penalties_free(a->penalties);
	penalties_free(a->crowded);
	buckets_free(a->put_off);
	buckets_free(a->wrong);
	familiar_free(a->familiar);
	gate_free(a->gate);
	free(a->verifiers);
	free(a->operators);
	free(a);
}

/*
 * Each keeps one of what is swapped, so that both can be freed.  A table of
 * recent logins without room for the new accounts is copied into a larger one.
 */
void
accounts_inherit(struct accounts *a, struct accounts *from)
{
	struct penalties *penalties = a->penalties;
	struct familiar *familiar = a->familiar;
	struct recent *recent = a->recent;

	a->penalties = from->penalties;
	from->penalties = penalties;
	a->familiar = from->familiar;
	from->familiar = familiar;
	if (recent_room(from->recent) >= recent_room(recent)) {
		a->recent = from->recent;
		from->recent = recent;
	} else {
		recent_copy(recent, from->recent);
	}
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
 * A failure takes as long as the most expensive verifier, whoever was named:
 * the time that the check of a cheaper one did not use is spent here.
 */
static void
spend_difference(const struct accounts *a, unsigned int used,
    const struct login *login)
{
	struct verifier difference = a->nobody;

	difference.iterations -= used;
	if (difference.iterations > 0)
		(void)verifier_check(&difference, login->credential,
		    strlen(login->credential));
}

/*
 * Is the credential right for v, by PBKDF2?  If not, it has cost as much as
 * the most expensive verifier.
 */
static bool
check(const struct accounts *a, const struct verifier *v, bool allowed,
    const struct login *login)
{
	bool right =
	    verifier_check(v, login->credential, strlen(login->credential)) &&
	    v != &a->nobody;

	if (!right || !allowed)
		spend_difference(a, v->iterations, login);
	return right;
}

static enum err
refuse(struct login *login, enum err code, long wait, const char *text,
    struct error *why)
{
	login_end(login);
	login->wait = wait;
	return error_set(why, code, "%s", text);
}

/*
 * Who is it that the user of the credential names, and may be one of as?
 * Returns the verifier of that one, or of nobody; why the login fails, if it
 * does, is *reason.
 */
static const struct verifier *
find(const struct accounts *a, unsigned int as, const char *user,
    struct login *login, const char **reason)
{
	const struct settings *s = a->settings;
	const struct account_settings *account = NULL;

	*reason = as == AS_OPERATOR ? "no such operator" : "no such account";
	if ((as & AS_ACCOUNT) != 0)
		account = settings_account(s, user);
	if ((as & AS_OPERATOR) != 0)
		login->operator= operators_find(s, user);
	if (account != NULL && account->disabled) {
		*reason = "the account is disabled";
		return &a->nobody;
	}
	if (account == NULL && login->operator== NULL)
		return &a->nobody;
	/* The verifier is one of "user:token"; see verifier.h. */
	*reason = "wrong token, or the verifier was made for another user name";
	if (login->operator!= NULL)
		return &a->operators[login->operator - s->operators];
	login->account = account;
	return &a->verifiers[account - s->accounts];
}

/*
 * A source from which too many have failed: was this very credential right
 * before, or is it the try now and then of a user who was right from there?
 * Both are looked for, whoever it is, so that it takes the same time.
 */
static bool
may_try(const struct accounts *a, const struct verifier *v,
    const struct login *login, const struct address *source)
{
	bool was_right = recent_remembers(a->recent, v, login->credential);

	return familiar_try(a->familiar, login->user, source) || was_right;
}

/* How long it is remembered that a user, or a very credential, was put off. */
static const struct bucket_size user_put_off = { 1, 60000 };
static const struct bucket_size credential_put_off = { 1, 300000 };

#define RANK_NEW 100 /* of a credential that was not put off before */

/*
 * Who of those that were put off is checked first: the lowest.  A router comes
 * with the same credential again, and one who guesses comes with another.
 */
static unsigned int
rank_of(const struct accounts *a, const struct login *login,
    const struct address *source)
{
	const char *user = login->user, *credential = login->credential;
	size_t user_len = strlen(user), len = strlen(credential);
	int64_t by_user =
	    bucket_level(a->put_off, user, user_len, &user_put_off);
	int64_t by_source = penalty_count(a->crowded, source);
	bool again =
	    bucket_level(a->put_off, credential, len, &credential_put_off) > 0;
	int64_t times = by_user < by_source ? by_user : by_source;

	bucket_add(a->put_off, user, user_len, &user_put_off);
	bucket_add(a->put_off, credential, len, &credential_put_off);
	penalty_add(a->crowded, source);
	if (familiar_knows(a->familiar, user, source))
		return 0;
	if (times >= RANK_NEW)
		times = RANK_NEW - 1;
	return (again ? 1 : RANK_NEW) + (unsigned int)times;
}

/*
 * No place was free: whoever it is goes away with the same words at the same
 * time.  v, NULL for a login that cannot be right, is what it is checked
 * against after that; see account_check_late().
 */
static enum err
put_off(const struct accounts *a, const struct verifier *v, struct login *login,
    const struct address *source, struct error *why)
{
	static const struct address unknown = { .family = AF_INET };

	login->account = NULL;
	login->operator= NULL;
	login->wait = CROWD_WAIT;
	login->rank = rank_of(a, login, source != NULL ? source : &unknown);
	login->unchecked = v;
	return error_set(why, ERR_LOGINS_BUSY,
	    "too many log in at the same time");
}

void
account_check_late(const struct accounts *a, struct login *login)
{
	const struct verifier *v = login->unchecked;
	const char *credential = login->credential;
	size_t len = strlen(credential);

	login->unchecked = NULL;
	/* One that was wrong a moment ago still is. */
	if (v == NULL ||
	    bucket_level(a->wrong, credential, len, &credential_put_off) > 0 ||
	    !gate_enter_late(a->gate, login->rank))
		return;
	if (verifier_check(v, credential, len))
		recent_add(a->recent, v, credential);
	else
		bucket_add(a->wrong, credential, len, &credential_put_off);
	gate_leave(a->gate);
}

void
account_was_right(const struct accounts *a, const char *user,
    const struct address *source)
{
	familiar_add(a->familiar, user, source);
}

/* Checks login->credential, which has the right form. */
static enum err
authenticate(const struct accounts *a, unsigned int as, struct login *login,
    const struct address *source, bool in_query, struct error *why)
{
	const struct verifier *v;
	const char *reason;
	bool allowed, right;
	size_t user_len;
	char *colon;
	long wait;

	colon = strchr(login->credential, ':');
	*colon = '\0';
	user_len = strnlen(login->credential, ACCOUNT_USER_MAX);
	memcpy(login->user, login->credential, user_len);
	login->user[user_len] = '\0';
	v = find(a, as, login->credential, login, &reason);
	*colon = ':';
	allowed =
	    v != &a->nobody && (!in_query || login->account->query_credentials);
	login->recent = recent_knows(a->recent, v, login->credential);
	if (!login->recent || !allowed) {
		if (source != NULL &&
		    (wait = penalty_wait(a->penalties, source)) > 0 &&
		    !may_try(a, v, login, source))
			return refuse(login, ERR_TOO_MANY_FAILURES, wait,
			    "too many failed from there", why);
		activity_set(ACTIVITY_LOGIN);
		if (!gate_enter(a->gate))
			return put_off(a, allowed ? v : NULL, login, source,
			    why);
		right = check(a, v, allowed, login);
		gate_leave(a->gate);
		if ((!right || !allowed) && source != NULL)
			penalty_add(a->penalties, source);
		if (!right)
			return refuse(login, ERR_AUTH, 0, reason, why);
		if (!allowed)
			return refuse(login, ERR_AUTH, 0,
			    "right, but in the "
			    "query, where the account does not allow it",
			    why);
		recent_add(a->recent, v, login->credential);
	}
	login->token = colon + 1;
	return ERR_OK;
}

static enum err
authenticate_header(const struct accounts *a, unsigned int as,
    const char *authorization, const struct address *source,
    struct login *login, struct error *why)
{
	*login = (struct login){ .account = NULL };
	if (authorization == NULL)
		return error_set(why, ERR_AUTH, "no credential");
	if (!header_decode(authorization, login))
		return refuse(login, ERR_AUTH, 0, "not a Basic credential",
		    why);
	return authenticate(a, as, login, source, false, why);
}

enum err
account_authenticate(const struct accounts *a, const char *authorization,
    const struct address *source, struct login *login, struct error *why)
{
	return authenticate_header(a, AS_ACCOUNT, authorization, source, login,
	    why);
}

enum err
account_authenticate_operator(const struct accounts *a,
    const char *authorization, const struct address *source, bool accounts_too,
    struct login *login, struct error *why)
{
	return authenticate_header(a,
	    accounts_too ? AS_OPERATOR | AS_ACCOUNT : AS_OPERATOR,
	    authorization, source, login, why);
}

enum err
account_authenticate_query(const struct accounts *a, const char *user,
    const char *token, const struct address *source, struct login *login,
    struct error *why)
{
	*login = (struct login){ .account = NULL };
	if (snprintf(login->credential, sizeof login->credential, "%s:%s", user,
		token) >= (int)sizeof login->credential ||
	    strchr(user, ':') != NULL ||
	    !credential_valid(login->credential, strlen(login->credential)))
		return refuse(login, ERR_AUTH, 0, "not a credential", why);
	return authenticate(a, AS_ACCOUNT, login, source, true, why);
}

void
login_end(struct login *login)
{
	secret_wipe_string(login->credential);
	login->account = NULL;
	login->operator= NULL;
	login->token = NULL;
	login->unchecked = NULL;
}
