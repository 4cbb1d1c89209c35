#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/json.h"
#include "config/document.h"

/* Nobody but its owner may change what decides where tokens go. */
static enum err
check_owner(const struct stat *st, uid_t owner, const char *file,
    struct error *why)
{
	if (st->st_uid != 0 && st->st_uid != owner)
		return error_set(why, ERR_CONFIG,
		    "%s: belongs to user %u; make it root's (chown root)", file,
		    (unsigned int)st->st_uid);
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return error_set(why, ERR_CONFIG,
		    "%s: others can write it; chmod go-w", file);
	return ERR_OK;
}

/* The directory of a file, by that name; NULL without memory. */
static char *
directory_of(const char *file)
{
	const char *slash = strrchr(file, '/');

	if (slash == NULL)
		return strdup(".");
	return strndup(file, slash > file ? (size_t)(slash - file) : 1);
}

/* The directory where a name is, whatever links that leads over. */
static enum err
check_directory(const char *file, uid_t owner, struct error *why)
{
	char *dir = directory_of(file);
	struct stat st;
	enum err rc;

	if (dir == NULL)
		return error_memory(why);
	if (stat(dir, &st) == -1) {
		rc = error_set(why, ERR_CONFIG, "%s: %s", dir, strerror(errno));
	} else {
		/* In a sticky directory (/tmp) others cannot replace a file. */
		if ((st.st_mode & S_ISVTX) != 0)
			st.st_mode &= (mode_t) ~(S_IWGRP | S_IWOTH);
		rc = check_owner(&st, owner, dir, why);
	}
	free(dir);
	return rc;
}

/*
 * A link can be replaced in the directory where it is, and its target in the
 * one where the file really is.
 */
static enum err
check_directories(const char *file, uid_t owner, struct error *why)
{
	enum err rc = check_directory(file, owner, why);
	char *real;

	if (rc != ERR_OK)
		return rc;
	if ((real = realpath(file, NULL)) == NULL)
		/* /proc/self/fd leads to files that no directory holds. */
		return errno == ENOENT ?
		    ERR_OK :
		    error_set(why, ERR_CONFIG, "%s: %s", file, strerror(errno));
	if (strcmp(real, file) != 0)
		rc = check_directory(real, owner, why);
	free(real);
	return rc;
}

static enum err
check_file(const char *file, uid_t owner, struct error *why)
{
	struct stat st;
	enum err rc;

	if (stat(file, &st) == -1)
		return error_set(why, ERR_CONFIG, "%s: %s", file,
		    strerror(errno));
	rc = check_owner(&st, owner, file, why);
	return rc == ERR_OK ? check_directories(file, owner, why) : rc;
}

enum err
document_of_root(const char *file, struct error *why)
{
	return check_file(file, 0, why);
}

enum err
document_of_ours(const char *file, struct error *why)
{
	return check_file(file, geteuid(), why);
}

/* Editors mark their encodings in the first bytes (RFC 8259 section 8.1). */
static enum err
check_encoding(const struct buffer *text, const char *file, struct error *why)
{
	const char *begin = text->data;

	if (strncmp(begin, "\xef\xbb\xbf", 3) == 0)
		return error_set(why, ERR_CONFIG,
		    "%s: begins with a byte order mark; save it as UTF-8 "
		    "without one",
		    file);
	if (strncmp(begin, "\xff\xfe", 2) == 0 ||
	    strncmp(begin, "\xfe\xff", 2) == 0)
		return error_set(why, ERR_CONFIG,
		    "%s: is UTF-16; save it as UTF-8", file);
	if (memchr(begin, '\0', text->len) != NULL)
		return error_set(why, ERR_CONFIG, "%s: holds a NUL byte", file);
	return ERR_OK;
}

static enum err
read_file(struct buffer *text, const char *file, struct edition *edition,
    struct error *why)
{
	enum err rc = ERR_CONFIG;
	char block[16384];
	struct stat st;
	ssize_t n;
	int fd;

	if ((fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)) ==
	    -1)
		return error_set(why, rc, "%s: %s", file, strerror(errno));
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		error_set(why, rc, "%s: not a regular file", file);
		goto out;
	}
	if (check_owner(&st, geteuid(), file, why) != ERR_OK ||
	    check_directories(file, geteuid(), why) != ERR_OK)
		goto out;
	while ((n = read(fd, block, sizeof block)) > 0)
		if (!buffer_add(text, block, (size_t)n)) {
			error_set(why, rc, "%s: larger than %zu bytes", file,
			    text->max);
			goto out;
		}
	if (n == -1) {
		error_set(why, rc, "%s: %s", file, strerror(errno));
		goto out;
	}
	if (text->len == 0) {
		error_set(why, rc, "%s: is empty", file);
		goto out;
	}
	*edition = edition_new(&st, text->data, text->len);
	rc = check_encoding(text, file, why);
