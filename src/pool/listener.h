/*
 * listener.h - the socket on which the web server reaches us.
 */
#ifndef POOL_LISTENER_H
#define POOL_LISTENER_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/error.h"
#include "config/settings.h"

struct listener {
	int fd;	      /* does not block, and is closed by exec */
	char *path;   /* of a socket that we made; NULL: it was handed in */
	dev_t device; /* of the file that we made at path, so that no */
	ino_t inode;  /* other server's socket is taken for ours */
	bool is_ours; /* this process called listen(2), here or before exec */
	bool is_shut; /* by listener_shut() */
};

/*
 * Finds the socket: descriptor 3 by systemd (sd_listen_fds(3)), else descriptor
 * 0 when it listens (spawn-fcgi and others), else, unless handed_in_only, one
 * of our own as s says.
 *
 * Call it once, before the log and other files are opened: afterwards
 * l->fd is 3, descriptor 0 is /dev/null, and every inherited descriptor above
 * 3 is closed.  On failure l is not to be closed.
 */
enum err listener_open(struct listener *l, const struct settings *s,
    bool handed_in_only, struct error *why);

/*
 * Makes a socket of our own, with the mode and the group that how gives.  A
 * socket file that nobody serves is replaced; another server's is an error.
 * l is not to be closed on failure.
 */
enum err listener_make(struct listener *l, const struct listen_settings *how,
    struct error *why);

/* Does how ask for a socket of our own at another place than l? */
bool listener_moves(const struct listener *l,
    const struct listen_settings *how);

/* False if l was made by us, and its file is gone or is another one. */
bool listener_is_there(const struct listener *l);

/*
 * Who made the socket that listens at path?  False: nobody listens there, or we
 * may not connect.  Never waits.
 */
bool listener_owner(const char *path, struct ucred *owner);

/*
 * Makes a socket of our own as listener_make() would, under another name in
 * the same directory, and removes it; a socket at the path itself stays.
 * Changes the working directory, so it is for a child that does nothing else.
 */
enum err listener_try(const struct listen_settings *l, struct error *why);

/*
 * May the peer of an accepted connection talk to us?  TCP has no peer uid.
 * Where the users of the machine are hidden (user_namespaces(7)), the mode of
 * the socket's file must keep out all but its owner and its group.
 * *uid: the user who is refused, or (uid_t)-1 where that is not known.
 */
bool listener_peer_allowed(const struct settings *s, int fd, uid_t *uid);

/* Did the process with that pid call listen(2) on the socket fd? */
bool listener_made_by(int fd, pid_t pid);

/*
 * Removes the file of our own socket, unless another server's is there now, and
 * lets nobody connect any more; what is in the queue can be accepted still.
 * Does nothing for a socket on which another process listens, such as systemd,
 * which keeps it, or a manager that gives it to others as well.
 */
void listener_shut(struct listener *l);

/* listener_shut(), and gives everything back. */
void listener_close(struct listener *l);

#endif
