#include "config.h"

#include <dirent.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "account/account.h"
#include "base/clock.h"
#include "base/secret.h"
#include "command/command.h"
#include "command/input.h"
#include "config/hostname.h"
#include "provider/rest/description.h"
#include "provider/provider.h"
#include "provider/dns/rfc2136.h"

#define DEADLINE	30000	/* ms; nobody but an administrator waits */

static int
usage(void)
{
	fprintf(stderr, "usage: ddnsgate provider list\n"
	    "       ddnsgate provider check FILE...\n"
	    "       ddnsgate provider run [--dry-run] [--config FILE] "
	    "PROVIDER HOST ADDRESS...\n"
	    "An ADDRESS may be ipv4=none or ipv6=none, which removes.\n");
	return EXIT_USAGE;
}

static int
is_description(const struct dirent *e)
{
	size_t len = strlen(e->d_name);

	return e->d_name[0] != '.' && len > 5 &&
	    strcmp(e->d_name + len - 5, ".json") == 0;
}

/* Every file that a configuration may name; a wrong one is told. */
static int
list_directory(const char *directory, const char *hidden_by)
{
	struct dirent **entries;
	int count = scandir(directory, &entries, is_description, alphasort);
	int status = EXIT_OK;

	for (int i = 0; i < count; i++) {
		char file[4096], other[4096] = "";
		struct description *d;
		struct error why;

		snprintf(file, sizeof file, "%s/%s", directory,
		    entries[i]->d_name);
		if (hidden_by != NULL)
			snprintf(other, sizeof other, "%s/%s", hidden_by,
			    entries[i]->d_name);
		free(entries[i]);
		if (hidden_by != NULL && access(other, F_OK) == 0)
			continue;
		if ((d = description_read(file, &why)) == NULL) {
			fprintf(stderr, "ddnsgate: %s\n", why.text);
			status = EXIT_FAILED;
			continue;
		}
		printf("%-16s %s\n", d->name, d->about != NULL ? d->about :
		    "");
		description_free(d);
	}
	if (count >= 0)
		free(entries);
	return status;
}

static int
list(void)
{
	int own = list_directory(PROVIDERS_SYSCONFDIR, NULL);
	int ours = list_directory(PROVIDERS_DATADIR, PROVIDERS_SYSCONFDIR);

	printf("%-16s %s\n", RFC2136_NAME, RFC2136_ABOUT);
	return own == EXIT_OK ? ours : own;
}

static int
check(int count, char *files[])
{
	int status = EXIT_OK;

	if (count == 0)
		return usage();
	for (int i = 0; i < count; i++) {
		struct error why;
		struct description *d = description_read(files[i], &why);

		if (d == NULL) {
			fprintf(stderr, "ddnsgate: %s\n", why.text);
			status = EXIT_FAILED;
			continue;
		}
		printf("%s: provider %s, token of %zu part%s, %zu step%s\n",
		    files[i], d->name, d->part_count,
		    d->part_count == 1 ? "" : "s", d->steps.count,
		    d->steps.count == 1 ? "" : "s");
		description_free(d);
	}
	return status;
}

static void
print_result(const struct provider_record *r)
{
	char text[ADDRESS_TEXT_MAX];

	printf("%s %s %s %s", r->name, record_type(&r->address),
	    r->remove ? "none" : address_format(&r->address, text),
	    r->result != ERR_OK ? error_name(r->result) :
	    r->changed ? "changed" : "unchanged");
	if (r->result != ERR_OK)
		printf(" [%s]", r->why.text);
	putchar('\n');
}

static int
publish(const struct provider *p, struct provider_record *records,
    size_t count)
{
	struct exchange *x = exchange_new();
	char token[CREDENTIAL_MAX + 1];
	int status = EXIT_OK;
	long retry_after;

	if (x == NULL || !input_secret("Token: ", token, sizeof token)) {
		fprintf(stderr, "ddnsgate: no token was given\n");
		exchange_free(x);
		return EXIT_FAILED;
	}
	provider_publish(p, x, token, records, count, clock_now() + DEADLINE,
	    &retry_after);
	secret_wipe(token, sizeof token);
	exchange_free(x);
	for (size_t i = 0; i < count; i++) {
		print_result(&records[i]);
		if (records[i].result != ERR_OK)
			status = EXIT_FAILED;
	}
	if (retry_after > 0)
		printf("retry after %ld s\n", retry_after);
	return status;
}

