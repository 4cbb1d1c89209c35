#include "config.h"

#include <stdio.h>

#include "base/json.h"
#include "command/account/file.h"
#include "command/account/form.h"
#include "command/account/store.h"
#include "command/account/table.h"

bool
account_store_in_table(const struct settings *s, const char *name, bool is_new)
{
	return s->account_table &&
	    (is_new ? s->account_directory == NULL :
		      !account_file_is_there(s, name));
}

bool
account_store_write(struct settings *s, const char *name, json_object *content,
    bool is_new)
{
	const char *text = json_text(content,
	    JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
		JSON_C_TO_STRING_NOSLASHESCAPE);

	if (text == NULL) {
		fputs("ddnsgate: out of memory\n", stderr);
		return false;
	}
	return account_store_in_table(s, name, is_new) ?
	    account_table_write(s, name, text, is_new) :
	    account_file_write(s, name, text, is_new);
}

/* Whatever it is; as account_store_find(). */
static bool
find_content(const struct settings *s, const char *name, json_object **content)
{
	*content = NULL;
	if (account_store_in_table(s, name, false))
		return account_table_find(s, name, content);
	if (!account_file_is_there(s, name))
		return true;
	*content = account_file_read(s, name);
	return *content != NULL;
}

bool
account_store_find(const struct settings *s, const char *name,
    json_object **content)
{
	if (!find_content(s, name, content))
		return false;
	if (*content == NULL || account_form_fits(*content))
		return true;
	fprintf(stderr,
	    "ddnsgate: account \"%s\": it, its \"hosts\" and each of them must "
	    "be objects, as in ddnsgate.json(5); mend that first\n",
	    name);
	json_object_put(*content);
	*content = NULL;
	return false;
}

json_object *
account_store_read(const struct settings *s, const char *name)
{
	json_object *content;

	if (account_store_find(s, name, &content) && content == NULL)
		fprintf(stderr, "ddnsgate: there is no account \"%s\"\n", name);
	return content;
}

bool
account_store_remove(const struct settings *s, const char *name)
{
	return account_store_in_table(s, name, false) ?
	    account_table_remove(s, name) :
	    account_file_remove(s, name);
}
