#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "config/document.h"
#include "provider/rest/rest.h"

/* The operator's own file of that name goes before ours. */
static char *
find_file(const char *name)
{
	static const char *const directories[] = {
		PROVIDERS_SYSCONFDIR,
		PROVIDERS_DATADIR,
	};
	struct buffer file = { .max = 4096 };

	for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
		buffer_clear(&file);
		buffer_printf(&file, "%s/%s.json", directories[i], name);
		/* A name from a command line may be a path. */
		if (!file.failed && strchr(name, '/') == NULL &&
		    access(file.data, F_OK) == 0)
			return buffer_take(&file);
	}
	buffer_free(&file);
	return NULL;
}

/* What the operator gives under "config", all of which must have a use. */
static enum err
take_variables(struct rest *r, const struct provider_settings *s,
    const char *file, struct error *why)
{
	if (s->variables == NULL)
		return ERR_OK;
	json_object_object_foreach (s->variables, key, value) {
		char variable[64];

		if (snprintf(variable, sizeof variable, "config.%s", key) >=
			(int)sizeof variable ||
		    !json_object_object_get_ex(r->description->variables,
			variable, NULL))
			return error_set(why, ERR_CONFIG,
			    "%s: /providers/%s/"
			    "config/%s: provider %s has no such variable",
			    file, s->name, key, r->description->name);
		if (json_object_object_add(r->variables, variable,
			json_object_get(value)) != 0)
			return error_memory(why);
	}
	return ERR_OK;
}

static enum err
check_variables(const struct rest *r, const struct provider_settings *s,
    const char *file, struct error *why)
{
	json_object_object_foreach (r->description->variables, key, needed)
		if (json_object_get_boolean(needed) &&
		    !json_object_object_get_ex(r->variables, key, NULL))
			return error_set(why, ERR_CONFIG,
			    "%s: /providers/%s/"
			    "config/%s: is missing; provider %s needs it",
			    file, s->name, key + strlen("config."),
			    r->description->name);
	return ERR_OK;
}

static enum err
read_endpoints(struct rest *r, struct endpoint *at, struct endpoint *begin,
    struct error *why)
{
	const struct description *d = r->description;
	json_object *base = NULL;

	json_object_object_get_ex(r->variables, "config.base", &base);
	TRY(endpoint_read(at,
	    base != NULL ? json_object_get_string(base) : d->base, why));
	if (d->begin_base != NULL)
		TRY(endpoint_read(begin, d->begin_base, why));
	r->at = at;
	r->begin = d->begin_base != NULL ? begin : at;
	return ERR_OK;
}

enum err
rest_read(struct rest *r, struct endpoint *at, struct endpoint *begin,
    const char *file, struct error *why)
{
	const struct provider_settings *s = at->settings;
	char *found = find_file(s->description);

	if (found == NULL)
		return error_set(why, ERR_CONFIG,
		    "%s: /providers/%s: there is "
		    "no %s.json in " PROVIDERS_SYSCONFDIR
		    " or " PROVIDERS_DATADIR,
		    file, s->name, s->description);
	/* Not even we may change what tells us where a token goes. */
	if (document_of_root(found, why) == ERR_OK)
		r->description = description_read(found, why);
	free(found);
	if (r->description == NULL)
		return why->code;
	if ((r->variables = json_object_new_object()) == NULL)
		return error_memory(why);
	TRY(take_variables(r, s, file, why));
	TRY(check_variables(r, s, file, why));
	if (read_endpoints(r, at, begin, why) != ERR_OK)
		return error_prefix(why, "%s: /providers/%s", file, s->name);
	return ERR_OK;
}

void
rest_end(struct rest *r)
{
	description_free(r->description);
	json_object_put(r->variables);
	*r = (struct rest){ .description = NULL };
}
