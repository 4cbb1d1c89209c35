#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "pool/children.h"
#include "pool/status.h"

#define SIGN_MS 20000 /* without a worker that lives: not well */

const char *
status_plural(size_t n)
{
	return n != 1 ? "s" : "";
}

void
status_tell(struct pool *p, const char *state)
{
	size_t accounts = p->gateway->settings->account_count;
	size_t refused = refusals_count(&p->scoreboard->refusals, clock_now());
	bool complains = p->complaint.code != ERR_OK;
	char text[NOTIFY_STATUS_MAX];
	unsigned int all = 0, busy = 0;

	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		const struct child *c = &p->children[i];

		if (c->pid == 0 || c->role != ROLE_WORKER || c->told != 0)
			continue;
		all++;
		busy += atomic_load(&c->slot->busy_since) != 0;
	}
	snprintf(text, sizeof text,
	    "%s%u worker%s, %u busy; %zu account%s; %zu host%s refused in the "
	    "last hour%s%s",
	    p->crashes.loop ? "DEGRADED: workers keep dying, and one at a "
			      "time tries; " :
			      "",
	    all, status_plural(all), busy, accounts, status_plural(accounts),
	    refused, status_plural(refused),
	    complains ? "; the configuration stays as it was: " : "",
	    complains ? p->complaint.text : "");
	if (state == NULL && strcmp(text, p->status) == 0)
		return;
	strcpy(p->status, text);
	notify_status(state, "%s", text);
}

void
status_feed_watchdog(struct pool *p)
{
	int64_t now = clock_now();
	bool was_starved = p->starved;

	if (p->crashes.loop || p->awake_since == p->looked_at ||
	    children_live(p))
		p->lived_at = now;
	p->starved = now - p->lived_at > SIGN_MS;
	if (!p->starved)
		notify("WATCHDOG=1");
	else if (!was_starved)
		log_warn("no worker has been alive for %d s; the watchdog of "
			 "the service manager is not fed any more",
		    SIGN_MS / 1000);
}
