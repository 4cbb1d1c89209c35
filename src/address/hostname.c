#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <gnutls/gnutls.h>

#include "address/address.h"
#include "address/hostname.h"

#define LABEL_MAX 63

static bool
is_label_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	    c == '_';
}

/* Are these labels such as a host name is made of?  s is lower case. */
static bool
labels_valid(const char *s)
{
	struct address ignored;

	if (strlen(s) > HOSTNAME_MAX || address_parse_any(&ignored, s))
		return false;
	for (;;) {
		size_t len = strcspn(s, ".");

		if (len == 0 || len > LABEL_MAX || s[0] == '-' ||
		    s[len - 1] == '-')
			return false;
		for (size_t i = 0; i < len; i++)
			if (!is_label_char(s[i]))
				return false;
		if (s[len] == '\0')
			return true;
		s += len + 1;
	}
}

/* gnutls_idna_map() copies a name that is ASCII as it is. */
static void
lower(char *s)
{
	for (; *s != '\0'; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
}

char *
hostname_normalise(const char *text, bool wildcard)
{
	bool star = strncmp(text, "*.", 2) == 0;
	gnutls_datum_t mapped = { NULL, 0 };
	char *name = NULL;
	size_t len;

	if (star && !wildcard)
		return NULL;
	/* IDNA would leave control characters out. */
	for (const char *c = text; *c != '\0'; c++)
		if ((*c > 0 && *c <= ' ') || *c == 0x7f)
			return NULL;
	if (star)
		text += 2;
	if ((len = strlen(text)) > 4 * HOSTNAME_MAX ||
	    gnutls_idna_map(text, (unsigned int)len, &mapped, 0) < 0)
		return NULL;
	len = strlen((char *)mapped.data);
	if ((name = malloc(len + 3)) == NULL)
		goto out;
	strcpy(name, star ? "*." : "");
	strcat(name, (char *)mapped.data);
	lower(name);
	len = strlen(name);
	if (len > 0 && name[len - 1] == '.')
		name[len - 1] = '\0';
	if (!labels_valid(star ? name + 2 : name) ||
	    strlen(name) > HOSTNAME_MAX) {
		free(name);
		name = NULL;
	}
out:
	gnutls_free(mapped.data);
	return name;
}

static bool
is_ascii(const char *s)
{
	while (*s > 0)
		s++;
	return *s == '\0';
}

/* The length without a dot at the end. */
static size_t
length(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && s[n - 1] == '.' ? n - 1 : n;
}

bool
hostname_same(const char *a, const char *b)
{
	char *one, *other;
	bool same;

	if (strcmp(a, b) == 0)
		return true;
	if (length(a) > 0 && length(a) == length(b) &&
	    strncasecmp(a, b, length(a)) == 0)
		return true;
	if (is_ascii(a) && is_ascii(b))
		return false;
	one = hostname_normalise(a, true);
	other = hostname_normalise(b, true);
	same = one != NULL && other != NULL && strcmp(one, other) == 0;
	free(one);
	free(other);
	return same;
}

bool
hostname_within(const char *name, const char *zone)
{
	size_t n = strlen(name), z = strlen(zone);

	if (z == 0 || z > n || strcmp(name + n - z, zone) != 0)
		return false;
	return n == z || name[n - z - 1] == '.';
}
