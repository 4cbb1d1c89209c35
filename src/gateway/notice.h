/*
 * notice.h - warns an operator once that the web server hides who its clients
 * are.
 */
#ifndef GATEWAY_NOTICE_H
#define GATEWAY_NOTICE_H

#include <stdbool.h>

#include "address/address.h"
#include "config/settings.h"

struct notices; /* shared by all workers of one configuration */

/* NULL without memory. */
struct notices *notices_new(void);
void notices_free(struct notices *n);

/*
 * Looks at where a request came from; source: NULL if the web server did not
 * say.  Warns, once, that without it the failed logins of all clients count as
 * one.  n may be NULL, then nobody is told.
 */
void notice_source(struct notices *n, const struct address *source);

/*
 * Looks at where the login of an account came from.  Warns, once, of a second
 * account from the same address that is not public, as of a container or a
 * proxy in front of all clients.
 */
void notice_login(struct notices *n, const struct address *source,
    const struct account_settings *account);

#endif
