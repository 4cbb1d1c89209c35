/*
 * publication.h - one record that is to be published, and what came of it.
 */
#ifndef PROVIDER_PUBLICATION_H
#define PROVIDER_PUBLICATION_H

#include <stdbool.h>
#include <stdint.h>

#include "address/address.h"
#include "base/error.h"
#include "config/settings.h"

#define PUBLICATIONS_MAX (2 * SETTINGS_HOSTS_MAX) /* in one run */

/* May the record be written?  The provider is read in any case. */
enum leave {
	LEAVE_GIVEN,
	LEAVE_AWAITED, /* somebody will decide */
	LEAVE_REFUSED
};

struct publication {
	const char *name;	/* normalised; may begin with "*." */
	const char *zone;	/* NULL: the provider knows */
	int64_t ttl;		/* seconds, 0: as it is, or default */
	struct address address; /* its family says A or AAAA */
	bool remove;		/* take away what is there instead */
	bool replace_set;	/* several addresses may become one */

	enum leave leave; /* may change until done, but never after a write */

	bool done;	 /* the rest is final */
	enum err result; /* ERR_OK: the provider holds it now */
	bool changed;	 /* false: it held it before */
	bool has_held;	 /* what it held was read: the next one */
	struct address held;
	struct error why;
};

#endif
