#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "command/identity.h"
#include "command/trial.h"
#include "pool/listener.h"

static void
fault(const struct error *why, bool *good)
{
	fprintf(stderr, "ddnsgate: %s\n", why->text);
	*good = false;
}

/* Opens the log; a file that was not there goes away again. */
static bool
try_log(const char *log, struct error *why)
{
	struct stat st;
	bool is_new = *log == '/' && lstat(log, &st) == -1;

	if (log_open(log, why) != ERR_OK)
		return false;
	if (is_new)
		unlink(log);
	return true;
}

static void
try_socket(const struct listen_settings *l, bool quiet, bool *good)
{
	struct ucred owner;
	struct error why;

	if (l->path == NULL) {
		if (!quiet)
			printf("not tried: the socket, which whoever starts "
			       "serve hands in\n");
	} else if (listener_owner(l->path, &owner) && owner.uid != geteuid()) {
		if (!quiet)
			printf("not tried: %s, where a server of user %u "
			       "listens; serve must get that socket from it\n",
			    l->path, (unsigned int)owner.uid);
	} else if (listener_try(l, &why) != ERR_OK) {
		fault(&why, good);
	}
}

/* serve goes on without a store, so this is no fault. */
static void
try_state(const char *place)
{
	if (settings_is_database(place))
		printf("not tried: the database that holds the state\n");
	else if (access(place, R_OK | W_OK | X_OK) == -1)
		printf("note: state %s: %s; nothing will be remembered, "
		       "so each "
		       "update is proved and written\n",
		    place, strerror(errno));
}

static bool
try_all(const struct settings *s, bool quiet)
{
	bool good = true;
	struct error why;

	try_socket(&s->listen, quiet, &good);
	if (!try_log(s->log, &why))
		fault(&why, &good);
	if (!quiet)
		try_state(s->state.place);
	if (!quiet && *s->log == '/')
		printf("not tried: %s inside a unit of systemd, which may hide "
		       "it (ReadWritePaths=, LogsDirectory=)\n",
		    s->log);
	if (!quiet && geteuid() == 0)
		printf(
		    "not tried: any of this as the user that serves, for "
		    "there is no user " IDENTITY_USER "; name it by --user\n");
	return good;
}

bool
trial_run(const struct settings *s, bool quiet)
{
	int status = 0;
	bool good;
	pid_t pid;

	fflush(stdout);
	if ((pid = fork()) == 0) {
		good = try_all(s, quiet);
		fflush(stdout);
		_exit(good ? 0 : 1);
	}
	if (pid == -1 || waitpid(pid, &status, 0) == -1) {
		fprintf(stderr, "ddnsgate: fork: %s\n", strerror(errno));
		return false;
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
