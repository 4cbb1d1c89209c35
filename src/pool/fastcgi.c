#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <fastcgi.h>
#include <fcgiapp.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/secret.h"
#include "pool/fastcgi.h"

/* Encoded: a pair has two lengths of at most four bytes, and no '='. */
#define PARAMETERS_MAX (REQUEST_VARIABLES_SIZE + 8 * REQUEST_VARIABLES_MAX)
#define CONTENT_MAX    65535 /* of one record, which has 16 bits for it */
#define MANAGEMENT_MAX 8     /* records that are of no request */
#define INPUT_SIZE     8192

struct fastcgi {
	FCGX_Request libfcgi;
	int fd;
	int64_t deadline;
	unsigned int id;	   /* of the request; not 0 */
	unsigned int management;   /* records of that kind so far */
	uint8_t input[INPUT_SIZE]; /* received, not read yet */
	size_t input_pos, input_end;
	uint8_t parameters[PARAMETERS_MAX];
	size_t parameters_len;
};

struct record {
	unsigned int type, id;
	size_t length, padding;
};

struct fastcgi *
fastcgi_new(void)
{
	struct fastcgi *f = calloc(1, sizeof *f);

	if (f == NULL || FCGX_Init() != 0) {
		free(f);
		return NULL;
	}
	return f;
}

void
fastcgi_free(struct fastcgi *f)
{
	free(f);
}

/* Waits for bytes until the deadline. */
static enum err
fill(struct fastcgi *f, struct error *why)
{
	struct pollfd p = { .fd = f->fd, .events = POLLIN };
	ssize_t n = -1;

	if (poll(&p, 1, clock_left(f->deadline)) == 1)
		n = recv(f->fd, f->input, sizeof f->input, MSG_DONTWAIT);
	if (n == 0)
		return error_set(why, ERR_REQUEST, "it was cut off");
	if (n < 0)
		return error_set(why, ERR_REQUEST, "it was not whole in time");
	f->input_pos = 0;
	f->input_end = (size_t)n;
	return ERR_OK;
}

/* Exactly len bytes; to may be NULL, then they are thrown away. */
static enum err
receive(struct fastcgi *f, void *to, size_t len, struct error *why)
{
	enum err rc;

	while (len > 0) {
		size_t n = f->input_end - f->input_pos;

		if (n == 0) {
			if ((rc = fill(f, why)) != ERR_OK)
				return rc;
			continue;
		}
		if (n > len)
			n = len;
		if (to != NULL) {
			memcpy(to, f->input + f->input_pos, n);
			to = (uint8_t *)to + n;
		}
		f->input_pos += n;
		len -= n;
	}
	return ERR_OK;
}

/* The header of the next record; its content and padding come behind it. */
static enum err
read_header(struct fastcgi *f, struct record *r, struct error *why)
{
	FCGI_Header h;
	enum err rc = receive(f, &h, sizeof h, why);

	if (rc != ERR_OK)
		return rc;
	if (h.version != FCGI_VERSION_1)
		return error_set(why, ERR_REQUEST, "it is not of FastCGI 1");
	*r = (struct record){ .type = h.type,
		.id = (unsigned int)h.requestIdB1 << 8 | h.requestIdB0,
		.length = (size_t)h.contentLengthB1 << 8 | h.contentLengthB0,
		.padding = h.paddingLength };
	return ERR_OK;
}

/*
 * A record that is of no request: a web server asks what we can do.  The
 * empty answer says "nothing that you asked for"; of an unknown type its
 * number is given back.
 */
static enum err
answer_management(struct fastcgi *f, const struct record *r, struct error *why)
{
	FCGI_UnknownTypeRecord unknown = {
		.header = { .version = FCGI_VERSION_1,
		    .type = FCGI_UNKNOWN_TYPE,
		    .contentLengthB0 = sizeof unknown.body },
		.body = { .type = (unsigned char)r->type },
	};
	static const FCGI_Header nothing = { .version = FCGI_VERSION_1,
		.type = FCGI_GET_VALUES_RESULT };
	bool values = r->type == FCGI_GET_VALUES;

	if (++f->management > MANAGEMENT_MAX)
		return error_set(why, ERR_REQUEST,
		    "more than %d management records", MANAGEMENT_MAX);
	/* It is no failure of ours if the web server does not read it. */
	(void)send(f->fd, values ? (const void *)&nothing : &unknown,
	    values ? sizeof nothing : sizeof unknown,
	    MSG_DONTWAIT | MSG_NOSIGNAL);
	return receive(f, NULL, r->length + r->padding, why);
}

