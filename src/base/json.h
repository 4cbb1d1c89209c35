/*
 * json.h - JSON as strict as RFC 8259 says, which json-c alone does not do.
 *
 * RFC 8259 section 4 leaves open what a reader makes of such an object.
 * json-c keeps the last of the values, so that a part of a configuration
 * disappears without a word, and an answer may mean one thing to us and another
 * to whoever reads it elsewhere.  json-c has no hook for it.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

#define JSON_PLACE_MAX 300 /* bytes of "/accounts/router/hosts" */

/* Where the search stopped. */
struct json_fault {
	const char *what;	    /* a constant, for people */
	char place[JSON_PLACE_MAX]; /* of the member; cut where it is longer */
	size_t at;		    /* offset in the text */
	size_t first; /* offset of the same name before it, or at */
};

/*
 * json_tokener_parse_ex() with JSON_TOKENER_STRICT and flags, for the len bytes
 * of text and the NUL behind them.  tok is a new one, and tells what was wrong
 * and where (json_tokener_get_error, json_tokener_get_parse_end).  Whoever
 * calls owns the result; NULL also for the value null, and without memory,
 * where json-c may leave a member out and call that a success.
 *
 * json-c 0.18 (Debian 13) is too strict: it takes bytes from 0x80 on for
 * control characters, and refuses every string that is not ASCII.
 */
json_object *json_parse(struct json_tokener *tok, const char *text, size_t len,
    int flags);

/*
 * Does each object in the len bytes of text hold each name once?  text is
 * what json-c has accepted with JSON_TOKENER_STRICT, which means without
 * comments, and with a depth of at most 64.  Names are compared as json-c reads
 * them, after their escapes; the fault with the smallest offset in the
 * innermost object is told.  False also for a name between single quotes, which
 * json-c 0.16 accepts even so, and without memory.
 */
bool json_names_unique(const char *text, size_t len, struct json_fault *fault);

/*
 * About how much memory json-c will take for the len bytes of text, before it
 * does: an object or a list counts ten, any other value one, and one is some
 * 80 bytes.  The text need not be JSON.
 */
size_t json_weight(const char *text, size_t len);

/*
 * Puts value, which is taken over in any case, under a name or at the end of a
 * list.  False without memory, which includes that to is NULL; a command may
 * leave that to heap_lacked().
 */
bool json_add(json_object *to, const char *name, json_object *value);
bool json_append(json_object *to, json_object *value);

/*
 * As these, of a value that was just made: false also where value is NULL, for
 * json-c had no memory for it, instead of a null that means something else.
 */
bool json_add_made(json_object *to, const char *name, json_object *value);
bool json_append_made(json_object *to, json_object *value);

/*
 * json_object_to_json_string_ext(), whose result o owns; NULL without memory,
 * which includes that o is NULL.  json-c may leave a part of the text out then.
 */
const char *json_text(json_object *o, int flags);

/* Prints it on standard output for people, and an end of line. */
void json_print(json_object *o);

#endif
