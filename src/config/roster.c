#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "config/document.h"
#include "config/roster.h"

struct roster {
	struct settings *settings;
	const struct settings *before; /* or NULL */
	const struct account_judge *judge;
	enum account_source source;
	struct account_settings *list;
	bool *seen; /* one for each of the list: it is there now */
	size_t count, room;
	size_t sorted; /* the first ones, which the settings had */
	bool no_memory;
};

static const char *const places[] = {
	[ACCOUNT_IN_CONFIGURATION] = "the configuration",
	[ACCOUNT_IN_DIRECTORY] = "the directory",
	[ACCOUNT_IN_TABLE] = "the database",
};

/* What lacked memory may seem to be wrong for another reason. */
static void
add_fault(struct roster *r, const struct error *what, const char *outcome)
{
	struct settings *s = r->settings;

	if (what->code == ERR_MEMORY || heap_lacked())
		r->no_memory = true;
	if (s->fault_count < SETTINGS_FAULTS_MAX)
		error_set(&s->faults[s->fault_count], what->code, "%s; %s",
		    what->text, outcome);
	s->fault_count++;
}

static bool
make_room(struct roster *r)
{
	size_t room = r->room * 2 + 64;
	struct account_settings *list;
	bool *seen;

	if (r->count < r->room)
		return true;
	if ((list = realloc(r->list, room * sizeof *list)) != NULL)
		r->list = list;
	if ((seen = realloc(r->seen, room * sizeof *seen)) != NULL)
		r->seen = seen;
	if (list == NULL || seen == NULL)
		return false;
	r->room = room;
	return true;
}

static struct account_settings *
find(struct account_settings *list, size_t count, const char *name)
{
	const struct account_settings wanted = { .name = name };

	return count > 0 ? bsearch(&wanted, list, count, sizeof *list,
			       settings_compare_accounts) :
			   NULL;
}

/* Takes over a: in the place of the old one, or behind all others. */
static void
put(struct roster *r, struct account_settings *old,
    const struct account_settings *a)
{
	if (old != NULL) {
		account_end(old, r->settings);
		*old = *a;
		r->seen[old - r->list] = true;
	} else {
		r->seen[r->count] = true;
		r->list[r->count++] = *a;
	}
}

/*
 * Copies an account to where it stays: into the region while the settings are
 * new, since all of it is then given back as a whole.
 */
static bool
copy(struct roster *r, struct account_settings *to,
    const struct account_settings *from, const struct settings *of)
{
	bool ok;

	heap_region_enter(r->settings->ready ? NULL : r->settings->region);
	ok = account_copy(to, r->settings, from, of);
	heap_region_leave();
	to->loose = r->settings->ready;
	return ok;
}

/*
 * Makes an account of a document, from which it borrows; file is what errors
 * name.
 */
static enum err
read_document(struct roster *r, json_object *document, const char *file,
    const char *name, struct account_settings *a, struct error *why)
{
	struct reader top = reader_top(document, file, why);

	top.name = name;
	account_read(&top, r->settings, a);
	if (reader_ok(&top) && r->judge != NULL &&
	    r->judge->judge(a, r->judge->data, why) != ERR_OK)
		error_prefix(why, "%s", file);
	return why->code;
}

/* The account of that name in the settings before, if it is still right. */
static bool
take_former(struct roster *r, const char *name, uint64_t stamp)
{
	const struct settings *b = r->before;
	const struct account_settings *former =
	    b != NULL ? find(b->accounts, b->account_count, name) : NULL;
	struct account_settings a;
	struct error ignored;

	if (former == NULL || former->source != r->source ||
	    !copy(r, &a, former, b))
		return false;
	if (r->judge != NULL &&
	    r->judge->judge(&a, r->judge->data, &ignored) != ERR_OK) {
		account_end(&a, r->settings);
		return false;
	}
	a.stamp = stamp;
	put(r, NULL, &a);
	return true;
}

/* An account that is wrong now stays as it is in force. */
static void
keep(struct roster *r, const char *name, struct account_settings *old,
    uint64_t stamp, const struct error *fault)
{
	bool kept = old != NULL;

	if (old != NULL) {
		old->stamp = stamp;
		r->seen[old - r->list] = true;
	} else {
		kept = take_former(r, name, stamp);
	}
	add_fault(r, fault,
	    kept ? "the account stays as it was" :
		   "there is no such account until that is mended");
}

/*
 * Is there to be read what file says of the account?  Not if that is as it was,
 * or the account is in another place as well.  *old becomes what the list has.
 */
static bool
is_new(struct roster *r, const char *file, const char *name, uint64_t stamp,
    struct account_settings **old)
{
	struct error why;

