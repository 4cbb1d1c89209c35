/*
 * reader.h - takes the values out of a document, each by its name.
 *
 * A reader stands at one value of a JSON document.  It keeps the first error
 * of the whole document, with the file and the place ("/accounts/router"), so
 * that its callers read on and ask once, at the end; and it notes which members
 * were asked for, so that each key is written in one place only:
 *
 *	to->ttl = read_integer(r, "ttl", 1, TTL_MAX, 0);
 *	to->zone = read_string(r, "zone", NULL);
 *	read_end(r);
 *
 * After an error every read gives its fallback, and nothing is reported again;
 * unless all errors are wanted (struct faults): then everything is read to the
 * end, and what may only follow from another error is left out.
 */
#ifndef CONFIG_READER_H
#define CONFIG_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/error.h"

#define READER_FAULTS_MAX  32 /* that are kept of one document */
#define READER_PLACE_MAX   300
#define READER_MEMBERS_MAX 32 /* that one object may be asked for */

/* All errors of a document, each with its place, as "/accounts/router". */
struct faults {
	struct error list[READER_FAULTS_MAX];
	char places[READER_FAULTS_MAX][READER_PLACE_MAX + 1];
	bool apart[READER_FAULTS_MAX]; /* no value that others depend on */
	size_t count;		       /* may be more than are kept */
};

/* Lives on the stack, and borrows the document and its parent. */
struct reader {
	json_object *value; /* NULL: it is not in the document, or null */
	const struct reader *parent;   /* NULL at the top */
	const struct reader *defaults; /* has what value lacks; or NULL */
	const char *file;
	const char *name;      /* in an object */
	size_t index;	       /* in an array, where name is NULL */
	bool present;	       /* false: not in the document */
	bool chosen;	       /* a member whose name the operator chose */
	struct error *why;     /* the first error of the document */
	struct faults *faults; /* all of them; NULL: not wanted */
	const char *asked[READER_MEMBERS_MAX];
	size_t asked_count;
};

/*
 * The top of a document that was read from file.  *why, which must outlive
 * every reader of the document, is set to ERR_OK, and then to the first error.
 */
struct reader reader_top(json_object *root, const char *file,
    struct error *why);

/*
 * A member of r, which is noted as asked for, or an element of it.  name must
 * outlive r.  Absent where r is no object, or no array that has it.  A member
 * that r lacks is that of r->defaults, unless this is NULL; its place is there.
 */
struct reader reader_member(struct reader *r, const char *name);
struct reader reader_element(const struct reader *r, size_t index);

/*
 * A member of the object r whose name the operator chose, such as a host; it is
 * not noted as asked for.  name and value are those of the document.
 */
struct reader reader_entry(const struct reader *r, const char *name,
    json_object *value);

/*
 * How many members r has, which must be an object of 1 to max of them; what
 * names them ("hosts").  0 after any error.
 */
size_t reader_entries(const struct reader *r, size_t max, const char *what);

/* Has nothing in this document been wrong so far? */
bool reader_ok(const struct reader *r);

/* Is there a reason to read on: nothing was wrong, or all errors are wanted? */
bool reader_goes_on(const struct reader *r);

/* Adds an error that was found in another way; place may be NULL. */
void faults_add(struct faults *f, const struct error *why, const char *place);

/* Is there an error of the place, or of something in it? */
bool faults_within(const struct faults *f, const char *place);

/*
 * Reports ERR_CONFIG, "FILE: /PLACE: " and the text, unless something was wrong
 * before.  Returns the code of the first error.
 */
enum err reader_fail(const struct reader *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Reports that there is no memory, unless something was wrong before. */
enum err reader_no_memory(const struct reader *r);

/*
 * One member of r as a value of its type; fallback where it is absent, and
 * after any error.  A null, a wrong type or a value out of bounds is an error.
 * Strings are borrowed from the document, hold no NUL and are not empty.
 */
const char *read_string(struct reader *r, const char *name,
    const char *fallback);
bool read_bool(struct reader *r, const char *name, bool fallback);
int64_t read_integer(struct reader *r, const char *name, int64_t min,
    int64_t max, int64_t fallback);

/* One of words, a list that ends with NULL; the index of it, or fallback. */
int read_word(struct reader *r, const char *name, const char *const words[],
    int fallback);

/* An absolute file name. */
const char *read_filename(struct reader *r, const char *name,
    const char *fallback);

/* The same for the value that r itself stands at. */
const char *reader_string(const struct reader *r, const char *fallback);
bool reader_bool(const struct reader *r, bool fallback);
int64_t reader_integer(const struct reader *r, int64_t min, int64_t max,
    int64_t fallback);
int reader_word(const struct reader *r, const char *const words[],
    int fallback);
const char *reader_filename(const struct reader *r, const char *fallback);

/* Is r the string word?  No error if it is anything else. */
bool reader_is(const struct reader *r, const char *word);

/*
 * Is r an object?  Reports it as an error unless it is one, or absent.
 */
bool reader_object(const struct reader *r);

/* How many elements r has, at most max; 0 if it is absent or no array. */
size_t reader_array(const struct reader *r, size_t max);

/* Reports r as missing if it is not in the document. */
bool reader_required(const struct reader *r);

/*
 * Reports the first member of the object r that was never asked for, with the
 * names of those that were.  To be called when all of them have been.  At the
 * top of a document "$schema" may stand, which names a JSON schema to editors.
 */
void read_end(const struct reader *r);

#endif
