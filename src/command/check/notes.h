/*
 * notes.h - what is allowed in a configuration and rarely meant.
 */
#ifndef COMMAND_CHECK_NOTES_H
#define COMMAND_CHECK_NOTES_H

#include "gateway/gateway.h"

/*
 * Prints a line "note: ..." to standard output for each host that is in several
 * accounts, for each time to live that the provider will change, and for a
 * base with a path that the description of the provider adds itself.
 */
void notes_print(const struct gateway *g);

#endif
