#include "config.h"

#include <string.h>

#include <gnutls/gnutls.h>

#include "base/secret.h"
#include "provider/compose.h"

#define PATH_MAX_LEN	8192
#define HEADER_MAX_LEN	8192
#define BODY_MAX_LEN	(256UL << 10)

static enum err
no_memory(struct error *why)
{
	return error_set(why, ERR_MEMORY, "out of memory");
}

static enum err
add_header(struct curl_slist **list, struct buffer *line, struct error *why)
{
	struct curl_slist *longer = line->failed ? NULL :
	    curl_slist_append(*list, line->data);

	buffer_free(line);
	if (longer == NULL)
		return no_memory(why);
	*list = longer;
	return ERR_OK;
}

enum err
message_header(struct message *m, const char *line, struct error *why)
{
	struct buffer copy = { .max = HEADER_MAX_LEN };

	buffer_puts(&copy, line);
	return add_header(&m->headers, &copy, why);
}

static enum err
add_headers(struct curl_slist **list, json_object *headers,
    const struct scope *s, struct error *why)
{
	enum err rc = ERR_OK;

	if (headers == NULL)
		return ERR_OK;
	json_object_object_foreach(headers, name, value) {
		struct buffer line = { .max = HEADER_MAX_LEN };
		bool dropped;

		buffer_printf(&line, "%s: ", name);
		rc = template_text(&line, json_object_get_string(value), s,
		    ENCODE_HEADER, &dropped, why);
		if (rc == ERR_OK && !dropped)
			rc = add_header(list, &line, why);
		buffer_free(&line);
		if (rc != ERR_OK)
			return rc;
	}
	return ERR_OK;
}

/* RFC 7617, made here so that libcurl never knows a user name. */
static enum err
add_basic(struct curl_slist **list, const struct description *d,
    const struct scope *s, struct error *why)
{
	struct buffer pair = { .max = 4096 }, line = { .max = HEADER_MAX_LEN };
	gnutls_datum_t raw, coded = { NULL, 0 };
	enum err rc;

	rc = template_text(&pair, d->basic[0], s, ENCODE_HEADER,
	    NULL, why);
	buffer_puts(&pair, ":");
	if (rc == ERR_OK)
		rc = template_text(&pair, d->basic[1], s,
		    ENCODE_HEADER, NULL, why);
	raw = (gnutls_datum_t){ (unsigned char *)pair.data,
	    (unsigned int)pair.len };
	if (rc == ERR_OK && gnutls_base64_encode2(&raw, &coded) < 0)
		rc = no_memory(why);
	if (rc == ERR_OK) {
		buffer_printf(&line, "Authorization: Basic %.*s",
		    (int)coded.size, (char *)coded.data);
		rc = add_header(list, &line, why);
	}
	secret_wipe(coded.data, coded.size);
	gnutls_free(coded.data);
	buffer_free(&pair);
	return rc;
}

/* "a=1&b=2"; members that are dropped leave no trace. */
static enum err
make_form(struct buffer *to, json_object *fields, const struct scope *s,
    struct error *why)
{
	const char *separator = "";
	enum err rc;

	json_object_object_foreach(fields, name, value) {
		struct buffer field = { .max = HEADER_MAX_LEN };
		const char *text = json_object_get_string(value);
		bool dropped;

		rc = template_text(&field, text, s, ENCODE_QUERY, &dropped, why);
		if (rc == ERR_OK && !dropped) {
			/* A key without a value, as in "?JSON". */
			buffer_printf(to, "%s%s%s", separator, name,
			    *text == '\0' ? "" : "=");
			buffer_add(to, field.data != NULL ? field.data : "",
			    field.len);
			separator = "&";
		}
		buffer_free(&field);
		if (rc != ERR_OK)
			return rc;
	}
	return to->failed ? no_memory(why) : ERR_OK;
}

/*
 * Fills body and the header that names its kind.  *empty: the template left
 * nothing, so that the step is to be passed over.
 */
static enum err
make_body(struct buffer *body, struct curl_slist **headers,
    const struct step *step, const struct scope *s, const struct scope *each,
    size_t count, bool *empty, struct error *why)
{
	static const char *const types[] = { [BODY_NONE] = NULL,
	    [BODY_JSON] = "application/json",
	    [BODY_FORM] = "application/x-www-form-urlencoded",
	    [BODY_TEXT] = NULL };		/* its headers say */
	struct buffer line = { .max = 128 };
	json_object *tree = NULL;
	const char *text;
	enum err rc = ERR_OK;

	*empty = false;
	switch (step->body_kind) {
	case BODY_NONE:
		return ERR_OK;
	case BODY_FORM:
		rc = make_form(body, step->body, s, why);
		break;
	case BODY_TEXT:
		rc = template_text(body, json_object_get_string(step->body), s,
		    ENCODE_XML, NULL, why);
		break;
	case BODY_JSON:
		rc = template_json(&tree, step->body, s, each, count, why);
		if (rc != ERR_OK)
			return rc;
		*empty = tree == NULL ||
		    (json_object_is_type(tree, json_type_object) &&
		    json_object_object_length(tree) == 0);
		text = json_object_to_json_string_ext(tree,
		    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
		if (text == NULL || !buffer_puts(body, text))
			rc = no_memory(why);
		/* json-c keeps that text inside the tree, if there is one. */
		if (tree != NULL)
			secret_wipe_string((char *)(uintptr_t)text);
		template_wipe(tree);
		break;
	}
	if (rc == ERR_OK && types[step->body_kind] != NULL) {
		buffer_printf(&line, "Content-Type: %s",
		    types[step->body_kind]);
		rc = add_header(headers, &line, why);
	}
	return rc;
}

enum err
compose(struct message *m, const struct description *d,
    const struct step *step, const char *base, const struct scope *s,
    const struct scope *each, size_t count, struct error *why)
{
	enum err rc;

	*m = (struct message){ .path.max = PATH_MAX_LEN,
	    .body.max = BODY_MAX_LEN, .sigv4.max = HEADER_MAX_LEN,
	    .userpwd.max = HEADER_MAX_LEN };
	buffer_puts(&m->path, base);
	if ((rc = template_path(&m->path, step->path, s, why)) != ERR_OK)
		return rc;
	if (step->query != NULL) {
		buffer_puts(&m->path, "?");
		rc = make_form(&m->path, step->query, s, why);
	}
	if (rc == ERR_OK)
		rc = add_headers(&m->headers, d->headers, s, why);
	if (rc == ERR_OK)
		rc = add_headers(&m->headers, step->headers, s, why);
	if (rc == ERR_OK && d->basic[0] != NULL)
		rc = add_basic(&m->headers, d, s, why);
	if (rc == ERR_OK)
		rc = make_body(&m->body, &m->headers, step, s, each, count,
		    &m->empty, why);
	return rc;
}

void
message_end(struct message *m)
{
	/* The lines are libcurl's; heap.h says why they need no wiping. */
	curl_slist_free_all(m->headers);
	m->headers = NULL;
	buffer_free(&m->path);
	buffer_free(&m->body);
	buffer_free(&m->sigv4);
	buffer_free(&m->userpwd);
}
