#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "account/account.h"
#include "address/hostname.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/secret.h"
#include "command/command.h"
#include "command/input.h"
#include "command/options.h"
#include "command/provider_list.h"
#include "https/exchange.h"
#include "provider/description/description.h"
#include "provider/provider.h"
#include "tls/trust.h"

#define PROVIDER_MS 30000 /* ms; nobody but an administrator waits */

#define SYNOPSIS                                                    \
	"usage: ddnsgate provider list [--json]\n"                  \
	"       ddnsgate provider show [--json] PROVIDER\n"         \
	"       ddnsgate provider check FILE...\n"                  \
	"       ddnsgate provider run [--dry-run | --record FILE] " \
	"[--config FILE]\n"                                         \
	"                             PROVIDER HOST ADDRESS...\n"   \
	"An ADDRESS may be ipv4=none or ipv6=none, which removes.\n"

static const struct usage usage = {
	.synopsis = SYNOPSIS,
	.takes = { { OPTION_CONFIG, NULL }, { OPTION_DRY_RUN, NULL },
	    { OPTION_JSON, NULL }, { OPTION_RECORD, NULL } },
};

static const struct usage usage_to_show = {
	.synopsis = SYNOPSIS,
	.takes = { { OPTION_JSON, NULL } },
};

static const struct usage usage_to_check = { .synopsis = SYNOPSIS };

static const struct usage usage_to_run = {
	.synopsis = SYNOPSIS,
	.takes = { { OPTION_CONFIG, NULL }, { OPTION_DRY_RUN, NULL },
	    { OPTION_RECORD, NULL } },
};

static int
list(int argc, char *argv[])
{
	struct options o;
	int status = options_read(&o, &usage_to_show, argc, argv);

	if (status != -1 || o.operand_count > 0)
		return status != -1 ? status : options_wrong(&o);
	return provider_list(options_has(&o, OPTION_JSON));
}

static int
show(int argc, char *argv[])
{
	struct options o;
	int status = options_read(&o, &usage_to_show, argc, argv);

	if (status != -1 || o.operand_count != 1)
		return status != -1 ? status : options_wrong(&o);
	return provider_show(o.operands[0], options_has(&o, OPTION_JSON));
}

static int
check(int argc, char *argv[])
{
	struct options o;
	int status = options_read(&o, &usage_to_check, argc, argv);

	if (status != -1 || o.operand_count == 0)
		return status != -1 ? status : options_wrong(&o);
	status = EXIT_OK;
	for (char **file = o.operands; *file != NULL; file++) {
		struct error why;
		struct description *d = description_read(*file, &why);

		if (d == NULL) {
			fprintf(stderr, "ddnsgate: %s\n", why.text);
			status = EXIT_FAILED;
			continue;
		}
		printf("%s: provider %s, token of %zu part%s, %zu step%s\n",
		    *file, d->name, d->part_count,
		    d->part_count == 1 ? "" : "s", d->steps.count,
		    d->steps.count == 1 ? "" : "s");
		description_free(d);
	}
	return status;
}

static void
print_result(const struct publication *r, FILE *to)
{
	char text[ADDRESS_TEXT_MAX];

	fprintf(to, "%s %s %s %s", r->name, address_type(&r->address),
	    r->remove ? "none" : address_format(&r->address, text),
	    r->result != ERR_OK ? error_name(r->result) :
		r->changed	? "changed" :
				  "unchanged");
	if (r->result != ERR_OK)
		fprintf(to, " [%s]", r->why.text);
	fputc('\n', to);
}

/* How to run: what is written where, or shown only. */
struct manner {
	bool dry;
	const char *record; /* file for the exchange; NULL: it is not kept */
};

/* A new file, for its owner only; false: why not was told. */
static FILE *
open_recording(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *to = fd != -1 ? fdopen(fd, "w") : NULL;

	if (to == NULL)
		fprintf(stderr, "ddnsgate: %s: %s\n", name, strerror(errno));
	if (to == NULL && fd != -1) {
		close(fd);
		unlink(name);
	}
	return to;
}

