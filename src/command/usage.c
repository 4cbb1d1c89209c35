#include "config.h"

#include <stdio.h>

#include "command/command.h"
#include "command/usage.h"

int
usage(const char *text, int option)
{
	fputs(text, option == 'h' ? stdout : stderr);
	return option == 'h' ? EXIT_OK : EXIT_USAGE;
}

int
usage_no_options(const char *text, int argc, char *argv[])
{
	static const struct option options[] = {
		USAGE_LONG,
		{ NULL, 0, NULL, 0 },
	};
	int c = getopt_long(argc, argv, USAGE_SHORT, options, NULL);

	return c == -1 ? -1 : usage(text, c);
}
