/*
 * table.h - one account in the database that several machines share.
 */
#ifndef COMMAND_ACCOUNT_TABLE_H
#define COMMAND_ACCOUNT_TABLE_H

#include <stdbool.h>

#include <json-c/json.h>

#include "config/settings.h"

/* What the table has; NULL, told on standard error, or else the caller's. */
json_object *account_table_read(const struct settings *s, const char *account);

/*
 * Writes the account, if the service would read the text without an error.
 * is_new: there must be none yet.  False, told on standard error; then nothing
 * has changed.
 */
bool account_table_write(struct settings *s, const char *account,
    const char *text, bool is_new);

/* False, told on standard error. */
bool account_table_remove(const struct settings *s, const char *account);

#endif
