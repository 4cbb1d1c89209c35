#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"
#include "config/document.h"
#include "config/secret_file.h"

/* One line of visible characters, and perhaps its end. */
static enum err
take_line(const char *text, size_t len, const char *file, struct buffer *to,
    struct error *why)
{
	if (len > 0 && text[len - 1] == '\n')
		len--;
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			len = 0;
	if (len == 0 || len > SECRET_FILE_MAX)
		return error_set(why, ERR_CONFIG,
		    "%s: must be one line of at most %d visible characters, "
		    "without blanks",
		    file, SECRET_FILE_MAX);
	return buffer_add(to, text, len) ? ERR_OK : error_memory(why);
}

enum err
secret_file_read(const char *file, struct buffer *to, struct error *why)
{
	char text[SECRET_FILE_MAX + 2];
	enum err rc = document_of_ours(file, why);
	struct stat st;
	ssize_t n = -1;
	int fd;

	if (rc != ERR_OK)
		return rc;
	fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd == -1 || fstat(fd, &st) == -1)
		rc =
		    error_set(why, ERR_CONFIG, "%s: %s", file, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		rc = error_set(why, ERR_CONFIG, "%s: not a regular file", file);
	else if ((st.st_mode & S_IROTH) != 0)
		rc = error_set(why, ERR_CONFIG,
		    "%s: everybody can read it; chmod o-r", file);
	else if ((n = read(fd, text, sizeof text)) == -1)
		rc =
		    error_set(why, ERR_CONFIG, "%s: %s", file, strerror(errno));
	else
		rc = take_line(text, (size_t)n, file, to, why);
	secret_wipe(text, sizeof text);
	if (fd != -1)
		close(fd);
	return rc;
}
