/*
 * document.h - a JSON file of the operator, read strictly.
 *
 * json-c parses, in its strict way; comments are allowed beside it, since
 * people must be able to explain their choices.  Every value is taken out by
 * name through a place, which knows where in the document it stands, so that
 * each error names the file and the path ("/accounts/router/hosts") of what is
 * wrong.
 */
#ifndef CONFIG_DOCUMENT_H
#define CONFIG_DOCUMENT_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/error.h"

#define DOCUMENT_SIZE_MAX  (64UL << 20) /* of 100,000 accounts, and room */
#define DOCUMENT_DEPTH_MAX 16
#define DOCUMENT_PATH_MAX  300

/* One value of a document; lives on the stack, borrows the document. */
struct place {
	json_object *value;	    /* NULL: not in the document */
	const struct place *parent; /* NULL at the top */
	const char *file;
	const char *name; /* member name, or NULL */
	size_t index;	  /* in an array, when name is NULL */
};

/*
 * Reads a file that nobody but root or we may write, neither by itself nor by
 * its directory, and parses it (RFC 8259, with comments).  A name that one
 * object holds twice is an error.  The caller owns *root (json_object_put),
 * which is left alone on failure.  Errors give the file, and the line where
 * parsing stopped, or the place of the name and both of its lines.
 */
enum err document_read(json_object **root, const char *file, struct error *why);

/*
 * ERR_CONFIG unless nobody but root may write the file, its directory, and the
 * directory where it really is if a link leads to it.
 */
enum err document_of_root(const char *file, struct error *why);

/* The same, but the user of this process may own and write them, too. */
enum err document_of_ours(const char *file, struct error *why);

/* ERR_CONFIG, with "FILE: PATH: " before the message. */
enum err place_error(const struct place *p, struct error *why, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

/* The top of a document. */
struct place place_top(json_object *root, const char *file);

/* A member of an object, or an element of an array. */
struct place place_member(const struct place *p, const char *name);
struct place place_element(const struct place *p, size_t index);

/*
 * Is p an object with no member beyond known?  The list ends with NULL;
 * without a list any member is good.  A wrong name is answered with the names
 * that are known here.
 */
enum err place_object(const struct place *p, const char *const known[],
    struct error *why);

/* Arrays hold at most max elements; *count is 0 when p is absent. */
enum err place_array(const struct place *p, size_t max, size_t *count,
    struct error *why);

/*
 * Each of these leaves *to as it is when p is absent, and refuses null.
 * Strings are borrowed from the document, hold no NUL and are not empty.
 */
enum err place_string(const struct place *p, const char **to,
    struct error *why);
enum err place_bool(const struct place *p, bool *to, struct error *why);
enum err place_integer(const struct place *p, int64_t min, int64_t max,
    int64_t *to, struct error *why);

/* One word of a list that ends with NULL; *to gets its position. */
enum err place_word(const struct place *p, const char *const words[], int *to,
    struct error *why);

/* An absolute file name. */
enum err place_file(const struct place *p, const char **to, struct error *why);

/* ERR_CONFIG with "is missing" when p is absent. */
enum err place_required(const struct place *p, struct error *why);

#endif
