/*
 * derive.c - the address derivation, for test_derivation.py to ask.
 *
 * Reads lines, and answers each with one:
 *	PREFIX/LENGTH DELEGATED SUFFIX	the address made of them, the one made
 *					of that again, and "public" or
 *					"special"; or "unfit" or "short"
 *	ADDRESS				"public" or "special"
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "address/prefix.h"
#include "address/special.h"

static const char *
judge(const struct address *a)
{
	return special_name(a) != NULL ? "special" : "public";
}

/* In hexadecimal, which is quick to read. */
static void
put(const struct address *a)
{
	for (size_t i = 0; i < sizeof a->bytes; i++)
		printf("%02x", a->bytes[i]);
	putchar(' ');
}

static void
derive(const char *sent, unsigned int length, const char *suffix_text)
{
	struct address suffix, made, again;
	struct prefix prefix;
	struct error why;

	if (!address_parse_length(&prefix.address, &prefix.length, sent) ||
	    !address_parse(&suffix, AF_INET6, suffix_text)) {
		fprintf(stderr, "derive: %s %s\n", sent, suffix_text);
		exit(1);
	}
	if (!suffix_fits(&suffix, length)) {
		puts("unfit");
	} else if (prefix_join(&made, &prefix, length, &suffix, &why) !=
	    ERR_OK) {
		puts("short");
	} else {
		prefix = (struct prefix){ made, 128 };
		if (prefix_join(&again, &prefix, length, &suffix, &why) !=
		    ERR_OK)
			exit(1);
		put(&made);
		put(&again);
		puts(judge(&made));
	}
}

int
main(void)
{
	char line[256], sent[64], suffix[64];
	struct address a;
	unsigned int length;

	while (fgets(line, sizeof line, stdin) != NULL) {
		int n = sscanf(line, "%63s %u %63s", sent, &length, suffix);

		if (n == 3) {
			derive(sent, length, suffix);
		} else if (n == 1 && address_parse_any(&a, sent)) {
			puts(judge(&a));
		} else {
			fprintf(stderr, "derive: %s", line);
			return 1;
		}
	}
	return 0;
}