/* The next record of the request. */
static enum err
next_record(struct fastcgi *f, struct record *r, struct error *why)
{
	enum err rc;

	while ((rc = read_header(f, r, why)) == ERR_OK &&
	    r->id == FCGI_NULL_REQUEST_ID)
		if ((rc = answer_management(f, r, why)) != ERR_OK)
			return rc;
	return rc;
}

static enum err
read_begin(struct fastcgi *f, struct error *why)
{
	FCGI_BeginRequestBody body;
	struct record r;
	enum err rc;

	if ((rc = next_record(f, &r, why)) != ERR_OK)
		return rc;
	if (r.type != FCGI_BEGIN_REQUEST || r.length != sizeof body)
		return error_set(why, ERR_REQUEST,
		    "it does not begin with BEGIN_REQUEST");
	f->id = r.id;
	if ((rc = receive(f, &body, sizeof body, why)) != ERR_OK ||
	    (rc = receive(f, NULL, r.padding, why)) != ERR_OK)
		return rc;
	if (body.roleB1 != 0 || body.roleB0 != FCGI_RESPONDER)
		return error_set(why, ERR_REQUEST,
		    "its role is not that of a responder");
	return ERR_OK;
}

/*
 * One stream of the request, PARAMS or STDIN, up to its empty record.  *len
 * becomes its length; ERR_REQUEST for more than max.
 */
static enum err
read_stream(struct fastcgi *f, unsigned int type, uint8_t *to, size_t max,
    size_t *len, struct error *why)
{
	struct record r;
	enum err rc;

	*len = 0;
	while ((rc = next_record(f, &r, why)) == ERR_OK) {
		if (r.type != type || r.id != f->id)
			return error_set(why, ERR_REQUEST,
			    "a record of type %u is out of place", r.type);
		if (r.length > max - *len)
			return error_set(why, ERR_REQUEST,
			    "it is longer than %zu bytes", max);
		if ((rc = receive(f, to + *len, r.length, why)) != ERR_OK ||
		    (rc = receive(f, NULL, r.padding, why)) != ERR_OK)
			return rc;
		*len += r.length;
		if (r.length == 0)
			return ERR_OK;
	}
	return rc;
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

/*
 * Every pair must end where the parameters do or before.  libfcgi makes
 * "NAME=value" of each: a NUL or a '=' in a name would change its meaning.
 */
static enum err
check_pairs(const uint8_t *p, size_t len, struct error *why)
{
	const uint8_t *end = p + len;
	size_t name, value;

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
		p += name + value;
	}
	return ERR_OK;
}

static bool
put_record(int fd, unsigned int id, unsigned int type, const void *content,
    size_t len)
{
	FCGI_Header h = { .version = FCGI_VERSION_1,
		.type = (unsigned char)type,
		.requestIdB1 = (unsigned char)(id >> 8),
		.requestIdB0 = (unsigned char)id,
		.contentLengthB1 = (unsigned char)(len >> 8),
		.contentLengthB0 = (unsigned char)len };
	const struct iovec parts[] = { { &h, sizeof h },
		{ (void *)(uintptr_t)content, len } };

	return writev(fd, parts, 2) == (ssize_t)(sizeof h + len);
}

/*
 * Makes a stream in memory of the records that were checked, and of nothing
 * else.
 */
