#include "config.h"

#include <sys/mman.h>

#include "pool/scoreboard.h"

struct slot *
scoreboard_new(size_t count)
{
	void *m = mmap(NULL, count * sizeof(struct slot),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return m != MAP_FAILED ? m : NULL;
}
