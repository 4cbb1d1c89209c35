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
tell(const struct settings *s, const char *account, enum err rc, bool is_new)
{
	if (rc == ERR_UNREACHABLE)
		fprintf(stderr, "ddnsgate: state %s: it is out of reach now\n",
		    s->state.place);
	else if (is_new)
		fprintf(stderr,
		    "ddnsgate: the account \"%s\" is there already; change "
		    "it\n",
		    account);
	else
		fprintf(stderr, "ddnsgate: there is no account \"%s\"\n",
		    account);
}

json_object *
account_table_read(const struct settings *s, const char *account)
{
	struct search x = { .name = account };
	struct table t;
	enum err rc;

	if (table_open(&t, s)) {
		rc = store_accounts(t.store, 0, compare, &x);
		if (x.why.code != ERR_OK)
			fprintf(stderr, "ddnsgate: %s\n", x.why.text);
		else if (x.content == NULL)
			tell(s, account, rc, false);
	}
	table_close(&t);
	return x.content;
}

static bool
write_text(const struct settings *s, const char *account, const char *text,
    bool is_new)
{
	struct table t;
	enum err rc = ERR_UNREACHABLE;

	if (table_open(&t, s)) {
		rc = store_account_write(t.store, account, text, is_new);
		if (rc != ERR_OK)
			tell(s, account, rc, is_new);
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
