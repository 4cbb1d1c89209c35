/*
 * buffer.h - bytes that grow up to a stated maximum.
 */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Start one as { .max = N }.  data is always ended by a NUL that len does not
 * count, or NULL while nothing was added.
 */
struct buffer {
	char *data;
	size_t len;
	size_t size;
	size_t max;  /* len never exceeds it */
	bool failed; /* something did not fit; what is here is partial */
};

/* All or nothing; false, and failed is set, beyond max or without memory. */
bool buffer_add(struct buffer *b, const void *bytes, size_t len);
bool buffer_puts(struct buffer *b, const char *s);
bool buffer_printf(struct buffer *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Texts, up to the NULL that ends them, and a number in decimal digits: for
 * what each request writes, since a format is read anew each time.
 */
bool buffer_join(struct buffer *b, ...) __attribute__((sentinel));
bool buffer_number(struct buffer *b, long long number);

/* What b holds, "" while nothing was added; good until b changes. */
const char *buffer_text(const struct buffer *b);

/* Empties b and wipes what it held; the memory stays for the next use. */
void buffer_clear(struct buffer *b);

/* Wipes and frees; b may be used again. */
void buffer_free(struct buffer *b);

/* Takes the string out of b, to be freed by the caller; NULL if b failed. */
char *buffer_take(struct buffer *b);

#endif
