#include "config.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <fastcgi.h>

#include "base/clock.h"
#include "base/secret.h"
#include "pool/incoming.h"

#define MANAGEMENT_MAX 8 /* records that are of no request */
#define INPUT_SIZE     8192
#define THROWN_MAX     32 /* inputs */

void
incoming_begin(struct incoming *in, int fd)
{
	in->fd = fd;
	in->since = clock_now();
	in->is_silent = true;
	in->why.code = in->form_why.code = ERR_OK;
	in->id = FCGI_NULL_REQUEST_ID;
	in->parameters_len = in->form_len = 0;
	in->is_ended = in->is_unread = in->has_form = in->is_done =
	    in->is_post = in->is_answered = in->is_padded = false;
	in->management = 0;
	in->header_len = in->content_left = in->padding_left = in->length = 0;
}

/* The length of a name or a value; false at the end of the bytes. */
static bool
read_length(const uint8_t **p, const uint8_t *end, size_t *length)
{
	const uint8_t *b = *p;

	if (b < end && *b < 0x80) {
		*length = *b;
		*p += 1;
		return true;
	}
	if (end - b < 4)
		return false;
	*length = (size_t)(b[0] & 0x7f) << 24 | (size_t)b[1] << 16 |
	    (size_t)b[2] << 8 | b[3];
	*p += 4;
	return true;
}

static bool
is_text(const uint8_t *bytes, size_t len, const char *text)
{
	return len == strlen(text) && memcmp(bytes, text, len) == 0;
}

/*
 * Every pair must end where the parameters do or before.  libfcgi makes
 * "NAME=value" of each: a NUL or a '=' in a name would change its meaning.
 * Only a POST has a form; of two methods the first counts.
 */
static enum err
check_pairs(struct incoming *in, struct error *why)
{
	const uint8_t *p = in->parameters, *end = p + in->parameters_len;
	size_t name, value;
	bool has_method = false;

	while (p < end) {
		if (!read_length(&p, end, &name) ||
		    !read_length(&p, end, &value) || name > (size_t)(end - p) ||
		    value > (size_t)(end - p) - name)
			return error_set(why, ERR_REQUEST,
			    "a parameter is longer than them all");
		if (memchr(p, '\0', name + value) != NULL ||
		    memchr(p, '=', name) != NULL)
			return error_set(why, ERR_REQUEST,
			    "a parameter with a NUL, or a '=' in its name");
		if (!has_method && is_text(p, name, "REQUEST_METHOD")) {
			has_method = true;
			in->is_post = is_text(p + name, value, "POST");
		}
		p += name + value;
	}
	return ERR_OK;
}

/*
 * A record that is of no request: a web server asks what we can do.  The
 * empty answer says "nothing that you asked for"; of an unknown type its
 * number is given back.
 */
static enum err
answer_management(struct incoming *in, struct error *why)
{
	FCGI_UnknownTypeRecord unknown = {
		.header = { .version = FCGI_VERSION_1,
		    .type = FCGI_UNKNOWN_TYPE,
		    .contentLengthB0 = sizeof unknown.body },
		.body = { .type = (unsigned char)in->type },
	};
	static const FCGI_Header nothing = { .version = FCGI_VERSION_1,
		.type = FCGI_GET_VALUES_RESULT };
	bool values = in->type == FCGI_GET_VALUES;

	if (++in->management > MANAGEMENT_MAX)
		return error_set(why, ERR_REQUEST,
		    "more than %d management records", MANAGEMENT_MAX);
	/* It is no failure of ours if the web server does not read it. */
	(void)send(in->fd, values ? (const void *)&nothing : &unknown,
	    values ? sizeof nothing : sizeof unknown,
	    MSG_DONTWAIT | MSG_NOSIGNAL);
	return ERR_OK;
}

