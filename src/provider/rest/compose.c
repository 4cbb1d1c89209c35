#include "config.h"

#include <string.h>

#include <gnutls/gnutls.h>

#include "base/secret.h"
#include "provider/rest/body.h"
#include "provider/rest/compose.h"

#define PATH_LEN_MAX   8192
#define HEADER_LEN_MAX 8192
#define BODY_LEN_MAX   (256UL << 10)

enum err
message_header(struct message *m, const char *line, struct error *why)
{
	struct curl_slist *longer = curl_slist_append(m->headers, line);

	if (longer == NULL)
		return error_memory(why);
	m->headers = longer;
	return ERR_OK;
}

static enum err
add_headers(struct message *m, json_object *headers, const struct scope *s,
    struct error *why)
{
	if (headers == NULL)
		return ERR_OK;
	json_object_object_foreach (headers, name, value) {
		struct buffer line = { .max = HEADER_LEN_MAX };
		bool dropped;
		enum err rc;

		buffer_printf(&line, "%s: ", name);
		rc = template_text(&line, json_object_get_string(value), s,
		    ENCODE_HEADER, &dropped, why);
		if (rc == ERR_OK && !dropped)
			rc = message_header(m, line.data, why);
		buffer_free(&line);
		if (rc != ERR_OK)
			return rc;
	}
	return ERR_OK;
}

/* RFC 7617, made here so that libcurl never knows a user name. */
static enum err
add_basic(struct message *m, const struct description *d, const struct scope *s,
    struct error *why)
{
	struct buffer pair = { .max = 4096 }, line = { .max = HEADER_LEN_MAX };
	gnutls_datum_t raw, coded = { NULL, 0 };
	enum err rc;

	rc = template_text(&pair, d->basic, s, ENCODE_HEADER, NULL, why);
	raw = (gnutls_datum_t){ (unsigned char *)pair.data,
		(unsigned int)pair.len };
	if (rc == ERR_OK && gnutls_base64_encode2(&raw, &coded) < 0)
		rc = error_memory(why);
	if (rc == ERR_OK)
		rc = buffer_printf(&line, "Authorization: Basic %.*s",
			 (int)coded.size, (char *)coded.data) ?
		    message_header(m, line.data, why) :
		    error_memory(why);
	secret_wipe(coded.data, coded.size);
	gnutls_free(coded.data);
	buffer_free(&pair);
	buffer_free(&line);
	return rc;
}

/* "a=1&b=2"; members that are dropped leave no trace. */
static enum err
add_fields(struct buffer *to, json_object *fields, const struct scope *s,
    struct error *why)
{
	const char *separator = "";

	json_object_object_foreach (fields, name, value) {
		struct buffer field = { .max = HEADER_LEN_MAX };
		const char *text = json_object_get_string(value);
		bool dropped;
		enum err rc;

		buffer_puts(&field, separator);
		/* A key without a value, as in "?JSON". */
		template_escape(&field, name);
		buffer_puts(&field, *text == '\0' ? "" : "=");
		rc =
		    template_text(&field, text, s, ENCODE_QUERY, &dropped, why);
		if (rc == ERR_OK && !dropped) {
			buffer_add(to, field.data, field.len);
			separator = "&";
		}
		buffer_free(&field);
		if (rc != ERR_OK)
			return rc;
	}
	return template_room(to, why);
}

static enum err
add_json(struct message *m, json_object *body, const struct scope *s,
    const struct group *each, struct error *why)
{
	json_object *tree;
	const char *text;

	TRY(body_fill(&tree, body, s, each, why));
	m->empty = tree == NULL ||
	    (json_object_is_type(tree, json_type_object) &&
		json_object_object_length(tree) == 0);
	/* json-c keeps this text inside the tree. */
	text = tree == NULL ?
	    "" :
	    json_object_to_json_string_ext(tree,
		JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text != NULL)
		buffer_puts(&m->body, text);
	if (tree != NULL)
		secret_wipe_string((char *)(uintptr_t)text);
	scope_wipe(tree);
	return text != NULL ? template_room(&m->body, why) : error_memory(why);
}

static enum err
add_body(struct message *m, const struct step *step, const struct scope *s,
    const struct group *each, struct error *why)
{
	switch (step->body_kind) {
	case BODY_JSON:
		TRY(add_json(m, step->body, s, each, why));
		return message_header(m, "Content-Type: application/json", why);
	case BODY_FORM:
		TRY(add_fields(&m->body, step->body, s, why));
		return message_header(m,
		    "Content-Type: "
		    "application/x-www-form-urlencoded",
		    why);
	case BODY_TEXT: /* its headers say of what type it is */
		return template_text(&m->body,
		    json_object_get_string(step->body), s, ENCODE_XML, NULL,
		    why);
	default:
		return ERR_OK;
	}
}

enum err
compose(struct message *m, const struct description *d, const struct step *step,
    const char *base, const struct scope *s, const struct group *each,
    struct error *why)
{
	*m = (struct message){ .path.max = PATH_LEN_MAX,
		.body.max = BODY_LEN_MAX,
		.sigv4.max = HEADER_LEN_MAX,
		.userpwd.max = HEADER_LEN_MAX };
	buffer_puts(&m->path, base);
	TRY(template_path(&m->path, step->path, s, why));
	if (step->query != NULL) {
		buffer_puts(&m->path, "?");
		TRY(add_fields(&m->path, step->query, s, why));
	}
	TRY(add_headers(m, d->headers, s, why));
	TRY(add_headers(m, step->headers, s, why));
	if (d->basic != NULL)
		TRY(add_basic(m, d, s, why));
	return add_body(m, step, s, each, why);
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
