/*
 * test_html.c - nothing becomes markup but what was meant to.
 */
#include "unit.h"

#include "page/html.h"
#include "page/link.h"
#include "page/unseen.h"

static const struct {
	const char *text, *want;
} texts[] = {
	{ "home.example.org", "home.example.org" },
	{ "", "" },
	{ "<script>alert(1)</script>",
	    "&lt;script&gt;alert(1)&lt;/script&gt;" },
	{ "\" onclick='x'", "&quot; onclick=&#39;x&#39;" },
	{ "a&lt;b", "a&amp;lt;b" },
	{ "O=Stra\xc3\x9f\x65, CN=\xe6\x97\xa5\xe6\x9c\xac",
	    "O=Stra\xc3\x9f\x65, CN=\xe6\x97\xa5\xe6\x9c\xac" },
	/* What is not seen, or reorders what is. */
	{ "a\nb\tc\x7f", "a[U+000A]b[U+0009]c[U+007F]" },
	{ "\xe2\x80\xaegro", "[U+202E]gro" },
	{ "\xe2\x81\xa6x\xe2\x81\xa9", "[U+2066]x[U+2069]" },
	{ "a\xe2\x80\x8b\xef\xbb\xbfz", "a[U+200B][U+FEFF]z" },
	{ "\xc2\x85\xc2\xad", "[U+0085][U+00AD]" },
	{ "e\xcc\x81", "e[U+0301]" },
	{ "\xf3\xa0\x81\x81", "[U+E0041]" },
	{ "\xef\xbf\xbe", "[U+FFFE]" },
	/* No UTF-8: a lone byte, a long form, a surrogate, too large, cut. */
	{ "\x80\xff", "[0x80][0xFF]" },
	{ "\xc0\xbc", "[0xC0][0xBC]" },
	{ "\xe0\x80\xbc", "[0xE0][0x80][0xBC]" },
	{ "\xed\xa0\x80", "[0xED][0xA0][0x80]" },
	{ "\xf4\x90\x80\x80", "[0xF4][0x90][0x80][0x80]" },
	{ "x\xe2\x80", "x[0xE2][0x80]" },
	{ "\xe2<b>", "[0xE2]&lt;b&gt;" },
};

/* Text, value and the text of a stranger are escaped alike. */
static void
test_escaped(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct buffer b = { .max = 4096 };
		struct html h = { .to = &b };
		char want[512];

		html_open(&h, "a");
		html_attribute(&h, "title", texts[i].text);
		html_text(&h, texts[i].text);
		html_foreign(&h, texts[i].text);
		html_printf(&h, "%s!", texts[i].text);
		html_close(&h);
		snprintf(want, sizeof want,
		    "<a title=\"%s\">%s<bdi>%s</bdi>%s!</a>", texts[i].want,
		    texts[i].want, texts[i].want, texts[i].want);
		ROW(!b.failed && unit_same(b.data, want), "%zu: %s\n%s", i,
		    unit_text(b.data), want);
		buffer_free(&b);
	}
	ROWS_END();
}

static void
test_elements(void **state)
{
	struct buffer b = { .max = 4096 };
	struct html h = { .to = &b };

	(void)state;
	html_begin(&h);
	html_open(&h, "p");
	html_open(&h, "input");
	html_attribute(&h, "value", "1");
	html_close(&h);
	html_open(&h, "option");
	html_attribute(&h, "selected", NULL);
	html_close(&h);
	html_open(&h, "meta");
	html_element(&h, "b", "x y", "<>");
	html_attribute_printf(&h, "late", "%d", 1);
	assert_true(b.failed); /* an attribute behind the text */
	b.failed = false;
	html_end(&h);
	assert_false(b.failed);
	assert_string_equal(b.data,
	    "<!DOCTYPE html>\n<p><input value=\"1\"><option selected></option>"
	    "<meta><b class=\"x y\">&lt;&gt;</b></p>\n");
	html_close(&h);
	assert_true(b.failed); /* nothing is open */
	buffer_free(&b);
}

/* A name is no way for markup either; nor is depth without end. */
static void
test_names(void **state)
{
	static const char *const names[] = { "", "a b", "a>", "a\"", "a/",
		"\xc3\xa4" };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct buffer b = { .max = 4096 };
		struct html h = { .to = &b };

		html_open(&h, names[i]);
		ROW(b.failed, "element \"%s\"", names[i]);
		b.failed = false;
		html_attribute(&h, names[i], "");
		ROW(b.failed, "attribute \"%s\"", names[i]);
		buffer_free(&b);
	}
	ROWS_END();
}

static void
test_depth(void **state)
{
	struct buffer b = { .max = 4096 };
	struct html h = { .to = &b };

	(void)state;
	for (size_t i = 0; i < HTML_DEPTH_MAX; i++)
		html_open(&h, "div");
	assert_false(b.failed);
	html_open(&h, "div");
	assert_true(b.failed);
	buffer_free(&b);
}

/* Of a long text the beginning, and never half of a character. */
static void
test_cut(void **state)
{
	char text[3 * HTML_FOREIGN_MAX];
	struct buffer b = { .max = 4096 };
	struct html h = { .to = &b };

	(void)state;
	text[0] = 'x';
	for (size_t i = 1; i + 2 < sizeof text; i += 2)
		memcpy(text + i, "\xc3\xa4", 3);
	html_foreign(&h, text);
	assert_false(b.failed);
	assert_null(strstr(b.data, "[0x"));
	assert_string_equal(b.data + b.len - 11, "\xc3\xa4...</bdi>");
	assert_in_range(b.len, HTML_FOREIGN_MAX, HTML_FOREIGN_MAX + 20);
	buffer_free(&b);
	/* What is no character at all has no beginning. */
	b = (struct buffer){ .max = 1 << 16 };
	h = (struct html){ .to = &b };
	memset(text, 0x80, sizeof text - 1);
	text[sizeof text - 1] = '\0';
	html_foreign(&h, text);
	assert_false(b.failed);
	assert_int_equal(b.len,
	    strlen("<bdi>...</bdi>") + 6 * (HTML_FOREIGN_MAX - 3));
	buffer_free(&b);
}

static void
test_links(void **state)
{
	struct buffer url = { .max = LINK_MAX };

	(void)state;
	buffer_puts(&url, "status");
	link_add(&url, "q", "");
	link_add(&url, "q", NULL);
	link_add(&url, "q", "a b&c=d?#/%\"<\xc3\xa4");
	link_add_number(&url, "page", 12);
	assert_string_equal(url.data,
	    "status?q=a%20b%26c%3Dd%3F%23%2F%25%22%3C%C3%A4&page=12");
	buffer_free(&url);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escaped),
		cmocka_unit_test(test_elements),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