/* One more record of a stream, of which there are len bytes at first. */
static enum err
append(struct incoming *in, unsigned int type, uint8_t *first, size_t len,
    size_t max, struct error *why)
{
	if (in->type != type)
		return error_set(why, ERR_REQUEST,
		    "a record of type %u is out of place", in->type);
	if (in->length > max - len)
		return error_set(why, ERR_REQUEST,
		    "it is longer than %zu bytes", max);
	in->to = first + len;
	return ERR_OK;
}

/* The header of a record is there: where does its content go? */
static enum err
begin_record(struct incoming *in, struct error *why)
{
	const uint8_t *h = in->header;
	unsigned int id = (unsigned int)h[2] << 8 | h[3];

	in->type = h[1];
	in->length = in->content_left = (size_t)h[4] << 8 | h[5];
	in->padding_left = h[6];
	in->to = NULL;
	if (h[0] != FCGI_VERSION_1)
		return error_set(why, ERR_REQUEST, "it is not of FastCGI 1");
	if (id == FCGI_NULL_REQUEST_ID)
		return answer_management(in, why);
	if (in->id == FCGI_NULL_REQUEST_ID) {
		if (in->type != FCGI_BEGIN_REQUEST ||
		    in->length != sizeof in->begin)
			return error_set(why, ERR_REQUEST,
			    "it does not begin with BEGIN_REQUEST");
		in->id = id;
		in->to = in->begin;
		in->is_padded = in->padding_left > 0;
		return ERR_OK;
	}
	if (id != in->id)
		return error_set(why, ERR_REQUEST,
		    "a record of another request");
	if (in->has_form)
		return append(in, FCGI_STDIN, in->form, in->form_len,
		    REQUEST_QUERY_MAX, why);
	return append(in, FCGI_PARAMS, in->parameters, in->parameters_len,
	    INCOMING_PARAMETERS_MAX, why);
}

/* All of a record is there. */
static enum err
end_record(struct incoming *in, struct error *why)
{
	enum err rc;

	in->header_len = 0;
	if (in->to == NULL)
		return ERR_OK;
	if (in->type == FCGI_BEGIN_REQUEST)
		return in->begin[0] == 0 && in->begin[1] == FCGI_RESPONDER ?
		    ERR_OK :
		    error_set(why, ERR_REQUEST,
			"its role is not that of a responder");
	if (in->has_form) {
		in->form_len += in->length;
		in->is_done = in->length == 0;
		return ERR_OK;
	}
	in->parameters_len += in->length;
	if (in->length > 0)
		return ERR_OK;
	if ((rc = check_pairs(in, why)) != ERR_OK)
		return rc;
	in->has_form = in->is_post;
	in->is_done = !in->is_post;
	return ERR_OK;
}

static size_t
smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Takes at least one of the bytes, and says in *used how many. */
static enum err
take(struct incoming *in, const uint8_t *bytes, size_t len, size_t *used,
    struct error *why)
{
	enum err rc = ERR_OK;
	size_t n;

	if (in->header_len < sizeof in->header) {
		*used = n = smaller(len, sizeof in->header - in->header_len);
		memcpy(in->header + in->header_len, bytes, n);
		in->header_len += n;
		if (in->header_len < sizeof in->header)
			return ERR_OK;
		rc = begin_record(in, why);
	} else if (in->content_left > 0) {
		*used = n = smaller(len, in->content_left);
		if (in->to != NULL)
			memcpy(in->to + in->length - in->content_left, bytes,
			    n);
		in->content_left -= n;
	} else {
		*used = n = smaller(len, in->padding_left);
		in->padding_left -= n;
	}
	if (rc == ERR_OK && in->content_left == 0 && in->padding_left == 0)
		return end_record(in, why);
	return rc;
}

/* A form that is not whole is the application's to refuse. */
static enum progress
fail(struct incoming *in, const struct error *why)
{
	if (!in->has_form) {
		in->why = *why;
		return INCOMING_BROKEN;
	}
	in->form_why = *why;
	in->is_done = true;
	return INCOMING_WHOLE;
}

