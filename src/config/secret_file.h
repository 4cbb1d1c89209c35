/*
 * secret_file.h - a secret of the operator, in a file of its own.
 */
#ifndef CONFIG_SECRET_FILE_H
#define CONFIG_SECRET_FILE_H

#include "base/buffer.h"
#include "base/error.h"

#define SECRET_FILE_MAX 1024

/*
 * Adds the first line of a file to a buffer, which must have room for
 * SECRET_FILE_MAX bytes.  ERR_CONFIG: it cannot be read; or others than root
 * and we may write it, or anybody may read it; or it is not one line of visible
 * characters.  No error shows what is in it.
 */
enum err secret_file_read(const char *file, struct buffer *to,
    struct error *why);

#endif
