#include "config.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/environment.h"

/* A name, or the beginning of one where it ends in '_'. */
struct variable {
	const char *name;
	const char *reason;
};

static const struct variable kept[] = {
	{ "LISTEN_PID", "the socket of systemd, sd_listen_fds(3)" },
	{ "LISTEN_FDS", "the socket of systemd" },
	{ "LISTEN_FDNAMES", "the socket of systemd" },
	{ "NOTIFY_SOCKET", "where systemd hears of us, sd_notify(3)" },
	{ "JOURNAL_STREAM", "how log lines begin, systemd.exec(5)" },
	{ "DDNSGATE_BOOT_ID", "which boot this is, where /proc does not say" },
	{ "TZ", "the time zone of syslog's lines" },
	{ "TERM", "what a terminal can do, for ddnsgate top" },
	{ "NO_COLOR", "no colours, whatever the terminal" },
	{ "HOME", "libpq's ~/.pgpass" },
	{ "LD_PRELOAD", "decided before main(); a second start needs it" },
	{ "LD_LIBRARY_PATH", "decided before main(); a second start needs it" },
#if DG_SANITIZERS
	{ "ASAN_OPTIONS", "of the sanitizers" },
	{ "UBSAN_OPTIONS", "of the sanitizers" },
	{ "LSAN_OPTIONS", "of the sanitizers" },
	{ "PATH", "where the sanitizers look for the symbolizer" },
#endif
};

/* Read by libraries while they are loaded, or by the loader itself. */
static const struct variable early[] = {
	{ "GNUTLS_", "debug output, system-wide priorities, self-tests" },
	{ "NETTLE_", "which code of a cipher runs" },
	{ "P11_KIT_", "debug output of p11-kit, which GnuTLS loads" },
	{ "OPENSSL_", "which code of a cipher runs; libpq loads OpenSSL" },
	{ "GLIBC_TUNABLES", "the allocator's ways, ld.so(8)" },
	{ "MALLOC_", "the allocator's ways, mallopt(3)" },
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static bool
is_in(const char *entry, const struct variable *table, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *name = table[i].name;
		size_t len = strlen(name);

		if (strncmp(entry, name, len) == 0 &&
		    (name[len - 1] == '_' || entry[len] == '='))
			return true;
	}
	return false;
}

bool
environment_filter(char *list[])
{
	char **to = list;
	bool obeyed = false;

	for (char **from = list; *from != NULL; from++) {
		if (is_in(*from, kept, COUNT(kept)))
			*to++ = *from;
		else if (is_in(*from, early, COUNT(early)))
			obeyed = true;
	}
	*to = NULL;
	return obeyed;
}

/*
 * Under its own name, since a process that is started by the name
 * /proc/self/exe is called "exe" in every list of processes.
 */
static void
start_again(char *argv[])
{
	char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);

	if (len <= 0)
		return;
	path[len] = '\0';
	execve(path, argv, environ);
}

void
environment_clean(char *argv[])
{
	if (environ != NULL && environment_filter(environ))
		start_again(argv);
}
