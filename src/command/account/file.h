/*
 * file.h - the file of one account in the directory of accounts.
 */
#ifndef COMMAND_ACCOUNT_FILE_H
#define COMMAND_ACCOUNT_FILE_H

#include <stdbool.h>

#include <json-c/json.h>

#include "config/settings.h"

/* Has the account a file? */
bool account_file_is_there(const struct settings *s, const char *account);

/* What is in it; NULL, told on standard error, or else the caller's. */
json_object *account_file_read(const struct settings *s, const char *account);

/*
 * Writes the account into its file: into a new one beside it, which takes its
 * place if the service would read the text without an error.  is_new: there
 * must be none yet; owner and mode are those of the configuration file, and
 * otherwise those of the old one.  False, told on standard error; then nothing
 * has changed.
 */
bool account_file_write(struct settings *s, const char *account,
    const char *text, bool is_new);

/* False, told on standard error. */
bool account_file_remove(const struct settings *s, const char *account);

#endif
