#include "config.h"

#include <limits.h>
#include <time.h>

#include "base/clock.h"

int64_t
clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int
clock_left(int64_t deadline)
{
	int64_t left = deadline - clock_now();

	if (left <= 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}
