#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "provider/description/variables.h"

#define CONFIG "config."

static const char *const fixed[] = {
	[VARIABLE_ZONE] = "zone",
	[VARIABLE_NAME] = "name",
	[VARIABLE_SUB] = "sub",
	[VARIABLE_TYPE] = "type",
	[VARIABLE_ADDR] = "addr",
	[VARIABLE_ADDR4] = "addr4",
	[VARIABLE_ADDR6] = "addr6",
	[VARIABLE_ADDRS] = "addrs",
	[VARIABLE_TTL] = "ttl",
	[VARIABLE_TTL_MIN] = "ttl_min",
	[VARIABLE_CURRENT] = "current",
};
_Static_assert(sizeof fixed / sizeof *fixed == VARIABLE__FIXED,
    "a name for each fixed variable");

static int
position(const struct variables *v, const char *name)
{
	for (size_t i = 0; i < v->count; i++)
		if (strcmp(v->list[i].name, name) == 0)
			return (int)i;
	return -1;
}

/* A new variable, not known; -1: no memory, or the name is too long. */
static int
enter(struct variables *v, const char *name)
{
	if (strlen(name) > VARIABLE_LEN_MAX)
		return -1;
	if (v->count == v->size) {
		size_t size = v->size == 0 ? 32 : 2 * v->size;
		struct variable *longer =
		    reallocarray(v->list, size, sizeof *longer);

		if (longer == NULL)
			return -1;
		v->list = longer;
		v->size = size;
	}
	v->list[v->count] = (struct variable){ .known = false };
	strcpy(v->list[v->count].name, name);
	return (int)v->count++;
}

bool
variables_start(struct variables *v)
{
	for (size_t i = 0; i < VARIABLE__FIXED; i++)
		if (enter(v, fixed[i]) == -1)
			return false;
	return true;
}

void
variables_end(struct variables *v)
{
	free(v->list);
	*v = (struct variables){ .count = 0 };
}

int
variables_find(const struct variables *v, const char *name, enum level level)
{
	int n = position(v, name);

	return n != -1 && v->list[n].known && v->list[n].level <= level ? n :
									  -1;
}

int
variables_learn(struct variables *v, const char *name, enum level level)
{
	int n = position(v, name);

	if (n == -1 && (n = enter(v, name)) == -1)
		return -1;
	if (!v->list[n].known || v->list[n].level > level)
		v->list[n].level = level;
	v->list[n].known = true;
	return n;
}

void
variables_forget(struct variables *v, enum level level)
{
	for (size_t i = 0; i < v->count; i++)
		if (v->list[i].level >= level)
			v->list[i].known = false;
}

bool
variable_is_config(const char *name)
{
	return strncmp(name, CONFIG, sizeof CONFIG - 1) == 0 &&
	    name[sizeof CONFIG - 1] != '\0';
}

bool
variable_is_word(const char *name)
{
	return *name != '\0' &&
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") ==
	    strlen(name);
}

bool
variable_is_fixed(const char *name)
{
	for (size_t i = 0; i < VARIABLE__FIXED; i++)
		if (strcmp(fixed[i], name) == 0)
			return true;
	return false;
}
