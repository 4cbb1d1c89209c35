/*
 * secret.h - bytes that must not outlive their use.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* Overwrites len bytes in a way that no compiler removes.  NULL is fine. */
void secret_wipe(void *bytes, size_t len);

/* As secret_wipe(), for a string up to its end.  NULL is fine. */
void secret_wipe_string(char *s);

/* Wipes a string and frees it.  NULL is fine. */
void secret_free(char *s);

/* Compares in a time that depends on len alone. */
bool secret_equal(const void *a, const void *b, size_t len);

#endif
