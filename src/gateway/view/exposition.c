#include "config.h"

#include <inttypes.h>

#include "gateway/view/exposition.h"

void
exposition_metric(struct buffer *b, const char *name, const char *type,
    const char *help)
{
	buffer_printf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name,
	    type);
}

/* Backslash, quote and line break are escaped; all else stays. */
static void
put_value(struct buffer *b, const char *value)
{
	for (; *value != '\0'; value++) {
		if (*value == '\n')
			buffer_puts(b, "\\n");
		else if (*value == '\\' || *value == '"')
			buffer_printf(b, "\\%c", *value);
		else
			buffer_add(b, value, 1);
	}
}

static void
put_name(struct buffer *b, const char *name, const char *suffix,
    const struct label *labels)
{
	buffer_printf(b, "%s%s", name, suffix);
	if (labels == NULL || labels->name == NULL)
		return;
	for (const char *separator = "{"; labels->name != NULL; labels++) {
		buffer_printf(b, "%s%s=\"", separator, labels->name);
		put_value(b, labels->value);
		buffer_puts(b, "\"");
		separator = ",";
	}
	buffer_puts(b, "}");
}

void
exposition_integer(struct buffer *b, const char *name, const char *suffix,
    const struct label *labels, int64_t value)
{
	put_name(b, name, suffix, labels);
	buffer_printf(b, " %" PRId64 "\n", value);
}

void
exposition_thousandths(struct buffer *b, const char *name, const char *suffix,
    const struct label *labels, uint64_t value)
{
	put_name(b, name, suffix, labels);
	buffer_printf(b, " %" PRIu64 ".%03u\n", value / 1000,
	    (unsigned int)(value % 1000));
}
