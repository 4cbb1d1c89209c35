#include "config.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "pool/process.h"
#include "pool/sandbox.h"
#include "pool/watcher.h"

#define PAUSE_MS     1000
#define PAUSE_MS_MAX 3000
#define SHARE	     20 /* of the time: one part in so many */

int
watcher_pause(int64_t took_ms)
{
	if (took_ms * SHARE > PAUSE_MS_MAX)
		return PAUSE_MS_MAX;
	return took_ms * SHARE > PAUSE_MS ? (int)(took_ms * SHARE) : PAUSE_MS;
}

void
watcher_run(const struct gateway *g, struct slot *slot)
{
	struct store *st;

	process_default_signals(NULL);
	st = gateway_watch(g);
	for (;;) {
		int64_t begun = clock_now();
		bool changed = gateway_accounts_changed(g, st);
		int ms = watcher_pause(clock_now() - begun);
		struct timespec pause = { ms / 1000, ms % 1000 * 1000000L };

		atomic_store(&slot->stage, STAGE_SERVED);
		if (changed || sandbox_is_stale())
			_exit(EXIT_SUCCESS);
		nanosleep(&pause, NULL);
	}
}
