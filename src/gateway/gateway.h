/*
 * gateway.h - one request, from the web server and back.
 */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include <fcgiapp.h>

#include "gateway/house.h"
#include "gateway/request.h"

/*
 * Answers a request, and writes its line into the log.  The answer is on its
 * way after FCGX_Finish_r(), which is the caller's, as is request_end().
 */
void gateway_handle(const struct house *h, struct request *q,
    FCGX_Request *fcgi);

#endif
