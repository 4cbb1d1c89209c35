/*
 * alive.h - is a process that left its mark in shared memory still there?
 *
 * A pid alone does not tell: the number of one that died may belong to another
 * process by now.  Together with the moment at which the kernel started it
 * (proc(5), /proc/PID/stat, starttime), it is never given out twice in a boot.
 */
#ifndef BASE_ALIVE_H
#define BASE_ALIVE_H

#include <stdbool.h>
#include <stdint.h>

/* The mark of this process, never 0.  Cheap: it is found out once a process. */
uint64_t alive_mark(void);

/* Is the process with that mark still there?  False for 0. */
bool alive_check(uint64_t mark);

/*
 * Takes a place for this process, whose mark it holds then: one that is free,
 * which is 0, or that of a process that died.  False: another one has it, or
 * has just taken it.
 */
bool alive_take(_Atomic uint64_t *place);

/* Frees a place if this process has it. */
void alive_give_back(_Atomic uint64_t *place);

#endif
