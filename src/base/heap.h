/*
 * heap.h - memory that is given back holds no secret any more.
 *
 * A token passes through buffers of libfcgi, libcurl, json-c and GnuTLS that
 * are theirs to free.  So free() and realloc() of this program, which all of
 * them call, wipe first.  The C library's own work does the rest.
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stdbool.h>

/* Does it do so in this build?  Not with a sanitizer's heap, nor musl's. */
bool heap_wipes(void);

#endif
