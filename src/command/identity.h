/*
 * identity.h - the user that serves, for a check that root starts.
 */
#ifndef COMMAND_IDENTITY_H
#define COMMAND_IDENTITY_H

#include "base/error.h"

#define IDENTITY_USER "ddnsgate" /* whom the units and the manual make */

/*
 * Makes this process, if it is root's, one of the user that serves: the one
 * that is given, by name or number, or else the one whose process listens on
 * the socket of the configuration file, or else IDENTITY_USER.  That is final.
 * Where there is none of them it stays root's; where it was never root's,
 * nothing changes.  ERR_CONFIG if the given user cannot be had.
 */
enum err identity_take(const char *user, const char *file, struct error *why);

#endif
