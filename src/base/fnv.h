/*
 * fnv.h - a quick hash for tables that nobody attacks.
 */
#ifndef BASE_FNV_H
#define BASE_FNV_H

#include <stddef.h>
#include <stdint.h>

/* FNV-1a of 64 bits: draft-eastlake-fnv, section 2. */
uint64_t fnv_hash(const void *bytes, size_t len);

#endif
