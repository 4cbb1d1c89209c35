/*
 * empty.c - a FastCGI program that does nothing, to measure others against.
 * Its argument is how many processes there shall be.
 */
#include <stdlib.h>
#include <sys/prctl.h>
#include <signal.h>
#include <unistd.h>

#include <fcgiapp.h>

int
main(int argc, char *argv[])
{
	FCGX_Request q;

	for (int i = argc > 1 ? atoi(argv[1]) : 1; i > 1; i--)
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			break;
		}
	FCGX_Init();
	FCGX_InitRequest(&q, 0, 0);
	while (FCGX_Accept_r(&q) == 0) {
		FCGX_PutS("Content-Type: text/plain\r\nContent-Length: 3\r\n"
			  "\r\nok\n",
		    q.out);
		FCGX_Finish_r(&q);
	}
	return 0;
}
