#include "config.h"

#include <sys/mman.h>

#include "base/shared.h"

void *
shared_new(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p != MAP_FAILED ? p : NULL;
}

void
shared_free(void *p, size_t size)
{
	if (p != NULL)
		munmap(p, size);
}
