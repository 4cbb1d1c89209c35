#include "config.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "address/prefix.h"
#include "config/document.h"
#include "address/hostname.h"
#include "config/pin.h"
#include "config/settings.h"

#define WORKERS_DEFAULT 32
#define PEER_DEFAULT	"www-data"

#define TTL_MAX 2147483647 /* RFC 2181 section 8 */

bool
echo_valid(const char *path)
{
	if (*path != '/' || strlen(path) > 1024)
		return false;
	for (; *path != '\0'; path++)
		if (*path < 0x21 || *path > 0x7e)
			return false;
	return true;
}

static enum err
read_listen(const struct place *p, struct listen_settings *l, struct error *why)
{
	static const char *const known[] = { "socket", "mode", "group", NULL };
	struct place socket = place_member(p, "socket");
	struct place mode = place_member(p, "mode");
	struct place group = place_member(p, "group");
	const char *mode_text = "0660", *group_name = NULL;
	struct group *g;

	l->group = (gid_t)-1;
	TRY(place_object(p, known, why));
	if (p->value == NULL)
		return ERR_OK;
	TRY(place_required(&socket, why));
	TRY(place_file(&socket, &l->path, why));
	TRY(place_string(&mode, &mode_text, why));
	l->mode = (mode_t)strtoul(mode_text, NULL, 8);
	if (mode_text[strspn(mode_text, "01234567")] != '\0' ||
	    strlen(mode_text) > 4 || l->mode > 0777)
		return place_error(&mode, why,
		    "must be octal digits, as \"0660\"");
	TRY(place_string(&group, &group_name, why));
	if (group_name != NULL) {
		if ((g = getgrnam(group_name)) == NULL)
			return place_error(&group, why,
			    "no such group on this machine");
		l->group = g->gr_gid;
	}
	return ERR_OK;
}

static enum err
read_peers(const struct place *p, struct settings *s, struct error *why)
{
	struct passwd *pw;
	size_t count;

	TRY(place_array(p, SETTINGS_PEERS_MAX, &count, why));
	if (p->value == NULL) {
		if ((pw = getpwnam(PEER_DEFAULT)) != NULL)
			s->peers[s->peer_count++] = pw->pw_uid;
		return ERR_OK;
	}
	for (size_t i = 0; i < count; i++) {
		struct place e = place_element(p, i);
		const char *name = NULL;

		TRY(place_string(&e, &name, why));
		if (name == NULL || (pw = getpwnam(name)) == NULL)
			return place_error(&e, why,
			    "no such user on this machine");
		s->peers[s->peer_count++] = pw->pw_uid;
	}
	return ERR_OK;
}

static enum err
read_addresses(const struct place *p, struct provider_settings *to,
    struct error *why)
{
	size_t count;

	TRY(place_array(p, SETTINGS_ADDRESSES_MAX, &count, why));
	if (p->value != NULL && count == 0)
		return place_error(p, why,
		    "name at least one address, or "
		    "leave it out to ask the resolver");
	for (size_t i = 0; i < count; i++) {
		struct place e = place_element(p, i);
		const char *text = NULL;

		TRY(place_string(&e, &text, why));
		if (text == NULL ||
		    !address_parse_any(&to->addresses[to->address_count], text))
			return place_error(&e, why,
			    "must be an IPv4 or IPv6 address");
		to->address_count++;
	}
	return ERR_OK;
}

static enum err
read_provider(const struct place *p, struct provider_settings *to,
    struct error *why)
{
	static const char *const known[] = { "description", "config",
		"addresses", "ca", NULL };
	struct place description = place_member(p, "description");
	struct place config = place_member(p, "config");
	struct place addresses = place_member(p, "addresses");
	struct place ca = place_member(p, "ca");

	TRY(place_object(p, known, why));
	to->description = to->name = p->name;
	TRY(place_string(&description, &to->description, why));
	if (strspn(to->description, "abcdefghijklmnopqrstuvwxyz0123456789.-") !=
		strlen(to->description) ||
	    to->description[0] == '.')
		return place_error(&description, why,
		    "must be the name of a "
		    "provider's file without .json, as \"desec\"");
	if (!json_object_is_type(config.value, json_type_object))
		TRY(place_object(&config, NULL, why)); /* absent is fine */
	to->variables = config.value;
	if (config.value != NULL) {
		json_object_object_foreach (config.value, key, value) {
			struct place here = place_member(&config, key);
			const char *ignored;

			(void)value;
			TRY(place_string(&here, &ignored, why));
		}
	}
	TRY(read_addresses(&addresses, to, why));
	return place_file(&ca, &to->ca, why);
}

