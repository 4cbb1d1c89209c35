/*
 * entrance.h - lets an operator, or an account, see a page that is no update.
 */
#ifndef GATEWAY_VIEW_ENTRANCE_H
#define GATEWAY_VIEW_ENTRANCE_H

#include <stdbool.h>

#include "account/account.h"
#include "gateway/gateway.h"
#include "gateway/reply.h"
#include "gateway/request.h"
#include "gateway/tools.h"

/*
 * Logs in whoever asks for the page, with the Authorization header alone: an
 * operator or, if accounts_too, an account.  True: *login has the operator or
 * the account.  False: the reply is the one to send, 401, 429 or 503, and why
 * is in the log.  *login is due to login_end() in any case.
 */
bool entrance_login(const struct gateway *g, struct gateway_tools *t,
    const struct request *q, bool accounts_too, struct login *login,
    struct reply *r);

#endif
