#include "config.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/activity.h"
#include "base/clock.h"
#include "base/json.h"
#include "command/board.h"
#include "command/lookup.h"

/* Of a worker that is at work, and for how long; false: it is idle. */
static bool
print_worker(const struct slot *slot)
{
	int64_t since = atomic_load(&slot->busy_since);
	int pid = atomic_load(&slot->worker);

	if (pid == 0 || since == 0)
		return false;
	printf("  worker %d at work for %.1f s: %s\n", pid,
	    (double)(clock_now() - since) / 1000,
	    activity_name(atomic_load(&slot->activity)));
	return true;
}

json_object *
board_json(const struct scoreboard *b)
{
	static const char *const names[] = { [REPLIES_GOOD] = "replies_2xx",
		[REPLIES_REFUSED] = "replies_4xx",
		[REPLIES_BUSY] = "replies_5xx" };
	json_object *o = json_object_new_object();
	unsigned int all, busy;

	scoreboard_workers(b, &all, &busy);
	json_add(o, "since", lookup_json_time(b->began));
	json_add(o, "workers", json_object_new_int((int)all));
	json_add(o, "busy", json_object_new_int((int)busy));
	json_add(o, "hosts_refused",
	    json_object_new_int(
		(int)refusals_count(&b->refusals, clock_now())));
	for (int i = 0; i < REPLIES__COUNT; i++)
		json_add(o, names[i],
		    json_object_new_int64(
			(int64_t)atomic_load(&b->replies[i])));
	return o;
}

void
board_print(const struct scoreboard *b, unsigned int lines)
{
	char time[LOOKUP_TIME_MAX];
	unsigned int all, busy;

	if (b == NULL) {
		puts("pool: none serves this configuration");
		return;
	}
	scoreboard_workers(b, &all, &busy);
	printf("pool: %u workers, %u at work\n", all, busy);
	for (size_t i = 0; i < atomic_load(&b->used) && lines > 0; i++)
		if (print_worker(&b->slots[i]))
			lines--;
	printf("  replies since %s: %llu good, %llu refused, %llu busy\n",
	    lookup_time(b->began, time),
	    (unsigned long long)atomic_load(&b->replies[REPLIES_GOOD]),
	    (unsigned long long)atomic_load(&b->replies[REPLIES_REFUSED]),
	    (unsigned long long)atomic_load(&b->replies[REPLIES_BUSY]));
	printf("  hosts refused in the last hour: %zu\n",
	    refusals_count(&b->refusals, clock_now()));
}
