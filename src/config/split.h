/*
 * split.h - takes a document apart: the members of one of its objects, each as
 * a document of its own, and the rest.
 *
 * A parsed document takes many times the memory of its text, and an object of
 * 100,000 accounts is most of it.  So only one of them is parsed at a time.
 */
#ifndef CONFIG_SPLIT_H
#define CONFIG_SPLIT_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

#include "base/buffer.h"
#include "config/member.h"

struct split {
	const char *text; /* with a NUL; borrowed while this is used */
	size_t len;
	struct buffer rest;    /* the document, where the object is empty */
	size_t members;	       /* of the object */
	struct member present; /* the one that was taken last */
	bool failed;	     /* one of them is no JSON, or there is no memory */
	struct buffer piece; /* what is being parsed */
	struct json_tokener *tok;
};

/*
 * Looks for the object that the document in text, without comments, has as the
 * member name.  False: it has none that is an object with a member, or text is
 * certainly no JSON.  *s is to be released by split_end() in any case.  That
 * the rest is JSON is for its parser to say.
 */
bool split_begin(struct split *s, const char *text, size_t len,
    const char *name);

/*
 * The next member, as the only one of an object, which is the caller's; with
 * json_parse()'s rules.  NULL: there is none, or failed says so.
 */
json_object *split_next(struct split *s);

void split_end(struct split *s);

#endif
