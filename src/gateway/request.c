#include "config.h"

#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <curl/curl.h>

#include "base/heap.h"
#include "base/secret.h"
#include "gateway/request.h"

#define ARRIVAL_US_MAX 60000000 /* by which the clock of a front may be off */

/* libfcgi and some web servers have no limit for them. */
static enum err
check_variables(struct request *q, char **variables)
{
	size_t count = 0, size = 0;

	for (char **v = variables; *v != NULL; v++) {
		count++;
		size += strlen(*v);
	}
	/* One of the variables, FCGI_ROLE, is libfcgi's own. */
	if (count > REQUEST_VARIABLES_MAX + 1 || size > REQUEST_VARIABLES_SIZE)
		return error_set(&q->why, ERR_REQUEST,
		    "more than %d FastCGI "
		    "parameters or %d bytes of them",
		    REQUEST_VARIABLES_MAX, REQUEST_VARIABLES_SIZE);
	return ERR_OK;
}

/*
 * Where old FRITZ!Boxes put the second of two URLs behind the first, or the
 * end of the text.
 */
static size_t
length_without_tail(const char *text)
{
	for (const char *tail = text; (tail = strstr(tail, "%20")); tail++)
		if (strncasecmp(tail + 3, "http:", 5) == 0 ||
		    strncasecmp(tail + 3, "https:", 6) == 0)
			return (size_t)(tail - text);
	return strlen(text);
}

