/*
 * rehearse.h - what would be sent to a provider, for people to read.
 */
#ifndef PROVIDER_REST_REHEARSE_H
#define PROVIDER_REST_REHEARSE_H

#include <stddef.h>
#include <stdio.h>

#include "provider/publication.h"
#include "provider/rest/api.h"

/* As provider_rehearse(), which calls it. */
void rehearse(const struct api *api, FILE *to,
    struct publication *const records[], size_t count);

#endif
