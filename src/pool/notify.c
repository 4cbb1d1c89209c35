#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "pool/notify.h"

#define BUSY_BEATS 60 /* one a second */

static volatile sig_atomic_t beats_left;

void
notify(const char *state)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len;
	int fd;

	if (path == NULL || (len = strlen(path)) >= sizeof un.sun_path ||
	    (*path != '/' && *path != '@'))
		return;
	strcpy(un.sun_path, path);
	if (*path == '@') /* of the abstract namespace */
		un.sun_path[0] = '\0';
	if ((fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1)
		return;
	(void)sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
	    (struct sockaddr *)&un,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
}

void
notify_status(const char *state, const char *fmt, ...)
{
	char text[NOTIFY_STATUS_MAX], whole[NOTIFY_STATUS_MAX + 64];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	/* A newline would begin another variable. */
	for (char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = ' ';
	snprintf(whole, sizeof whole, "%s%sSTATUS=%s",
	    state != NULL ? state : "", state != NULL ? "\n" : "", text);
	notify(whole);
}

/*
 * Calls only what signal-safety(7) allows, and getenv(), which is safe as
 * nobody calls setenv().
 */
static void
on_beat(int sig)
{
	int saved = errno;

	(void)sig;
	if (beats_left > 0) {
		beats_left--;
		notify("WATCHDOG=1");
	}
	errno = saved;
}

void
notify_while_busy(void)
{
	static const struct itimerval each_second = { { 1, 0 }, { 1, 0 } };
	struct sigaction sa = { .sa_handler = on_beat, .sa_flags = SA_RESTART };

	sigemptyset(&sa.sa_mask);
	beats_left = BUSY_BEATS;
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &each_second, NULL);
}

void
notify_busy_end(void)
{
	static const struct itimerval off;

	setitimer(ITIMER_REAL, &off, NULL);
}
