#include "config.h"

#include "page/unseen.h"

/* How many bytes a character has that begins with this one; 0: none does. */
static size_t
length_of(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc0 || first >= 0xf8)
		return 0;
	return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

size_t
unseen_decode(const char *text, size_t len, uint32_t *c)
{
	/* The smallest character that needs so many bytes. */
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *b = (const unsigned char *)text;
	size_t n = length_of(b[0]);
	uint32_t value = n > 1 ? b[0] & (0x7fU >> n) : b[0];

	*c = UNSEEN_NO_CHARACTER;
	if (n == 0 || n > len)
		return 1;
	for (size_t i = 1; i < n; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return 1;
		value = value << 6 | (b[i] & 0x3f);
	}
	if (value < smallest[n] || value > 0x10ffff ||
	    (value >= 0xd800 && value <= 0xdfff))
		return 1;
	*c = value;
	return n;
}

bool
unseen_is(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x0, 0x1f },	       /* control characters */
		{ 0x7f, 0x9f },	       /* more of them */
		{ 0xad, 0xad },	       /* soft hyphen */
		{ 0x300, 0x36f },      /* marks over other characters */
		{ 0x483, 0x489 },      /* the same */
		{ 0x61c, 0x61c },      /* direction */
		{ 0x115f, 0x1160 },    /* fillers */
		{ 0x17b4, 0x17b5 },    /* without width */
		{ 0x180b, 0x180f },    /* variants, without width */
		{ 0x1ab0, 0x1aff },    /* marks */
		{ 0x1dc0, 0x1dff },    /* marks */
		{ 0x200b, 0x200f },    /* without width; direction */
		{ 0x2028, 0x202e },    /* ends of lines; direction */
		{ 0x2060, 0x206f },    /* without width; direction */
		{ 0x20d0, 0x20ff },    /* marks */
		{ 0x2800, 0x2800 },    /* a pattern without a dot */
		{ 0x3164, 0x3164 },    /* filler */
		{ 0xe000, 0xf8ff },    /* private use */
		{ 0xfdd0, 0xfdef },    /* no characters */
		{ 0xfe00, 0xfe0f },    /* variants */
		{ 0xfe20, 0xfe2f },    /* marks */
		{ 0xfeff, 0xfeff },    /* without width */
		{ 0xffa0, 0xffa0 },    /* filler */
		{ 0xfff0, 0xfffb },    /* annotations, not assigned */
		{ 0x1bca0, 0x1bca3 },  /* format of shorthand */
		{ 0x1d173, 0x1d17a },  /* format of music */
		{ 0xe0000, 0x10ffff }, /* tags, private use */
	};

	if (c >= 0x20 && c <= 0x7e)
		return false;
	if ((c & 0xfffe) == 0xfffe)
		return true;
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}
