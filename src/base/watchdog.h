/*
 * watchdog.h - ends this process when one piece of work lasts too long.
 *
 * For work that no deadline reaches, such as arithmetic inside a library with
 * numbers that a stranger chose.  It uses SIGVTALRM and a POSIX timer, which
 * fork() does not hand down: each process starts its own.
 */
#ifndef BASE_WATCHDOG_H
#define BASE_WATCHDOG_H

#include <stdint.h>

#define WATCHDOG_TEXT_MAX 128 /* of the work's name; more is cut */
#define WATCHDOG_LATE_MS  200 /* so much after its deadline it may be */

/*
 * At deadline (see clock.h), or up to WATCHDOG_LATE_MS later, the process
 * writes "WORK lasted too long ..." as a warning to the log and ends with
 * EXIT_FAILURE, unless watchdog_stop() or another watchdog_start() came before.
 * work is copied; no secret in it.
 * The first call of a process unblocks SIGVTALRM, which may interrupt a wait
 * after the work, too, up to its deadline; never another work.  What cannot be
 * set up is logged, and nothing watches.
 */
void watchdog_start(int64_t deadline, const char *work);
void watchdog_stop(void);

#endif
