/*
 * provider_list.h - the providers that a configuration may name, for people
 * and for programs.
 */
#ifndef COMMAND_PROVIDER_LIST_H
#define COMMAND_PROVIDER_LIST_H

#include <stdbool.h>

/*
 * Prints every provider, a line or a JSON object each; the operator's own files
 * hide those that come with the program.  A file that is wrong is told, and the
 * exit status is EXIT_FAILED.
 */
int provider_list(bool json);

/* All that a description says of one provider; EXIT_FAILED if there is none. */
int provider_show(const char *name, bool json);

#endif
