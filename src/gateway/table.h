/*
 * table.h - the accounts that are in the database of the state.
 */
#ifndef GATEWAY_TABLE_H
#define GATEWAY_TABLE_H

#include "base/error.h"
#include "config/settings.h"

/*
 * Reads the accounts that have changed in the database of s, or all if s has
 * none of them yet; see roster_begin().  Its connection is closed again, so
 * that no fork inherits it.  ERR_UNREACHABLE: not all could be read; those that
 * are in force stay.
 */
enum err table_read(struct settings *s, const struct settings *before,
    const struct account_judge *judge, struct error *why);

/*
 * settings_read() and the accounts of the database, for a command that shows
 * them.  NULL on the first error.
 */
struct settings *table_read_settings(const char *file, struct error *why);

#endif
