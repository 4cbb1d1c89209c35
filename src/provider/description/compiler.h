/*
 * compiler.h - what the parts of a description share while they are compiled.
 *
 * Private to this folder.  Everything that is wrong is reported through the
 * readers, which keep the first error of the document; so the functions below
 * read on after one, and return something harmless.
 */
#ifndef PROVIDER_DESCRIPTION_COMPILER_H
#define PROVIDER_DESCRIPTION_COMPILER_H

#include <stdbool.h>
#include <stddef.h>

#include "config/reader.h"
#include "provider/description/arena.h"
#include "provider/description/template.h"
#include "provider/description/variables.h"

#define LIST_MAX 16 /* conditions, words or texts */

struct compiler {
	struct arena *arena; /* of all that is compiled */
	struct variables *variables;
	struct error *why; /* the first error, of all readers */
};

/* As arena_take(); NULL is reported, too. */
void *compiler_take(struct compiler *c, size_t count, size_t size);

/* Makes a variable known; -1 after an error. */
int compiler_learn(struct compiler *c, const char *name, enum level level);

/* Reports a name that no variable of the description's own may have. */
void compiler_check_name(const struct reader *r, const char *name);

/* A JSON Pointer, RFC 6901; NULL where r is absent, and after an error. */
const char *compiler_pointer(const struct reader *r);
bool compiler_pointer_valid(const struct reader *r, const char *pointer);

/* A list of texts; a list of conditions on variables known at level. */
struct words compiler_words(struct compiler *c, const struct reader *r);
struct conditions compiler_conditions(struct compiler *c,
    const struct reader *r, enum level level);

/*
 * The template that stands at r, whose variables must be known at level.
 * drops: there is something around it that "{x?}" lets fall away.
 */
struct template compiler_template(struct compiler *c, const struct reader *r,
    const char *text, enum level level, bool drops);

/*
 * {"name": "template", ...}; the fields of a query or a form may have names
 * that the operator chooses.
 */
struct fields compiler_named_fields(struct compiler *c, const struct reader *r,
    enum level level);

/* The same with names as they are. */
struct fields compiler_fields(struct compiler *c, const struct reader *r,
    enum level level, bool drops);

#endif
