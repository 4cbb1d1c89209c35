/*
 * tcp.h - DNS messages over TCP (RFC 7766), every wait with a deadline.
 */
#ifndef PROVIDER_DNS_TCP_H
#define PROVIDER_DNS_TCP_H

#include <stddef.h>
#include <stdint.h>

#include "address/address.h"
#include "base/error.h"

/*
 * Tries the addresses in order; each may take its share of what is left until
 * deadline, a moment of clock_now().  *fd is the caller's to close; -1 on
 * failure.  ERR_UNREACHABLE: none of them answers.
 */
enum err dnstcp_connect(int *fd, const struct address *addresses, size_t count,
    uint16_t port, int64_t deadline, struct error *why);

/*
 * Sends one message and waits for one, which *answer_len tells the length of:
 * at most 65535 bytes, so max must not be less.  ERR_UNREACHABLE: no whole
 * answer before deadline.
 */
enum err dnstcp_exchange(int fd, const uint8_t *message, size_t len,
    uint8_t *answer, size_t max, size_t *answer_len, int64_t deadline,
    struct error *why);

#endif