static const struct provider *
find_provider(const struct settings *s, const struct providers *all,
    const char *name)
{
	for (size_t i = 0; i < s->provider_count; i++)
		if (strcmp(s->providers[i].name, name) == 0)
			return providers_get(all, i);
	return NULL;
}

/* The settings of the host, if an account of that provider has it. */
static const struct host_settings *
find_host(const struct settings *s, const char *name)
{
	for (size_t i = 0; i < s->account_count; i++)
		for (size_t j = 0; j < s->accounts[i].host_count; j++)
			if (strcmp(s->accounts[i].hosts[j].name, name) == 0)
				return &s->accounts[i].hosts[j];
	return NULL;
}

/* An address, or what the router says to remove one. */
static bool
read_address(struct provider_record *r, const char *word)
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

static int
run_with(const struct settings *s, const struct providers *all, bool dry,
    int count, char *words[])
{
	const struct provider *p = find_provider(s, all, words[0]);
	struct provider_record records[SETTINGS_ADDRESSES_MAX] = { 0 };
	char *name = hostname_normalise(words[1], true);
	const struct host_settings *host;
	int status = EXIT_USAGE;
	size_t n = 0;

	if (p == NULL) {
		fprintf(stderr, "ddnsgate: %s: has no provider \"%s\"\n",
		    s->file, words[0]);
		goto out;
	}
	if (name == NULL || strchr(name, '.') == NULL) {
		fprintf(stderr, "ddnsgate: \"%s\" is not a full host name\n",
		    words[1]);
		goto out;
	}
	host = find_host(s, name);
	for (int i = 2; i < count; i++) {
		if (n == SETTINGS_ADDRESSES_MAX ||
		    !read_address(&records[n], words[i])) {
			fprintf(stderr, "ddnsgate: \"%s\" is not an IPv4 or "
			    "IPv6 address, nor ipv4=none or ipv6=none\n",
			    words[i]);
			goto out;
		}
		records[n].name = name;
		records[n].zone = host != NULL ? host->zone : NULL;
		records[n].ttl = host != NULL ? host->ttl : 0;
		n++;
	}
	if (dry) {
		provider_rehearse(p, stdout, records, n);
		status = EXIT_OK;
	} else {
		status = publish(p, records, n);
	}
out:
	free(name);
	return status;
}

static int
run(int argc, char *argv[])
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "dry-run", no_argument, NULL, 'd' },
		{ NULL, 0, NULL, 0 },
	};
	const char *file = COMMAND_CONFIG_FILE;
	struct providers *all = NULL;
	struct settings *s;
	struct error why;
	bool dry = false;
	int c, status = EXIT_FAILED;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'c')
			file = optarg;
		else if (c == 'd')
			dry = true;
		else
			return EXIT_USAGE;
	}
	if (argc - optind < 3)
		return usage();
	if (exchange_setup(&why) != ERR_OK ||
	    (s = settings_read(file, &why)) == NULL) {
		fprintf(stderr, "ddnsgate: %s\n", why.text);
		return EXIT_FAILED;
	}
	if ((all = providers_new(s, &why)) == NULL) {
		fprintf(stderr, "ddnsgate: %s\n", why.text);
	} else {
		if (!dry)
			providers_resolve(all);
		status = run_with(s, all, dry, argc - optind, argv + optind);
	}
	providers_free(all);
	settings_free(s);
	exchange_teardown();
	return status;
}

int
command_provider(int argc, char *argv[])
{
	if (argc == 2 && strcmp(argv[1], "list") == 0)
		return list();
	if (argc > 1 && strcmp(argv[1], "check") == 0)
		return check(argc - 2, argv + 2);
	if (argc > 1 && strcmp(argv[1], "run") == 0)
		return run(argc - 1, argv + 1);
	return usage();
}
