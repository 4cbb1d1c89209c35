/*
 * table.h - one account in the database that several machines share.
 */
#ifndef COMMAND_ACCOUNT_TABLE_H
#define COMMAND_ACCOUNT_TABLE_H

#include <stdbool.h>

#include <json-c/json.h>

#include "config/settings.h"

/*
 * What the table has, which is the caller's, or NULL if it has no such account.
 * False, told on standard error: it cannot be read.
 */
bool account_table_find(const struct settings *s, const char *account,
    json_object **content);

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
