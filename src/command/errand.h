/*
 * errand.h - another program, run and waited for.
 */
#ifndef COMMAND_ERRAND_H
#define COMMAND_ERRAND_H

#include <stdbool.h>

#define ERRAND_MS 60000 /* it is killed after that */

/*
 * Runs a program of the system's directories with these words, of which the
 * first one is its name and the last one NULL; it gets no input, and prints
 * where we do.  True: it ended with 0.
 */
bool errand_run(const char *const words[]);

/* Is there a program of that name? */
bool errand_exists(const char *name);

#endif