static bool
record(const struct provider *p, struct exchanges *x, const char *token,
    struct publication *const records[], size_t count, const char *name,
    long *retry_after)
{
	FILE *to = open_recording(name);
	struct error why;
	enum err rc;

	*retry_after = 0;
	if (to == NULL)
		return false;
	rc = provider_record(p, x, token, records, count,
	    clock_now() + PROVIDER_MS, retry_after, to, &why);
	if (fclose(to) != 0 && rc == ERR_OK)
		rc = error_set(&why, ERR_SYSTEM, "%s: %s", name,
		    strerror(errno));
	if (rc == ERR_OK) {
		printf("recorded in %s; read it before you give it away: "
		       "answers may say more than names and tokens\n",
		    name);
		return true;
	}
	unlink(name);
	fprintf(stderr, "ddnsgate: %s\n", why.text);
	return false;
}

static int
publish(const struct provider *p, struct publication *const records[],
    size_t count, const char *recording)
{
	struct trust *trust = trust_new();
	struct exchanges *x = trust != NULL ? exchanges_new(trust) : NULL;
	char token[CREDENTIAL_MAX + 1];
	struct error why = { .code = ERR_OK };
	int status = EXIT_OK;
	long retry_after;

	if (x == NULL)
		error_memory(&why);
	else if (provider_trust(p, trust, &why) == ERR_OK &&
	    !input_secret("Token: ", token, sizeof token))
		error_set(&why, ERR_TOKEN, "no token was given");
	if (why.code != ERR_OK) {
		fprintf(stderr, "ddnsgate: %s\n", why.text);
		exchanges_free(x);
		trust_free(trust);
		return EXIT_FAILED;
	}
	if (recording == NULL)
		provider_publish(p, x, token, records, count,
		    clock_now() + PROVIDER_MS, &retry_after);
	else if (!record(p, x, token, records, count, recording, &retry_after))
		status = EXIT_FAILED;
	secret_wipe(token, sizeof token);
	exchanges_free(x);
	trust_free(trust);
	for (size_t i = 0; i < count && records[i]->done; i++) {
		print_result(records[i], stdout);
		if (records[i]->result != ERR_OK)
			status = EXIT_FAILED;
	}
	if (retry_after > 0)
		printf("retry after %ld s\n", retry_after);
	return status;
}

/* Prints what would be sent, and apart from it what cannot succeed. */
static int
rehearse(const struct provider *p, struct publication *const records[],
    size_t count)
{
	int status = EXIT_OK;

	provider_rehearse(p, stdout, records, count);
	for (size_t i = 0; i < count; i++)
		if (records[i]->result != ERR_OK) {
			print_result(records[i], stderr);
			status = EXIT_FAILED;
		}
	return status;
}

/* The settings of the host, if an account of that provider has it. */
static const struct host_settings *
find_host(const struct settings *s, const char *name)
{
	const struct host_settings *h = NULL;

	for (size_t i = 0; i < s->account_count && h == NULL; i++)
		h = settings_host(&s->accounts[i], name);
	return h;
}

/* An address, or what the router says to remove one. */
static bool
read_address(struct publication *r, const char *word)
{
	if (strcmp(word, "ipv4=none") == 0)
		r->address.family = AF_INET;
	else if (strcmp(word, "ipv6=none") == 0)
		r->address.family = AF_INET6;
	else
		return address_parse_any(&r->address, word);
	r->remove = true;
	return true;
}

/* Reads the words after HOST; one for each family at most. */
static bool
read_records(struct publication records[static 2], size_t *count, char *words[])
{
	for (; *words != NULL; words++) {
		struct publication *r = &records[*count];

		if (*count == 2 || !read_address(r, *words) ||
		    (*count == 1 &&
			r->address.family == records[0].address.family)) {
			fprintf(stderr,
			    "ddnsgate: \"%s\" is not an IPv4 or "
			    "IPv6 address, nor ipv4=none or ipv6=none, or one "
			    "too many of its kind\n",
			    *words);
			return false;
		}
		++*count;
	}
	return true;
}

