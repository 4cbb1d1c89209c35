/*
 * provider_list.h - the providers that a configuration may name, for people
 * and for programs.
 */
#ifndef COMMAND_PROVIDER_LIST_H
#define COMMAND_PROVIDER_LIST_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "provider/description/description.h"

/*
 * Prints every provider, a line or a JSON object each; the operator's own files
 * hide those that come with the program.  A file that is wrong is told, and the
 * exit status is EXIT_FAILED.
 */
int provider_list(bool json);

/*
 * The description of that name, an operator's own before one that comes with
 * the program; NULL: why says that there is none, or what is wrong with it.
 */
struct description *provider_list_read(const char *name, struct error *why);

/* "key:secret", what the token of that provider is; "token" if unknown. */
void provider_list_token(const char *name, struct buffer *to);

/* All that a description says of one provider; EXIT_FAILED if there is none. */
int provider_show(const char *name, bool json);

#endif
