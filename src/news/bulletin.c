#include "config.h"

#include "news/bulletin.h"

/* "home.example.org: the new IPv4 address was published", or how many. */
static void
put_title(struct buffer *to, const struct news_list *list)
{
	if (list->count == 1)
		buffer_puts(to, list->items[0].title);
	else
		buffer_printf(to, "ddnsgate: %zu news", list->count);
}

/* Each with its title, unless that is the title of all. */
static void
put_text(struct buffer *to, const struct news_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->count > 1)
			buffer_printf(to, "%s%s\n", i > 0 ? "\n\n" : "",
			    list->items[i].title);
		buffer_puts(to, list->items[i].text);
	}
}

static json_object *
make_json(const char *title, const char *text, const struct news_list *list)
{
	json_object *o = json_object_new_object();
	json_object *events = json_object_new_array();

	json_object_object_add(o, "service",
	    json_object_new_string(PACKAGE_NAME));
	json_object_object_add(o, "title", json_object_new_string(title));
	json_object_object_add(o, "text", json_object_new_string(text));
	json_object_object_add(o, "events", events);
	for (size_t i = 0; i < list->count; i++)
		json_object_array_add(events,
		    json_object_get(list->items[i].fields));
	return o;
}

bool
bulletin_make(struct bulletin *m, const struct receiver_settings *to,
    const struct news_list *list)
{
	struct buffer title = { .max = BULLETIN_MAX };
	struct buffer text = { .max = BULLETIN_MAX };
	json_object *o = NULL;

	(void)to;
	*m = (struct bulletin){ .body.max = BULLETIN_MAX,
		.type = "application/json" };
	put_title(&title, list);
	put_text(&text, list);
	if (!title.failed && !text.failed &&
	    (o = make_json(title.data, text.data, list)) != NULL)
		buffer_puts(&m->body,
		    json_object_to_json_string_ext(o,
			JSON_C_TO_STRING_PLAIN |
			    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
	buffer_free(&title);
	buffer_free(&text);
	return m->body.len > 0 && !m->body.failed;
}

void
bulletin_free(struct bulletin *m)
{
	buffer_free(&m->body);
}
