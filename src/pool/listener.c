#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "pool/listener.h"

#define BACKLOG		 1024 /* connections; the kernel may allow fewer */
#define SYSTEMD_FIRST_FD 3
#define UID_HIDDEN	 65534 /* /proc/sys/kernel/overflowuid */

static bool
listens(int fd)
{
	int on = 0;
	socklen_t len = sizeof on;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) == 0 && on;
}

/* sd_listen_fds(3): how many descriptors systemd has handed in. */
static long
handed_by_systemd(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	bool ours = pid != NULL && fds != NULL &&
	    strtol(pid, NULL, 10) == (long)getpid();
	long count = ours ? strtol(fds, NULL, 10) : 0;

	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return count;
}

/* Is nothing but a socket at path?  ERR_OK where nothing is. */
static enum err
only_socket(const char *path, bool *found, struct error *why)
{
	struct stat st;

	*found = lstat(path, &st) == 0;
	if (!*found && errno != ENOENT)
		return error_set(why, ERR_CONFIG, "%s: %s", path,
		    strerror(errno));
	if (*found && !S_ISSOCK(st.st_mode))
		return error_set(why, ERR_CONFIG,
		    "%s: is there, and is no socket; move it away", path);
	return ERR_OK;
}

/* Removes a socket file that nobody serves; a server that lives keeps its. */
static enum err
clear_path(const struct sockaddr_un *un, struct error *why)
{
	bool found;
	int probe, rc;

	if (only_socket(un->sun_path, &found, why) != ERR_OK)
		return ERR_CONFIG;
	if (!found)
		return ERR_OK;
	/* Where the queue is full, connect() would wait for its turn. */
	if ((probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		 0)) == -1)
		return error_set(why, ERR_SYSTEM, "socket: %s",
		    strerror(errno));
	rc = connect(probe, (const struct sockaddr *)un, sizeof *un);
	close(probe);
	if (rc == 0 || errno != ECONNREFUSED)
		return error_set(why, ERR_CONFIG,
		    "%s: another server listens there", un->sun_path);
	if (unlink(un->sun_path) == -1)
		return error_set(why, ERR_SYSTEM, "%s: %s", un->sun_path,
		    strerror(errno));
	return ERR_OK;
}

/* Sets group and mode of the socket s at its path, and lets it listen. */
static enum err
give_away(int s, const struct listen_settings *l, struct error *why)
{
	if (l->group != (gid_t)-1 && chown(l->path, (uid_t)-1, l->group) == -1)
		return error_set(why, ERR_CONFIG, "%s: group %u: %s%s", l->path,
		    (unsigned int)l->group, strerror(errno),
		    errno == EPERM ? "; only a member of the group may give it "
				     "a socket" :
				     "");
	if (chmod(l->path, l->mode) == -1 || listen(s, BACKLOG) == -1)
		return error_set(why, ERR_CONFIG, "%s: %s", l->path,
		    strerror(errno));
	return ERR_OK;
}

/*
 * Binds fd to the path.  The file has mode 0600 at first, so that nobody can
 * connect before its mode and its group are right, and it listens.
 */
static enum err
bind_and_listen(int fd, const struct sockaddr_un *un,
    const struct listen_settings *how, struct stat *made, struct error *why)
{
	mode_t mask = umask(0177);
	int rc = bind(fd, (const struct sockaddr *)un, sizeof *un);

	umask(mask);
	if (rc == -1)
		return error_set(why, ERR_CONFIG, "%s: %s", how->path,
		    strerror(errno));
	if (lstat(how->path, made) == -1)
		return error_set(why, ERR_CONFIG, "%s: %s", how->path,
		    strerror(errno));
	if (give_away(fd, how, why) == ERR_OK)
		return ERR_OK;
	unlink(how->path);
	return why->code;
}

