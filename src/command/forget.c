#include "config.h"

#include <stdio.h>

#include "command/command.h"
#include "command/lookup.h"
#include "command/usage.h"

static const char usage_text[] =
    "usage: ddnsgate forget [--config FILE] HOST\n"
    "The next update of HOST proves and publishes anew, whatever is known.\n";

int
command_forget(int argc, char *argv[])
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		USAGE_LONG,
		{ NULL, 0, NULL, 0 },
	};
	const char *file = COMMAND_CONFIG_FILE;
	int c, status = EXIT_FAILED;
	struct lookup l;

	while (
	    (c = getopt_long(argc, argv, USAGE_SHORT, options, NULL)) != -1) {
		if (c != 'c')
			return usage(usage_text, c);
		file = optarg;
	}
	if (argc - optind != 1)
		return usage(usage_text, 0);
	if (lookup_begin(&l, file)) {
		if (store_forget(l.store, argv[optind]))
			status = EXIT_OK;
		else
			fprintf(stderr, "ddnsgate: nothing is known of %s\n",
			    argv[optind]);
	}
	lookup_end(&l);
	return status;
}
