#include "config.h"

#include <pthread.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/self.h"

/* A process has one number. */
static pid_t known; /* 0: not asked yet */

static void
forget(void)
{
	known = 0;
}

pid_t
self_pid(void)
{
	static bool told;

	if (known != 0)
		return known;
	if (!told)
		told = pthread_atfork(NULL, NULL, forget) == 0;
	if (!told)
		return getpid();
	return known = getpid();
}