enum err
listener_make(struct listener *l, const struct listen_settings *how,
    struct error *why)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct stat made;
	char *path = NULL;
	enum err rc;
	int fd = -1;

	if (strlen(how->path) >= sizeof un.sun_path)
		return error_set(why, ERR_CONFIG,
		    "%s: longer than %zu "
		    "characters",
		    how->path, sizeof un.sun_path - 1);
	strcpy(un.sun_path, how->path);
	if ((rc = clear_path(&un, why)) != ERR_OK)
		return rc;
	if ((path = strdup(how->path)) == NULL) {
		rc = error_memory(why);
		goto fail;
	}
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		 0)) == -1) {
		rc = error_set(why, ERR_SYSTEM, "socket: %s", strerror(errno));
		goto fail;
	}
	if ((rc = bind_and_listen(fd, &un, how, &made, why)) != ERR_OK)
		goto fail;
	*l = (struct listener){ .fd = fd,
		.path = path,
		.is_ours = true,
		.device = made.st_dev,
		.inode = made.st_ino };
	return ERR_OK;
fail:
	if (fd != -1)
		close(fd);
	free(path);
	return rc;
}

bool
listener_moves(const struct listener *l, const struct listen_settings *how)
{
	return l->path != NULL && how->path != NULL &&
	    strcmp(l->path, how->path) != 0;
}

bool
listener_is_there(const struct listener *l)
{
	struct stat st;

	return l->path == NULL ||
	    (lstat(l->path, &st) == 0 && st.st_dev == l->device &&
		st.st_ino == l->inode);
}

/*
 * Moves the socket fd to descriptor 3, puts /dev/null in the place of
 * descriptor 0, and closes every descriptor above 3, which whoever started us
 * has left open.
 */
static enum err
keep_only(int fd, struct error *why)
{
	int null;

	if (fd != SYSTEMD_FIRST_FD && dup2(fd, SYSTEMD_FIRST_FD) == -1)
		return error_set(why, ERR_SYSTEM, "dup2: %s", strerror(errno));
	close_range(SYSTEMD_FIRST_FD + 1, ~0U, 0);
	if ((null = open("/dev/null", O_RDWR | O_CLOEXEC)) == -1 ||
	    dup2(null, STDIN_FILENO) == -1)
		return error_set(why, ERR_SYSTEM, "/dev/null: %s",
		    strerror(errno));
	close(null);
	fd = SYSTEMD_FIRST_FD;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) == -1 ||
	    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == -1)
		return error_set(why, ERR_SYSTEM, "fcntl: %s", strerror(errno));
	return ERR_OK;
}

enum err
listener_open(struct listener *l, const struct settings *s, bool handed_in_only,
    struct error *why)
{
	long handed = handed_by_systemd();
	enum err rc;

	*l = (struct listener){ .fd = -1 };
	if (handed > 1) {
		return error_set(why, ERR_CONFIG,
		    "systemd has handed in %ld sockets, and one is served; "
		    "leave one ListenStream= of all the units of Sockets=",
		    handed);
	} else if (handed == 1 && !listens(SYSTEMD_FIRST_FD)) {
		return error_set(why, ERR_CONFIG,
		    "what systemd has handed in does not listen; write "
		    "ListenStream= and Accept=no into the socket unit");
	} else if (handed == 1) {
		l->fd = SYSTEMD_FIRST_FD;
	} else if (listens(STDIN_FILENO)) {
		l->fd = STDIN_FILENO;
	} else if (handed_in_only) {
		return error_set(why, ERR_CONFIG,
		    "no socket was handed in as "
		    "descriptor 0; start it by spawn-fcgi");
	} else if (s->listen.path == NULL) {
		return error_set(why, ERR_CONFIG,
		    "no socket was handed in; "
		    "start it by spawn-fcgi or systemd, or write \"listen\" "
		    "into %s",
		    s->file);
	} else if ((rc = listener_make(l, &s->listen, why)) != ERR_OK) {
		return rc;
	}
	if ((rc = keep_only(l->fd, why)) != ERR_OK) {
		listener_close(l);
		return rc;
	}
	l->fd = SYSTEMD_FIRST_FD;
	/* spawn-fcgi -n listens, and then becomes this program. */
	l->is_ours = listener_made_by(l->fd, getpid());
	return ERR_OK;
}

bool
listener_made_by(int fd, pid_t pid)
{
	struct ucred owner = { .pid = 0 };
	socklen_t len = sizeof owner;

	/* SO_PEERCRED of a listener tells who called listen(): unix(7). */
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &owner, &len) == 0 &&
	    owner.pid == pid;
}

