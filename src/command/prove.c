#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/gnutls.h>

#include "address/hostname.h"
#include "address/special.h"
#include "base/clock.h"
#include "base/watchdog.h"
#include "command/command.h"
#include "command/lookup.h"
#include "command/options.h"
#include "command/person.h"
#include "config/pin.h"
#include "config/settings.h"
#include "proof/proof.h"
#include "tls/trust.h"

/* Milliseconds. */
#define PROOF_MS 5000 /* as for an update */
#define WORK_MS	 5900 /* until a proof that hangs in a library is ended */

#define ADDRESSES_MAX 16

/* The proofs that the command line asks for. */
struct trial {
	struct proof_settings how;
	uint8_t pins[SETTINGS_PINS_MAX][PIN_LEN];
	char *name;
	struct address addresses[ADDRESSES_MAX];
	size_t address_count;
	struct network allow[SETTINGS_ALLOW_MAX];
	size_t allow_count;
	bool show; /* what the hosts show, whatever is thought of it */
};

static const struct usage usage = {
	.synopsis =
	    "usage: ddnsgate prove [--show] [--port NUMBER] [--ca FILE] [--pin "
	    "HASH]\n"
	    "                      [--request tls|http] [--echo PATH] [--allow "
	    "NETWORK]\n"
	    "                      NAME ADDRESS...\n",
	.about = "Tries the proof of each address, and says why one fails.\n",
	.takes = { { OPTION_ALLOW, NULL }, { OPTION_CA, NULL },
	    { OPTION_ECHO, NULL }, { OPTION_PIN, NULL }, { OPTION_PORT, NULL },
	    { OPTION_REQUEST, NULL }, { OPTION_SHOW, NULL } },
};

static int
wrong(const char *what, const char *text, const char *remedy)
{
	fprintf(stderr, "ddnsgate: %s \"%s\": %s\n", what, text, remedy);
	return EXIT_USAGE;
}

/* -1: go on.  Otherwise the exit status to end with. */
static int
read_option(struct trial *t, enum option_name option, const char *value)
{
	char *end;
	unsigned long port;

	switch (option) {
	case OPTION_PORT:
		port = strtoul(value, &end, 10);
		if (*end != '\0' || *value < '0' || port < 1 || port > 65535)
			return wrong("port", value, "a number from 1 to 65535");
		t->how.port = (uint16_t)port;
		return -1;
	case OPTION_CA:
		t->how.ca = value;
		return -1;
	case OPTION_PIN:
		t->how.pins = t->pins;
		if (t->how.pin_count == SETTINGS_PINS_MAX ||
		    !pin_parse(t->pins[t->how.pin_count++], value))
			return wrong("pin", value,
			    "sha256// and 44 "
			    "characters of base64, or 64 hex digits");
		t->how.kind = PROOF_PIN;
		return -1;
	case OPTION_REQUEST:
		if (strcmp(value, "tls") != 0 && strcmp(value, "http") != 0)
			return wrong("request", value, "tls or http");
		t->how.request =
		    strcmp(value, "tls") == 0 ? PROOF_TLS : PROOF_HEAD;
		return -1;
	case OPTION_ECHO:
		if (!echo_valid(value))
			return wrong("echo", value, "a path from / on");
		t->how.echo = value;
		return -1;
	case OPTION_ALLOW:
		if (t->allow_count == SETTINGS_ALLOW_MAX ||
		    !network_parse(&t->allow[t->allow_count++], value))
			return wrong("network", value, "as 10.0.0.0/8");
		return -1;
	default: /* OPTION_SHOW */
		t->show = true;
		return -1;
	}
}

/* As read_option(). */
static int
read_arguments(struct trial *t, int argc, char *argv[])
{
	struct options o;
	int status = options_read(&o, &usage, argc, argv);

	for (size_t i = 0; status == -1 && i < o.count; i++)
		status = read_option(t, o.given[i].option, o.given[i].value);
	if (status != -1)
		return status;
	if (o.operand_count < 2 || o.operand_count > 1 + ADDRESSES_MAX)
		return options_wrong(&o);
	if (t->how.echo != NULL && t->how.request == PROOF_TLS)
		return wrong("request", "tls", "not together with --echo");
	if ((t->name = hostname_normalise(o.operands[0], false)) == NULL)
		return wrong("name", o.operands[0], "not a full host name");
	for (char **text = o.operands + 1; *text != NULL; text++)
		if (!address_parse_any(&t->addresses[t->address_count++],
			*text))
			return wrong("address", *text,
			    "not an IPv4 or IPv6 address");
	return -1;
}

