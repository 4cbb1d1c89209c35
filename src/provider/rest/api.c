#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "config/document.h"
#include "provider/rest/api.h"

#define CONFIG "config."

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

/* All that the operator gives under "config" must have a use. */
static enum err
check_use(const struct api *a, const char *file, struct error *why)
{
	const struct provider_settings *s = a->at->settings;

	if (s->variables == NULL)
		return ERR_OK;
	json_object_object_foreach (s->variables, key, value) {
		struct buffer name = { .max = VARIABLE_LEN_MAX };
		bool known;

		(void)value;
		known = buffer_printf(&name, CONFIG "%s", key) &&
		    description_config(a->description, name.data) != NULL;
		buffer_free(&name);
		if (!known)
			return error_set(why, ERR_CONFIG,
			    "%s: /providers/%s/config/%s: provider %s has no "
			    "such variable",
			    file, s->name, key, a->description->name);
	}
	return ERR_OK;
}

static enum err
check_required(const struct api *a, const char *file, struct error *why)
{
	const struct variables *v = &a->description->variables;

	for (size_t i = 0; i < v->count; i++)
		if (v->list[i].required &&
		    api_config(a, v->list[i].name) == NULL)
			return error_set(why, ERR_CONFIG,
			    "%s: /providers/%s/config/%s: is missing; provider "
			    "%s needs it",
			    file, a->at->settings->name,
			    v->list[i].name + strlen(CONFIG),
			    a->description->name);
	return ERR_OK;
}

/* A path that the operator chooses must be one. */
static enum err
check_paths(const struct api *a, const char *file, struct error *why)
{
	const struct variables *v = &a->description->variables;

	for (size_t i = 0; i < v->count; i++) {
		json_object *given =
		    v->list[i].is_path ? api_config(a, v->list[i].name) : NULL;

		if (given != NULL &&
		    !template_is_path(json_object_get_string(given)))
			return error_set(why, ERR_CONFIG,
			    "%s: /providers/%s/config/%s: must be a path, as "
			    "in "
			    "\"/nic/update\"",
			    file, a->at->settings->name,
			    v->list[i].name + strlen(CONFIG));
	}
	return ERR_OK;
}

static enum err
read_endpoints(struct api *a, struct endpoint *at, struct endpoint *login,
    struct error *why)
{
	const struct description *d = a->description;
	json_object *base = api_config(a, "config.base");
	enum err rc = endpoint_read(at,
	    base != NULL ? json_object_get_string(base) : d->base, why);

	if (rc == ERR_OK && d->begin_base != NULL) {
		a->login = login;
		rc = endpoint_read(login, d->begin_base, why);
	}
	return rc;
}

enum err
api_read(struct api *a, struct endpoint *at, struct endpoint *login,
    const char *file, struct error *why)
{
	const struct provider_settings *s = at->settings;
	char *found = find_file(s->description);
	enum err rc;

	if (found == NULL)
		return error_set(why, ERR_CONFIG,
		    "%s: /providers/%s: there is no %s.json "
		    "in " PROVIDERS_SYSCONFDIR " or " PROVIDERS_DATADIR,
		    file, s->name, s->description);
	a->at = a->login = at;
	/* Not even we may change what tells us where a token goes. */
	if (document_of_root(found, why) == ERR_OK)
		a->description = description_read(found, why);
	free(found);
	if (a->description == NULL)
		return why->code;
	if ((rc = check_use(a, file, why)) != ERR_OK ||
	    (rc = check_required(a, file, why)) != ERR_OK ||
	    (rc = check_paths(a, file, why)) != ERR_OK)
		return rc;
	if (read_endpoints(a, at, login, why) != ERR_OK)
		return error_prefix(why, "%s: /providers/%s", file, s->name);
	return ERR_OK;
}

void
api_end(struct api *a)
{
	description_free(a->description);
	*a = (struct api){ .description = NULL };
}

const struct endpoint *
api_endpoint(const struct api *a, const struct step *step)
{
	return step->host == HOST_LOGIN ? a->login : a->at;
}

json_object *
api_config(const struct api *a, const char *variable)
{
	return variable_is_config(variable) ?
	    json_object_object_get(a->at->settings->variables,
		variable + strlen(CONFIG)) :
	    NULL;
}
