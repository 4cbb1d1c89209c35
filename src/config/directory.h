/*
 * directory.h - the accounts that each have a file of their own.
 */
#ifndef CONFIG_DIRECTORY_H
#define CONFIG_DIRECTORY_H

#include <stdint.h>

#include "base/error.h"
#include "config/settings.h"

/*
 * Reads the files of the directory that have changed, or all of them if s has
 * none yet, and takes out the accounts whose files are gone; see
 * roster_begin().  ERR_CONFIG: the directory cannot be read, and everything
 * stays as it was.
 */
enum err directory_read(struct settings *s, const struct settings *before,
    const struct account_judge *judge, struct error *why);

/*
 * A number that changes when a file of the directory comes, goes or changes; 0
 * if it cannot be read.  The contents of the files are not looked at.
 */
uint64_t directory_fingerprint(const char *directory);

#endif
