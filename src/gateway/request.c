#include "config.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/secret.h"
#include "gateway/request.h"

/*
 * libfcgi takes parameters that were cut off for a request, and any number of
 * them; nginx never sends such.
 */
static enum err
check_variables(FCGX_Request *fcgi, struct error *why)
{
	size_t count = 0, size = 0;

	if (FCGX_GetError(fcgi->in) != 0)
		return error_set(why, ERR_REQUEST,
		    "its FastCGI parameters were cut off");
	for (char **v = fcgi->envp; *v != NULL; v++) {
		count++;
		size += strlen(*v);
	}
	/* One of them, FCGI_ROLE, is libfcgi's own. */
	if (count > REQUEST_VARIABLES_MAX + 1 || size > REQUEST_VARIABLES_SIZE)
		return error_set(why, ERR_REQUEST, "more than %d FastCGI "
		    "parameters or %d bytes of them", REQUEST_VARIABLES_MAX,
		    REQUEST_VARIABLES_SIZE);
	return ERR_OK;
}

/* The path of the URI, with slashes in a row made one. */
static enum err
read_path(struct request *q, const char *uri, struct error *why)
{
	size_t n = 0;

	for (; *uri != '\0' && *uri != '?'; uri++) {
		if (*uri == '/' && n > 0 && q->path[n - 1] == '/')
			continue;
		if (n == REQUEST_PATH_MAX)
			return error_set(why, ERR_REQUEST,
			    "the path is too long");
		q->path[n++] = *uri;
	}
	q->path[n] = '\0';
	return ERR_OK;
}

/* NULL without memory, or for a value with a NUL inside. */
static char *
decode(const char *text, size_t len)
{
	char *decoded, *copy = NULL;
	int decoded_len = 0;

	/* libcurl would take a length of 0 for "up to the NUL". */
	if (len == 0)
		return strdup("");
	decoded = curl_easy_unescape(NULL, text, (int)len, &decoded_len);
	if (decoded != NULL && strlen(decoded) == (size_t)decoded_len)
		copy = strdup(decoded);
	curl_free(decoded);
	return copy;
}

static enum err
read_query(struct request *q, const char *query, struct error *why)
{
	if (strlen(query) > REQUEST_QUERY_MAX)
		return error_set(why, ERR_REQUEST, "the query is too long");
	while (*query != '\0') {
		size_t len = strcspn(query, "&");
		const char *equals = memchr(query, '=', len);
		size_t name_len = equals != NULL ?
		    (size_t)(equals - query) : len;
		struct parameter *p = &q->parameters[q->parameter_count];

		if (len > 0) {
			if (q->parameter_count == REQUEST_PARAMETERS_MAX)
				return error_set(why, ERR_REQUEST,
				    "more than %d parameters",
				    REQUEST_PARAMETERS_MAX);
			q->parameter_count++;
			p->name = decode(query, name_len);
			p->value = equals != NULL ? decode(equals + 1,
			    len - name_len - 1) : strdup("");
			if (p->name == NULL || p->value == NULL)
				return error_set(why, ERR_REQUEST,
				    "the query cannot be decoded");
		}
		query += len;
		if (*query == '&')
			query++;
	}
	return ERR_OK;
}

static const char *
variable(FCGX_Request *fcgi, const char *name)
{
	const char *value = FCGX_GetParam(name, fcgi->envp);

	return value != NULL ? value : "";
}

enum err
request_read(struct request *q, FCGX_Request *fcgi, struct error *why)
{
	enum err rc;

	q->fd = fcgi->ipcFd;
	q->method = variable(fcgi, "REQUEST_METHOD");
	q->source = variable(fcgi, "REMOTE_ADDR");
	q->authorization = FCGX_GetParam("HTTP_AUTHORIZATION", fcgi->envp);
	q->json = strstr(variable(fcgi, "HTTP_ACCEPT"), "application/json") !=
	    NULL;
	if ((rc = check_variables(fcgi, why)) != ERR_OK ||
	    (rc = read_path(q, variable(fcgi, "REQUEST_URI"), why)) != ERR_OK)
		return rc;
	return read_query(q, variable(fcgi, "QUERY_STRING"), why);
}

void
request_end(struct request *q)
{
	secret_wipe_string(q->authorization);
	for (size_t i = 0; i < q->parameter_count; i++) {
		free(q->parameters[i].name);
		secret_free(q->parameters[i].value);
	}
	q->parameter_count = 0;
}

const char *
request_parameter(const struct request *q, const char *name, bool *twice)
{
	const char *value = NULL;

	for (size_t i = 0; i < q->parameter_count; i++) {
		const struct parameter *p = &q->parameters[i];

		if (strcmp(p->name, name) != 0 || *p->value == '\0')
			continue;
		if (value != NULL)
			*twice = true;
		value = p->value;
	}
	return value;
}

bool
request_abandoned(const struct request *q)
{
	struct pollfd fd = { .fd = q->fd, .events = POLLRDHUP };

	return poll(&fd, 1, 0) == 1 &&
	    (fd.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}