bool
listener_owner(const char *path, struct ucred *owner)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	socklen_t len = sizeof *owner;
	bool found;
	int s;

	if (strlen(path) >= sizeof un.sun_path ||
	    (s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		 0)) == -1)
		return false;
	strcpy(un.sun_path, path);
	/* SO_PEERCRED tells the process that called listen(): unix(7). */
	found = connect(s, (struct sockaddr *)&un, sizeof un) == 0 &&
	    getsockopt(s, SOL_SOCKET, SO_PEERCRED, owner, &len) == 0;
	close(s);
	return found;
}

enum err
listener_try(const struct listen_settings *l, struct error *why)
{
	char directory[PATH_MAX], name[64];
	struct listen_settings trial = *l;
	const char *slash = strrchr(l->path, '/');
	struct error reason;
	struct listener made;
	bool found;

	if (strlen(l->path) >= sizeof((struct sockaddr_un *)0)->sun_path)
		return listener_make(&made, l, why); /* tells the limit */
	if (only_socket(l->path, &found, why) != ERR_OK)
		return ERR_CONFIG;
	snprintf(directory, sizeof directory, "%.*s",
	    slash == l->path ? 1 : (int)(slash - l->path), l->path);
	if (chdir(directory) == -1)
		return error_set(why, ERR_CONFIG, "%s: %s: %s", l->path,
		    directory, strerror(errno));
	/* By a short name, since sun_path is just as long as the real one. */
	snprintf(name, sizeof name, ".ddnsgate-check.%ld", (long)getpid());
	trial.path = name;
	if (listener_make(&made, &trial, &reason) != ERR_OK)
		return error_set(why, reason.code, "%s%s", l->path,
		    reason.text + strlen(name));
	listener_close(&made);
	return ERR_OK;
}

/*
 * Is this the user that stands for all those whom our namespace does not know
 * (user_namespaces(7)), as with PrivateUsers= of systemd?
 */
static bool
is_hidden(uid_t uid)
{
	static int
	    known; /* 0: not looked yet, 1: all users are known, -1: no */
	unsigned long inside, outside, count;
	FILE *map;

	if (uid != UID_HIDDEN)
		return false;
	if (known == 0 && (map = fopen("/proc/self/uid_map", "re")) != NULL) {
		known = -1;
		while (
		    fscanf(map, "%lu %lu %lu", &inside, &outside, &count) == 3)
			if (uid >= inside && uid - inside < count)
				known = 1;
		fclose(map);
	}
	return known == -1;
}

/*
 * Can nobody but its owner and its group connect to the socket that accepted
 * the connection fd?
 */
static bool
keeps_others_out(int fd)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	socklen_t len = sizeof un - 1; /* sun_path ends in NUL */
	struct stat st;

	return getsockname(fd, (struct sockaddr *)&un, &len) == 0 &&
	    lstat(un.sun_path, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    (st.st_mode & S_IRWXO) == 0;
}

bool
listener_peer_allowed(const struct settings *s, int fd, uid_t *uid)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof ss;
	struct ucred peer;
	socklen_t peer_len = sizeof peer;

	*uid = (uid_t)-1;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_len) == -1)
		return false;
	/* Of a socket that is not of UNIX, the kernel knows no peer. */
	if (peer.uid == (uid_t)-1)
		return getsockname(fd, (struct sockaddr *)&ss, &len) == 0 &&
		    ss.ss_family != AF_UNIX;
	if (is_hidden(peer.uid))
		return keeps_others_out(fd);
	for (size_t i = 0; i < s->peer_count; i++)
		if (s->peers[i] == peer.uid)
			return true;
	if (peer.uid == 0 || peer.uid == geteuid())
		return true;
	*uid = peer.uid;
	return false;
}

void
listener_shut(struct listener *l)
{
	if (!l->is_ours || l->is_shut)
		return;
	if (l->path != NULL && listener_is_there(l))
		unlink(l->path);
	/* From now on connect(2) is refused; accept(2) empties the queue. */
	shutdown(l->fd, SHUT_RD);
	l->is_shut = true;
}

void
listener_close(struct listener *l)
{
	listener_shut(l);
	free(l->path);
	close(l->fd);
	*l = (struct listener){ .fd = -1 };
}
