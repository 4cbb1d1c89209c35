/*
 * absent.c - rfc2136.h in a build without libknot: the name is known, and a
 * configuration that uses it learns what to do.
 */
#include "config.h"

#include "provider/dns/rfc2136.h"

enum err
rfc2136_read(struct endpoint *server, const char *file, struct error *why)
{
	return error_set(why, ERR_CONFIG,
	    "%s: /providers/%s: this program was built without libknot, which "
	    "provider " RFC2136_NAME " needs; install one that was built with "
	    "it (./configure --with-libknot), or choose another description",
	    file, server->settings->name);
}

/* The other two are never called, as no server was ever read. */

void
rfc2136_publish(const struct endpoint *server, const char *token,
    struct publication *const publications[], size_t count, int64_t deadline)
{
	(void)server;
	(void)token;
	(void)deadline;
	for (size_t i = 0; i < count; i++)
		publications[i]->result = error_set(&publications[i]->why,
		    ERR_REFUSED, "built without libknot");
}

void
rfc2136_rehearse(const struct endpoint *server, FILE *to,
    struct publication *const publications[], size_t count)
{
	(void)server;
	(void)to;
	(void)publications;
	(void)count;
}
