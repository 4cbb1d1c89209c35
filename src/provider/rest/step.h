/*
 * step.h - one request of a description, and what its answer must be.
 */
#ifndef PROVIDER_REST_STEP_H
#define PROVIDER_REST_STEP_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

#include "base/error.h"
#include "config/document.h"
#include "provider/rest/known.h"

#define STEPS_MAX    8
#define STATUSES_MAX 8

/* How often a step is done: for each record, each name, or each zone. */
enum step_for { FOR_RRSET, FOR_NAME, FOR_ZONE };

enum body_kind { BODY_NONE, BODY_JSON, BODY_FORM, BODY_TEXT };

struct statuses {
	long list[STATUSES_MAX];
	size_t count;
};

/* Everything borrowed belongs to the description's document. */
struct step {
	enum step_for times;
	const char *method;
	const char *path;
	json_object *query; /* or NULL, as all that follow */
	json_object *headers;
	enum body_kind body_kind;
	json_object *body;
	json_object *conditions; /* "if" */
	struct statuses ok;
	struct statuses none;
	json_object *expect;
	json_object *words;
	const char *has;
	const char *pick_in; /* NULL: no pick */
	json_object *pick_where;
	json_object *get; /* a step that gets nothing is a write */
	char label[32];	  /* "steps/2", for messages */
};

/* What is done in order. */
struct steps {
	struct step list[STEPS_MAX];
	size_t count;
};

/* Which part of a description a step belongs to. */
enum part {
	PART_SESSION, /* begin and end */
	PART_ZONE,
	PART_RECORDS /* steps and remove */
};

/*
 * Reads a step, or a list of them, and adds what they get to the sets of k.
 * ERR_CONFIG for whatever can be known to be wrong.
 */
enum err step_read(const struct place *p, struct known *k, enum part part,
    struct step *to, struct error *why);
enum err steps_read(const struct place *p, struct known *k, enum part part,
    struct steps *to, struct error *why);

/* Do the steps for records make sense in this order?  One of them writes. */
enum err steps_check(const struct place *p, const struct steps *steps,
    struct error *why);

bool statuses_have(const struct statuses *s, long status);

/*
 * These stand at the top of a description, too.
 */

/* A JSON Pointer, RFC 6901. */
enum err pointer_read(const struct place *p, const char **to,
    struct error *why);

/* {"/pointer": value or [values]} */
enum err expect_read(const struct place *p, json_object **to,
    struct error *why);

/* Names and templates of header fields. */
enum err headers_read(const struct place *p, json_object *set, json_object **to,
    struct error *why);

#endif