/* The path of the URI, with slashes in a row made one. */
static enum err
read_path(struct request *q, const char *uri)
{
	size_t len = length_without_tail(uri), n = 0;

	for (size_t i = 0; i < len && uri[i] != '?'; i++) {
		char c = uri[i];

		/* UniFi sends "/\/nic/update"; some web servers escape it. */
		if (c == '\\') {
			c = '/';
		} else if (strncasecmp(uri + i, "%5c", 3) == 0) {
			c = '/';
			i += 2;
		}
		if (c == '/' && n > 0 && q->path[n - 1] == '/')
			continue;
		if (n == REQUEST_PATH_MAX)
			return error_set(&q->why, ERR_REQUEST,
			    "the path is too long");
		q->path[n++] = c;
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

	/* Most texts need none; an empty one is for libcurl a whole string. */
	if (memchr(text, '%', len) == NULL)
		return strndup(text, len);
	decoded = curl_easy_unescape(NULL, text, (int)len, &decoded_len);
	if (decoded != NULL && strlen(decoded) == (size_t)decoded_len)
		copy = strdup(decoded);
	curl_free(decoded);
	return copy;
}

static enum err
read_field(struct request *q, const char *text, size_t len)
{
	const char *equals = memchr(text, '=', len);
	size_t name_len = equals != NULL ? (size_t)(equals - text) : len;
	struct parameter *p = &q->parameters[q->parameter_count];

	if (q->parameter_count == REQUEST_PARAMETERS_MAX)
		return error_set(&q->why, ERR_REQUEST,
		    "more than %d parameters", REQUEST_PARAMETERS_MAX);
	q->parameter_count++;
	p->name = decode(text, name_len);
	p->value = equals != NULL ? decode(equals + 1, len - name_len - 1) :
				    strdup("");
	if (p->name == NULL || p->value == NULL)
		return error_set(&q->why, ERR_REQUEST,
		    "the parameters cannot be decoded");
	return ERR_OK;
}

/* "a=1&b=2" */
static enum err
read_fields(struct request *q, const char *text)
{
	size_t left = length_without_tail(text);
	enum err rc;

	if (left > REQUEST_QUERY_MAX)
		return error_set(&q->why, ERR_REQUEST,
		    "more than %d bytes of parameters", REQUEST_QUERY_MAX);
	while (left > 0) {
		const char *end = memchr(text, '&', left);
		size_t len = end != NULL ? (size_t)(end - text) : left;

		if (len > 0 && (rc = read_field(q, text, len)) != ERR_OK)
			return rc;
		left -= len < left ? len + 1 : len;
		text += len + 1;
	}
	return ERR_OK;
}

/* The FastCGI variables that are read. */
enum variable {
	VARIABLE_ACCEPT,
	VARIABLE_AUTHORIZATION,
	VARIABLE_CONTENT_TYPE,
	VARIABLE_ID,
	VARIABLE_METHOD,
	VARIABLE_MSEC,
	VARIABLE_QUERY,
	VARIABLE_SOURCE,
	VARIABLE_URI,
	VARIABLE__MAX
};

/* Sets the value of each to that of the first of its name, or to NULL. */
static void
find_variables(char **variables, char *values[static VARIABLE__MAX])
{
#define NAMED(name)                   \
	{                             \
		name, sizeof name - 1 \
	}
	static const struct {
		const char *name;
		size_t len;
	} known[VARIABLE__MAX] = {
		[VARIABLE_ACCEPT] = NAMED("HTTP_ACCEPT="),
		[VARIABLE_AUTHORIZATION] = NAMED("HTTP_AUTHORIZATION="),
		[VARIABLE_CONTENT_TYPE] = NAMED("CONTENT_TYPE="),
		[VARIABLE_ID] = NAMED("REQUEST_ID="),
		[VARIABLE_METHOD] = NAMED("REQUEST_METHOD="),
		[VARIABLE_MSEC] = NAMED("REQUEST_MSEC="),
		[VARIABLE_QUERY] = NAMED("QUERY_STRING="),
		[VARIABLE_SOURCE] = NAMED("REMOTE_ADDR="),
		[VARIABLE_URI] = NAMED("REQUEST_URI="),
	};
#undef NAMED

	for (size_t i = 0; i < VARIABLE__MAX; i++)
		values[i] = NULL;
	for (char **v = variables; *v != NULL; v++)
		for (size_t i = 0; i < VARIABLE__MAX; i++)
			if (**v == *known[i].name && values[i] == NULL &&
			    strncmp(*v, known[i].name, known[i].len) == 0)
				values[i] = *v + known[i].len;
}

static const char *
or_empty(const char *value)
{
	return value != NULL ? value : "";
}

static int64_t
wall_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/*
 * "1795827529.123", as nginx writes $msec.  Of a web server that does not say
 * it, or whose clock is another one, our own moment stands in.
 */
static int64_t
read_arrival(const char *text)
{
	int64_t now = wall_clock(), arrival;
	char *end;

	if (text == NULL || *text < '0' || *text > '9')
		return now;
	arrival = (int64_t)strtoll(text, &end, 10);
	if (arrival > INT64_MAX / 2000000)
		return now;
	arrival *= 1000000;
	if (*end == '.' && strspn(end + 1, "0123456789") == 3)
		arrival += strtol(end + 1, NULL, 10) * 1000;
	return llabs(now - arrival) < ARRIVAL_US_MAX ? arrival : now;
}

/* One that is too long, or has other bytes, is none. */
static void
read_id(struct request *q, const char *text)
{
	size_t len = strlen(text);

	if (len <= REQUEST_ID_MAX &&
	    strspn(text,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789-") == len)
		memcpy(q->id, text, len + 1);
}

void
request_read(struct request *q, char **variables, int fd, int64_t start)
{
	static const char form[] = "application/x-www-form-urlencoded";

	char *values[VARIABLE__MAX];

	heap_begin();
	find_variables(variables, values);
	*q = (struct request){ .start = start, .fd = fd };
	q->method = or_empty(values[VARIABLE_METHOD]);
	q->source = or_empty(values[VARIABLE_SOURCE]);
	q->authorization = values[VARIABLE_AUTHORIZATION];
	q->uri = values[VARIABLE_URI];
	q->query = values[VARIABLE_QUERY];
	q->arrival = read_arrival(values[VARIABLE_MSEC]);
	read_id(q, or_empty(values[VARIABLE_ID]));
	q->json = strstr(or_empty(values[VARIABLE_ACCEPT]),
		      "application/json") != NULL;
	q->form = strcmp(q->method, "POST") == 0 &&
	    strncasecmp(or_empty(values[VARIABLE_CONTENT_TYPE]), form,
		sizeof form - 1) == 0;
	if (check_variables(q, variables) == ERR_OK &&
	    read_path(q, or_empty(q->uri)) == ERR_OK)
		(void)read_fields(q, or_empty(q->query));
}

bool
request_has_form(const struct request *q)
{
	return q->form;
}

/* In a form, unlike in a query, '+' is a blank. */
void
request_read_form(struct request *q, const char *form)
{
	char *text = strdup(form);

	if (text == NULL) {
		error_memory(&q->why);
		return;
	}
	for (char *c = text; *c != '\0'; c++)
		if (*c == '+')
			*c = ' ';
	(void)read_fields(q, text);
	secret_free(text);
}

void
request_end(struct request *q)
{
	secret_wipe_string(q->authorization);
	secret_wipe_string(q->uri);
	secret_wipe_string(q->query);
	for (size_t i = 0; i < q->parameter_count; i++) {
		free(q->parameters[i].name);
		secret_free(q->parameters[i].value);
	}
	q->parameter_count = 0;
}

bool
request_source(const struct request *q, struct address *a)
{
	return address_parse_any(a, q->source);
}

bool
request_abandoned(const struct request *q)
{
	struct pollfd fd = { .fd = q->fd, .events = POLLRDHUP };

	return poll(&fd, 1, 0) == 1 &&
	    (fd.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}
