#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "command/account/show.h"
#include "command/person.h"

#define DETAILS 13 /* the column where they begin */

/* "      AAAA   " and a text, in lines that fit. */
static void print_detail(const char *name, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
print_detail(const char *name, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	person_text(DETAILS, printf("      %-7s", name), text);
}

static void
print_proof(const struct host_settings *h)
{
	const struct proof_settings *p = &h->proof;
	const char *then =
	    p->request == PROOF_HEAD ? "then HEAD /" : "TLS alone";

	switch (p->kind) {
	case PROOF_CERTIFICATE:
		print_detail("proof", "a certificate by %s, port %u, %s", p->ca,
		    (unsigned int)p->port, then);
		break;
	case PROOF_PIN:
		print_detail("proof", "one of %zu pinned keys, port %u, %s",
		    p->pin_count, (unsigned int)p->port, then);
		break;
	case PROOF_NONE:
		print_detail("proof",
		    "none: what the router says is published");
		break;
	}
}

static void
print_echo(const struct proof_settings *p)
{
	if (p->echo != NULL)
		print_detail("echo", "GET %s must return our own address",
		    p->echo);
}

static void
print_host(const struct host_settings *h)
{
	char text[ADDRESS_TEXT_MAX];

	printf("    %s\n", h->name);
	if (h->ipv4 != IPV4_NONE)
		printf("      A      the ipv4 that the router sends%s\n",
		    h->ipv4 == IPV4_IF_PUBLIC ? ", if it is public" : "");
	if (h->ipv6 == IPV6_ROUTER)
		printf("      AAAA   the ipv6 that the router sends%s\n",
		    h->ipv6_if_public ? ", if it is public" : "");
	if (h->ipv6 == IPV6_PREFIX)
		print_detail("AAAA",
		    "the first %u bits of the prefix that the router sends, "
		    "then %s%s",
		    h->prefix_length, address_format(&h->suffix, text),
		    h->ipv6_if_public ? ", if it is public" : "");
	if (h->zone != NULL)
		printf("      zone   %s\n", h->zone);
	if (h->ttl != 0)
		printf("      TTL    %lld s\n", (long long)h->ttl);
	print_proof(h);
	print_echo(&h->proof);
	if (h->partial)
		printf("      either address may be published without the "
		       "other\n");
	if (h->removal)
		printf("      the word none removes an address\n");
	if (h->replace_set)
		printf("      one address may replace several\n");
	for (size_t i = 0; i < h->allow_count; i++)
		printf("      allows %s/%u, public or not\n",
		    address_format(&h->allow[i].base, text),
		    h->allow[i].length);
}

void
account_show(const struct settings *s, const struct account_settings *a)
{
	printf("account %s\n  its token goes to provider %s\n", a->name,
	    s->providers[a->provider].name);
	if (a->disabled)
		printf("  disabled: nobody can log in as it\n");
	if (a->from_connection)
		printf("  what the router does not send is taken from "
		       "its connection\n");
	if (a->query_credentials)
		printf("  user and token may stand in the query\n");
	for (size_t j = 0; j < a->host_count; j++)
		print_host(&a->hosts[j]);
}

/* Where the account is written down. */
static const char *
place(const struct account_settings *a)
{
	static const char *const words[] = {
		[ACCOUNT_IN_CONFIGURATION] = "configuration",
		[ACCOUNT_IN_DIRECTORY] = "directory",
		[ACCOUNT_IN_TABLE] = "database",
	};

	return words[a->source];
}

void
account_show_line(const struct settings *s, const struct account_settings *a)
{
	int used = printf("%-20s %-8s %-12s", a->name,
	    a->disabled ? "disabled" : "", s->providers[a->provider].name);

	for (size_t i = 0; i < a->host_count; i++) {
		char more[16] = "";
		int left = (int)(a->host_count - i - 1);

		if (left > 0)
			snprintf(more, sizeof more, " +%d", left);
		if (i > 0 &&
		    used + 1 + (int)strlen(a->hosts[i].name) +
			    (int)strlen(more) >
			PERSON_COLUMNS) {
			printf(" +%d", left + 1);
			break;
		}
		used += printf(" %s", a->hosts[i].name);
	}
	putchar('\n');
}

json_object *
account_show_json(const struct settings *s, const struct account_settings *a)
{
	json_object *o = json_object_new_object();
	json_object *hosts = json_object_new_array();

	json_add(o, "account", json_object_new_string(a->name));
	json_add(o, "place", json_object_new_string(place(a)));
	json_add(o, "disabled", json_object_new_boolean(a->disabled));
	json_add(o, "provider",
	    json_object_new_string(s->providers[a->provider].name));
	for (size_t i = 0; i < a->host_count; i++)
		json_append(hosts, json_object_new_string(a->hosts[i].name));
	json_add(o, "hosts", hosts);
	return o;
}

bool
account_show_faults(const struct settings *s)
{
	for (size_t i = 0; i < s->fault_count && i < SETTINGS_FAULTS_MAX; i++)
		fprintf(stderr, "ddnsgate: %s\n", s->faults[i].text);
	if (s->fault_count > SETTINGS_FAULTS_MAX)
		fprintf(stderr, "ddnsgate: %s: %zu more accounts are wrong\n",
		    s->account_directory, s->fault_count - SETTINGS_FAULTS_MAX);
	return s->fault_count == 0;
}
