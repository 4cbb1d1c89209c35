/*
 * walk.h - one update of a host step by step, told to a person; nothing is
 * published.
 */
#ifndef COMMAND_WALK_H
#define COMMAND_WALK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "gateway/plan.h"
#include "gateway/update.h"

struct walk {
	struct request request;
	struct update update;
	struct buffer query;
	char *variables[3]; /* of the request, which borrows them */
	bool misspelled;    /* a word is none that a router could send */
};

/*
 * Reads the words, such as "ipv4=192.0.2.1", as those of a router, and plans
 * the update of a host of the account a.  g, a and host must outlive w.  False,
 * told on standard error.  walk_end() is due in any case.
 */
bool walk_begin(struct walk *w, const struct gateway *g,
    const struct account_settings *a, const char *host, char *words[]);
void walk_end(struct walk *w);

/* Tells how each address is made; false: none of them may be published. */
bool walk_addresses(const struct walk *w);

/* Tries the proofs, and tells each.  False: *why is the reason of one. */
bool walk_proofs(struct walk *w, const struct error **why);

/* What would be published, at most two records; returns how many. */
size_t walk_publications(const struct walk *w, enum leave leave,
    struct publication to[static 2]);

/*
 * Reads what the provider has of the records, whose leave is LEAVE_AWAITED, and
 * tells it; nothing is written.  False: *why is what the provider said.
 */
bool walk_provider(const struct provider *p, struct exchanges *x,
    const char *token, struct publication *const list[], size_t count,
    const struct error **why);

#endif
