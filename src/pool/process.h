/*
 * process.h - what every process of the pool begins and ends with.
 */
#ifndef POOL_PROCESS_H
#define POOL_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Opens /dev/null for each of the descriptors 0 to 2 that is closed, so that no
 * connection can get such a number and receive what is meant for standard
 * error.  Call it before anything else is opened.  False: it cannot, and errno
 * says why.
 */
bool process_open_standard(void);

/*
 * fork(2).  The child is called title (at most 15 characters, see
 * PR_SET_NAME) and gets SIGTERM when its parent ends; one whose parent has
 * ended already exits here.  Signals stay as they are.  A child must leave by
 * _exit(2): what the parent built is the parent's to free.  Returns as fork(2).
 */
pid_t process_fork(const char *title);

/*
 * In a child that serves nobody: the signals that its parent handles do their
 * default and none is blocked; SIGHUP and SIGUSR1 are ignored.  SIGSYS stays
 * the sandbox's (calls.h).  on_term: what SIGTERM calls, also one that came
 * before; NULL: it ends the process.
 */
void process_default_signals(void (*on_term)(int));

/*
 * Warns of the end of a process unless status, of waitpid(2), means exit
 * status 0; what: "worker", for the log.  Returns whether it was 0.
 */
bool process_ended(const char *what, pid_t pid, int status);

#endif
