/*
 * link.h - the address of another page, with what is asked of it.
 */
#ifndef PAGE_LINK_H
#define PAGE_LINK_H

#include "base/buffer.h"

#define LINK_MAX (64UL << 10) /* has room for all of any query */

/*
 * Adds "?name=value", or "&name=value" behind another, with every byte of the
 * value encoded that has a meaning in a query (RFC 3986 section 3.4); nothing
 * if the value is NULL or empty.  url, of LINK_MAX, begins with the path.
 */
void link_add(struct buffer *url, const char *name, const char *value);
void link_add_number(struct buffer *url, const char *name, size_t value);

#endif
