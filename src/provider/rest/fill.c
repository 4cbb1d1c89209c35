#include "config.h"

#include <limits.h>
#include <string.h>

#include "provider/rest/fill.h"

#define STRING_MAX 65536 /* bytes of one string in a JSON body */
#define FIELD_MAX  8192	 /* bytes of one field of a query or a form */

/* RFC 3986 section 2.3. */
#define UNRESERVED                                             \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" \
	"0123456789-._~"

/*
 * Texts
 */

/* Escapes all but the characters of keep. */
static void
encode_percent(struct buffer *to, const char *value, size_t len,
    const char *keep)
{
	for (size_t i = 0; i < len; i++)
		if (strchr(keep, value[i]) != NULL)
			buffer_add(to, &value[i], 1);
		else
			buffer_printf(to, "%%%02X", (unsigned char)value[i]);
}

void
fill_escaped(struct buffer *to, const char *value, enum encoding as)
{
	encode_percent(to, value, strlen(value),
	    as == ENCODE_PATH ? UNRESERVED "*@:" : UNRESERVED);
}

static void
encode_xml(struct buffer *to, const char *value)
{
	static const char *const entities[UCHAR_MAX + 1] = {
		['&'] = "&amp;",
		['<'] = "&lt;",
		['>'] = "&gt;",
		['"'] = "&quot;",
	};

	for (; *value != '\0'; value++) {
		const char *entity = entities[(unsigned char)*value];

		if (entity != NULL)
			buffer_puts(to, entity);
		else
			buffer_add(to, value, 1);
	}
}

static enum err
encode(struct buffer *to, const char *name, const char *value, enum encoding as,
    struct error *why)
{
	for (const char *c = value; as == ENCODE_HEADER && *c != '\0'; c++)
		if (!template_may_hold(as, *c))
			return error_set(why, ERR_REFUSED,
			    "{%s} holds what no header can", name);
	if (as == ENCODE_PATH || as == ENCODE_QUERY)
		fill_escaped(to, value, as);
	else if (as == ENCODE_XML)
		encode_xml(to, value);
	else
		buffer_puts(to, value);
	return ERR_OK;
}

enum err
fill_room(const struct buffer *to, struct error *why)
{
	if (to->failed)
		return error_set(why, ERR_REFUSED,
		    "the request would exceed %zu bytes", to->max);
	return ERR_OK;
}

enum err
fill_text(struct buffer *to, const struct template *t, const struct values *v,
    enum encoding as, bool *dropped, struct error *why)
{
	if (dropped != NULL)
		*dropped = false;
	for (size_t i = 0; i < t->count; i++) {
		const struct piece *p = &t->pieces[i];
		const char *value;
		enum err rc;

		if (p->literal != NULL) {
			if (as == ENCODE_QUERY)
				encode_percent(to, p->literal, p->len,
				    UNRESERVED);
			else
				buffer_add(to, p->literal, p->len);
			continue;
		}
		if ((value = values_text(v, p->variable)) == NULL)
			value = p->fallback;
		if (value == NULL && p->optional && dropped != NULL) {
			*dropped = true;
			return ERR_OK;
		}
		if (value == NULL)
			return error_set(why, ERR_REFUSED,
			    "{%s} is not known here", p->name);
		if ((rc = encode(to, p->name, value, as, why)) != ERR_OK)
			return rc;
	}
	return fill_room(to, why);
}

enum err
fill_path(struct buffer *to, const struct step_request *request,
    const struct values *v, struct error *why)
{
	if (request->path_chosen)
		return fill_text(to, &request->segments[0], v, ENCODE_PLAIN,
		    NULL, why);
	for (size_t i = 0; i < request->segment_count; i++) {
		bool last = i + 1 == request->segment_count;
		size_t start = to->len;
		const char *made;
		enum err rc;

		if ((rc = fill_text(to, &request->segments[i], v, ENCODE_PATH,
			 NULL, why)) != ERR_OK)
			return rc;
		made = to->data != NULL ? to->data + start : "";
		/* The first segment is what stands before the first slash. */
		if (i > 0 &&
		    ((*made == '\0' && !last) || strcmp(made, ".") == 0 ||
			strcmp(made, "..") == 0))
			return error_set(why, ERR_REFUSED,
			    "the path would have a segment \"%s\"", made);
		if (!last)
			buffer_puts(to, "/");
	}
	return fill_room(to, why);
}

