/*
 * operator.h - one operator: who may look at all accounts, and change nothing.
 */
#ifndef CONFIG_OPERATOR_H
#define CONFIG_OPERATOR_H

#include "config/reader.h"

struct settings;

#define OPERATORS_MAX 64

struct operator_settings {
	const char *name;
	const char *verifier; /* checked by account/ */
};

/*
 * Reads the member "operators" that r stands at into the operators of s; both
 * strings are borrowed from the document.  Absent: there are none.  Errors are
 * kept by r.
 */
void operators_read(const struct reader *r, struct settings *s);

/* The operator of that name, or NULL. */
const struct operator_settings *operators_find(const struct settings *s,
    const char *name);

#endif