out:
	close(fd);
	return rc;
}

static unsigned int
line_of(const char *text, size_t offset)
{
	unsigned int line = 1;

	for (size_t i = 0; i < offset; i++)
		if (text[i] == '\n')
			line++;
	return line;
}

/*
 * json-c reads comments only in its lax way, which also takes single quotes,
 * "True" and commas at the end of a list.
 */
const char *
document_blank_comments(char *text, size_t *at)
{
	const char *end;

	for (char *s = text; *s != '\0'; s++) {
		if (*s == '"') {
			for (s++; *s != '\0' && *s != '"'; s++)
				if (*s == '\\' && s[1] != '\0')
					s++;
			if (*s == '\0')
				break;
		}
		if (*s != '/')
			continue;
		*at = (size_t)(s - text);
		if (s[1] == '/')
			end = s + strcspn(s, "\n");
		else if (s[1] != '*')
			return "expected comment";
		else if ((end = strstr(s + 2, "*/")) != NULL)
			end += 2;
		else
			return "unexpected end of data";
		for (; s < end; s++)
			if (*s != '\n')
				*s = ' ';
		s--;
	}
	return NULL;
}

/*
 * The look-alikes that word processors and web pages make of a plain quote or
 * blank.
 */
static const struct {
	const char *bytes; /* UTF-8 */
	const char *what;
} lookalikes[] = {
	{ "\xe2\x80\x9c", "the quote U+201C, where \" should be" },
	{ "\xe2\x80\x9d", "the quote U+201D, where \" should be" },
	{ "\xe2\x80\x9e", "the quote U+201E, where \" should be" },
	{ "\xe2\x80\x9f", "the quote U+201F, where \" should be" },
	{ "\xe2\x80\x98", "the quote U+2018, where \" should be" },
	{ "\xe2\x80\x99", "the quote U+2019, where \" should be" },
	{ "\xe2\x80\x9a", "the quote U+201A, where \" should be" },
	{ "\xe2\x80\xb3", "the sign U+2033, where \" should be" },
	{ "\xc2\xab", "the quote U+00AB, where \" should be" },
	{ "\xc2\xbb", "the quote U+00BB, where \" should be" },
	{ "\xef\xbc\x82", "the quote U+FF02, where \" should be" },
	{ "\xc2\xa0", "the no-break space U+00A0, where a blank should be" },
	{ "\xe2\x80\xaf",
	    "the no-break space U+202F, where a blank should be" },
	{ "\xe2\x80\x8b", "the invisible U+200B; take it out" },
	{ "\xef\xbb\xbf", "the invisible U+FEFF; take it out" },
};

/* The look-alike that begins at s, or NULL. */
static const char *
lookalike_at(const char *s)
{
	for (size_t i = 0; i < sizeof lookalikes / sizeof *lookalikes; i++)
		if (strncmp(s, lookalikes[i].bytes,
			strlen(lookalikes[i].bytes)) == 0)
			return lookalikes[i].what;
	return NULL;
}

/*
 * The first look-alike in the line where the parser stopped, or in those of
 * the string before: a wrong quote at the end of a string lets it go on to the
 * next one, and the parser stops there.
 */
static const char *
find_lookalike(const char *text, size_t stopped, size_t *at)
{
	size_t from = stopped, end = stopped + strcspn(text + stopped, "\n");

	for (int quotes = 0; from > 0; from--) {
		quotes += text[from - 1] == '"';
		if (quotes >= 2 && text[from - 1] == '\n')
			break;
	}
	for (size_t i = from; i < end; i++)
		if (lookalike_at(text + i) != NULL) {
			*at = i;
			return lookalike_at(text + i);
		}
	return NULL;
}

/* A remedy for a mistake that people make, or what json-c says. */
static const char *
syntax_remedy(enum json_tokener_error code, const char *text, size_t *at)
{
	const char *lookalike = find_lookalike(text, *at, at);
	size_t before = *at;

	if (lookalike != NULL)
		return lookalike;
	while (before > 0 && strchr(" \t\r\n", text[before - 1]) != NULL)
		before--;
	if (text[*at] == '\'')
		return "a single quote, where \" should be";
	if ((text[*at] == '}' || text[*at] == ']') && before > 0 &&
	    text[before - 1] == ',') {
		*at = before - 1;
		return "a comma behind the last member; take it out";
	}
	/* The parser takes true, false and null in any case, and stops then. */
	before = *at;
	while (before > 0 && isalpha((unsigned char)text[before - 1]))
		before--;
	if (strncasecmp(text + before, "true", 4) == 0 ||
	    strncasecmp(text + before, "false", 5) == 0 ||
	    strncasecmp(text + before, "null", 4) == 0)
		return "write true, false and null in small letters";
	return json_tokener_error_desc(code);
}

