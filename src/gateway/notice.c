#include "config.h"

#include <stdatomic.h>
#include <stdint.h>

#include "address/special.h"
#include "base/log.h"
#include "base/shared.h"
#include "gateway/notice.h"

struct notices {
	atomic_bool no_source, one_source;
	atomic_uintptr_t first; /* account that came from no public address */
};

struct notices *
notices_new(void)
{
	return shared_new(sizeof(struct notices));
}

void
notices_free(struct notices *n)
{
	shared_free(n, sizeof *n);
}

void
notice_source(struct notices *n, const struct address *source)
{
	if (n == NULL || source != NULL || atomic_exchange(&n->no_source, true))
		return;
	log_warn("the web server does not say where requests come from "
		 "(REMOTE_ADDR): failed logins of all clients count as one");
}

void
notice_login(struct notices *n, const struct address *source,
    const struct account_settings *account)
{
	char text[ADDRESS_TEXT_MAX];
	uintptr_t first = 0;

	if (n == NULL || source == NULL || special_name(source) == NULL ||
	    atomic_compare_exchange_strong(&n->first, &first,
		(uintptr_t)account) ||
	    first == (uintptr_t)account ||
	    atomic_exchange(&n->one_source, true))
		return;
	log_warn("several accounts log in from %s (%s): if that is a container "
		 "or a proxy, let the web server pass on the clients' own "
		 "addresses, or the failed logins of all count as one",
	    address_format(source, text), special_name(source));
}
