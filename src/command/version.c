#include "config.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/heap.h"
#include "command/command.h"
#include "command/options.h"
#include "pool/calls.h"

#ifdef HAVE_LIBPQ
#define HAS_LIBPQ true
#else
#define HAS_LIBPQ false
#endif

static const struct usage usage = {
	.synopsis = "usage: ddnsgate --version\n",
};

/* One line for each thing that a build may have or lack. */
static void
print_features(void)
{
	const struct {
		const char *name;
		bool there;
		const char *what;
	} features[] = {
		{ "libknot", DG_LIBKNOT, "the provider rfc2136" },
		{ "libpq", HAS_LIBPQ, "state of several machines" },
		{ "libseccomp", calls_limited(),
		    "system calls that are not needed end a process" },
		{ "wiping heap", heap_wipes(),
		    "memory is overwritten when it is freed" },
		{ "sanitizers", DG_SANITIZERS,
		    "checks for developers, slow; no wiping heap" },
	};

	for (size_t i = 0; i < sizeof features / sizeof *features; i++)
		printf("  %-12s %-4s %s\n", features[i].name,
		    features[i].there ? "yes" : "no", features[i].what);
}

int
command_version(int argc, char *argv[])
{
	struct options o;
	int status = options_read(&o, &usage, argc, argv);

	if (status != -1 || o.operand_count > 0)
		return status != -1 ? status : options_wrong(&o);
	puts(PACKAGE_STRING);
	print_features();
	return EXIT_OK;
}
