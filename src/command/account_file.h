/*
 * account_file.h - the file of one account in the directory of accounts.
 */
#ifndef COMMAND_ACCOUNT_FILE_H
#define COMMAND_ACCOUNT_FILE_H

#include <stdbool.h>

#include <json-c/json.h>

#include "base/buffer.h"
#include "config/settings.h"

/* Writes the full name of the file into *name, which the caller frees. */
bool account_file_name(const struct settings *s, const char *account,
    struct buffer *name);

/*
 * Writes the account into its file: into a new one beside it, which is read as
 * the service would before it is renamed.  is_new: there must be none yet;
 * owner and mode are those of the configuration file, and otherwise those of
 * the old one.  False, told on standard error; then nothing has changed.
 */
bool account_file_write(struct settings *s, const char *account,
    json_object *content, bool is_new);

/* False, told on standard error. */
bool account_file_remove(const struct settings *s, const char *account);

#endif
