#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/account.h"
#include "account/verifier.h"
#include "base/json.h"
#include "base/secret.h"
#include "command/account/form.h"

bool
account_form_read(struct account_form *f, const struct options *o)
{
	const char *host;
	size_t index = 0;

	*f = (struct account_form){
		.ipv4 = options_text(o, OPTION_IPV4, NULL),
		.ipv6 = options_text(o, OPTION_IPV6, NULL),
		.prefix_length = options_text(o, OPTION_PREFIX_LENGTH, NULL),
		.suffix = options_text(o, OPTION_SUFFIX, NULL),
		.zone = options_text(o, OPTION_ZONE, NULL),
		.ttl = options_text(o, OPTION_TTL, NULL),
		.proof = options_text(o, OPTION_PROOF, NULL),
		.provider = options_text(o, OPTION_PROVIDER, NULL),
		.token = options_has(o, OPTION_TOKEN),
	};
	while ((host = options_next(o, OPTION_HOST, &index)) != NULL) {
		if (f->host_count == SETTINGS_HOSTS_MAX)
			return false;
		f->hosts[f->host_count++] = host;
	}
	return true;
}

static bool
has_host_options(const struct account_form *f)
{
	return f->ipv4 != NULL || f->ipv6 != NULL || f->suffix != NULL ||
	    f->prefix_length != NULL || f->zone != NULL || f->ttl != NULL ||
	    f->proof != NULL;
}

bool
account_form_fits(json_object *account)
{
	json_object *hosts = NULL;
	bool ok = json_object_is_type(account, json_type_object);

	if (!ok || !json_object_object_get_ex(account, "hosts", &hosts))
		return ok;
	if (!json_object_is_type(hosts, json_type_object))
		return false;
	json_object_object_foreach (hosts, name, host) {
		(void)name;
		ok = ok && json_object_is_type(host, json_type_object);
	}
	return ok;
}

bool
account_form_is_empty(const struct account_form *f)
{
	return f->host_count == 0 && !has_host_options(f) &&
	    f->provider == NULL && !f->token;
}

static bool
put_text(json_object *to, const char *name, const char *text)
{
	return text == NULL ||
	    json_add_made(to, name, json_object_new_string(text));
}

/* A text that is no number stays a string, which the reader then refuses. */
static bool
put_number(json_object *to, const char *name, const char *text)
{
	char *end;
	long long n;

	if (text == NULL)
		return true;
	n = strtoll(text, &end, 10);
	return *text == '\0' || *end != '\0' ?
	    put_text(to, name, text) :
	    json_add_made(to, name, json_object_new_int64(n));
}

static bool
put_word(json_object *to, const char *name, const char *text)
{
	if (text != NULL &&
	    (strcmp(text, "true") == 0 || strcmp(text, "false") == 0))
		return json_add_made(to, name,
		    json_object_new_boolean(*text == 't'));
	return put_text(to, name, text);
}

/* The object of that name in to, which is made where there is none. */
static json_object *
member_object(json_object *to, const char *name)
{
	json_object *o;

	if (json_object_object_get_ex(to, name, &o) &&
	    json_object_is_type(o, json_type_object))
		return o;
	o = json_object_new_object();
	return json_add_made(to, name, o) ? o : NULL;
}

static bool
put_ipv6(json_object *host, const struct account_form *f)
{
	json_object *o;

	if (f->ipv6 != NULL && !put_text(host, "ipv6", f->ipv6))
		return false;
	if (f->suffix == NULL && f->prefix_length == NULL)
		return true;
	return (o = member_object(host, "ipv6")) != NULL &&
	    put_text(o, "suffix", f->suffix) &&
	    put_number(o, "prefix_length", f->prefix_length);
}

static bool
put_proof(json_object *host, const char *kind)
{
	json_object *o;

	if (kind == NULL)
		return true;
	o = json_object_new_object();
	return json_add_made(host, "proof", o) && put_text(o, "kind", kind);
}

/* Does "defaults" have a member of that name? */
static bool
has_default(const struct settings *s, const char *name)
{
	json_object *defaults = NULL;

	return json_object_object_get_ex(s->document, "defaults", &defaults) &&
	    json_object_object_get_ex(defaults, name, NULL);
}

static bool
fill_host(json_object *host, const struct account_form *f,
    const struct settings *s, bool is_new)
{
	bool silent = is_new && f->ipv4 == NULL && !has_default(s, "ipv4");

	return put_word(host, "ipv4", silent ? "true" : f->ipv4) &&
	    put_ipv6(host, f) && put_text(host, "zone", f->zone) &&
	    put_number(host, "ttl", f->ttl) && put_proof(host, f->proof);
}

static bool
fill_hosts(json_object *hosts, const struct account_form *f,
    const struct settings *s)
{
	struct json_object_iterator only;

	for (size_t i = 0; i < f->host_count; i++) {
		bool is_new =
		    !json_object_object_get_ex(hosts, f->hosts[i], NULL);
		json_object *host = member_object(hosts, f->hosts[i]);

		if (host == NULL || !fill_host(host, f, s, is_new))
			return false;
	}
	if (f->host_count > 0 || !has_host_options(f))
		return true;
	if (json_object_object_length(hosts) != 1) {
		fprintf(stderr,
		    "ddnsgate: the account has %d hosts; name one of them by "
		    "--host\n",
		    json_object_object_length(hosts));
		return false;
	}
	only = json_object_iter_begin(hosts);
	return fill_host(json_object_iter_peek_value(&only), f, s, false);
}

bool
account_form_apply(const struct account_form *f, json_object *account,
    const struct settings *s)
{
	const char *provider = f->provider;
	json_object *hosts;

	if (provider == NULL && s->provider_count == 1 &&
	    !has_default(s, "provider") &&
	    !json_object_object_get_ex(account, "provider", NULL))
		provider = s->providers[0].name;
	return put_text(account, "provider", provider) &&
	    (hosts = member_object(account, "hosts")) != NULL &&
	    fill_hosts(hosts, f, s);
}

bool
account_form_put_verifier(json_object *account, const char *name,
    const char *token)
{
	char credential[CREDENTIAL_MAX + 2], text[VERIFIER_TEXT_MAX];
	struct error why;
	bool ok = false;
	size_t n = (size_t)snprintf(credential, sizeof credential, "%s:%s",
	    name, token);

	if (n >= sizeof credential || !credential_valid(credential, n))
		fprintf(stderr,
		    "ddnsgate: user and token have at most %d printable "
		    "characters, without blanks\n",
		    CREDENTIAL_MAX);
	else if (verifier_make(text, credential, n, VERIFIER_ITERATIONS,
		     &why) != ERR_OK)
		fprintf(stderr, "ddnsgate: %s\n", why.text);
	else
		ok = put_text(account, "verifier", text);
	secret_wipe(credential, sizeof credential);
	return ok;
}
