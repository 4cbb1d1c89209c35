/*
 * exchanges.h - stands in for https/exchange.h: each exchange is done when it
 * starts.
 *
 * For one file of a program that is linked with WRAP_EXCHANGE of Makefile.am;
 * that file defines __wrap_exchange_start(), which fills answer and rc.
 */
#ifndef UNIT_EXCHANGES_H
#define UNIT_EXCHANGES_H

#include <stdbool.h>
#include <stdlib.h>

#include "https/exchange.h"

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

#endif
