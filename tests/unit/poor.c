#include "config.h"

#include <dlfcn.h>
#include <stdbool.h>

#include "poor.h"

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);

static size_t number, from, to;

static bool
is_refused(void)
{
	number++;
	return from != 0 && number >= from && number <= to;
}

void *
__libc_malloc(size_t size)
{
	static void *(*real)(size_t);

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "__libc_malloc");
	return is_refused() ? NULL : real(size);
}

void *
__libc_calloc(size_t count, size_t size)
{
	static void *(*real)(size_t, size_t);

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "__libc_calloc");
	return is_refused() ? NULL : real(count, size);
}

void
poor_begin(size_t first, size_t last)
{
	number = 0;
	from = first;
	to = last;
}

size_t
poor_end(void)
{
	from = 0;
	return number;
}
