/*
 * coverage.c - a child that ends with _exit() or by SIGTERM counts, too.
 *
 * gcc writes its counters at exit(3) only.  --enable-coverage puts this between
 * the program and _exit(2), and a handler in the place of what SIGTERM does to
 * those children that leave it as it is; it ends them by that signal as well.
 */
#include "config.h"

#include <signal.h>

/* https://gcc.gnu.org/onlinedocs/gcc/Gcov-and-Optimization.html */
extern void __gcov_dump(void);

_Noreturn void __real__exit(int status);
_Noreturn void __wrap__exit(int status);

_Noreturn void
__wrap__exit(int status)
{
	__gcov_dump();
	__real__exit(status);
}

typedef void handler(int sig);

handler *__real_signal(int sig, handler *how);
handler *__wrap_signal(int sig, handler *how);

static void
count_and_end(int sig)
{
	__gcov_dump();
	__real_signal(sig, SIG_DFL);
	raise(sig);
}

handler *
__wrap_signal(int sig, handler *how)
{
	return __real_signal(sig,
	    sig == SIGTERM && how == SIG_DFL ? count_and_end : how);
}
