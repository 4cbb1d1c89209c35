/*
 * unseen.h - characters that a reader does not see, or is misled by.
 */
#ifndef PAGE_UNSEEN_H
#define PAGE_UNSEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNSEEN_NO_CHARACTER UINT32_MAX

/*
 * The first character of the len bytes of text, of which there is one at least,
 * and how many of them it takes; UNSEEN_NO_CHARACTER for one byte that is not
 * of UTF-8 (RFC 3629, which has no surrogates and no longer forms than needed).
 */
size_t unseen_decode(const char *text, size_t len, uint32_t *c);

/*
 * Is c a control character, one that sets the direction of text (UAX 9) or
 * has no width, a mark that is put over other characters, for private use, or
 * no character?
 */
bool unseen_is(uint32_t c);

#endif
