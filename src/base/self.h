/*
 * self.h - which process this is, without asking the kernel each time.
 */
#ifndef BASE_SELF_H
#define BASE_SELF_H

#include <sys/types.h>

/* getpid(2), which is asked for once, and again after each fork(2). */
pid_t self_pid(void);

#endif
