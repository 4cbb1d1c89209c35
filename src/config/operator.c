#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "config/operator.h"
#include "config/settings.h"

static void
read_operator(struct reader *r, struct operator_settings *to)
{
	const char *fault = account_name_fault(r->name);
	struct reader verifier;

	to->name = r->name;
	if (fault != NULL)
		reader_fail(r, "%s", fault);
	if (!reader_object(r))
		return;
	verifier = reader_member(r, "verifier");
	read_end(r);
	reader_required(&verifier);
	to->verifier = reader_string(&verifier, NULL);
}

void
operators_read(const struct reader *r, struct settings *s)
{
	size_t count;

	if (!r->present ||
	    (count = reader_entries(r, OPERATORS_MAX, "operators")) == 0)
		return;
	if ((s->operators = calloc(count, sizeof *s->operators)) == NULL) {
		reader_no_memory(r);
		return;
	}
	json_object_object_foreach (r->value, name, value) {
		struct reader e = reader_entry(r, name, value);

		read_operator(&e, &s->operators[s->operator_count++]);
		if (!reader_goes_on(r))
			return;
	}
}

const struct operator_settings *
operators_find(const struct settings *s, const char *name)
{
	for (size_t i = 0; i < s->operator_count; i++)
		if (strcmp(s->operators[i].name, name) == 0)
			return &s->operators[i];
	return NULL;
}