static int
make_stream(const struct fastcgi *f)
{
	static const FCGI_BeginRequestBody body = { .roleB0 = FCGI_RESPONDER };
	int fd = memfd_create("request", MFD_CLOEXEC);
	bool good = fd != -1 &&
	    put_record(fd, f->id, FCGI_BEGIN_REQUEST, &body, sizeof body);

	for (size_t pos = 0; good && pos < f->parameters_len;) {
		size_t n = f->parameters_len - pos;

		if (n > CONTENT_MAX)
			n = CONTENT_MAX;
		good =
		    put_record(fd, f->id, FCGI_PARAMS, f->parameters + pos, n);
		pos += n;
	}
	good = good && put_record(fd, f->id, FCGI_PARAMS, "", 0) &&
	    lseek(fd, 0, SEEK_SET) == 0;
	if (!good && fd != -1) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* Lets libfcgi parse the copy, and gives it the connection to answer on. */
static enum err
parse(struct fastcgi *f, struct error *why)
{
	int memory = make_stream(f);

	if (memory == -1)
		return error_set(why, ERR_SYSTEM, "no memory file: %s",
		    strerror(errno));
	FCGX_InitRequest(&f->libfcgi, -1, FCGI_FAIL_ACCEPT_ON_INTR);
	f->libfcgi.ipcFd = memory;
	/*
	 * FCGX_Accept_r() closes a connection whose keepConnection is 0 before
	 * it reads from it (docs/reference/fastcgi.md 1.2).
	 */
	f->libfcgi.keepConnection = 1;
	if (FCGX_Accept_r(&f->libfcgi) != 0) {
		/* libfcgi has closed the file: fastcgi.md 1.2. */
		FCGX_Free(&f->libfcgi, 1);
		return error_set(why, ERR_SYSTEM, "libfcgi does not take it");
	}
	close(memory);
	f->libfcgi.ipcFd = f->fd;
	/* A kept connection would hold this worker: fastcgi.md 2.2. */
	f->libfcgi.keepConnection = 0;
	return ERR_OK;
}

static void
read_form(struct fastcgi *f, struct request *q)
{
	char form[REQUEST_QUERY_MAX + 1];
	struct error why;
	size_t len;

	if (read_stream(f, FCGI_STDIN, (uint8_t *)form, REQUEST_QUERY_MAX, &len,
		&why) == ERR_OK) {
		form[len] = '\0';
		request_read_form(q, form);
	} else {
		error_set(&q->why, ERR_REQUEST, "its body: %s", why.text);
	}
	secret_wipe(form, sizeof form);
}

static enum err
read_request(struct fastcgi *f, struct error *why)
{
	enum err rc;

	if ((rc = read_begin(f, why)) != ERR_OK ||
	    (rc = read_stream(f, FCGI_PARAMS, f->parameters, PARAMETERS_MAX,
		 &f->parameters_len, why)) != ERR_OK ||
	    (rc = check_pairs(f->parameters, f->parameters_len, why)) != ERR_OK)
		return rc;
	return parse(f, why);
}

/* The buffers held a credential. */
static void
wipe(struct fastcgi *f)
{
	secret_wipe(f->input, sizeof f->input);
	secret_wipe(f->parameters, sizeof f->parameters);
}

bool
fastcgi_read(struct fastcgi *f, int fd, int64_t deadline, struct request *q)
{
	int64_t start = clock_now();
	struct error why;
	bool silent;

	f->fd = fd;
	f->deadline = deadline;
	f->management = 0;
	f->input_pos = f->input_end = 0;
	if (read_request(f, &why) != ERR_OK) {
		silent = f->input_end == 0;
		wipe(f);
		close(fd);
		if (!silent)
			log_warn("a FastCGI request was refused: %s", why.text);
		return false;
	}
	request_read(q, f->libfcgi.envp, fd, start);
	if (q->why.code == ERR_OK && request_has_form(q))
		read_form(f, q);
	wipe(f);
	return true;
}

void
fastcgi_reply(struct fastcgi *f, const struct reply *r)
{
	struct buffer head = { .max = REPLY_HEAD_MAX };

	reply_head(r, &head);
	FCGX_PutStr(head.data, (int)head.len, f->libfcgi.out);
	if (r->body.len > 0 && !r->head)
		FCGX_PutStr(r->body.data, (int)r->body.len, f->libfcgi.out);
	buffer_free(&head);
}

void
fastcgi_finish(struct fastcgi *f)
{
	FCGX_Finish_r(&f->libfcgi);
}