/*
 * Does the request end with these bytes?  They are what came along with its
 * parameters, where nobody wants a body, or with the end of its form.
 */
static bool
ends_with(const struct incoming *in, const uint8_t *bytes, size_t len)
{
	FCGI_Header h;

	if (in->has_form)
		return len == 0;
	if (len < sizeof h)
		return false;
	memcpy(&h, bytes, sizeof h);
	return h.version == FCGI_VERSION_1 && h.type == FCGI_STDIN &&
	    ((unsigned int)h.requestIdB1 << 8 | h.requestIdB0) == in->id &&
	    h.contentLengthB1 == 0 && h.contentLengthB0 == 0 &&
	    len == sizeof h + h.paddingLength;
}

static enum progress
take_all(struct incoming *in, const uint8_t *bytes, size_t len)
{
	struct error why;
	size_t used;

	while (len > 0 && !in->is_done) {
		if (take(in, bytes, len, &used, &why) != ERR_OK)
			return fail(in, &why);
		bytes += used;
		len -= used;
	}
	in->is_ended = in->is_done && ends_with(in, bytes, len);
	return in->is_done ? INCOMING_WHOLE : INCOMING_MORE;
}

/* Of recv(2): nothing has come yet. */
static bool
is_later(ssize_t n)
{
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* Not all at once of a web server that does not end. */
static enum progress
throw_away(const struct incoming *in)
{
	uint8_t input[INPUT_SIZE];
	ssize_t n = 1;

	for (int i = 0; i < THROWN_MAX && n > 0; i++)
		n = recv(in->fd, input, sizeof input, MSG_DONTWAIT);
	return n > 0 || is_later(n) ? INCOMING_MORE : INCOMING_BROKEN;
}

/*
 * A web server sends its request at once, as a rule, so the first bytes are
 * only looked at: if they are a whole request that libfcgi understands as we
 * do, it may read them itself.  Padding of the first record it does not skip.
 */
enum progress
incoming_go_on(struct incoming *in)
{
	static uint8_t input[INPUT_SIZE];
	int peek = in->is_silent ? MSG_PEEK : 0;
	enum progress p = INCOMING_MORE;
	struct error why;
	ssize_t n = 1;

	if (in->is_answered)
		return throw_away(in);
	while (p == INCOMING_MORE &&
	    (n = recv(in->fd, input, sizeof input, MSG_DONTWAIT | peek)) > 0) {
		in->is_silent = false;
		p = take_all(in, input, (size_t)n);
		in->is_unread = peek != 0 && in->is_ended && !in->is_post &&
		    in->management == 0 && !in->is_padded;
		if (peek != 0 && !in->is_unread)
			(void)recv(in->fd, input, (size_t)n, MSG_DONTWAIT);
		secret_wipe(input, (size_t)n);
		peek = 0;
	}
	if (p != INCOMING_MORE || is_later(n))
		return p;
	(void)error_set(&why, ERR_REQUEST, "it was cut off");
	return fail(in, &why);
}

enum progress
incoming_wait(struct incoming *in, int64_t until)
{
	struct pollfd fd = { .fd = in->fd, .events = POLLIN };
	enum progress p;

	while (
	    (p = incoming_go_on(in)) == INCOMING_MORE && clock_left(until) > 0)
		(void)poll(&fd, 1, clock_left(until));
	return p;
}

enum progress
incoming_expire(struct incoming *in)
{
	struct error why;

	(void)error_set(&why, ERR_REQUEST, "it was not whole in time");
	return fail(in, &why);
}

void
incoming_answered(struct incoming *in)
{
	shutdown(in->fd, SHUT_WR);
	in->is_silent = in->is_answered = true;
}

void
incoming_end(struct incoming *in)
{
	/* With what has come of a record that is not whole. */
	secret_wipe(in->parameters,
	    smaller(sizeof in->parameters, in->parameters_len + in->length));
	secret_wipe(in->form,
	    smaller(sizeof in->form, in->form_len + in->length));
}
