/*
 * filled.h - values for the variables of a description, as a test wants them.
 */
#ifndef UNIT_FILLED_H
#define UNIT_FILLED_H

#include "provider/description/variables.h"
#include "provider/rest/values.h"

/*
 * Starts values with the members of a JSON object, by the names that v has;
 * what is null, or has no such name, is not set.  values_end() is due.
 */
void filled_values(struct values *to, const struct values *outer,
    const struct variables *v, const char *json);

/* The number of a variable, known or not; fails the test if there is none. */
int filled_variable(const struct variables *v, const char *name);

#endif