/* Prints what keeps an address from being proved at all. */
static bool
is_refused(const struct trial *t, const struct address *a)
{
	const char *special = special_name(a);
	char text[ADDRESS_TEXT_MAX];

	for (size_t i = 0; special != NULL && i < t->allow_count; i++)
		if (network_contains(&t->allow[i], a))
			special = NULL;
	if (special != NULL)
		fprintf(stderr, "%s %s: address: %s; --allow opens it\n",
		    t->name, address_format(a, text), special);
	return special != NULL;
}

/* "sha256//" and base64, as ddnsgate.json(5) takes it for a pin. */
static void
print_key(const char *hex)
{
	uint8_t pin[PIN_LEN];
	const gnutls_datum_t bytes = { pin, sizeof pin };
	gnutls_datum_t text = { NULL, 0 };

	if (pin_parse(pin, hex) &&
	    gnutls_base64_encode2(&bytes, &text) == GNUTLS_E_SUCCESS)
		printf("  key      sha256//%s\n", (char *)text.data);
	gnutls_free(text.data);
}

static void
print_seen(const struct proof *p)
{
	const struct certificate_seen *seen = &p->seen;
	char from[LOOKUP_TIME_MAX], until[LOOKUP_TIME_MAX];

	if (seen->key[0] == '\0') {
		puts("  no certificate was seen");
		return;
	}
	print_key(seen->key);
	person_text(11, printf("  names    "),
	    p->names->list[0] != '\0' ? p->names->list : "none");
	person_text(11, printf("  issuer   "), seen->issuer);
	printf("  serial   %s\n", seen->serial);
	printf("  valid    from %s until %s\n",
	    lookup_time(p->names->valid_from, from),
	    lookup_time(seen->valid_until, until));
}

static bool
print_verdict(const struct proof *proof)
{
	char text[ADDRESS_TEXT_MAX];

	address_format(&proof->address, text);
	if (proof->result == ERR_OK)
		printf("%s %s: proved in %d ms\n", proof->host, text,
		    proof->ended);
	else
		fprintf(stderr, "%s %s: %s\n", proof->host, text,
		    proof->why.text);
	if (proof->names != NULL)
		print_seen(proof);
	fflush(stdout);
	return proof->result == ERR_OK;
}

static int
prove(const struct trial *t)
{
	struct proof proofs[ADDRESSES_MAX], *list[ADDRESSES_MAX];
	struct certificate_names names[ADDRESSES_MAX] = { 0 };
	struct prover *prover = NULL;
	struct trust *trust = NULL;
	int status = EXIT_FAILED;
	struct error why;
	size_t good = 0;

	for (size_t i = 0; i < t->address_count; i++) {
		if (is_refused(t, &t->addresses[i]))
			return EXIT_FAILED;
		proofs[i] = (struct proof){ .host = t->name,
			.address = t->addresses[i],
			.how = &t->how };
		if (t->show)
			proofs[i].names = &names[i];
		list[i] = &proofs[i];
	}
	if ((trust = trust_new()) == NULL)
		error_memory(&why);
	if (trust == NULL || (prover = prover_new(trust, &why)) == NULL ||
	    prover_prepare(prover, &t->how, &why) != ERR_OK) {
		fprintf(stderr, "ddnsgate: %s\n", why.text);
		goto out;
	}
	watchdog_start(clock_now() + WORK_MS, "the proof");
	prover_run(prover, list, t->address_count, clock_now() + PROOF_MS);
	watchdog_stop();
	for (size_t i = 0; i < t->address_count; i++)
		good += print_verdict(&proofs[i]);
	if (good == t->address_count)
		status = EXIT_OK;
out:
	prover_free(prover);
	trust_free(trust);
	return status;
}

int
command_prove(int argc, char *argv[])
{
	struct trial t = { .how = { .port = 443, .ca = SETTINGS_CA_DEFAULT } };
	int status = read_arguments(&t, argc, argv);

	if (status == -1)
		status = prove(&t);
	free(t.name);
	return status;
}
