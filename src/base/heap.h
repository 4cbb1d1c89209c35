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
#include <stddef.h>

struct heap_region;

/*
 * A mapping of its own, of size bytes of address space, for memory that is
 * given back as a whole: such as a configuration, for freeing it piece by piece
 * would write to each of its pages, and so copy those that it shares with other
 * processes; or for a library that does not bear a lack of memory, for what
 * fits in here never fails.  At most three at a time.  NULL: there is none in
 * this build, or no room; the heap does as well.
 */
struct heap_region *heap_region_new(size_t size);

/*
 * Between these two, all that this program and its libraries allocate lies in
 * r.  No function that keeps memory for its next call, such as getgrnam(3), may
 * be called there.  free(3) of what lies in a region gives little back.  NULL
 * is fine: then the heap is used.
 */
void heap_region_enter(struct heap_region *r);
void heap_region_leave(void);

/* Wipes everything in r, and gives it back to r itself.  NULL is fine. */
void heap_region_empty(struct heap_region *r);

/* Gives back everything in r, and r, at once.  NULL is fine. */
void heap_region_free(struct heap_region *r);

/*
 * Sets size bytes aside, a multiple of 16, for this process and those that it
 * forks, each its own.  From then on, what the system refuses to malloc(3) is
 * made in there: json-c, libtasn1 and libcurl end the process, or leave out a
 * part of what they make, where an allocation fails in their midst.  The bytes
 * are counted as taken, as the system may later not give them, but no page of
 * them is memory before it is needed.  False: there is no room, or no reserve
 * in this build, or there is one already; the heap does without.
 */
bool heap_reserve(size_t size);

/*
 * Do free() and realloc() of this build wipe?  Not with a sanitizer's heap,
 * nor with musl's.
 */
bool heap_wipes(void);

/*
 * Has an allocation of this process failed since heap_begin(), in the program
 * or in a library, and the reserve could not help?  Then an error of a library
 * may be due to that, whatever it is called: GnuTLS says "ASN1 parser: Error in
 * DER parsing" of a good certificate.  A build that does not wipe does not
 * know, and says no.
 */
void heap_begin(void);
bool heap_lacked(void);

/*
 * Has the reserve helped since this was asked last?  Then the operator should
 * know (lack_tell()).
 */
bool heap_strained(void);

/*
 * How many allocations have failed so far.  One more after a call of json-c
 * than before it means that what it made may not be whole.
 */
size_t heap_lacks(void);

#endif