static enum err
parse(json_object **root, const char *text, size_t len,
    struct json_tokener *tok, const char *file, struct error *why)
{
	enum json_tokener_error code;
	const char *what;
	size_t at;

	*root = json_parse(tok, text, len,
	    JSON_TOKENER_VALIDATE_UTF8 | JSON_TOKENER_ALLOW_TRAILING_CHARS);
	code = json_tokener_get_error(tok);
	at = json_tokener_get_parse_end(tok);
	if (at > len)
		at = len;
	if (code != json_tokener_success) {
		what = syntax_remedy(code, text, &at);
		return error_set(why, ERR_CONFIG, "%s: line %u: %s", file,
		    line_of(text, at), what);
	}
	if (text[at + strspn(text + at, " \t\r\n")] != '\0')
		return error_set(why, ERR_CONFIG,
		    "%s: line %u: something follows the end of the document",
		    file, line_of(text, at));
	if (!json_object_is_type(*root, json_type_object))
		return error_set(why, ERR_CONFIG,
		    "%s: must be a JSON object: { ... }", file);
	return ERR_OK;
}

enum err
document_parse_text(json_object **root, const struct buffer *text,
    const char *file, struct error *why)
{
	struct json_tokener *tok = json_tokener_new_ex(DOCUMENT_DEPTH_MAX);
	json_object *parsed = NULL;
	enum err rc;

	if (tok == NULL)
		return error_set(why, ERR_MEMORY, "%s: out of memory", file);
	rc = parse(&parsed, text->data, text->len, tok, file, why);
	if (rc == ERR_OK)
		*root = json_object_get(parsed);
	json_object_put(parsed);
	json_tokener_free(tok);
	return rc;
}

enum err
document_check_names(const struct buffer *text, const char *file,
    struct error *why)
{
	struct json_fault f;

	if (json_names_unique(text->data, text->len, &f))
		return ERR_OK;
	if (f.first == f.at)
		return error_set(why, ERR_CONFIG, "%s: line %u: %s", file,
		    line_of(text->data, f.at), f.what);
	return error_set(why, ERR_CONFIG,
	    "%s: %s: stands here twice, in lines %u and %u; rename one, or "
	    "take it out",
	    file, f.place, line_of(text->data, f.first),
	    line_of(text->data, f.at));
}

static enum err
take_comments_out(struct buffer *text, const char *file, struct error *why)
{
	size_t at = 0;
	const char *what = document_blank_comments(text->data, &at);

	return what == NULL ? ERR_OK :
			      error_set(why, ERR_CONFIG, "%s: line %u: %s",
				  file, line_of(text->data, at), what);
}

static enum err
parse_all(json_object **root, struct buffer *text, const char *file,
    struct error *why)
{
	json_object *parsed;
	enum err rc = take_comments_out(text, file, why);

	if (rc == ERR_OK)
		rc = document_parse_text(&parsed, text, file, why);
	if (rc != ERR_OK)
		return rc;
	if ((rc = document_check_names(text, file, why)) == ERR_OK)
		*root = parsed;
	else
		json_object_put(parsed);
	return rc;
}

enum err
document_load(struct buffer *text, const char *file, struct edition *edition,
    struct error *why)
{
	enum err rc;

	*text = (struct buffer){ .max = DOCUMENT_SIZE_MAX };
	if ((rc = read_file(text, file, edition, why)) == ERR_OK)
		rc = take_comments_out(text, file, why);
	return rc;
}

enum err
document_read(json_object **root, const char *file, struct error *why)
{
	struct buffer text = { .max = DOCUMENT_SIZE_MAX };
	struct edition ignored;
	enum err rc = read_file(&text, file, &ignored, why);

	if (rc == ERR_OK)
		rc = parse_all(root, &text, file, why);
	buffer_free(&text);
	return rc;
}

enum err
document_read_text(struct buffer *text, const char *file, struct error *why)
{
	struct edition ignored;

	return read_file(text, file, &ignored, why);
}

enum err
document_parse(json_object **root, const char *text, const char *name,
    struct error *why)
{
	struct buffer copy = { .max = DOCUMENT_SIZE_MAX };
	enum err rc;

	if (*text == '\0')
		return error_set(why, ERR_CONFIG, "%s: is empty", name);
	if (!buffer_printf(&copy, "%s", text))
		return error_set(why, ERR_CONFIG, "%s: larger than %zu bytes",
		    name, copy.max);
	if ((rc = check_encoding(&copy, name, why)) == ERR_OK)
		rc = parse_all(root, &copy, name, why);
	buffer_free(&copy);
	return rc;
}
