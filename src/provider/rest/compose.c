#include "config.h"

#include <string.h>

#include <gnutls/gnutls.h>

#include "base/json.h"
#include "base/secret.h"
#include "provider/rest/compose.h"
#include "provider/rest/fill.h"
#include "provider/rest/sign.h"

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
add_headers(struct message *m, const struct fields *headers,
    const struct values *v, struct error *why)
{
	for (size_t i = 0; i < headers->count; i++) {
		const struct field *h = &headers->list[i];
		struct buffer line = { .max = HEADER_LEN_MAX };
		bool dropped;
		enum err rc;

		buffer_printf(&line, "%s: ", h->name);
		rc = fill_text(&line, &h->value, v, ENCODE_HEADER, &dropped,
		    why);
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
add_basic(struct message *m, const struct description *d,
    const struct values *v, struct error *why)
{
	struct buffer pair = { .max = 4096 }, line = { .max = HEADER_LEN_MAX };
	gnutls_datum_t raw, coded = { NULL, 0 };
	enum err rc;

	rc = fill_text(&pair, &d->basic[0], v, ENCODE_HEADER, NULL, why);
	buffer_puts(&pair, ":");
	if (rc == ERR_OK)
		rc =
		    fill_text(&pair, &d->basic[1], v, ENCODE_HEADER, NULL, why);
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

static enum err
add_json(struct message *m, const struct body *body, const struct values *v,
    const struct group *each, struct error *why)
{
	json_object *tree;
	const char *text = "";
	enum err rc;

	if ((rc = fill_body(&tree, body, v, each, why)) != ERR_OK)
		return rc;
	m->empty = tree == NULL ||
	    (json_object_is_type(tree, json_type_object) &&
		json_object_object_length(tree) == 0);
	/* json-c keeps this text inside the tree. */
	if (tree != NULL)
		text = json_text(tree,
		    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	rc = text == NULL ? error_memory(why) : ERR_OK;
	if (rc == ERR_OK && !buffer_puts(&m->body, text))
		rc = fill_room(&m->body, why);
	if (tree != NULL)
		secret_wipe_string((char *)(uintptr_t)text);
	json_wipe(tree);
	return rc;
}

static enum err
add_body(struct message *m, const struct step_request *r,
    const struct values *v, const struct group *each, struct error *why)
{
	enum err rc;

	switch (r->body_kind) {
	case BODY_JSON:
		rc = add_json(m, &r->json, v, each, why);
		return rc != ERR_OK ?
		    rc :
		    message_header(m, "Content-Type: application/json", why);
	case BODY_FORM:
		rc = fill_fields(&m->body, &r->form, v, why);
		return rc != ERR_OK ?
		    rc :
		    message_header(m,
			"Content-Type: application/x-www-form-urlencoded", why);
	case BODY_TEXT: /* its headers say of what type it is */
		return fill_text(&m->body, &r->text, v, ENCODE_XML, NULL, why);
	default:
		return ERR_OK;
	}
}

static enum err
add_query(struct message *m, const struct step_request *r,
    const struct values *v, struct error *why)
{
	if (!r->has_query)
		return ERR_OK;
	buffer_puts(&m->path, "?");
	return fill_fields(&m->path, &r->query, v, why);
}

enum err
compose(struct message *m, const struct description *d, const struct step *step,
    const char *origin, const char *base, const struct values *v,
    const struct group *each, struct error *why)
{
	const struct step_request *r = &step->request;
	enum err rc;

	*m = (struct message){ .method = r->method,
		.origin = origin,
		.path.max = PATH_LEN_MAX,
		.body.max = BODY_LEN_MAX,
		.sigv4.max = HEADER_LEN_MAX,
		.userpwd.max = HEADER_LEN_MAX };
	buffer_puts(&m->path, base);
	if ((rc = fill_path(&m->path, r, v, why)) == ERR_OK &&
	    (rc = add_query(m, r, v, why)) == ERR_OK &&
	    (rc = add_headers(m, &d->headers, v, why)) == ERR_OK &&
	    (rc = add_headers(m, &r->headers, v, why)) == ERR_OK &&
	    (!d->has_basic || (rc = add_basic(m, d, v, why)) == ERR_OK) &&
	    (rc = add_body(m, r, v, each, why)) == ERR_OK && !m->empty)
		rc = sign_message(&d->sign, m, v, why);
	return rc;
}

static bool
same_bytes(const struct buffer *a, const struct buffer *b)
{
	return a->len == b->len &&
	    (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

bool
message_equal(const struct message *a, const struct message *b)
{
	const struct curl_slist *h = a->headers, *i = b->headers;

	if (strcmp(a->method, b->method) != 0 ||
	    strcmp(a->origin, b->origin) != 0 ||
	    !same_bytes(&a->path, &b->path) || !same_bytes(&a->body, &b->body))
		return false;
	for (; h != NULL && i != NULL; h = h->next, i = i->next)
		if (strcmp(h->data, i->data) != 0)
			return false;
	return h == NULL && i == NULL;
}

void
message_print(const struct message *m, FILE *to)
{
	fprintf(to, "%s %s%s\n", m->method, m->origin,
	    m->path.data != NULL ? m->path.data : "");
	for (const struct curl_slist *h = m->headers; h != NULL; h = h->next)
		fprintf(to, "  %s\n", h->data);
	if (m->body.len > 0)
		fprintf(to, "  %s\n", m->body.data);
}

/* Is it the query's part "name=..."? */
static bool
is_part(const char *part, const char *name)
{
	size_t len = strlen(name);

	return strncmp(part, name, len) == 0 && part[len] == '=';
}

/* The path of m, with all of its query but what is called name. */
static void
copy_without(const struct message *m, const char *name, struct buffer *to)
{
	const char *part = strchr(m->path.data, '?'), *separator = "?";

	buffer_add(to, m->path.data, strcspn(m->path.data, "?"));
	while (part != NULL && *part != '\0') {
		size_t len = strcspn(++part, "&");

		if (!is_part(part, name)) {
			buffer_puts(to, separator);
			buffer_add(to, part, len);
			separator = "&";
		}
		part += len;
	}
	buffer_puts(to, separator);
}

enum err
message_page(const struct message *m, const char *query, const char *value,
    struct buffer *to, struct error *why)
{
	size_t len = strlen(m->origin);

	buffer_clear(to);
	to->max = PATH_LEN_MAX;
	if (query != NULL) {
		copy_without(m, query, to);
		buffer_puts(to, query);
		buffer_puts(to, "=");
		fill_escaped(to, value, ENCODE_QUERY);
		return fill_room(to, why);
	}
	if (strncmp(value, m->origin, len) == 0 && value[len] == '/')
		value += len;
	else if (*value != '/' || value[1] == '/')
		return error_set(why, ERR_REFUSED,
		    "the next page is at another host");
	for (const char *c = value; *c != '\0'; c++)
		if (!template_may_hold(ENCODE_HEADER, *c) || *c == ' ' ||
		    *c == '#')
			return error_set(why, ERR_REFUSED,
			    "the link to the next page is none");
	buffer_puts(to, value);
	return fill_room(to, why);
}

void
message_end(struct message *m)
{
	/* libcurl allocated the lines; base/heap.h wipes its memory, too. */
	curl_slist_free_all(m->headers);
	m->headers = NULL;
	buffer_free(&m->path);
	buffer_free(&m->body);
	buffer_free(&m->sigv4);
	buffer_free(&m->userpwd);
}
