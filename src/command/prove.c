#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address/hostname.h"
#include "address/hostname.h"
#include "address/special.h"
#include "base/clock.h"
#include "base/watchdog.h"
#include "command/command.h"
#include "command/usage.h"
#include "config/pin.h"
#include "config/settings.h"
#include "proof/proof.h"
#include "tls/trust.h"

/* Milliseconds. */
#define PROOF_MS 5000 /* as for an update */
#define WORK_MS	 5900 /* until a proof that hangs in a library is ended */

/* The proof that the command line asks for. */
struct trial {
	struct proof_settings how;
	char *name;
	struct address address;
	struct network allow[SETTINGS_ALLOW_MAX];
	size_t allow_count;
};

static const char usage_text[] =
    "usage: ddnsgate prove [--port N] [--ca FILE] [--pin HASH]\n"
    "                      [--request tls|http] [--echo PATH] [--allow NET]\n"
    "                      NAME ADDRESS\n";

static int
wrong(const char *what, const char *text, const char *remedy)
{
	fprintf(stderr, "ddnsgate: %s \"%s\": %s\n", what, text, remedy);
	return EXIT_USAGE;
}

/* -1: go on.  Otherwise the exit status to end with. */
static int
read_option(struct trial *t, int option, char *value)
{
	char *end;
	unsigned long port;

	switch (option) {
	case 'p':
		port = strtoul(value, &end, 10);
		if (*end != '\0' || *value < '0' || *value > '9' || port < 1 ||
		    port > 65535)
			return wrong("port", value, "a number from 1 to 65535");
		t->how.port = (uint16_t)port;
		return -1;
	case 'c':
		t->how.ca = value;
		return -1;
	case 'k':
		if (t->how.pin_count == SETTINGS_PINS_MAX ||
		    !pin_parse(t->how.pins[t->how.pin_count++], value))
			return wrong("pin", value,
			    "sha256// and 44 "
			    "characters of base64, or 64 hex digits");
		t->how.kind = PROOF_PIN;
		return -1;
	case 'r':
		if (strcmp(value, "tls") != 0 && strcmp(value, "http") != 0)
			return wrong("request", value, "tls or http");
		t->how.request =
		    strcmp(value, "tls") == 0 ? PROOF_TLS : PROOF_HEAD;
		return -1;
	case 'e':
		if (!echo_valid(value))
			return wrong("echo", value, "a path from / on");
		t->how.echo = value;
		return -1;
	case 'a':
		if (t->allow_count == SETTINGS_ALLOW_MAX ||
		    !network_parse(&t->allow[t->allow_count++], value))
			return wrong("network", value, "as 10.0.0.0/8");
		return -1;
	default:
		return usage(usage_text, option);
	}
}

/* As read_option(). */
static int
read_arguments(struct trial *t, int argc, char *argv[])
{
	static const struct option options[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "ca", required_argument, NULL, 'c' },
		{ "pin", required_argument, NULL, 'k' },
		{ "request", required_argument, NULL, 'r' },
		{ "echo", required_argument, NULL, 'e' },
		{ "allow", required_argument, NULL, 'a' },
		USAGE_LONG,
		{ NULL, 0, NULL, 0 },
	};
	int c, status;

	while ((c = getopt_long(argc, argv, USAGE_SHORT, options, NULL)) != -1)
		if ((status = read_option(t, c, optarg)) != -1)
			return status;
	if (argc - optind != 2)
		return usage(usage_text, 0);
	if (t->how.echo != NULL && t->how.request == PROOF_TLS)
		return wrong("request", "tls", "not together with --echo");
	if ((t->name = hostname_normalise(argv[optind], false)) == NULL)
		return wrong("name", argv[optind], "not a full host name");
	if (!address_parse_any(&t->address, argv[optind + 1]))
		return wrong("address", argv[optind + 1],
		    "not an IPv4 or IPv6 address");
	return -1;
}

static int
prove(const struct trial *t)
{
	const char *special = special_name(&t->address);
	struct proof proof = { .host = t->name,
		.address = t->address,
		.how = &t->how };
	struct proof *const list[] = { &proof };
	char text[ADDRESS_TEXT_MAX];
	struct prover *prover = NULL;
	struct trust *trust = NULL;
	struct error why;

	address_format(&t->address, text);
	for (size_t i = 0; special != NULL && i < t->allow_count; i++)
		if (network_contains(&t->allow[i], &t->address))
			special = NULL;
	if (special != NULL) {
		fprintf(stderr, "%s %s: address: %s; --allow opens it\n",
		    t->name, text, special);
		return EXIT_FAILED;
	}
	if ((trust = trust_new()) == NULL) {
		error_memory(&why);
		goto fail;
	}
	if ((prover = prover_new(trust, &why)) == NULL ||
	    prover_prepare(prover, &t->how, &why) != ERR_OK)
		goto fail;
	watchdog_start(clock_now() + WORK_MS, "the proof");
	prover_run(prover, list, 1, clock_now() + PROOF_MS);
	watchdog_stop();
	prover_free(prover);
	trust_free(trust);
	if (proof.result != ERR_OK) {
		fprintf(stderr, "%s %s: %s\n", t->name, text, proof.why.text);
		return EXIT_FAILED;
	}
	printf("%s %s: proved in %d ms\n", t->name, text, proof.ended);
	return EXIT_OK;
fail:
	fprintf(stderr, "ddnsgate: %s\n", why.text);
	prover_free(prover);
	trust_free(trust);
	return EXIT_FAILED;
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
