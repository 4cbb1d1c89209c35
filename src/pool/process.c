#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "pool/process.h"

bool
process_open_standard(void)
{
	int fd;

	/* open(2) takes the lowest number that is free. */
	do
		if ((fd = open("/dev/null", O_RDWR)) == -1)
			return false;
	while (fd <= STDERR_FILENO);
	close(fd);
	return true;
}

pid_t
process_fork(const char *title)
{
	pid_t parent = getpid(), pid = fork();

	if (pid != 0)
		return pid;
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) == -1 || getppid() != parent)
		_exit(EXIT_FAILURE);
	prctl(PR_SET_NAME, title);
	return 0;
}

void
process_default_signals(void (*on_term)(int))
{
	struct sigaction sa = { .sa_handler = on_term };
	sigset_t none;

	for (int sig = 1; sig < SIGRTMIN; sig++)
		if (sig != SIGPIPE && sig != SIGSYS)
			(void)signal(sig, SIG_DFL);
	signal(SIGHUP, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	sigfillset(&sa.sa_mask);
	if (on_term != NULL)
		sigaction(SIGTERM, &sa, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

bool
process_ended(const char *what, pid_t pid, int status)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		log_warn("%s %d was ended by the kernel: it made a system call "
			 "that its sandbox forbids; please report the line "
			 "above that names the call",
		    what, (int)pid);
	else if (WIFSIGNALED(status))
		log_warn("%s %d was ended by %s", what, (int)pid,
		    sigdescr_np(WTERMSIG(status)));
	else if (WEXITSTATUS(status) != 0)
		log_warn("%s %d exited with status %d", what, (int)pid,
		    WEXITSTATUS(status));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
