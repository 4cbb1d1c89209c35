/*
 * revision.h - changes some values in the text of a JSON file, and leaves the
 * rest as a person wrote it: order, blanks and comments.
 */
#ifndef CONFIG_REVISION_H
#define CONFIG_REVISION_H

#include <json-c/json.h>

#include "base/buffer.h"
#include "base/error.h"

/*
 * Changes text, which document_parse() reads as the object before, until it
 * reads it as the object after.  Objects are changed member by member, any
 * other value is replaced.  On an error, which calls the text name, it is the
 * caller's to throw away.
 */
enum err revision_make(struct buffer *text, json_object *before,
    json_object *after, const char *name, struct error *why);

#endif
