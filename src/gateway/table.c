#include "config.h"

#include "config/roster.h"
#include "gateway/table.h"
#include "state/state.h"

/* What is being read. */
struct reading {
	struct roster *roster;
	int64_t version; /* of the last account */
};

static bool
offer(const struct state_account *a, void *data)
{
	struct reading *r = data;

	roster_offer_text(r->roster, a->name, a->text, (uint64_t)a->version);
	r->version = a->version;
	return true;
}

/*
 * A list that was replaced by an older one, as from a backup, is read as a
 * whole; so is one that has never been read.
 */
static enum err
read_list(struct settings *s, const struct settings *before,
    const struct account_judge *judge, struct store *st, struct error *why)
{
	int64_t version = store_accounts_version(st);
	bool all = version < s->table_version || s->table_version == 0;
	struct reading r = { .version = all ? 0 : s->table_version };
	enum err read = ERR_UNREACHABLE, rc;

	r.roster = roster_begin(s, before, judge, ACCOUNT_IN_TABLE, all, why);
	if (r.roster == NULL)
		return ERR_MEMORY;
	if (version != 0)
		read = store_accounts(st, r.version, offer, &r);
	if ((rc = roster_end(r.roster, read == ERR_OK, why)) != ERR_OK)
		return rc;
	if (read != ERR_OK)
		return error_set(why, read,
		    "state %s: the accounts there cannot be read now",
		    s->state.place);
	s->table_version = r.version > version ? r.version : version;
	return ERR_OK;
}

enum err
table_read(struct settings *s, const struct settings *before,
    const struct account_judge *judge, struct error *why)
{
	struct state *state = state_new(s, why);
	struct store *st = state != NULL ? store_open(state) : NULL;
	enum err rc;

	if (state == NULL)
		return why->code;
	rc = st != NULL ? read_list(s, before, judge, st, why) :
			  error_memory(why);
	store_close(st);
	state_free(state);
	return rc;
}

struct settings *
table_read_settings(const char *file, struct error *why)
{
	struct settings *s = settings_read(file, why);

	if (s != NULL && s->account_table &&
	    table_read(s, NULL, NULL, why) != ERR_OK) {
		settings_free(s);
		return NULL;
	}
	return s;
}
