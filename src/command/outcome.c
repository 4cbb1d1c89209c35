#include "config.h"

#include <stdio.h>

#include "base/heap.h"
#include "command/command.h"
#include "command/outcome.h"

static int
failed(int status, const char *what)
{
	fprintf(stderr, "ddnsgate: %s\n", what);
	return status == EXIT_OK ? EXIT_FAILED : status;
}

int
outcome_of(int status)
{
	if (heap_lacked())
		status = failed(status, "out of memory");
	if (fflush(stdout) != 0 || ferror(stdout))
		status = failed(status, "standard output could not be written");
	return status;
}
