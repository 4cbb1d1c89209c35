/*
 * publication.h - one record that is to be published, and what came of it.
 */
#ifndef PROVIDER_RECORD_H
#define PROVIDER_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "address/address.h"
#include "base/error.h"
#include "config/settings.h"

#define PUBLICATIONS_MAX (2 * SETTINGS_HOSTS_MAX) /* in one run */

struct publication {
	const char *name;	/* normalised; may begin with "*." */
	const char *zone;	/* NULL: the provider knows */
	int64_t ttl;		/* seconds, 0: as it is, or default */
	struct address address; /* its family says A or AAAA */
	bool remove;		/* take away what is there instead */

	enum err result; /* ERR_OK: the provider holds it now */
	bool changed;	 /* false: it held it before */
	struct error why;
};

#endif
