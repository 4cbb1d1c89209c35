/*
 * report.h - the line that a request leaves in the log, ddnsgate(8), LOG.
 *
 * Neither tokens nor query strings are in it.  What came from outside is cut
 * and quoted, and however much there is to tell, the line ends with where the
 * time went.
 */
#ifndef GATEWAY_REPORT_H
#define GATEWAY_REPORT_H

#include "gateway/reply.h"
#include "gateway/update.h"

/*
 * Source, account or user, status and reason; then each host with its records,
 * those that failed first, as many as the line has room for, and the number of
 * the others; names of parameters that were ignored; and the time each step
 * took.
 */
void report_update(const struct update *u, const struct reply *r);

/* The line for an update that was late, once it has ended after its reply. */
void report_late(const struct update *u);

/*
 * The line for a page that is no update and was not shown: source, user,
 * status, reason and path.
 */
void report_page(const struct request *q, const struct login *login, int status,
    const struct error *why);

#endif
