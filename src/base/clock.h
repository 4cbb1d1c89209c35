/*
 * clock.h - deadlines, in milliseconds of a clock that nobody can set.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t clock_now(void);

/* What is left until deadline, 0 when it has passed; fits poll(2). */
int clock_left(int64_t deadline);

#endif