static enum err
read_pins(const struct place *p, struct proof_settings *to, struct error *why)
{
	size_t count;

	TRY(place_array(p, SETTINGS_PINS_MAX, &count, why));
	for (size_t i = 0; i < count; i++) {
		struct place e = place_element(p, i);
		const char *text = NULL;

		TRY(place_string(&e, &text, why));
		if (text == NULL || !pin_parse(to->pins[to->pin_count], text))
			return place_error(&e, why,
			    "must be \"sha256//\" and "
			    "44 characters of base64, or 64 hex digits");
		to->pin_count++;
	}
	return ERR_OK;
}

static enum err
read_proof(const struct place *p, struct proof_settings *to, struct error *why)
{
	static const char *const known[] = { "kind", "port", "request", "ca",
		"pins", "echo", NULL };
	static const char *const kinds[] = { [PROOF_CERTIFICATE] =
						 "certificate",
		[PROOF_PIN] = "pin",
		[PROOF_NONE] = "none",
		[PROOF_NONE + 1] = NULL };
	static const char *const requests[] = { [PROOF_HEAD] = "HEAD /",
		[PROOF_TLS] = "tls",
		[PROOF_TLS + 1] = NULL };
	struct place kind = place_member(p, "kind");
	struct place port = place_member(p, "port");
	struct place request = place_member(p, "request");
	struct place ca = place_member(p, "ca");
	struct place pins = place_member(p, "pins");
	struct place echo = place_member(p, "echo");
	int kind_word = PROOF_CERTIFICATE, request_word = PROOF_HEAD;
	int64_t number = 443;

	TRY(place_object(p, known, why));
	TRY(place_word(&kind, kinds, &kind_word, why));
	TRY(place_integer(&port, 1, 65535, &number, why));
	TRY(place_word(&request, requests, &request_word, why));
	TRY(place_file(&ca, &to->ca, why));
	TRY(read_pins(&pins, to, why));
	TRY(place_string(&echo, &to->echo, why));
	if (to->echo != NULL && !echo_valid(to->echo))
		return place_error(&echo, why,
		    "must be a path from / on, "
		    "without blanks");
	to->kind = (enum proof_kind)kind_word;
	to->request = (enum proof_request)request_word;
	to->port = (uint16_t)number;
	if (to->kind == PROOF_PIN && to->pin_count == 0)
		return place_error(p, why,
		    "\"kind\": \"pin\" needs \"pins\": [ ... ]");
	if (to->kind != PROOF_PIN && pins.value != NULL)
		return place_error(&pins, why,
		    "only \"kind\": \"pin\" looks at pins");
	if (to->kind != PROOF_CERTIFICATE && ca.value != NULL)
		return place_error(&ca, why,
		    "only \"kind\": \"certificate\" looks at a CA");
	if (to->kind == PROOF_NONE &&
	    (port.value != NULL || request.value != NULL || echo.value != NULL))
		return place_error(p, why,
		    "\"kind\": \"none\" connects "
		    "nowhere; remove port, request and echo");
	if (to->request == PROOF_TLS && echo.value != NULL)
		return place_error(&echo, why,
		    "cannot be asked for with \"request\": \"tls\"");
	return ERR_OK;
}

static enum err
read_ipv4(const struct place *p, struct host_settings *to, struct error *why)
{
	bool wanted = false;

	if (json_object_is_type(p->value, json_type_string) &&
	    strcmp(json_object_get_string(p->value), "if-public") == 0) {
		to->ipv4 = IPV4_IF_PUBLIC;
		return ERR_OK;
	}
	if (p->value != NULL &&
	    !json_object_is_type(p->value, json_type_boolean))
		return place_error(p, why,
		    "must be true, false or \"if-public\"");
	TRY(place_bool(p, &wanted, why));
	to->ipv4 = wanted ? IPV4_ROUTER : IPV4_NONE;
	return ERR_OK;
}

