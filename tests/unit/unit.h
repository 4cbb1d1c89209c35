/*
 * unit.h - what the unit tests share: rows, and files that go away.
 */
#ifndef UNIT_H
#define UNIT_H

#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "address/address.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* What is wrong with one row is told, and the other rows are still tried. */
#define ROW(good, ...)                                       \
	do {                                                 \
		if (!(good)) {                               \
			unit_row_failed(__FILE__, __LINE__); \
			print_error(__VA_ARGS__);            \
			print_error("\n");                   \
		}                                            \
	} while (0)

/* Ends a table: fails if any of its rows did. */
#define ROWS_END() assert_int_equal(unit_rows_failed(), 0)

void unit_row_failed(const char *file, int line);
unsigned int unit_rows_failed(void);

/* Strings, either of which may be NULL. */
bool unit_same(const char *a, const char *b);

/* NULL-safe, for messages. */
const char *unit_text(const char *s);

/* The address of a text; fails the test if it is none. */
struct address unit_address(const char *text);

/* A file of the source tree, by its name from the top; the caller frees it. */
char *unit_source(const char *name);

/*
 * Tells why a test does not run here; its caller returns then.  The skip() of
 * cmocka is a failure for whoever reads its TAP, so it cannot be called here.
 */
void unit_skipped(const char *why);
#undef skip

/* A directory of this program alone, removed at its end. */
const char *unit_directory(void);

/*
 * Writes a file there, mode 0600; its full name stays good until the end.
 * Fails the test if it cannot.
 */
const char *unit_write(const char *name, const char *text, size_t len);

/*
 * Writes base, which is JSON, with one value replaced: the one at pointer
 * (RFC 6901), or a new one.  It is taken out where value is NULL; pointer
 * NULL changes nothing.
 */
const char *unit_write_changed(const char *name, const char *base,
    const char *pointer, const char *value);

/* The text of a whole file; the caller frees it. */
char *unit_read(const char *file);

/*
 * Stands between our code and TYPE NAME(WITH), by --wrap of ld(1): it gives
 * FAILED where REFUSED, and else what NAME(ARGUMENTS) does.
 */
#define UNIT_BETWEEN(refused, type, name, failed, with, arguments)   \
	type __real_##name with;                                     \
	type __wrap_##name with;                                     \
	type __wrap_##name with                                      \
	{                                                            \
		return (refused) ? failed : __real_##name arguments; \
	}

#endif
