#include "unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>
#include <json-c/json_pointer.h>

#define NAMES_MAX 256

static unsigned int rows_failed;
static char directory[256];
static pid_t owner; /* a child must not remove it */
static char *names[NAMES_MAX];
static size_t name_count;

void
unit_row_failed(const char *file, int line)
{
	rows_failed++;
	print_error("%s:%d: ", file, line);
}

unsigned int
unit_rows_failed(void)
{
	unsigned int n = rows_failed;

	rows_failed = 0;
	return n;
}

bool
unit_same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

struct address
unit_address(const char *text)
{
	struct address a;

	assert_true(address_parse_any(&a, text));
	return a;
}

const char *
unit_text(const char *s)
{
	return s != NULL ? s : "(null)";
}

char *
unit_source(const char *name)
{
	const char *top = getenv("DDNSGATE_SOURCE");
	char *file;

	if (top == NULL)
		top = ".";
	assert_int_not_equal(asprintf(&file, "%s/%s", top, name), -1);
	return file;
}

static int
remove_one(const char *file, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(file);
}

static void
clean(void)
{
	if (getpid() != owner)
		return;
	nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	while (name_count > 0)
		free(names[--name_count]);
}

void
unit_skipped(const char *why)
{
	print_message("# not run: %s\n", why);
}

const char *
unit_directory(void)
{
	const char *tmp = getenv("TMPDIR");

	if (directory[0] != '\0')
		return directory;
	snprintf(directory, sizeof directory, "%s/ddnsgate-unit.XXXXXX",
	    tmp != NULL && *tmp == '/' ? tmp : "/tmp");
	assert_non_null(mkdtemp(directory));
	owner = getpid();
	atexit(clean);
	return directory;
}

/* The same name is kept once. */
static const char *
keep_name(char *file)
{
	for (size_t i = 0; i < name_count; i++)
		if (strcmp(names[i], file) == 0) {
			free(file);
			return names[i];
		}
	assert_true(name_count < NAMES_MAX);
	return names[name_count++] = file;
}

const char *
unit_write(const char *name, const char *text, size_t len)
{
	char *file;
	int fd;

	assert_int_not_equal(asprintf(&file, "%s/%s", unit_directory(), name),
	    -1);
	unlink(file);
	fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text, len), len);
	close(fd);
	return keep_name(file);
}

/* Takes a member out of its object. */
static void
take_out(json_object *root, const char *pointer)
{
	char parent[256], *slash;
	json_object *object;

	snprintf(parent, sizeof parent, "%s", pointer);
	assert_non_null(slash = strrchr(parent, '/'));
	*slash = '\0';
	assert_int_equal(json_pointer_get(root, parent, &object), 0);
	assert_true(json_object_object_get_ex(object, slash + 1, NULL));
	json_object_object_del(object, slash + 1);
}

const char *
unit_write_changed(const char *name, const char *base, const char *pointer,
    const char *value)
{
	json_object *root = json_tokener_parse(base), *at;
	enum json_tokener_error bad;
	const char *text, *file;

	assert_non_null(root);
	if (pointer != NULL && value != NULL) {
		at = json_tokener_parse_verbose(value, &bad);
		assert_int_equal(bad, json_tokener_success);
		assert_int_equal(json_pointer_set(&root, pointer, at), 0);
	} else if (pointer != NULL) {
		take_out(root, pointer);
	}
	text = json_object_to_json_string(root);
	file = unit_write(name, text, strlen(text));
	json_object_put(root);
	return file;
}

char *
unit_read(const char *file)
{
	FILE *f = fopen(file, "re");
	char *text = NULL;
	size_t size = 0;

	assert_non_null(f);
	if (getdelim(&text, &size, '\0', f) == -1 && text != NULL)
		text[0] = '\0';
	fclose(f);
	return text;
}
