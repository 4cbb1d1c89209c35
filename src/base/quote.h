/*
 * quote.h - text of strangers, so that no byte of it acts on a terminal or
 * passes for text of ours.
 */
#ifndef BASE_QUOTE_H
#define BASE_QUOTE_H

#include <stddef.h>

#define QUOTE_SIZE_MIN 8

/*
 * Copies len bytes of text to to, which has room for size (QUOTE_SIZE_MIN at
 * least); returns the length, without the NUL at its end.  What is not
 * printable ASCII, or stands in also, becomes \xNN.  What is too long is cut
 * and ends in "...".
 */
size_t quote(char *to, size_t size, const char *text, size_t len,
    const char *also);

#endif
