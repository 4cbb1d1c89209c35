/*
 * document.h - a JSON file of the operator, read strictly.
 *
 * json-c parses, in its strict way; comments are allowed beside it, since
 * people must be able to explain their choices.  reader.h takes the values out.
 */
#ifndef CONFIG_DOCUMENT_H
#define CONFIG_DOCUMENT_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/buffer.h"
#include "base/error.h"
#include "config/edition.h"

#define DOCUMENT_SIZE_MAX  (64UL << 20) /* 100,000 accounts of 600 bytes each */
#define DOCUMENT_DEPTH_MAX 16

/*
 * Reads a file that nobody but root or we may write, neither by itself nor by
 * its directory, and parses it (RFC 8259, with comments).  A name that one
 * object holds twice is an error.  The caller owns *root (json_object_put),
 * which is left alone on failure.  Errors give the file, and the line where
 * parsing stopped, or the place of the name and both of its lines.
 */
enum err document_read(json_object **root, const char *file, struct error *why);

/*
 * The same step by step.  The text of the file without its comments, which are
 * blanks now; *text is to be released by buffer_free() in any case.  *edition
 * tells later whether the file is still the one read.
 */
enum err document_load(struct buffer *text, const char *file,
    struct edition *edition, struct error *why);

/* Parses a text without comments; the caller owns *root. */
enum err document_parse_text(json_object **root, const struct buffer *text,
    const char *file, struct error *why);

/* Is each name in the text, which was parsed, once in its object? */
enum err document_check_names(const struct buffer *text, const char *file,
    struct error *why);

/*
 * The text of such a file, not parsed, with its comments; text is empty before,
 * and has the maximum DOCUMENT_SIZE_MAX.
 */
enum err document_read_text(struct buffer *text, const char *file,
    struct error *why);

/*
 * Overwrites the comments of text with blanks, but for their line ends, so that
 * all else keeps its place.  NULL, or what is wrong with the comment that
 * begins at *at.
 */
const char *document_blank_comments(char *text, size_t *at);

/*
 * document_read() for a text that is in no file; errors call it name.
 */
enum err document_parse(json_object **root, const char *text, const char *name,
    struct error *why);

/*
 * ERR_CONFIG unless nobody but root may write the file, its directory, and the
 * directory where it really is if a link leads to it.
 */
enum err document_of_root(const char *file, struct error *why);

/* The same, but the user of this process may own and write them, too. */
enum err document_of_ours(const char *file, struct error *why);

#endif
