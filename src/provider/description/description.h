/*
 * description.h - a provider's file, read, checked and compiled.
 *
 * One JSON object says how to talk to a provider: ddnsgate-provider(5).  All
 * that can be known without asking the provider is checked here, once; what is
 * left is a plan, which rest/ carries out.  This folder knows neither libcurl,
 * nor a token, nor the time.
 */
#ifndef PROVIDER_DESCRIPTION_DESCRIPTION_H
#define PROVIDER_DESCRIPTION_DESCRIPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/error.h"
#include "provider/description/step.h"
#include "provider/token.h"

#define DESCRIPTION_TTLS_MAX 32

enum sign_kind { SIGN_NONE, SIGN_SIGV4, SIGN_OVH };

/* How requests are signed, and the numbers of the variables that it takes. */
struct sign {
	enum sign_kind kind;
	const char *region; /* of SIGN_SIGV4: "us-east-1:route53" */
	int key, secret;
	int application, consumer, time; /* of SIGN_OVH */
};

/* What a variable is for records of one type. */
struct type_value {
	int variable;
	json_object *value; /* of the document */
};

/* What texts in a provider's answer mean. */
enum meaning {
	MEANS_TOKEN,
	MEANS_ZONE,
	MEANS_BUSY,
	MEANS_UNCHANGED,
	MEANS__MAX
};

/* What stands behind a description. */
enum basis {
	BASIS_DOCUMENTS, /* of the vendor, and other clients */
	BASIS_RECORDING, /* answers that the vendor gave */
	BASIS_RUN	 /* it was run against the real one */
};

/* Everything borrowed belongs to the document, or to the arena. */
struct description {
	json_object *document;
	struct arena arena;
	struct variables variables;
	char *file;
	const char *name;
	const char *about; /* or NULL */
	enum basis basis;
	const char *base;	/* where the operator gives none, or
				   "{config.base}" where one must be given */
	const char *begin_base; /* of begin's steps; NULL: base */
	const char *parts[TOKEN_PARTS_MAX + 1]; /* of the token */
	int part_variables[TOKEN_PARTS_MAX];
	size_t part_count;
	struct fields headers;
	bool has_basic;
	struct template basic[2]; /* user, password */
	struct sign sign;
	struct expectations expect;
	const char *error; /* pointer to the text of an error, or NULL */
	struct words meanings[MEANS__MAX];
	const char *apex; /* what {sub} is there */
	int64_t ttl, ttl_min, ttl_max;
	int64_t ttl_of[DESCRIPTION_TTLS_MAX]; /* ascending */
	size_t ttl_of_count;
	const struct type_value *types[2]; /* of A, of AAAA */
	size_t type_counts[2];
	struct steps begin;
	struct step zone;
	bool has_zone;
	bool zone_gets_more; /* than the zone's name */
	bool zoneless;	     /* no step looks at a zone */
	struct steps steps;
	struct steps remove; /* instead of steps */
	struct steps end;
};

/*
 * Reads and compiles one file.  NULL on the first error, which why tells with
 * the file, the place in it and the remedy.  description_free() takes NULL.
 */
struct description *description_read(const char *file, struct error *why);
void description_free(struct description *d);

/* The variable that the operator gives as "config.x"; NULL: there is none. */
const struct variable *description_config(const struct description *d,
    const char *name);

/* The time to live to ask for: wanted (0: none), within what is allowed. */
int64_t description_ttl(const struct description *d, int64_t wanted);

#endif
