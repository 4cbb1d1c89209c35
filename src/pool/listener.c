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

#define BACKLOG		 64
#define SYSTEMD_FIRST_FD 3

/* Whether listener_open() made the socket, so that the end removes it. */
static bool own_socket;

static bool
listens(int fd)
{
	int on = 0;
	socklen_t len = sizeof on;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) == 0 && on;
}

/* sd_listen_fds(3), for one socket. */
static bool
handed_by_systemd(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	bool ours = pid != NULL && fds != NULL &&
	    strtol(pid, NULL, 10) == (long)getpid() && strcmp(fds, "1") == 0;

	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return ours && listens(SYSTEMD_FIRST_FD);
}

/* Is nothing but a socket at path?  ERR_OK where nothing is. */
static enum err
only_socket(const char *path, bool *found, struct error *why)
{
	struct stat st = { .st_mode = 0 };

	*found = lstat(path, &st) == 0 || errno != ENOENT;
	if (*found && !S_ISSOCK(st.st_mode))
		return error_set(why, ERR_CONFIG,
		    "%s: is there, and is no socket; move it away", path);
	return ERR_OK;
}

/* Takes a dead server's socket away; never a live one's. */
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

/* Nobody can connect before the mode and the group are right. */
static enum err
own_listener(const struct listen_settings *l, int *fd, struct error *why)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	mode_t mask;
	enum err rc;
	int s;

	if (strlen(l->path) >= sizeof un.sun_path)
		return error_set(why, ERR_CONFIG,
		    "%s: longer than %zu "
		    "characters",
		    l->path, sizeof un.sun_path - 1);
	strcpy(un.sun_path, l->path);
	if ((rc = clear_path(&un, why)) != ERR_OK)
		return rc;
	if ((s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1)
		return error_set(why, ERR_SYSTEM, "socket: %s",
		    strerror(errno));
	mask = umask(0177);
	if (bind(s, (struct sockaddr *)&un, sizeof un) == -1) {
		umask(mask);
		rc = error_set(why, ERR_CONFIG, "%s: %s", l->path,
		    strerror(errno));
		close(s);
		return rc;
	}
	umask(mask);
	own_socket = true;
	if ((rc = give_away(s, l, why)) != ERR_OK) {
		unlink(l->path);
		close(s);
		return rc;
	}
	*fd = s;
	return ERR_OK;
}

/* Descriptor 3 is the socket afterwards, and the highest that is open. */
static enum err
settle(int fd, int *to, struct error *why)
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
	*to = fd;
	return ERR_OK;
}

enum err
listener_open(const struct settings *s, bool handed_in_only, int *fd,
    struct error *why)
{
	enum err rc;
	int found = -1;

	if (handed_by_systemd()) {
		found = SYSTEMD_FIRST_FD;
	} else if (listens(STDIN_FILENO)) {
		found = STDIN_FILENO;
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
	} else if ((rc = own_listener(&s->listen, &found, why)) != ERR_OK) {
		return rc;
	}
	return settle(found, fd, why);
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
	/* SO_PEERCRED is of who called listen(): unix(7). */
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
	bool found;
	int fd;

	if (strlen(l->path) >= sizeof((struct sockaddr_un *)0)->sun_path)
		return own_listener(l, &fd, why); /* says how long it may be */
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
	if (own_listener(&trial, &fd, &reason) != ERR_OK)
		return error_set(why, reason.code, "%s%s", l->path,
		    reason.text + strlen(name));
	close(fd);
	unlink(name);
	own_socket = false;
	return ERR_OK;
}

bool
listener_peer_allowed(const struct settings *s, int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof ss;
	struct ucred peer;

	if (getsockname(fd, (struct sockaddr *)&ss, &len) == -1)
		return false;
	if (ss.ss_family != AF_UNIX)
		return true;
	len = sizeof peer;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == -1)
		return false;
	if (peer.uid == 0 || peer.uid == geteuid())
		return true;
	for (size_t i = 0; i < s->peer_count; i++)
		if (s->peers[i] == peer.uid)
			return true;
	return false;
}

void
listener_close(const struct settings *s)
{
	if (own_socket)
		unlink(s->listen.path);
	own_socket = false;
}