enum err
fill_fields(struct buffer *to, const struct fields *fields,
    const struct values *v, struct error *why)
{
	const char *separator = "";

	for (size_t i = 0; i < fields->count; i++) {
		const struct field *f = &fields->list[i];
		struct buffer made = { .max = FIELD_MAX };
		bool dropped;
		enum err rc;

		buffer_puts(&made, separator);
		rc =
		    fill_text(&made, &f->name_made, v, ENCODE_QUERY, NULL, why);
		/* A name without a value, as in "?JSON". */
		buffer_puts(&made, f->value.count == 0 ? "" : "=");
		if (rc == ERR_OK)
			rc = fill_text(&made, &f->value, v, ENCODE_QUERY,
			    &dropped, why);
		if (rc == ERR_OK && !dropped) {
			buffer_add(to, made.data, made.len);
			separator = "&";
		}
		buffer_free(&made);
		if (rc != ERR_OK)
			return rc;
	}
	return fill_room(to, why);
}

/*
 * JSON
 */

static enum err
copy_json(json_object **to, json_object *value, struct error *why)
{
	return json_object_deep_copy(value, to, NULL) == 0 ? ERR_OK :
							     error_memory(why);
}

static enum err
fill_string(json_object **to, const struct template *t, const struct values *v,
    struct error *why)
{
	json_object *typed =
	    template_is_typed(t) ? values_get(v, t->pieces[0].variable) : NULL;
	struct buffer made = { .max = STRING_MAX };
	bool dropped;
	enum err rc;

	if (typed != NULL)
		return copy_json(to, typed, why);
	rc = fill_text(&made, t, v, ENCODE_PLAIN, &dropped, why);
	if (rc == ERR_OK && !dropped &&
	    (*to = json_object_new_string_len(made.data != NULL ? made.data :
								  "",
		 (int)made.len)) == NULL)
		rc = error_memory(why);
	buffer_free(&made);
	return rc;
}

/* Takes over part, which is what is called name if to is an object. */
static enum err
add_part(json_object *to, const char *name, json_object *part,
    struct error *why)
{
	if (part == NULL ||
	    (name != NULL ? json_object_object_add(to, name, part) :
			    json_object_array_add(to, part)) == 0)
		return ERR_OK;
	json_wipe(part);
	return error_memory(why);
}

static enum err
fill_parts(json_object *to, const struct body *body, const struct values *v,
    const struct group *each, struct error *why)
{
	enum err rc = ERR_OK;

	for (size_t i = 0; i < body->count && rc == ERR_OK; i++) {
		const struct body *part = &body->parts[i];
		json_object *made;

		rc = fill_body(&made, part, v, each, why);
		if (rc == ERR_OK)
			rc = add_part(to,
			    body->shape == SHAPE_OBJECT ? part->name : NULL,
			    made, why);
	}
	return rc;
}

static enum err
fill_each(json_object *to, const struct body *body, const struct group *each,
    struct error *why)
{
	enum err rc = ERR_OK;

	for (size_t i = 0; i < each->count && rc == ERR_OK; i++)
		if (values_hold(each->list[i], &body->only_if))
			rc = fill_parts(to, body, each->list[i], NULL, why);
	return rc;
}

enum err
fill_body(json_object **to, const struct body *body, const struct values *v,
    const struct group *each, struct error *why)
{
	enum err rc = ERR_OK;

	*to = NULL;
	if (body->shape == SHAPE_TEXT)
		return fill_string(to, &body->text, v, why);
	if (body->shape == SHAPE_CONSTANT)
		return copy_json(to, body->constant, why);
	*to = body->shape == SHAPE_OBJECT ? json_object_new_object() :
					    json_object_new_array();
	if (*to == NULL)
		return error_memory(why);
	rc = body->shape == SHAPE_EACH ? fill_each(*to, body, each, why) :
					 fill_parts(*to, body, v, each, why);
	/* No record for $each: the member falls away. */
	if (rc != ERR_OK ||
	    (body->shape == SHAPE_EACH && json_object_array_length(*to) == 0)) {
		json_wipe(*to);
		*to = NULL;
	}
	return rc;
}
