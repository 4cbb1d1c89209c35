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
become(const char *name, uid_t uid, gid_t gid, struct error *why)
{
	int rc = name != NULL ? initgroups(name, gid) : setgroups(0, NULL);

	if (rc == -1 || setgid(gid) == -1 || setuid(uid) == -1)
		return error_set(why, ERR_SYSTEM, "cannot become user %u: %s",
		    (unsigned int)uid, strerror(errno));
	return ERR_OK;
}

/* A number need not be known to the system: spawn-fcgi takes it, too. */
static enum err
become_named(const char *user, struct error *why)
{
	char *end;
	unsigned long number = strtoul(user, &end, 10);
	bool is_number = *user >= '0' && *user <= '9' && *end == '\0' &&
	    number <= 0x7fffffff;
	const struct passwd *pw =
	    is_number ? getpwuid((uid_t)number) : getpwnam(user);

	if (pw == NULL && !is_number)
		return error_set(why, ERR_CONFIG,
		    "%s: no such user on this machine", user);
	if (pw != NULL ? pw->pw_uid == 0 : number == 0)
		return error_set(why, ERR_CONFIG,
		    "%s: serve does not run as root; name its user", user);
	if (pw != NULL)
		return become(pw->pw_name, pw->pw_uid, pw->pw_gid, why);
	return become(NULL, (uid_t)number, (gid_t)number, why);
}

/* The user whose process made the socket, and is not root. */
static bool
find_server(const char *file, struct ucred *server)
{
	struct error ignored;
	struct settings *s = settings_read(file, &ignored);
	bool found = s != NULL && s->listen.path != NULL &&
	    listener_owner(s->listen.path, server) && server->uid != 0;

	settings_free(s);
	return found;
}

enum err
identity_take(const char *user, const char *file, struct error *why)
{
	const struct passwd *pw;
	struct ucred server;

	if (geteuid() != 0)
		return user == NULL ?
		    ERR_OK :
		    error_set(why, ERR_CONFIG,
			"only root can check as another user; without --user "
			"it is checked as user %u",
			(unsigned int)geteuid());
	if (user != NULL)
		return become_named(user, why);
	if (find_server(file, &server)) {
		pw = getpwuid(server.uid);
		return become(pw != NULL ? pw->pw_name : NULL, server.uid,
		    server.gid, why);
	}
	return getpwnam(IDENTITY_USER) != NULL ?
	    become_named(IDENTITY_USER, why) :
	    ERR_OK;
}