	if (!make_room(r)) {
		r->no_memory = true;
		return false;
	}
	*old = find(r->list, r->sorted, name);
	if (*old != NULL && (*old)->source != r->source) {
		error_set(&why, ERR_CONFIG,
		    "%s: account %s is in %s%s%s, too; remove one of them",
		    file, name, places[(*old)->source],
		    (*old)->source == ACCOUNT_IN_TABLE ? "" : " ",
		    (*old)->source == ACCOUNT_IN_CONFIGURATION ?
			r->settings->file :
			(*old)->source == ACCOUNT_IN_DIRECTORY ?
			r->settings->account_directory :
			"");
		add_fault(r, &why, "the other one is in force");
		return false;
	}
	if (*old != NULL && (*old)->stamp == stamp)
		r->seen[*old - r->list] = true;
	return *old == NULL || (*old)->stamp != stamp;
}

/* Takes over document; NULL if why says what is wrong with its text. */
static void
take(struct roster *r, json_object *document, const char *file,
    const char *name, uint64_t stamp, struct account_settings *old,
    struct error *why)
{
	struct account_settings read = { .source = r->source, .stamp = stamp };
	struct account_settings a;

	if (document == NULL ||
	    read_document(r, document, file, name, &read, why) != ERR_OK)
		keep(r, name, old, stamp, why);
	else if (copy(r, &a, &read, r->settings))
		put(r, old, &a);
	else
		r->no_memory = true;
	account_end(&read, r->settings);
	json_object_put(document);
}

void
roster_offer_file(struct roster *r, const char *file, const char *name,
    uint64_t stamp)
{
	struct account_settings *old;
	json_object *document = NULL;
	struct error why;

	if (!is_new(r, file, name, stamp, &old))
		return;
	(void)document_read(&document, file, &why);
	take(r, document, file, name, stamp, old, &why);
}

void
roster_offer_text(struct roster *r, const char *name, const char *text,
    uint64_t stamp)
{
	struct account_settings *old;
	json_object *document = NULL;
	char file[ACCOUNT_NAME_MAX + 32];
	struct error why;

	snprintf(file, sizeof file, "database: account %s", name);
	if (text == NULL) {
		old = find(r->list, r->sorted, name);
		if (old != NULL && old->source == r->source)
			r->seen[old - r->list] = false;
		return;
	}
	if (!is_new(r, file, name, stamp, &old))
		return;
	(void)document_parse(&document, text, file, &why);
	take(r, document, file, name, stamp, old, &why);
}

/* Takes out the accounts of the source that are not there any more. */
static void
drop_unseen(struct roster *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->count; i++) {
		if (r->list[i].source != r->source || r->seen[i])
			r->list[kept++] = r->list[i];
		else
			account_end(&r->list[i], r->settings);
	}
	r->count = kept;
}

struct roster *
roster_begin(struct settings *s, const struct settings *before,
    const struct account_judge *judge, enum account_source source, bool all,
    struct error *why)
{
	struct roster *r = calloc(1, sizeof *r);

	if (r == NULL ||
	    (r->seen = calloc(s->account_count + 1, sizeof *r->seen)) == NULL) {
		free(r);
		error_memory(why);
		return NULL;
	}
	for (size_t i = 0; i < s->account_count; i++)
		r->seen[i] = !all;
	r->settings = s;
	r->before = before;
	r->judge = judge;
	r->source = source;
	r->list = s->accounts;
	r->count = r->room = r->sorted = s->account_count;
	return r;
}

/*
 * The list takes the place of the one that the settings had, in any case: what
 * of it was read is right, even if the rest could not be.
 */
enum err
roster_end(struct roster *r, bool complete, struct error *why)
{
	struct settings *s = r->settings;
	bool no_memory = r->no_memory;

	if (complete && !no_memory)
		drop_unseen(r);
	if (r->count > 0)
		qsort(r->list, r->count, sizeof *r->list,
		    settings_compare_accounts);
	s->accounts = r->list;
	s->account_count = r->count;
	free(r->seen);
	free(r);
	return no_memory ? error_memory(why) : ERR_OK;
}

enum err
roster_check(struct settings *s, const struct account_judge *judge,
    const char *text, const char *file, const char *name, struct error *why)
{
	struct roster r = { .settings = s, .judge = judge };
	struct account_settings a = { .name = NULL };
	json_object *document = NULL;
	enum err rc = document_parse(&document, text, file, why);

	if (rc == ERR_OK)
		rc = read_document(&r, document, file, name, &a, why);
	account_end(&a, s);
	json_object_put(document);
	return rc;
}