/* EUI-64 of a MAC address: RFC 4291, appendix A. */
static bool
parse_mac(struct address *suffix, const char *text)
{
	unsigned int b[6];
	int end = 0;

	if (strspn(text, "0123456789abcdefABCDEF:") != strlen(text) ||
	    sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2],
		&b[3], &b[4], &b[5], &end) != 6 ||
	    strlen(text) != 17 || end != 17)
		return false;
	*suffix = (struct address){ .family = AF_INET6,
		.bytes = { [8] = (uint8_t)(b[0] ^ 2),
		    (uint8_t)b[1],
		    (uint8_t)b[2],
		    0xff,
		    0xfe,
		    (uint8_t)b[3],
		    (uint8_t)b[4],
		    (uint8_t)b[5] } };
	return true;
}

/* The hexadecimal number of a /64, put between prefix and MAC address. */
static enum err
read_subnet(const struct place *p, struct host_settings *to, struct error *why)
{
	const char *text = NULL;
	unsigned long long n;
	char *end;

	TRY(place_string(p, &text, why));
	if (text == NULL)
		return ERR_OK;
	n = strtoull(text, &end, 16);
	if (*end != '\0' || strlen(text) > 16 ||
	    strspn(text, "0123456789abcdefABCDEF") != strlen(text))
		return place_error(p, why,
		    "must be a hexadecimal number, as \"fc\"");
	for (int i = 7; i >= 0; i--, n >>= 8)
		to->suffix.bytes[i] |= (uint8_t)n;
	return ERR_OK;
}

static enum err
read_ipv6(const struct place *p, struct host_settings *to, struct error *why)
{
	static const char *const known[] = { "prefix_length", "suffix",
		"subnet", NULL };
	struct place length = place_member(p, "prefix_length");
	struct place suffix = place_member(p, "suffix");
	struct place subnet = place_member(p, "subnet");
	const char *text = NULL;
	int64_t bits = 0;

	if (p->value == NULL)
		return place_object(p, known, why); /* absent is fine */
	if (json_object_is_type(p->value, json_type_string) &&
	    strcmp(json_object_get_string(p->value), "router") == 0) {
		to->ipv6 = IPV6_ROUTER;
		return ERR_OK;
	}
	if (!json_object_is_type(p->value, json_type_object))
		return place_error(p, why,
		    "must be \"router\", or "
		    "{ \"prefix_length\": 56, \"suffix\": \"0:0:0:fc::8\" }");
	TRY(place_object(p, known, why));
	TRY(place_required(&length, why));
	TRY(place_required(&suffix, why));
	TRY(place_integer(&length, 16, 127, &bits, why));
	TRY(place_string(&suffix, &text, why));
	if (!parse_mac(&to->suffix, text) &&
	    !address_parse(&to->suffix, AF_INET6, text))
		return place_error(&suffix, why,
		    "must be an IPv6 address, as "
		    "\"0:0:0:fc::8\", or a MAC address");
	TRY(read_subnet(&subnet, to, why));
	to->ipv6 = IPV6_PREFIX;
	to->prefix_length = (unsigned int)bits;
	if (!suffix_fits(&to->suffix, to->prefix_length))
		return place_error(&suffix, why,
		    "has bits inside the /%u "
		    "that the provider gives; they would change the prefix",
		    to->prefix_length);
	return ERR_OK;
}

static enum err
read_allow(const struct place *p, struct host_settings *to, struct error *why)
{
	size_t count;

	TRY(place_array(p, SETTINGS_ALLOW_MAX, &count, why));
	for (size_t i = 0; i < count; i++) {
		struct place e = place_element(p, i);
		const char *text = NULL;

		TRY(place_string(&e, &text, why));
		if (text == NULL ||
		    !network_parse(&to->allow[to->allow_count], text))
			return place_error(&e, why,
			    "must be a network with "
			    "no bit behind its length, as \"10.0.0.0/8\"");
		to->allow_count++;
	}
	return ERR_OK;
}

