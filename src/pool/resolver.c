#include "config.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "pool/process.h"
#include "pool/resolver.h"
#include "pool/sandbox.h"
#include "provider/endpoint.h"

#define AGAIN_MS  300000
#define FAILED_MS 10000
#define WANTED_MS 10000 /* at the earliest, when no address answers */
#define TICK_MS	  500

/* When the resolver was asked for one host, and when it will be asked again. */
struct schedule {
	int64_t last;
	int64_t due;
};

static void
ask_if_due(const struct endpoint *e, struct schedule *s)
{
	if (resolution_wanted(e->resolution) && s->due > s->last + WANTED_MS)
		s->due = s->last + WANTED_MS;
	if (clock_now() < s->due)
		return;
	s->due = endpoint_resolve(e) ? AGAIN_MS : FAILED_MS;
	s->last = clock_now();
	s->due += s->last;
}

void
resolver_run(const struct gateway *g, struct slot *slot)
{
	static struct schedule schedules[GATEWAY_RESOLVED_MAX];
	const struct timespec tick = { .tv_nsec = TICK_MS * 1000000L };
	const struct endpoint *e;

	process_default_signals(NULL);
	for (;;) {
		for (size_t i = 0; (e = gateway_resolved(g, i)) != NULL; i++)
			ask_if_due(e, &schedules[i]);
		if (slot != NULL)
			atomic_store(&slot->stage, STAGE_SERVED);
		if (sandbox_is_stale())
			_exit(EXIT_SUCCESS);
		nanosleep(&tick, NULL);
	}
}
