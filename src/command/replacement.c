#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/replacement.h"

static bool
fail(const char *file, const char *reason)
{
	fprintf(stderr, "ddnsgate: %s: %s\n", file, reason);
	return false;
}

/* The bytes of its directory's name, with the slash at the end; 0: none. */
static int
directory_length(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash != NULL ? (int)(slash - file) + 1 : 0;
}

/* The bytes are on the disk before the name leads to them. */
static bool
write_text(int fd, const char *text, const struct ownership *o)
{
	size_t len = strlen(text);
	const char *end = len > 0 && text[len - 1] == '\n' ? "" : "\n";

	return write(fd, text, len) == (ssize_t)len &&
	    write(fd, end, strlen(end)) == (ssize_t)strlen(end) &&
	    (geteuid() != 0 || fchown(fd, o->user, o->group) == 0) &&
	    fchmod(fd, o->mode) == 0 && fsync(fd) == 0;
}

bool
replacement_write(struct replacement *r, const char *file, const char *text,
    const struct ownership *owner)
{
	int length = directory_length(file), fd;

	*r = (struct replacement){ .file = file, .new = { .max = 4096 } };
	if (!buffer_printf(&r->new, "%.*s.%s.XXXXXX", length, file,
		file + length))
		return fail(file, "name is too long");
	if ((fd = mkostemp(r->new.data, O_CLOEXEC)) == -1)
		return fail(file, strerror(errno));
	r->written = true;
	if (!write_text(fd, text, owner)) {
		fail(r->new.data, strerror(errno));
		close(fd);
		return false;
	}
	close(fd);
	return true;
}

void
replacement_sync(const char *file)
{
	char directory[4096] = ".";
	int length = directory_length(file), fd;

	if (length > 0)
		snprintf(directory, sizeof directory, "%.*s", length, file);
	if ((fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return;
	(void)fsync(fd);
	close(fd);
}

/* link(2) replaces nothing. */
bool
replacement_take_place(struct replacement *r, bool is_new)
{
	if (is_new ? link(r->new.data, r->file) == -1 :
		     rename(r->new.data, r->file) == -1)
		return fail(r->file, strerror(errno));
	r->written = is_new;
	replacement_sync(r->file);
	return true;
}

void
replacement_end(struct replacement *r)
{
	if (r->written)
		(void)unlink(r->new.data);
	buffer_free(&r->new);
	*r = (struct replacement){ .file = NULL };
}
