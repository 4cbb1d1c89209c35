/*
 * identity.h - the user that serves, for a check that root starts.
 */
#ifndef COMMAND_IDENTITY_H
#define COMMAND_IDENTITY_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

#define IDENTITY_USER "ddnsgate" /* whom the units and the manual make */

/* A user of the system, or only its number. */
struct identity {
	const char *name; /* NULL: there is only the number */
	uid_t user;
	gid_t group;
};

/*
 * The user that serves: the one that is given, by name or number, or else the
 * one whose process listens on the socket of the configuration file, or else
 * IDENTITY_USER.  ERR_CONFIG: the given one cannot be had, or there is none of
 * the others.  Its name is valid until the next look-up of a user.
 */
enum err identity_find(const char *user, const char *file, struct identity *to,
    struct error *why);

/*
 * Makes this process, if it is root's, one of the user that identity_find()
 * gives.  That is final.  Where there is none it stays root's; where it was
 * never root's, nothing changes.  ERR_CONFIG if the given user cannot be had.
 */
enum err identity_take(const char *user, const char *file, struct error *why);

#endif
