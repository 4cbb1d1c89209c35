/*
 * recording.h - the exchange with a provider, kept for whoever mends its
 * description.
 *
 * What a vendor really answers is worth more than what its pages say.  A user
 * can record it, in the form that tests/providers replays, with secrets and
 * names replaced.
 */
#ifndef PROVIDER_REST_RECORDING_H
#define PROVIDER_REST_RECORDING_H

#include <stdio.h>

#include "base/error.h"
#include "https/exchange.h"
#include "provider/publication.h"
#include "provider/rest/compose.h"
#include "provider/token.h"

struct recording;

/* Of one run; NULL without memory.  recording_free() takes NULL. */
struct recording *recording_new(void);
void recording_free(struct recording *r);

/*
 * Adds one request with its answer.  path: of this request, where it is not
 * that of m.  Without memory, recording_write() fails.
 */
void recording_add(struct recording *r, const struct message *m,
    const char *path, const struct exchange_answer *answer);

/*
 * Writes all of it as the test of a description: the parts of the token become
 * words, the names of the host, its zone and others become names of
 * example.org, and addresses become those of documentation.  A header that is
 * made of the token (Basic, a signature) is left out.  token, records and their
 * results are those of the run; config is what the operator gives, or NULL.
 * ERR_REFUSED: an answer repeats the token in a spelling that was not found, so
 * nothing is written.
 */
enum err recording_write(const struct recording *r, const char *description,
    const struct token_parts *token, struct publication *const records[],
    size_t count, json_object *config, FILE *to, struct error *why);

#endif
