/*
 * exchanges.h - stands in for https/exchange.h: each exchange is done when it
 * starts, and a whole run over them.
 *
 * For one file of a program that is linked with WRAP_EXCHANGE of Makefile.am;
 * that file defines __wrap_exchange_start(), which fills answer and rc.
 */
#ifndef UNIT_EXCHANGES_H
#define UNIT_EXCHANGES_H

#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"
#include "https/exchange.h"
#include "provider/rest/publish.h"

/* A request that was sent, and what came of it. */
struct exchange {
	struct exchange_answer answer;
	enum err rc;
};

struct exchange *__wrap_exchange_start(struct exchanges *all,
    const struct target *to, const struct exchange_request *request,
    int64_t deadline, struct error *why);
bool __wrap_exchange_done(const struct exchange *x);
enum err __wrap_exchange_result(const struct exchange *x,
    const struct exchange_answer **answer, struct error *why);
void __wrap_exchange_end(struct exchange *x);
enum err __wrap_exchanges_wait(struct exchanges *all, int64_t until);

bool
__wrap_exchange_done(const struct exchange *x)
{
	(void)x;
	return true;
}

enum err
__wrap_exchange_result(const struct exchange *x,
    const struct exchange_answer **answer, struct error *why)
{
	*answer = x->rc == ERR_OK ? &x->answer : NULL;
	return x->rc == ERR_OK ? ERR_OK : error_set(why, x->rc, "no answer");
}

void
__wrap_exchange_end(struct exchange *x)
{
	buffer_free(&x->answer.body);
	free(x);
}

/* Every exchange is done when it starts. */
enum err
__wrap_exchanges_wait(struct exchanges *all, int64_t until)
{
	(void)all;
	(void)until;
	return ERR_OK;
}

/* The whole loop, in one order: the first name goes first. */
static void
publish_all(const struct api *api, const char *token,
    struct publication *const records[], size_t count, int64_t deadline,
    long *retry_after)
{
	struct run *run = publish_start(api, NULL, token, records, count, 0,
	    deadline, deadline);

	while (run != NULL && publish_step(run))
		if (publish_in_flight(run))
			(void)exchanges_wait(NULL, publish_due(run));
		else
			(void)poll(NULL, 0, clock_left(publish_due(run)));
	publish_finish(run, retry_after);
}

#endif
