/*
 * postgresql.c - a store that several machines share.
 */
#include "config.h"

#include <netinet/in.h>
#include <resolv.h>
#include <stdlib.h>

#include "base/clock.h"
#include "state/postgresql/connection.h"
#include "state/postgresql/postgresql.h"
#include "state/postgresql/tables.h"

#define PREPARE_MS 5000 /* to make or migrate the tables, at the start */

/*
 * An event is committed within STORE_MS of its time, and two machines whose
 * clocks differ by more than a minute and a half have other troubles.
 */
#define LATE_S 100

/*
 * libpq asks the resolver for the host of a URL, and waits as long as that
 * does: let it try each server once.  The process that asks for providers'
 * names has time, and is not hurried.
 */
static void
resolver_hurry(bool hurry)
{
	if (hurry)
		(void)setenv("RES_OPTIONS", "timeout:1 attempts:1", 1);
	else
		(void)unsetenv("RES_OPTIONS");
	(void)res_init();
}

static enum err
postgresql_name(struct state *s, struct error *why)
{
	(void)s;
	(void)why;
	return ERR_OK;
}

/* Without may_make nothing is made, and tables that are missing are told. */
static enum err
postgresql_examine(struct state *s, struct error *why)
{
	enum err rc = ERR_UNREACHABLE;
	PGconn *c;

	resolver_hurry(true);
	c = connection_new(s, clock_now() + STORE_MS, why);
	resolver_hurry(false);
	if (c != NULL)
		rc = tables_ready(c, s, clock_now() + PREPARE_MS, why);
	PQfinish(c);
	return rc;
}

/*
 * A database that is out of reach now is asked again by each request, which
 * then makes the tables.
 */
static enum err
postgresql_prepare(struct state *s, struct error *why)
{
	struct error what;
	enum err rc;

	s->may_make = true;
	rc = postgresql_examine(s, &what);
	if (rc == ERR_CONFIG) {
		*why = what;
		return rc;
	}
	if (rc != ERR_OK)
		state_warn(s, "%s", what.text);
	return ERR_OK;
}

static struct store *
postgresql_open(struct state *s)
{
	struct postgresql *q = calloc(1, sizeof *q);

	if (q == NULL)
		return NULL;
	resolver_hurry(true);
	q->store = (struct store){ .engine = &postgresql_engine, .state = s };
	return &q->store;
}

static void
postgresql_shut(struct store *st)
{
	struct postgresql *q = (struct postgresql *)st;

	PQfinish(q->connection);
	free(q);
}

const struct engine postgresql_engine = {
	.meanwhile = "changes are refused until it takes them",
	.name = postgresql_name,
	.prepare = postgresql_prepare,
	.examine = postgresql_examine,
	.open = postgresql_open,
	.close = postgresql_shut,
	.is_applied = postgresql_is_applied,
	.take = postgresql_take,
	.keep = postgresql_keep,
	.give = postgresql_give,
	.intend = postgresql_intend,
	.apply = postgresql_apply,
	.check = postgresql_check,
	.count_intents = postgresql_count_intents,
	.forget = postgresql_forget,
	.record = postgresql_record,
	.hosts = postgresql_hosts,
	.history = postgresql_history,
	.late_s = LATE_S,
	.news = postgresql_news,
	.leads = postgresql_leads,
	.resign = postgresql_resign,
	.note = postgresql_note,
	.keep_note = postgresql_keep_note,
	.accounts_version = postgresql_accounts_version,
	.accounts = postgresql_accounts,
	.account_write = postgresql_account_write,
	.needs = postgresql_needs,
};
