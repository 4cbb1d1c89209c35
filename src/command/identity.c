#include "config.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/identity.h"
#include "config/settings.h"
#include "pool/listener.h"

/* Takes the identity for good. */
static enum err
become(const struct identity *i, struct error *why)
{
	int rc = i->name != NULL ? initgroups(i->name, i->group) :
				   setgroups(0, NULL);

	if (rc == -1 || setgid(i->group) == -1 || setuid(i->user) == -1)
		return error_set(why, ERR_SYSTEM, "cannot become user %u: %s",
		    (unsigned int)i->user, strerror(errno));
	return ERR_OK;
}

/* A number need not be known to the system: spawn-fcgi takes it, too. */
static enum err
find_named(const char *user, struct identity *to, struct error *why)
{
	char *end;
	unsigned long number = strtoul(user, &end, 10);
	bool is_number = *user >= '0' && *end == '\0' && number <= 0x7fffffff;
	const struct passwd *pw =
	    is_number ? getpwuid((uid_t)number) : getpwnam(user);

	if (pw == NULL && !is_number)
		return error_set(why, ERR_CONFIG,
		    "%s: no such user on this machine", user);
	if (pw != NULL ? pw->pw_uid == 0 : number == 0)
		return error_set(why, ERR_CONFIG,
		    "%s: serve does not run as root; name its user", user);
	*to = pw != NULL ?
	    (struct identity){ pw->pw_name, pw->pw_uid, pw->pw_gid } :
	    (struct identity){ NULL, (uid_t)number, (gid_t)number };
	return ERR_OK;
}

/* The user whose process made the socket, and is not root. */
static bool
find_server(const char *file, struct identity *to)
{
	struct error ignored;
	struct settings *s = settings_read(file, &ignored);
	struct ucred server;
	bool found = s != NULL && s->listen.path != NULL &&
	    listener_owner(s->listen.path, &server) && server.uid != 0;
	const struct passwd *pw = found ? getpwuid(server.uid) : NULL;

	if (found)
		*to = (struct identity){ pw != NULL ? pw->pw_name : NULL,
			server.uid, server.gid };
	settings_free(s);
	return found;
}

enum err
identity_find(const char *user, const char *file, struct identity *to,
    struct error *why)
{
	if (user == NULL && find_server(file, to))
		return ERR_OK;
	return find_named(user != NULL ? user : IDENTITY_USER, to, why);
}

enum err
identity_take(const char *user, const char *file, struct error *why)
{
	struct identity i;
	enum err rc;

	if (geteuid() != 0)
		return user == NULL ?
		    ERR_OK :
		    error_set(why, ERR_CONFIG,
			"only root can check as another user; without --user "
			"it is checked as user %u",
			(unsigned int)geteuid());
	if ((rc = identity_find(user, file, &i, why)) != ERR_OK)
		return user == NULL ? ERR_OK : rc;
	return become(&i, why);
}
