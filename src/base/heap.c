#include "config.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"

#if defined HAVE___LIBC_FREE && !defined __SANITIZE_ADDRESS__

/* glibc's own, under the names that it keeps for such a purpose. */
extern void __libc_free(void *p);
extern void *__libc_malloc(size_t size);

void
free(void *p)
{
	if (p != NULL)
		explicit_bzero(p, malloc_usable_size(p));
	__libc_free(p);
}

/* A new place each time, since glibc might leave the old one behind. */
void *
realloc(void *p, size_t size)
{
	size_t old = p != NULL ? malloc_usable_size(p) : 0;
	void *moved;

	if (size == 0 && p != NULL) {
		free(p);
		return NULL;
	}
	if (size <= old && size > old / 2)
		return p;
	if ((moved = __libc_malloc(size)) == NULL)
		return NULL;
	if (p != NULL)
		memcpy(moved, p, old < size ? old : size);
	free(p);
	return moved;
}

bool
heap_wipes(void)
{
	return true;
}

#else

bool
heap_wipes(void)
{
	return false;
}

#endif
