/*
 * scarce.h - memory that runs out at one call of our own code.
 *
 * A program that is linked with $(SCARCE) of Makefile.am has these functions
 * between our code and what allocates: that of libc, system calls, and each
 * function of a library that needs memory for what it gives.  Calls within the
 * libraries are left alone: json-c 0.16 and libtasn1 end the process where
 * theirs fail.  So are those of a child.
 */
#ifndef UNIT_SCARCE_H
#define UNIT_SCARCE_H

#include <stdbool.h>
#include <stddef.h>

/* From now on such calls are counted, and this one fails; 0: none does. */
void scarce_begin(size_t number);

/* Meanwhile the test itself may call what it likes. */
void scarce_pause(bool on);

/* Counts a call that a test itself puts between, too: does it fail? */
bool scarce_refuses(void);

/* Ends that; how many calls there were. */
size_t scarce_end(void);

/*
 * Runs story once as it is, and then with each of its calls failing in turn.
 * A row fails for each of them after which the story neither went well nor left
 * ERR_MEMORY, or an error that says so.  Returns how many calls there are.
 */
struct error;
size_t scarce_each(const char *name, bool (*story)(struct error *why));

#endif
