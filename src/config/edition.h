/*
 * edition.h - is a file still what was read from it?
 */
#ifndef CONFIG_EDITION_H
#define CONFIG_EDITION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#define EDITION_DIGEST_LEN 32 /* SHA-256 */

/* What was read, and what the file was when it was looked at last. */
struct edition {
	uint8_t digest[EDITION_DIGEST_LEN];
	bool same; /* had the file, at that look, what was read? */
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified, changed;
};

/* Of the bytes that were read from a file which st, taken before, is of. */
struct edition edition_new(const struct stat *st, const void *bytes,
    size_t len);

/*
 * Has the file the bytes that were read?  One that stat(2) calls unchanged is
 * not read again.  False also for one that cannot be read.
 */
bool edition_is_current(struct edition *e, const char *file);

#endif
