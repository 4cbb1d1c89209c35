/*
 * fuzz.h - what the targets share, with libFuzzer and without it.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "config.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libFuzzer's own name; replay.c calls it as well. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The target's folder in seeds/. */
extern const char fuzz_name[];

/* Takes the next line off *text; "" after the last. */
static inline char *
fuzz_line(char **text)
{
	char *line = strsep(text, "\n");

	return line != NULL ? line : (char *)(uintptr_t) "";
}

/* A copy that ends with a NUL; the caller frees it. */
static inline char *
fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (text == NULL)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

#endif
