#include "config.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "address/spelling.h"

#define WORD_MAX 96 /* bytes of the longest form, with room for a zone */

static const struct network link_local = {
	{ AF_INET6, { 0xfe, 0x80 } },
	10,
};

/* What scripts and devices write for an address that is not there. */
static const char *const absent_words[] = { "-", "0", "false", "keep", "n/a",
	"na", "nil", "no", "nochg", "null", "off", "preserve", "unavailable",
	"undef", "undefined", "unknown", "unset" };

/* How placeholders begin and end; the longer first. */
static const struct {
	const char *open, *close;
} placeholders[] = {
	{ "__", "__" },
	{ "${", "}" },
	{ "{{", "}}" },
	{ "{", "}" },
	{ "<", ">" },
	{ "[", "]" },
	{ "%", "%" },
	{ "%", "" },
	{ "$", "" },
};

static bool
is_absent_word(const char *text)
{
	/* The first letter tells most of them apart. */
	for (size_t i = 0; i < sizeof absent_words / sizeof *absent_words; i++)
		if (tolower((unsigned char)*text) == *absent_words[i] &&
		    strcasecmp(text, absent_words[i]) == 0)
			return true;
	return false;
}

/* A letter, then letters, digits, '_' and '-'. */
static bool
is_variable(const char *name, size_t len)
{
	if (len == 0 || !isalpha((unsigned char)*name))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '_' &&
		    name[i] != '-')
			return false;
	return true;
}

static bool
is_placeholder(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < sizeof placeholders / sizeof *placeholders;
	     i++) {
		size_t open = strlen(placeholders[i].open);
		size_t close = strlen(placeholders[i].close);

		if (len > open + close &&
		    strncmp(text, placeholders[i].open, open) == 0 &&
		    strcmp(text + len - close, placeholders[i].close) == 0 &&
		    is_variable(text + open, len - open - close))
			return true;
	}
	return false;
}

/* Takes away a byte at each end, if they are these. */
static char *
unwrap(char *text, char open, char close)
{
	size_t len = strlen(text);

	if (len < 2 || text[0] != open || text[len - 1] != close)
		return text;
	text[len - 1] = '\0';
	return text + 1;
}

/* "[ADDRESS]/64" and "[ADDRESS%eth0]" lose brackets and zone. */
static char *
strip(char *head)
{
	char *zone;

	head = unwrap(head, '[', ']');
	/* RFC 4007 section 11: only IPv6 has zones; they mean nothing here. */
	zone = strchr(head, '%');
	if (zone != NULL && zone[1] != '\0' && strchr(head, ':') != NULL)
		*zone = '\0';
	return head;
}

/* How many groups without "::"; 0 for anything else. */
static unsigned int
count_groups(const char *head)
{
	unsigned int groups = 1;

	if (strstr(head, "::") != NULL || strchr(head, '.') != NULL)
		return 0;
	for (; *head != '\0'; head++)
		if (*head == ':')
			groups++;
	return groups;
}

/*
 * The beginning of an IPv6 address, "2a01:c22:b045:de00": four groups are a
 * /64, and fewer or more mean something where a length says how much.
 */
static bool
parse_groups(struct prefix *p, const char *head, bool has_length)
{
	char whole[WORD_MAX + sizeof "::"];
	unsigned int groups = count_groups(head);

	if (groups != 4 && !(has_length && groups > 1 && groups < 8))
		return false;
	strcpy(whole, head);
	strcat(whole, "::");
	p->length = 16 * groups;
	return address_parse(&p->address, AF_INET6, whole);
}

static bool
parse_head(struct prefix *p, const char *head, bool has_length)
{
	if (address_parse(&p->address, AF_INET, head) ||
	    address_parse(&p->address, AF_INET6, head)) {
		p->length = address_bits(&p->address);
		return true;
	}
	return parse_groups(p, head, has_length);
}

/* Judges the spelling by the bits of the address. */
static enum spelling
judge(const struct prefix *p)
{
	static const struct address zero4 = { .family = AF_INET };
	static const struct address zero6 = { .family = AF_INET6 };
	struct address head = p->address;

	if (address_equal(&head, &zero4) || address_equal(&head, &zero6) ||
	    network_contains(&link_local, &head))
		return SPELLING_ABSENT;
	address_mask(&head, p->length);
	if (p->length == address_bits(&p->address) ||
	    !address_equal(&head, &p->address))
		return SPELLING_ADDRESS;
	/* The address of an IPv4 network is that of no host. */
	return p->address.family == AF_INET6 ? SPELLING_PREFIX : SPELLING_NONE;
}

enum spelling
spelling_read(struct prefix *p, const char *text)
{
	char copy[WORD_MAX], *head, *length;
	struct prefix parsed;

	if (strlen(text) >= sizeof copy)
		return SPELLING_NONE;
	strcpy(copy, text);
	head = unwrap(unwrap(copy, '"', '"'), '\'', '\'');
	if (is_absent_word(head) || is_placeholder(head))
		return SPELLING_ABSENT;
	if ((length = strchr(head, '/')) != NULL)
		*length++ = '\0';
	if (!parse_head(&parsed, strip(head), length != NULL) ||
	    (length != NULL &&
		!length_parse(&parsed.length, length,
		    address_bits(&parsed.address))))
		return SPELLING_NONE;
	address_unmap_length(&parsed.address, &parsed.length);
	*p = parsed;
	return judge(p);
}
