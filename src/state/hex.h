/*
 * hex.h - digests as text, for tables whose columns every engine can hold.
 */
#ifndef STATE_HEX_H
#define STATE_HEX_H

#include <stddef.h>
#include <stdint.h>

/* Writes 2 * len digits and a NUL to text, and returns it. */
const char *hex_write(const uint8_t *bytes, size_t len, char *text);

/* len bytes from text; all zero if it is none of that length, or NULL. */
void hex_read(uint8_t *bytes, size_t len, const char *text);

#endif
