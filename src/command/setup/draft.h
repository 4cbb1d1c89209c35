/*
 * draft.h - a configuration that is being made, or changed: tried as a whole
 * before any file is.
 */
#ifndef COMMAND_SETUP_DRAFT_H
#define COMMAND_SETUP_DRAFT_H

#include <stdbool.h>

#include <json-c/json.h>

#include "base/buffer.h"
#include "base/error.h"
#include "command/replacement.h"
#include "config/settings.h"
#include "gateway/gateway.h"

struct draft {
	char *file;		 /* without links */
	struct buffer text;	 /* of the file, or the beginning of one */
	json_object *before;	 /* what text says */
	json_object *after;	 /* what it is to say */
	struct settings *there;	 /* what is in force; NULL: none, or wrong */
	char *account;		 /* the name of the one that is edited */
	json_object *content;	 /* of that */
	bool is_new;		 /* that account */
	bool apart;		 /* it is in no configuration file, but in the
				    directory or the database */
	struct replacement made; /* of the file */
};

/*
 * Reads the file, or begins a new one if there is none.  False, told on
 * standard error.  draft_end() is due in any case.
 */
bool draft_read(struct draft *d, const char *file);
void draft_end(struct draft *d);

/*
 * Takes the account to edit: content is what is there, or an empty object.
 * False, told on standard error.
 */
bool draft_take_account(struct draft *d, const char *name);

/*
 * All that the draft would mean, as gateway_new() makes it of a file.  NULL:
 * why names the file, the place in it and the remedy.
 */
struct gateway *draft_gateway(const struct draft *d, struct error *why);

/*
 * Writes it beside the file, for the user that serves to read, and lets that
 * user try to serve with it.  False, told on standard error.
 */
bool draft_write(struct draft *d, const char *user,
    const struct ownership *owner);

/*
 * Gives it the name of the file, and writes the account if that is elsewhere:
 * both, or none of them.  False, told on standard error.
 */
bool draft_take_place(struct draft *d);

#endif
