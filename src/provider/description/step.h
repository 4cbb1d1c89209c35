/*
 * step.h - one request of a description and what its answer must be, checked
 * and compiled.
 */
#ifndef PROVIDER_DESCRIPTION_STEP_H
#define PROVIDER_DESCRIPTION_STEP_H

#include <stdbool.h>
#include <stddef.h>

#include "provider/description/body.h"

#define STEPS_MAX      8
#define STATUSES_MAX   8
#define ANSWER_MIB_MAX 16

/* Whose host a step speaks to: who gets the token. */
enum host { HOST_API, HOST_LOGIN };

enum body_kind { BODY_NONE, BODY_JSON, BODY_FORM, BODY_TEXT };

struct step_request {
	const char *method;
	const struct template *segments; /* of the path, between slashes */
	size_t segment_count;		 /* the first is always empty */
	bool path_chosen; /* the one segment is a whole path, which the
			     operator may choose */
	bool has_query;
	struct fields query;
	struct fields headers;
	enum body_kind body_kind;
	struct body json;
	struct fields form;
	struct template text;
};

struct statuses {
	long list[STATUSES_MAX];
	size_t count;
};

/* What a good answer has at pointer: one of texts, or nothing. */
struct expectation {
	const char *pointer;
	struct words texts;
	bool nothing;
};

struct expectations {
	const struct expectation *list;
	size_t count;
};

/* The element to look at has the text of value at pointer. */
struct match {
	const char *pointer;
	struct template value;
	bool is_hostname; /* it is made of a host name, and compared as one */
};

struct pick {
	const char *in; /* pointer to the list; NULL: there is no pick */
	const struct match *where;
	size_t count;
	struct expectations expect; /* of an element that may be changed */
	const char *largest; /* pointer: of several, the one with the largest
				value there; NULL: several are an error */
};

/*
 * How a list that comes in pages goes on.  Either the answer says it: next is a
 * link, or, with a query, the value that this takes for the next page.  Or the
 * query is a number: of the page, or of the elements so far.
 */
enum paging {
	PAGING_NONE,
	PAGING_LINK,
	PAGING_CURSOR,
	PAGING_NUMBER,
	PAGING_OFFSET
};

struct pages {
	enum paging kind;
	const char *next;  /* pointer; of a link or a cursor */
	const char *query; /* the name in the query; NULL: of a link */
	const char *total; /* pointer to how many pages, or elements, there are
			      in all; NULL: until a page is empty */
};

/* Sets variable to what is at pointer. */
struct get {
	int variable;
	const char *name;
	const char *pointer;
	const char *in_element; /* of the only element there; NULL: itself */
};

struct gets {
	const struct get *list;
	size_t count;
};

struct wanted_answer {
	struct statuses ok;
	struct statuses none; /* "not there" */
	struct expectations expect;
	struct words words;    /* count 0: any */
	const char *has;       /* or NULL */
	struct words contains; /* one of them, in any case; count 0: any */
	size_t max;	       /* bytes */
	struct pick pick;
	struct pages pages;
	struct gets gets;
};

struct step {
	char label[32];	  /* "steps/2", for messages */
	enum level level; /* it is done once for each session, zone, ... */
	enum host host;
	bool writes;
	bool has_each; /* its body holds something for each record */
	struct conditions only_if;
	struct step_request request;
	struct wanted_answer answer;
};

/* Steps that are done one after the other. */
struct steps {
	struct step list[STEPS_MAX];
	size_t count;
};

/* Which part of a description a step belongs to. */
enum part {
	PART_BEGIN,
	PART_END,
	PART_ZONE,
	PART_RECORDS /* steps and remove */
};

/*
 * Compile a step, or a list of them, and make known what they get.  Everything
 * that can be known to be wrong is reported.
 */
void step_compile(struct compiler *c, struct reader *r, enum part part,
    struct step *to);
void steps_compile(struct compiler *c, const struct reader *r, enum part part,
    struct steps *to);

/* Do the steps for records make sense in this order?  One of them writes. */
void steps_check(const struct reader *r, const struct steps *steps);

/* The pointer by which a step gets variable, or NULL. */
const struct get *step_gets(const struct step *s, int variable);

bool statuses_have(const struct statuses *s, long status);

/* Parts of a step that the top of a description has as well. */

/* {"/pointer": value or [values]} */
struct expectations expectations_compile(struct compiler *c,
    const struct reader *r);

/* Names and templates of header fields. */
struct fields headers_compile(struct compiler *c, const struct reader *r,
    enum level level);

/* Is it a text, a number, true or false: can a variable have this value? */
bool value_is_scalar(json_object *value);

#endif
