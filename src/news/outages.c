#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "news/outages.h"

#define MARK	"mark"
#define KEY_MAX 256

/* The provider of the account, or NULL. */
static const struct provider_settings *
provider_of(const struct settings *s, const char *account, size_t *index)
{
	const struct account_settings *a =
	    account != NULL ? settings_account(s, account) : NULL;

	if (a == NULL)
		return NULL;
	*index = a->provider;
	return &s->providers[a->provider];
}

/*
 * Was it the provider?  What we lack, or another update took over, is busy as
 * well; a provider's reason begins with its name.
 */
static bool
is_failure(const struct provider_settings *p, const struct state_event *e)
{
	size_t len = strlen(p->name);

	if (strcmp(e->verdict, "provider") == 0)
		return true;
	return strcmp(e->verdict, "busy") == 0 && e->reason != NULL &&
	    strncmp(e->reason, p->name, len) == 0 && e->reason[len] == ':';
}

void
outages_count(struct outages *o, const struct settings *s,
    const struct state_event *e)
{
	const struct provider_settings *p;
	struct outage *one;
	size_t index;

	if (e->verdict == NULL || strcmp(e->mark, o->mark) <= 0)
		return;
	snprintf(o->mark, sizeof o->mark, "%s", e->mark);
	if ((p = provider_of(s, e->account, &index)) == NULL)
		return;
	one = &o->list[index];
	if (strcmp(e->verdict, "good") == 0)
		*one = (struct outage){ .since = 0 };
	if (!is_failure(p, e))
		return;
	if (one->since == 0)
		one->since = e->at;
	one->last = e->at;
	snprintf(one->reason, sizeof one->reason, "%s",
	    e->reason != NULL ? e->reason : "");
}

bool
outage_is_due(const struct outage *o, int64_t seconds)
{
	return o->since != 0 && !o->told && o->last - o->since >= seconds;
}

void
outage_correct(struct outage *o, int64_t worked)
{
	if (worked < o->since)
		return;
	o->since = worked < o->last ? o->last : 0;
}

static const char *
key_of(const struct provider_settings *p, char key[static KEY_MAX])
{
	snprintf(key, KEY_MAX, "of %s", p->name);
	return key;
}

/* [since, last, told, "reason"], as read_outage() reads it; NULL: no memory. */
static json_object *
write_outage(const struct outage *o)
{
	json_object *a = json_object_new_array();

	if (json_append_made(a, json_object_new_int64(o->since)) &&
	    json_append_made(a, json_object_new_int64(o->last)) &&
	    json_append_made(a, json_object_new_boolean(o->told)) &&
	    json_append_made(a, json_object_new_string(o->reason)))
		return a;
	json_object_put(a);
	return NULL;
}

json_object *
outages_write(const struct outages *o, const struct settings *s)
{
	json_object *all = json_object_new_object();
	char key[KEY_MAX];
	bool whole = json_add_made(all, MARK, json_object_new_string(o->mark));

	for (size_t i = 0; i < s->provider_count && whole; i++)
		if (o->list[i].since != 0)
			whole =
			    json_add_made(all, key_of(&s->providers[i], key),
				write_outage(&o->list[i]));
	if (whole)
		return all;
	json_object_put(all);
	return NULL;
}

static void
read_outage(struct outage *o, json_object *a)
{
	json_object *reason = json_object_array_get_idx(a, 3);

	o->since = json_object_get_int64(json_object_array_get_idx(a, 0));
	o->last = json_object_get_int64(json_object_array_get_idx(a, 1));
	o->told = json_object_get_boolean(json_object_array_get_idx(a, 2));
	snprintf(o->reason, sizeof o->reason, "%s",
	    reason != NULL ? json_object_get_string(reason) : "");
}

void
outages_read(struct outages *o, const struct settings *s, json_object *from)
{
	json_object *mark = NULL, *one;
	char key[KEY_MAX];

	*o = (struct outages){ .mark = "" };
	if (!json_object_is_type(from, json_type_object))
		return;
	if (json_object_object_get_ex(from, MARK, &mark))
		snprintf(o->mark, sizeof o->mark, "%s",
		    json_object_get_string(mark));
	for (size_t i = 0; i < s->provider_count; i++)
		if (json_object_object_get_ex(from,
			key_of(&s->providers[i], key), &one) &&
		    json_object_is_type(one, json_type_array))
			read_outage(&o->list[i], one);
}
