#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "command/command.h"
#include "command/options.h"

#define FIRST	    256 /* of the numbers that getopt_long(3) returns */
#define NAME_COLUMN 22	/* columns of a name and its value, in help */

/* value: what it is called; NULL: the option takes none. */
static const struct {
	const char *name, *value, *about;
} table[] = {
	[OPTION_ACCOUNT] = { "account", "NAME", "only of this account" },
	[OPTION_ALLOW] = { "allow", "NETWORK",
	    "a network that is not public, as 10.0.0.0/8" },
	[OPTION_CA] = { "ca", "FILE", "the CAs to trust, in PEM" },
	[OPTION_CERTIFICATE] = { "certificate", "FILE",
	    "the certificate of this server, the whole chain" },
	[OPTION_CONFIG] = { "config", "FILE", "the configuration" },
	[OPTION_DEVICE] = { "device", "NAME",
	    "whose page is printed; or none" },
	[OPTION_DRY_RUN] = { "dry-run", NULL,
	    "show the requests, and send nothing" },
	[OPTION_ECHO] = { "echo", "PATH",
	    "a path that must return our own address" },
	[OPTION_HOST] = { "host", "HOST", "a host of the account" },
	[OPTION_IPV4] = { "ipv4", "WORD", "true, false or if-public" },
	[OPTION_IPV6] = { "ipv6", "WORD", "router or if-public" },
	[OPTION_ITERATIONS] = { "iterations", "N",
	    "how many of PBKDF2; 600000 if not given" },
	[OPTION_JSON] = { "json", NULL, "print JSON, for programs" },
	[OPTION_KEY] = { "key", "FILE", "its key (privkey.pem beside it)" },
	[OPTION_LIST] = { "list", NULL, "print the names of all pages" },
	[OPTION_NO_PROVIDER] = { "no-provider", NULL,
	    "do not ask the provider, nor for the token" },
	[OPTION_NO_TRIAL] = { "no-trial", NULL,
	    "try neither token nor addresses" },
	[OPTION_PIN] = { "pin", "HASH",
	    "a key that may be shown; may be repeated" },
	[OPTION_POOL] = { "pool", NULL, "what the workers do, instead" },
	[OPTION_PORT] = { "port", "NUMBER", "443 if not given" },
	[OPTION_PREFIX_LENGTH] = { "prefix-length", "N",
	    "how many bits of it are delegated, as 56" },
	[OPTION_PROOF] = { "proof", "KIND", "certificate or none" },
	[OPTION_PROVIDER] = { "provider", "NAME",
	    "where the hosts are published" },
	[OPTION_QUIET] = { "quiet", NULL, "print only what is wrong" },
	[OPTION_RECORD] = { "record", "FILE",
	    "write requests and answers down, for a test" },
	[OPTION_REQUEST] = { "request", "KIND",
	    "http or tls: end after the handshake" },
	[OPTION_RESOLVE] = { "resolve", NULL,
	    "ask for the names of providers, and connect there" },
	[OPTION_SERVER] = { "server", "NAME", "the name of this server" },
	[OPTION_SET] = { "set", "KEY=VALUE",
	    "what the provider needs under \"config\"" },
	[OPTION_SHOW] = { "show", NULL, "tell what certificate was seen" },
	[OPTION_SINCE] = { "since", "TIME",
	    "a date, as 2026-11-28, or 90m, 12h or 7d" },
	[OPTION_SINGLE] = { "single", NULL,
	    "one worker on standard input, without a pool" },
	[OPTION_SITE] = { "site", "FILE", "the site of nginx; or none" },
	[OPTION_SOCKET] = { "socket", "FILE", "where the service listens" },
	[OPTION_START] = { "start", NULL,
	    "start the service, and let nginx read its site" },
	[OPTION_SUFFIX] = { "suffix", "SUFFIX",
	    "make IPv6 addresses of the prefix, as ::8" },
	[OPTION_TOKEN] = { "token", NULL, "ask for another token" },
	[OPTION_TOKEN_FILE] = { "token-file", "FILE",
	    "the token is the first line of it" },
	[OPTION_TTL] = { "ttl", "SECONDS",
	    "the time to live of their records" },
	[OPTION_USER] = { "user", "NAME", "who serves" },
	[OPTION_ZONE] = { "zone", "ZONE", "the zone of the hosts" },
};
_Static_assert(sizeof table / sizeof *table == OPTION__COUNT,
    "a row for each option");

static void
print_option(FILE *to, const char *name, const char *value, const char *about)
{
	int used = fprintf(to, "  --%s%s%s", name, value != NULL ? " " : "",
	    value != NULL ? value : "");

	fprintf(to, "%*s%s\n", NAME_COLUMN - used, "", about);
}

static void
print_usage(const struct usage *u, FILE *to)
{
	fputs(u->synopsis, to);
	if (u->about != NULL)
		fputs(u->about, to);
	fputs("options:\n", to);
	for (const struct option_use *o = u->takes; o->option != OPTION__END;
	     o++)
		print_option(to, table[o->option].name, table[o->option].value,
		    o->about != NULL ? o->about : table[o->option].about);
	print_option(to, "help", NULL, "print this");
}

int
options_wrong(const struct options *o)
{
	print_usage(o->usage, stderr);
	return EXIT_USAGE;
}

/* What getopt_long(3) wants to know. */
static void
list_options(const struct usage *u, struct option list[OPTION__COUNT + 2])
{
	size_t n = 0;

	for (; u->takes[n].option != OPTION__END; n++) {
		enum option_name o = u->takes[n].option;

		list[n] = (struct option){ table[o].name,
			table[o].value != NULL ? required_argument :
						 no_argument,
			NULL, FIRST + (int)o };
	}
	list[n++] = (struct option){ "help", no_argument, NULL, 'h' };
	list[n] = (struct option){ NULL, 0, NULL, 0 };
}

int
options_read(struct options *o, const struct usage *u, int argc, char *argv[])
{
	struct option list[OPTION__COUNT + 2];
	int c;

	*o = (struct options){ .usage = u };
	list_options(u, list);
	/* A command may be called by another one, which has read options. */
	optind = 0;
	while ((c = getopt_long(argc, argv, "h", list, NULL)) != -1) {
		if (c == 'h') {
			print_usage(u, stdout);
			return EXIT_OK;
		}
		if (c < FIRST || o->count == OPTIONS_GIVEN_MAX)
			return options_wrong(o);
		o->given[o->count].option = (enum option_name)(c - FIRST);
		o->given[o->count].value = optarg != NULL ? optarg : "";
		o->count++;
	}
	o->operands = argv + optind;
	o->operand_count = argc - optind;
	return -1;
}

const char *
options_next(const struct options *o, enum option_name option, size_t *index)
{
	while (*index < o->count) {
		size_t i = (*index)++;

		if (o->given[i].option == option)
			return o->given[i].value;
	}
	return NULL;
}

const char *
options_text(const struct options *o, enum option_name option,
    const char *fallback)
{
	size_t index = 0;
	const char *value;

	while ((value = options_next(o, option, &index)) != NULL)
		fallback = value;
	return fallback;
}

bool
options_has(const struct options *o, enum option_name option)
{
	return options_text(o, option, NULL) != NULL;
}

const char *
options_config(const struct options *o)
{
	return options_text(o, OPTION_CONFIG, COMMAND_CONFIG_FILE);
}
