/*
 * body.h - the JSON body of a step, compiled.
 */
#ifndef PROVIDER_DESCRIPTION_BODY_H
#define PROVIDER_DESCRIPTION_BODY_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

#include "provider/description/compiler.h"

enum shape {
	SHAPE_CONSTANT, /* a number, true or false */
	SHAPE_TEXT,
	SHAPE_OBJECT,
	SHAPE_LIST,
	SHAPE_EACH /* a list, with one element for each record */
};

struct body {
	enum shape shape;
	json_object *constant;	   /* of the description's document */
	struct template text;	   /* "{=x}" alone: the value of x */
	const char *name;	   /* as a member of an object */
	const struct body *parts;  /* members, elements, or what is for each */
	size_t count;		   /* of parts */
	struct conditions only_if; /* of SHAPE_EACH */
};

/* A body without any: what a step has that sends none. */
#define BODY_OF_NOTHING ((struct body){ .shape = SHAPE_CONSTANT })

/*
 * The body that stands at r.  level: that of its variables.  each: may it hold
 * {"$each": ...}, whose variables are those of a record?
 */
struct body body_compile(struct compiler *c, const struct reader *r,
    enum level level, bool each);

/* Is there a {"$each": ...} in it? */
bool body_has_each(const struct body *b);

#endif
