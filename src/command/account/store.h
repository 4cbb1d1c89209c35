/*
 * store.h - the accounts that commands edit: files of the directory,
 * or rows of the database.
 */
#ifndef COMMAND_ACCOUNT_STORE_H
#define COMMAND_ACCOUNT_STORE_H

#include <stdbool.h>

#include <json-c/json.h>

#include "config/settings.h"

/*
 * Does the account belong into the database?  A new one does if there is no
 * directory.
 */
bool account_store_in_table(const struct settings *s, const char *name,
    bool is_new);

/*
 * Looks for the account: *content is what is there, and fits a form, and the
 * caller's then; or NULL if there is none.  False, told on standard error: it
 * cannot be read, so nobody knows.
 */
bool account_store_find(const struct settings *s, const char *name,
    json_object **content);

/* The same; NULL, told on standard error, if there is none, too. */
json_object *account_store_read(const struct settings *s, const char *name);

/*
 * Writes it, if the service would read it without an error.  is_new: there must
 * be none yet.  False, told on standard error; then nothing has changed.
 */
bool account_store_write(struct settings *s, const char *name,
    json_object *content, bool is_new);

/* False, told on standard error. */
bool account_store_remove(const struct settings *s, const char *name);

#endif
