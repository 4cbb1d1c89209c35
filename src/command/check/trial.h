/*
 * trial.h - tries what serve will do when it starts, as the user that serves.
 *
 * A configuration can be good, and serve still end at once: its user may not
 * write the log, or make the socket.
 */
#ifndef COMMAND_CHECK_TRIAL_H
#define COMMAND_CHECK_TRIAL_H

#include <stdbool.h>

#include "config/settings.h"

/*
 * Opens the log and makes the socket as serve would, and takes both away again;
 * looks whether the state can be used; a database only if network says so.
 * Prints what is wrong to standard error, and, unless quiet, what could not be
 * tried to standard output.  False: something was wrong.  A child does it, so
 * that neither log nor socket is this process's own.
 */
bool trial_run(const struct settings *s, bool quiet, bool network);

#endif
