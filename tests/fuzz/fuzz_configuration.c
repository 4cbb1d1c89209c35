/*
 * fuzz_configuration.c - any text as ddnsgate.json.
 */
#include "fuzz.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "account/account.h"
#include "address/prefix.h"

const char fuzz_name[] = "configuration";

/* What every other part of the program takes for granted. */
static void
check_host(const struct host_settings *h)
{
	assert(h->name != NULL && *h->name != '\0');
	assert(h->ipv6 != IPV6_PREFIX ||
	    suffix_fits(&h->suffix, h->prefix_length));
	assert(h->allow_count <= SETTINGS_ALLOW_MAX);
	assert(h->proof.kind != PROOF_PIN || h->proof.pin_count > 0);
	assert(h->proof.pin_count <= SETTINGS_PINS_MAX);
	assert(h->proof.echo == NULL || h->proof.echo[0] == '/');
}

static void
check(const struct settings *s)
{
	assert(s->workers > 0 && s->workers <= SETTINGS_WORKERS_MAX);
	assert(s->provider_count <= SETTINGS_PROVIDERS_MAX);
	for (size_t i = 0; i < s->account_count; i++) {
		const struct account_settings *a = &s->accounts[i];

		assert(settings_account(s, a->name) == a);
		assert(a->provider < s->provider_count);
		assert(a->host_count <= SETTINGS_HOSTS_MAX);
		for (size_t h = 0; h < a->host_count; h++)
			check_host(&a->hosts[h]);
	}
}

/* What the settings have where something was wrong is there to be looked at. */
static void
look(const struct settings *s, struct faults *faults)
{
	assert(faults->count < 1000000);
	for (size_t i = 0; i < s->account_count; i++)
		assert(s->accounts[i].name != NULL);
	for (size_t i = 0; i < s->provider_count; i++)
		assert(s->providers[i].name != NULL);
}

/* All errors are told where the first one is, and none where there is none. */
static void
check_faults(const char *file, bool good)
{
	static struct faults faults;

	faults.count = 0;
	settings_examine(file, &faults, look);
	assert((faults.count == 0) == good);
	for (size_t i = 0; i < faults.count && i < READER_FAULTS_MAX; i++)
		assert(strncmp(faults.list[i].text, file, strlen(file)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("configuration", MFD_CLOEXEC);
	struct error why = { .code = ERR_OK };
	struct accounts *accounts;
	struct settings *s;
	char file[64];

	if (fd == -1 || fchmod(fd, 0600) == -1 ||
	    write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(file, sizeof file, "/proc/self/fd/%d", fd);
	if ((s = settings_read_alone(file, &why)) != NULL) {
		check(s);
		if ((accounts = accounts_new(s, &why)) == NULL)
			assert(why.code != ERR_OK && why.text[0] != '\0');
		accounts_free(accounts);
	} else {
		assert(strncmp(why.text, file, strlen(file)) == 0);
	}
	check_faults(file, s != NULL);
	settings_free(s);
	close(fd);
	return 0;
}
