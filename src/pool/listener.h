/*
 * listener.h - the socket on which the web server reaches us.
 */
#ifndef POOL_LISTENER_H
#define POOL_LISTENER_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/error.h"
#include "config/settings.h"

/*
 * Finds the socket: descriptor 3 by systemd (LISTEN_FDS), else descriptor 0
 * when it listens (spawn-fcgi and others), else, unless handed_in_only, one
 * of our own by s.  *fd does not block and is closed by exec; descriptor 0 is
 * /dev/null afterwards, and no other inherited descriptor stays open.
 */
enum err listener_open(const struct settings *s, bool handed_in_only, int *fd,
    struct error *why);

/*
 * Who made the socket that listens at path?  False: nobody listens there, or we
 * may not connect.  Never waits.
 */
bool listener_owner(const char *path, struct ucred *owner);

/*
 * Makes a socket of our own as listener_open() would, under another name in
 * the same directory, and removes it; a socket at the path itself stays.
 * Changes the working directory, so it is for a child that does nothing else.
 */
enum err listener_try(const struct listen_settings *l, struct error *why);

/* May the peer of an accepted connection talk to us?  TCP has no peer uid. */
bool listener_peer_allowed(const struct settings *s, int fd);

/* Removes our own socket at the end; does nothing for one handed in. */
void listener_close(const struct settings *s);

#endif
