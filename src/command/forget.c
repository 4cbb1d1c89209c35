#include "config.h"

#include <stdio.h>

#include "command/command.h"
#include "command/lookup.h"
#include "command/options.h"

static const struct usage usage = {
	.synopsis = "usage: ddnsgate forget [--config FILE] HOST\n",
	.about =
	    "The next update of HOST proves and publishes anew, whatever is "
	    "known.\n",
	.takes = { { OPTION_CONFIG, NULL } },
};

int
command_forget(int argc, char *argv[])
{
	struct lookup l;
	struct options o;
	int status = options_read(&o, &usage, argc, argv);

	if (status != -1 || o.operand_count != 1)
		return status != -1 ? status : options_wrong(&o);
	status = EXIT_FAILED;
	if (lookup_begin(&l, options_config(&o))) {
		if (store_forget(l.store, o.operands[0]))
			status = EXIT_OK;
		else
			fprintf(stderr, "ddnsgate: nothing is known of %s\n",
			    o.operands[0]);
	}
	lookup_end(&l);
	return status;
}