static enum err
read_host(const struct place *p, struct host_settings *to, struct error *why)
{
	static const char *const known[] = { "ipv4", "ipv6", "zone", "ttl",
		"proof", "allow", "partial", "removal", NULL };
	struct place ipv4 = place_member(p, "ipv4");
	struct place ipv6 = place_member(p, "ipv6");
	struct place zone = place_member(p, "zone");
	struct place ttl = place_member(p, "ttl");
	struct place proof = place_member(p, "proof");
	struct place allow = place_member(p, "allow");
	struct place partial = place_member(p, "partial");
	struct place removal = place_member(p, "removal");
	const char *zone_text = NULL;

	if ((to->name = hostname_normalise(p->name, true)) == NULL ||
	    strchr(to->name, '.') == NULL)
		return place_error(p, why,
		    "is not a host name; write it in "
		    "full, as \"home.example.org\"");
	TRY(place_object(p, known, why));
	TRY(read_ipv4(&ipv4, to, why));
	TRY(read_ipv6(&ipv6, to, why));
	if (to->ipv4 == IPV4_NONE && to->ipv6 == IPV6_NONE)
		return place_error(p, why,
		    "has no address; add \"ipv4\": true, \"ipv6\", or both");
	TRY(place_string(&zone, &zone_text, why));
	if (zone_text != NULL &&
	    ((to->zone = hostname_normalise(zone_text, false)) == NULL ||
		!hostname_within(to->name, to->zone)))
		return place_error(&zone, why,
		    "must be the name of the host or an end of it");
	TRY(place_integer(&ttl, 1, TTL_MAX, &to->ttl, why));
	TRY(read_proof(&proof, &to->proof, why));
	if (to->name[0] == '*' && to->proof.kind != PROOF_NONE)
		return place_error(p, why,
		    "no server can prove a wildcard; "
		    "write \"proof\": { \"kind\": \"none\" }");
	TRY(read_allow(&allow, to, why));
	TRY(place_bool(&removal, &to->removal, why));
	return place_bool(&partial, &to->partial, why);
}

static enum err
read_account(const struct place *p, const struct settings *s,
    struct account_settings *to, struct error *why)
{
	static const char *const known[] = { "verifier", "provider", "hosts",
		"from_connection", "query_credentials", NULL };
	struct place connection = place_member(p, "from_connection");
	struct place query = place_member(p, "query_credentials");
	struct place verifier = place_member(p, "verifier");
	struct place provider = place_member(p, "provider");
	struct place hosts = place_member(p, "hosts");
	const char *name = NULL;

	to->name = p->name;
	if (*to->name == '\0' || strlen(to->name) > 128)
		return place_error(p, why,
		    "the name of an account has 1 to 128 characters");
	for (const char *c = to->name; *c != '\0'; c++)
		if (*c < 0x21 || *c > 0x7e || *c == ':')
			return place_error(p, why,
			    "the name of an account "
			    "has no blanks, no colon and no accents");
	TRY(place_object(p, known, why));
	TRY(place_required(&verifier, why));
	TRY(place_required(&provider, why));
	TRY(place_required(&hosts, why));
	TRY(place_string(&verifier, &to->verifier, why));
	TRY(place_bool(&connection, &to->from_connection, why));
	TRY(place_bool(&query, &to->query_credentials, why));
	TRY(place_string(&provider, &name, why));
	for (to->provider = 0; to->provider < s->provider_count; to->provider++)
		if (strcmp(s->providers[to->provider].name, name) == 0)
			break;
	if (to->provider == s->provider_count)
		return place_error(&provider, why,
		    "no such member of \"providers\"");
	if (!json_object_is_type(hosts.value, json_type_object) ||
	    json_object_object_length(hosts.value) == 0 ||
	    json_object_object_length(hosts.value) > SETTINGS_HOSTS_MAX)
		return place_error(&hosts, why,
		    "must be an object of 1 to %d hosts", SETTINGS_HOSTS_MAX);
	to->hosts = calloc((size_t)json_object_object_length(hosts.value),
	    sizeof *to->hosts);
	if (to->hosts == NULL)
		return error_memory(why);
	json_object_object_foreach (hosts.value, key, value) {
		struct place here = place_member(&hosts, key);
		struct host_settings *host = &to->hosts[to->host_count++];

		(void)value;
		TRY(read_host(&here, host, why));
		for (size_t i = 0; i + 1 < to->host_count; i++)
			if (strcmp(to->hosts[i].name, host->name) == 0)
				return place_error(&here, why,
				    "the same host stands here twice");
	}
	return ERR_OK;
}

static int
compare_accounts(const void *a, const void *b)
{
	return strcmp(((const struct account_settings *)a)->name,
	    ((const struct account_settings *)b)->name);
}

static enum err
read_providers(const struct place *p, struct settings *s, struct error *why)
{
	int count;

	TRY(place_required(p, why));
	if (!json_object_is_type(p->value, json_type_object) ||
	    (count = json_object_object_length(p->value)) == 0 ||
	    count > SETTINGS_PROVIDERS_MAX)
		return place_error(p, why,
		    "must be an object of 1 to %d "
		    "providers",
		    SETTINGS_PROVIDERS_MAX);
	if ((s->providers = calloc((size_t)count, sizeof *s->providers)) ==
	    NULL)
		return error_memory(why);
	json_object_object_foreach (p->value, key, value) {
		struct place here = place_member(p, key);
		struct provider_settings *to =
		    &s->providers[s->provider_count++];

		(void)value;
		to->ca = s->ca;
		TRY(read_provider(&here, to, why));
	}
	return ERR_OK;
}

