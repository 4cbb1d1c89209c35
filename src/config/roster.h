/*
 * roster.h - puts together the accounts of some settings: to those that they
 * have come those of a directory, or of a database.
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

struct roster;

/*
 * Begins to change the accounts of s that come from source.  all: those which
 * are not offered are gone; else they stay as they are.  An account that is
 * wrong now stays as it is in s or, if s lacks it, in before, which may be
 * NULL, as may judge.  NULL without memory.
 */
struct roster *roster_begin(struct settings *s, const struct settings *before,
    const struct account_judge *judge, enum account_source source, bool all,
    struct error *why);

/*
 * What is there of the account name; it is read if stamp, which changes with
 * it, is not the one of before.  text NULL: there is no such account.
 */
void roster_offer_file(struct roster *r, const char *file, const char *name,
    uint64_t stamp);
void roster_offer_text(struct roster *r, const char *name, const char *text,
    uint64_t stamp);

/*
 * Gives s its accounts, and releases r.  complete: everything was offered.
 * ERR_MEMORY: some of them are missing.
 */
enum err roster_end(struct roster *r, bool complete, struct error *why);

/*
 * Would text be right as the account name of s?  Errors call it file; nothing
 * of it is kept.
 */
enum err roster_check(struct settings *s, const struct account_judge *judge,
    const char *text, const char *file, const char *name, struct error *why);

#endif
