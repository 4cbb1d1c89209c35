/*
 * environment.h - the environment is cleaned to what is used.
 *
 * The libraries below us obey dozens of variables, and some of those write
 * secrets down (SSLKEYLOGFILE), lead a connection elsewhere (PGHOST) or weaken
 * TLS (GNUTLS_SYSTEM_PRIORITY_FILE).  What a shell happens to export must do
 * none of that, so only variables of a table are left.
 */
#ifndef BASE_ENVIRONMENT_H
#define BASE_ENVIRONMENT_H

#include <stdbool.h>

/*
 * Call it first of all in main(), before a thread or a library looks.  Removes
 * each variable that is not in the table.  Where one was among them that
 * libraries obey before main() begins, starts this very program once more, with
 * the same arguments, descriptors and process id; returns if that cannot be
 * done, too: then what was obeyed before main() stays so.
 */
void environment_clean(char *argv[]);

/*
 * The work of environment_clean() on a list as environ(7): moves what is kept
 * to its front and ends it there.  Returns whether one of the others is obeyed
 * before main().
 */
bool environment_filter(char *list[]);

#endif