/* s: the configuration that knows the host, if there is one. */
static int
run_host(const struct settings *s, const struct provider *p,
    const struct manner *how, char *words[])
{
	struct publication records[2] = { 0 };
	struct publication *const list[] = { &records[0], &records[1] };
	char *name = hostname_normalise(words[0], true);
	const struct host_settings *host;
	int status = EXIT_USAGE;
	size_t count = 0;

	if (name == NULL || strchr(name, '.') == NULL) {
		fprintf(stderr, "ddnsgate: \"%s\" is not a full host name\n",
		    words[0]);
	} else if (read_records(records, &count, words + 1)) {
		host = find_host(s, name);
		for (size_t i = 0; i < count; i++) {
			records[i].name = name;
			records[i].zone = host != NULL ? host->zone : NULL;
			records[i].ttl = host != NULL ? host->ttl : 0;
			records[i].replace_set =
			    host != NULL && host->replace_set;
		}
		status = how->dry ? rehearse(p, list, count) :
				    publish(p, list, count, how->record);
	}
	free(name);
	return status;
}

/*
 * Where the provider stands in s.  A description that s does not name is tried
 * as it is: *one is filled in, and s borrows it instead of its own.
 */
static size_t
choose_provider(struct settings *s, const char *name,
    struct provider_settings *one)
{
	for (size_t i = 0; i < s->provider_count; i++)
		if (strcmp(s->providers[i].name, name) == 0)
			return i;
	*one = (struct provider_settings){ .name = name,
		.description = name,
		.ca = s->ca };
	s->providers = one;
	s->provider_count = 1;
	return 0;
}

/* No configuration is needed for that; one that is there must be right. */
static struct settings *
read_configuration(const char *file, bool asked_for, struct error *why)
{
	return asked_for || access(file, F_OK) == 0 ? settings_read(file, why) :
						      NULL;
}

/*
 * words: provider, host, addresses.  s: read from file; NULL where there is no
 * such file, for a description alone is enough.
 */
static int
run_provider(const struct settings *s, const char *file,
    const struct manner *how, char *words[], struct error *why)
{
	struct provider_settings one;
	struct settings used = s != NULL ?
	    *s :
	    (struct settings){ .file = (char *)(uintptr_t)file,
		    .ca = SETTINGS_CA_DEFAULT };
	size_t index = choose_provider(&used, words[0], &one);
	struct providers *all = providers_new(&used, why);
	int status;

	if (all == NULL)
		return EXIT_FAILED;
	if (!how->dry)
		providers_resolve(all);
	status = run_host(&used, providers_get(all, index), how, words + 1);
	providers_free(all);
	return status;
}

static int
run(int argc, char *argv[])
{
	struct error why = { .code = ERR_OK };
	struct manner how;
	struct settings *s;
	const char *file;
	struct options o;
	int status = options_read(&o, &usage_to_run, argc, argv);

	if (status != -1)
		return status;
	status = EXIT_FAILED;
	file = options_config(&o);
	how = (struct manner){ .dry = options_has(&o, OPTION_DRY_RUN),
		.record = options_text(&o, OPTION_RECORD, NULL) };
	if (o.operand_count < 3 || (how.dry && how.record != NULL))
		return options_wrong(&o);
	if (exchange_setup(&why) != ERR_OK)
		goto out;
	s = read_configuration(file, options_has(&o, OPTION_CONFIG), &why);
	if (why.code == ERR_OK)
		status = run_provider(s, file, &how, o.operands, &why);
	settings_free(s);
	exchange_teardown();
out:
	if (why.code != ERR_OK)
		fprintf(stderr, "ddnsgate: %s\n", why.text);
	return status;
}

int
command_provider(int argc, char *argv[])
{
	static const struct {
		const char *name;
		int (*run)(int argc, char *argv[]);
	} actions[] = { { "list", list }, { "show", show }, { "check", check },
		{ "run", run } };
	struct options o;
	int status;

	for (size_t i = 0; argc > 1 && i < sizeof actions / sizeof *actions;
	     i++)
		if (strcmp(argv[1], actions[i].name) == 0)
			return actions[i].run(argc - 1, argv + 1);
	status = options_read(&o, &usage, argc, argv);
	return status != -1 ? status : options_wrong(&o);
}
