/*
 * roster.h - puts together the accounts of some settings: those of the
 * configuration file, and those of the files of a directory.
 *
 * One account that is wrong stops none of the others: it stays as it was
 * before, or is left out, and the settings keep the fault for whoever tells
 * it.
 */
#ifndef CONFIG_ROSTER_H
#define CONFIG_ROSTER_H

#include <stdint.h>

#include "base/error.h"
#include "config/settings.h"

/*
 * Reads the files of the directory that have changed, or all of them if s has
 * none yet, and takes out the accounts whose files are gone.  An account that
 * is wrong now stays as it is in s or, if s lacks it, in before, which may be
 * NULL.  ERR_CONFIG: the directory cannot be read, and everything stays as it
 * was.
 */
enum err roster_read_directory(struct settings *s,
    const struct settings *before, const struct account_judge *judge,
    struct error *why);

/*
 * Reads the account name from file, as if it were in the directory, but keeps
 * nothing of it: would it be right?
 */
enum err roster_check(struct settings *s, const struct account_judge *judge,
    const char *file, const char *name, struct error *why);

/*
 * A number that changes when a file of the directory comes, goes or changes; 0
 * if it cannot be read.  The contents of the files are not looked at.
 */
uint64_t roster_fingerprint(const char *directory);

#endif
