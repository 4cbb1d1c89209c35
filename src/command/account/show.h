/*
 * show.h - an account, printed for people and for programs.
 */
#ifndef COMMAND_ACCOUNT_SHOW_H
#define COMMAND_ACCOUNT_SHOW_H

#include <json-c/json.h>

#include "config/settings.h"

/* All that the account a of s means, to standard output. */
void account_show(const struct settings *s, const struct account_settings *a);

/* One line of at most 80 columns, but for a name that is longer by itself. */
void account_show_line(const struct settings *s,
    const struct account_settings *a);

/* The same for programs, without the verifier; the caller owns it. */
json_object *account_show_json(const struct settings *s,
    const struct account_settings *a);

/* Tells the accounts that are wrong on standard error; false if any is. */
bool account_show_faults(const struct settings *s);

#endif
