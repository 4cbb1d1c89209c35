/*
 * coverage.c - a child that ends with _exit() counts, too.
 *
 * gcc writes its counters at exit(3) only.  --enable-coverage puts this between
 * the program and _exit(2).
 */
#include "config.h"

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
