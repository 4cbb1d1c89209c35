/*
 * variables.h - the variables of a description: each has a number and a level.
 *
 * The level says how often a variable has a value of its own: once in the
 * session, once for each zone, name or record.  A request sees the variables of
 * its level and of the wider ones.  While a description is compiled, variables
 * become known one after another, so that "is it known here?" is a look-up; the
 * numbers are those of struct values, which holds their values at run time.
 */
#ifndef PROVIDER_DESCRIPTION_VARIABLES_H
#define PROVIDER_DESCRIPTION_VARIABLES_H

#include <stdbool.h>
#include <stddef.h>

#define VARIABLE_LEN_MAX 48 /* bytes of a name */

enum level { LEVEL_SESSION, LEVEL_ZONE, LEVEL_NAME, LEVEL_RECORD };

/* The numbers of the variables that mean something in every description. */
enum {
	VARIABLE_ZONE,
	VARIABLE_NAME,
	VARIABLE_SUB,
	VARIABLE_TYPE,
	VARIABLE_ADDR,
	VARIABLE_ADDR4,
	VARIABLE_ADDR6,
	VARIABLE_ADDRS,
	VARIABLE_TTL,
	VARIABLE_TTL_MIN,
	VARIABLE_CURRENT,
	VARIABLE__FIXED
};

struct variable {
	char name[VARIABLE_LEN_MAX + 1];
	enum level level;
	bool known;    /* at the point of the description now compiled */
	bool used;     /* a template names it */
	bool required; /* of config.x: a template cannot do without it */
	bool is_path;  /* of config.x: it is a whole path */
};

/* Start one as { .count = 0 }. */
struct variables {
	struct variable *list;
	size_t count;
	size_t size;
};

/* Enters those with a fixed number, none of them known; false: no memory. */
bool variables_start(struct variables *v);
void variables_end(struct variables *v);

/* The number of name if it is known at level; -1 if not. */
int variables_find(const struct variables *v, const char *name,
    enum level level);

/*
 * Makes name known from level on, and returns its number; a variable that is
 * known already keeps its wider level.  -1: no memory, or the name is too long.
 */
int variables_learn(struct variables *v, const char *name, enum level level);

/* Makes all variables of level, and of the narrower ones, unknown again. */
void variables_forget(struct variables *v, enum level level);

/* Is it "config.x", a variable that the operator gives? */
bool variable_is_config(const char *name);

/* Has it nothing but small letters, digits and "_"? */
bool variable_is_word(const char *name);

/* Has it a meaning of its own in every description, such as "zone"? */
bool variable_is_fixed(const char *name);

#endif
