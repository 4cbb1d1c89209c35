/*
 * usage.h - how a command is called, said where it was asked for.
 *
 * Each command writes its usage once, as a text that ends with a newline, and
 * hands it to what is declared here.
 */
#ifndef COMMAND_USAGE_H
#define COMMAND_USAGE_H

#include <getopt.h>

/* Options that getopt_long() takes for every command: -h and --help. */
#define USAGE_SHORT "h"
#define USAGE_LONG                             \
	{                                      \
		"help", no_argument, NULL, 'h' \
	}

/*
 * Prints the usage, and returns the exit status that goes with it.  option is
 * what getopt_long() returned: 'h' asked for help, which goes to standard
 * output and is a success.  Anything else, for instance '?' or 0, is a wrong
 * command line: standard error, and EXIT_USAGE.
 */
int usage(const char *text, int option);

/*
 * Reads the options of a command that has none but help.  -1: go on, optind is
 * the index of the first operand.  Otherwise the exit status to end with.
 */
int usage_no_options(const char *text, int argc, char *argv[]);

#endif
