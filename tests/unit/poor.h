/*
 * poor.h - a system that refuses memory to this program and all its libraries.
 *
 * malloc(3) and calloc(3) of base/heap.c, which all of them call, ask glibc by
 * names that a program which is linked with this has for itself.  A build with
 * another heap, a sanitizer's, asks nobody: heap_wipes() is false there.
 */
#ifndef UNIT_POOR_H
#define UNIT_POOR_H

#include <stddef.h>

/*
 * From now on allocations are counted, and those from first to last are
 * refused; first 0: none is.
 */
void poor_begin(size_t first, size_t last);

/* Ends that; how many there were. */
size_t poor_end(void);

#endif
