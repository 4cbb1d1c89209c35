#include "config.h"

#include <stdio.h>
#include <string.h>

#include "command/account/table.h"
#include "config/document.h"
#include "gateway/gateway.h"
#include "state/state.h"

/* The open database. */
struct table {
	struct state *state;
	struct store *store;
};

static bool
table_open(struct table *t, const struct settings *s)
{
	struct error why;

	*t = (struct table){ .state = state_new(s, &why) };
	if (t->state == NULL)
		fprintf(stderr, "ddnsgate: %s\n", why.text);
	else if ((t->store = store_open(t->state)) == NULL)
		fputs("ddnsgate: out of memory\n", stderr);
	return t->store != NULL;
}

static void
table_close(struct table *t)
{
	store_close(t->store);
	state_free(t->state);
}

/* The account that is looked for among all. */
struct search {
	const char *name;
	json_object *content;
	struct error why;
};

static bool
compare(const struct state_account *a, void *data)
{
	struct search *x = data;

	if (strcmp(a->name, x->name) != 0)
		return true;
	if (a->text != NULL)
		(void)document_parse(&x->content, a->text, a->name, &x->why);
	return false;
}

static void
tell_out_of_reach(const struct settings *s)
{
	fprintf(stderr, "ddnsgate: state %s: it is out of reach now\n",
	    s->state.place);
}

bool
account_table_find(const struct settings *s, const char *account,
    json_object **content)
{
	struct search x = { .name = account };
	struct table t;
	bool ok = table_open(&t, s);

	if (ok && store_accounts(t.store, 0, compare, &x) != ERR_OK) {
		tell_out_of_reach(s);
		ok = false;
	} else if (ok && x.why.code != ERR_OK) {
		fprintf(stderr, "ddnsgate: %s\n", x.why.text);
		ok = false;
	}
	table_close(&t);
	*content = x.content;
	return ok;
}

static bool
write_text(const struct settings *s, const char *account, const char *text,
    bool is_new)
{
	struct table t;
	enum err rc = ERR_UNREACHABLE;

	if (table_open(&t, s)) {
		rc = store_account_write(t.store, account, text, is_new);
		if (rc == ERR_UNREACHABLE)
			tell_out_of_reach(s);
		else if (rc != ERR_OK)
			fprintf(stderr,
			    is_new ? "ddnsgate: the account \"%s\" is there "
				     "already; change it\n" :
				     "ddnsgate: there is no account \"%s\"\n",
			    account);
	}
	table_close(&t);
	return rc == ERR_OK;
}

bool
account_table_write(struct settings *s, const char *account, const char *text,
    bool is_new)
{
	struct error why;

	if (gateway_check_account(s, text, account, account, &why) == ERR_OK)
		return write_text(s, account, text, is_new);
	fprintf(stderr, "ddnsgate: %s\n", why.text);
	return false;
}

bool
account_table_remove(const struct settings *s, const char *account)
{
	return write_text(s, account, NULL, false);
}
