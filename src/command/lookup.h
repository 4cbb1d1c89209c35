/*
 * lookup.h - the store of a configuration, opened for people who ask.
 *
 * It works while the service runs, and while it does not.  Root becomes the
 * owner of the store first, so that no file is left behind that the daemon
 * cannot write.
 */
#ifndef COMMAND_LOOKUP_H
#define COMMAND_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "config/settings.h"
#include "state/state.h"

struct lookup {
	struct settings *settings;
	struct state *state;
	struct store *store;
};

/*
 * Opens what the configuration file names.  False, told on standard error, if
 * the configuration is wrong, or there is no store yet.  lookup_end() releases
 * it in any case.
 */
bool lookup_begin(struct lookup *l, const char *file);
void lookup_end(struct lookup *l);

/*
 * The status to exit with after the store was read, which ended with rc; told
 * on standard error if it could not be read.
 */
int lookup_status(const struct lookup *l, enum err rc);

#define LOOKUP_TIME_MAX 32

/* "2026-11-28 01:02", in local time; "never" for 0. */
const char *lookup_time(int64_t at, char text[static LOOKUP_TIME_MAX]);

/* RFC 3339, in UTC; JSON's null for 0. */
json_object *lookup_json_time(int64_t at);

/*
 * Prints one object of a list, which *first, true before the first one, keeps
 * apart from the one before; o is released.  lookup_json_end() ends the list.
 */
void lookup_json_print(json_object *o, bool *first);
void lookup_json_end(bool first);

#endif