static enum err
read_accounts(const struct place *p, struct settings *s, struct error *why)
{
	int count;

	TRY(place_required(p, why));
	if (!json_object_is_type(p->value, json_type_object) ||
	    (count = json_object_object_length(p->value)) == 0 ||
	    count > SETTINGS_ACCOUNTS_MAX)
		return place_error(p, why,
		    "must be an object of 1 to %d "
		    "accounts",
		    SETTINGS_ACCOUNTS_MAX);
	if ((s->accounts = calloc((size_t)count, sizeof *s->accounts)) == NULL)
		return error_memory(why);
	json_object_object_foreach (p->value, key, value) {
		struct place here = place_member(p, key);
		struct account_settings *to = &s->accounts[s->account_count++];

		(void)value;
		TRY(read_account(&here, s, to, why));
		for (size_t i = 0; i < to->host_count; i++)
			if (to->hosts[i].proof.ca == NULL)
				to->hosts[i].proof.ca = s->ca;
	}
	qsort(s->accounts, s->account_count, sizeof *s->accounts,
	    compare_accounts);
	return ERR_OK;
}

static enum err
read_settings(struct settings *s, struct error *why)
{
	static const char *const known[] = { "workers", "listen", "peers",
		"log", "url", "ca", "providers", "accounts", NULL };
	struct place top = place_top(s->document, s->file);
	struct place workers = place_member(&top, "workers");
	struct place listen = place_member(&top, "listen");
	struct place peers = place_member(&top, "peers");
	struct place log = place_member(&top, "log");
	struct place url = place_member(&top, "url");
	struct place ca = place_member(&top, "ca");
	struct place providers = place_member(&top, "providers");
	struct place accounts = place_member(&top, "accounts");
	int64_t number = WORKERS_DEFAULT;

	s->log = "stderr";
	s->ca = SETTINGS_CA_DEFAULT;
	TRY(place_object(&top, known, why));
	TRY(place_integer(&workers, 1, SETTINGS_WORKERS_MAX, &number, why));
	s->workers = (unsigned int)number;
	TRY(read_listen(&listen, &s->listen, why));
	TRY(read_peers(&peers, s, why));
	TRY(place_string(&log, &s->log, why));
	if (*s->log != '/' && strcmp(s->log, "stderr") != 0 &&
	    strcmp(s->log, "syslog") != 0)
		return place_error(&log, why,
		    "must be \"stderr\", \"syslog\" or a full file name");
	TRY(place_string(&url, &s->url, why));
	if (s->url != NULL &&
	    (strncmp(s->url, "https://", 8) != 0 || s->url[8] == '\0' ||
		strpbrk(s->url + 8, "/?# ") != NULL))
		return place_error(&url, why,
		    "must be https:// and a host, "
		    "as \"https://dns.example.org\"");
	TRY(place_file(&ca, &s->ca, why));
	TRY(read_providers(&providers, s, why));
	return read_accounts(&accounts, s, why);
}

struct settings *
settings_read(const char *file, struct error *why)
{
	struct settings *s;

	if ((s = calloc(1, sizeof *s)) == NULL ||
	    (s->file = strdup(file)) == NULL) {
		error_memory(why);
		goto fail;
	}
	if (document_read(&s->document, file, why) == ERR_OK &&
	    read_settings(s, why) == ERR_OK)
		return s;
fail:
	settings_free(s);
	return NULL;
}

void
settings_free(struct settings *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->account_count; i++) {
		struct account_settings *a = &s->accounts[i];

		for (size_t j = 0; j < a->host_count; j++) {
			free(a->hosts[j].name);
			free(a->hosts[j].zone);
		}
		free(a->hosts);
	}
	free(s->accounts);
	free(s->providers);
	json_object_put(s->document);
	free(s->file);
	free(s);
}

const struct account_settings *
settings_account(const struct settings *s, const char *name)
{
	const struct account_settings wanted = { .name = name };

	return bsearch(&wanted, s->accounts, s->account_count,
	    sizeof *s->accounts, compare_accounts);
}
