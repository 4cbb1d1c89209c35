/*
 * heap.h - memory that is given back holds no secret any more.
 *
 * A token passes through buffers of libfcgi, libcurl, json-c and GnuTLS that
 * are theirs to free (docs/reference/tls.md C.8).  So free() and realloc() of
 * this program, which all of them call, wipe first.  Calls within the C library
 * itself are not replaced, and do not wipe.
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stdbool.h>

/* Does it do so in this build?  Not with a sanitizer's heap, nor musl's. */
bool heap_wipes(void);

#endif
