#include "config.h"

#include <signal.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "pool/children.h"
#include "pool/generation.h"
#include "pool/resolver.h"
#include "pool/sandbox.h"
#include "pool/status.h"

#define ACCOUNTS_MS 10000 /* between two tries to read them */
#define SOCKET_MS   10000 /* between two tries to make a socket anew */

void
generation_begin(struct pool *p, const char *what)
{
	sandbox_prepare(p->gateway);
	p->generation++;
	p->renewing = true;
	p->renewed = what;
	p->names_until = clock_now() + RESOLVER_FIRST_MS;
	/* What is new may be the cure. */
	crashes_reset(&p->crashes);
	for (enum role r = 0; r < ROLE__COUNT; r++)
		backoff_reset(&p->backoffs[r]);
}

void
generation_take_over(struct pool *p)
{
	size_t ready = children_count(p, ROLE_WORKER, STAGE_READY);
	size_t missing = 0, kept = 0;

	if (!p->renewing || ready == 0)
		return;
	if (ready < children_wanted(p, ROLE_WORKER))
		missing = children_wanted(p, ROLE_WORKER) - ready;
	/* Where both generations have no room, one place has to be free. */
	if (missing > 0 && p->backoffs[ROLE_WORKER].pause > 0)
		missing--;
	if (p->old_listener.fd != -1)
		listener_shut(&p->old_listener);
	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		struct child *c = &p->children[i];

		if (c->pid == 0 || c->told != 0 ||
		    c->generation == p->generation)
			continue;
		if (c->role == ROLE_WORKER && kept < missing)
			kept++;
		else
			child_leave(c, SIGTERM);
	}
	if (kept > 0)
		return;
	p->renewing = false;
	if (p->old_listener.fd != -1)
		listener_close(&p->old_listener);
	log_info("%s; %u worker%s", p->renewed, children_wanted(p, ROLE_WORKER),
	    status_plural(children_wanted(p, ROLE_WORKER)));
	status_tell(p, "READY=1");
}

/*
 * Makes the listener that the next generation uses.  The present one is kept
 * for its workers, unless they have not taken over yet from older ones.
 */
static enum err
move_listener(struct pool *p, const struct listen_settings *how,
    struct error *why)
{
	struct listener next, *old = &p->old_listener;
	bool back = old->fd != -1 && strcmp(old->path, how->path) == 0 &&
	    listener_is_there(old);
	enum err rc;

	if (back) {
		next = *old;
		old->fd = -1;
	} else if ((rc = listener_make(&next, how, why)) != ERR_OK) {
		return rc;
	}
	if (back || old->fd != -1)
		listener_close(p->listener);
	else
		*old = *p->listener;
	*p->listener = next;
	return ERR_OK;
}

static enum err
read_again(struct pool *p, struct error *why)
{
	struct gateway *new = gateway_read_again(p->gateway, why);

	if (new == NULL)
		return why->code;
	if (gateway_open_state(new, why) != ERR_OK ||
	    log_open(&new->settings->log, why) != ERR_OK ||
	    (listener_moves(p->listener, &new->settings->listen) &&
		move_listener(p, &new->settings->listen, why) != ERR_OK)) {
		gateway_free(new);
		return why->code;
	}
	gateway_inherit(new, p->gateway);
	/* Before the fork, so that no child carries its pages any further. */
	gateway_free(p->gateway);
	p->gateway = new;
	p->edition = new->settings->edition;
	p->accounts_changed = false;
	return ERR_OK;
}

void
generation_reload(struct pool *p)
{
	struct error why;

	notify("RELOADING=1");
	notify_while_busy();
	if (read_again(p, &why) == ERR_OK) {
		p->complaint.code = ERR_OK;
		gateway_log_faults(p->gateway);
		generation_begin(p, "the configuration was read again");
	} else {
		log_warn("the configuration stays as it was: %s", why.text);
		p->complaint = why;
		status_tell(p, "READY=1");
	}
	notify_busy_end();
}

bool
generation_read_accounts(struct pool *p)
{
	struct error why = { .code = ERR_OK };

	p->accounts_changed = false;
	notify_while_busy();
	if (gateway_read_accounts(p->gateway, &why) == ERR_OK) {
		generation_begin(p, "accounts have changed");
	} else {
		log_warn("the accounts stay as they were: %s", why.text);
		/* A database may be there again soon. */
		p->accounts_changed = why.code == ERR_UNREACHABLE;
		p->accounts_not_before = clock_now() + ACCOUNTS_MS;
	}
	gateway_log_faults(p->gateway);
	notify_busy_end();
	return why.code != ERR_MEMORY;
}

void
generation_reopen(struct pool *p)
{
	struct error why;

	if (log_open(&p->gateway->settings->log, &why) == ERR_OK)
		generation_begin(p, "the log was opened again");
	else
		log_warn("the log stays as it was: %s", why.text);
}

void
generation_restore_socket(struct pool *p)
{
	struct error why;

	if (listener_is_there(p->listener) ||
	    clock_now() < p->socket_not_before ||
	    p->gateway->settings->listen.path == NULL)
		return;
	p->socket_not_before = clock_now() + SOCKET_MS;
	log_warn("%s is gone; it is made anew", p->listener->path);
	if (move_listener(p, &p->gateway->settings->listen, &why) == ERR_OK)
		generation_begin(p, "the socket was made anew");
	else
		log_warn("%s", why.text);
}
