#include "config.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "base/lack.h"
#include "base/log.h"
#include "base/shared.h"

static const struct {
	int number;
	const char *remedy;
} lacks[] = {
	{ EMFILE, "raise the limit of open files: LimitNOFILE=, ulimit -n" },
	{ ENFILE, "the system is out of descriptors: sysctl fs.file-max" },
	{ ENOMEM, "memory is short: fewer workers, or MemoryMax=" },
	{ ENOBUFS, "memory of the network is short" },
	{ EAGAIN, "raise the limit of processes: TasksMax=, ulimit -u" },
};

/* The moment before which nothing is told; 0 at first. */
static _Atomic int64_t quiet_here;
static _Atomic int64_t *quiet = &quiet_here;

void
lack_share(void)
{
	_Atomic int64_t *moment;

	if (quiet == &quiet_here &&
	    (moment = shared_new(sizeof *moment)) != NULL)
		quiet = moment;
}

static const char *
remedy(int number)
{
	for (size_t i = 0; i < sizeof lacks / sizeof *lacks; i++)
		if (lacks[i].number == number)
			return lacks[i].remedy;
	return NULL;
}

bool
lack_is(int number)
{
	return remedy(number) != NULL;
}

void
lack_tell(const char *what, int number)
{
	int64_t now = clock_now(), until = atomic_load(quiet);
	const char *cure = remedy(number);
	int saved = errno;

	/* Only one of several processes that come at once changes it. */
	if (now >= until &&
	    atomic_compare_exchange_strong(quiet, &until, now + LACK_MS))
		log_warn("%s: %s%s%s (told once a minute)", what,
		    strerror(number), cure != NULL ? "; " : "",
		    cure != NULL ? cure : "");
	errno = saved;
}

enum err
lack_set(struct error *why, const char *what, int number)
{
	lack_tell(what, number);
	return error_set(why, ERR_SYSTEM, "%s: %s", what, strerror(number));
}
