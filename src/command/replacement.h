/*
 * replacement.h - a new text for a file, which takes its place as a whole or
 * not at all.
 */
#ifndef COMMAND_REPLACEMENT_H
#define COMMAND_REPLACEMENT_H

#include <stdbool.h>

#include <sys/types.h>

#include "base/buffer.h"

/* To whom the new file belongs. */
struct ownership {
	uid_t user;
	gid_t group;
	mode_t mode;
};

struct replacement {
	const char *file;
	struct buffer new; /* name of the new file, beside the old one */
	bool written;
};

/*
 * Writes text and a line end into a new file beside file, whose name begins
 * with a dot.  Owner and group are given only by root.  False, told on standard
 * error.  replacement_end() is due in any case.
 */
bool replacement_write(struct replacement *r, const char *file,
    const char *text, const struct ownership *owner);

/*
 * Gives the new file the name of the old one; is_new: there must be none.
 * False, told on standard error.
 */
bool replacement_take_place(struct replacement *r, bool is_new);

/*
 * Writes the directory of a file to the disk: else a name that came or went is
 * lost with the power.
 */
void replacement_sync(const char *file);

/* Takes away the new file, if there is one that did not take its place. */
void replacement_end(struct replacement *r);

#endif
