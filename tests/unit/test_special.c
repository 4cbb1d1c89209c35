/*
 * test_special.c - the ranges of special.c against the table of the
 * registries, by a search of its own, and against another implementation.
 */
#include "unit.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <sys/wait.h>

#include "address/special.h"
#include "base/clock.h"

#define RANGES_MAX 128

/* One line of special-purpose-ips.tsv. */
struct range {
	int family;
	uint8_t first[16];
	unsigned int length;
	bool refused;
	char name[128]; /* as special_name() tells it */
};

static struct range ranges[RANGES_MAX];
static size_t range_count;

static unsigned int
bits_of(int family)
{
	return family == AF_INET ? 32 : 128;
}

static bool
bit(const uint8_t *bytes, unsigned int i)
{
	return (bytes[i / 8] >> (7 - i % 8)) & 1;
}

static void
read_line(char *line)
{
	struct range *r = &ranges[range_count++];
	const char *field[6];
	char *rest = line, *slash;

	for (size_t i = 0; i < COUNT(field); i++)
		assert_non_null(field[i] = strsep(&rest, "\t"));
	assert_null(rest);
	r->family = strcmp(field[0], "4") == 0 ? AF_INET : AF_INET6;
	slash = strchr(field[1], '/');
	assert_non_null(slash);
	*slash = '\0';
	assert_int_equal(inet_pton(r->family, field[1], r->first), 1);
	r->length = (unsigned int)strtoul(slash + 1, NULL, 10);
	r->refused = strcmp(field[5], "refuse") == 0;
	assert_int_equal(strncmp(field[3], "RFC", 3), 0);
	snprintf(r->name, sizeof r->name, "%s, RFC %s", field[2], field[3] + 3);
}

static int
read_table(void **state)
{
	char *file = unit_source("tests/unit/special-purpose-ips.tsv");
	FILE *f = fopen(file, "re");
	char line[512];

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || line[0] == '\0')
			continue;
		assert_true(range_count < RANGES_MAX);
		read_line(line);
	}
	fclose(f);
	free(file);
	assert_true(range_count >= 58);
	return 0;
}

static bool
contains(const struct range *r, const struct address *a)
{
	if (r->family != a->family)
		return false;
	for (unsigned int i = 0; i < r->length; i++)
		if (bit(r->first, i) != bit(a->bytes, i))
			return false;
	return true;
}

/* The most specific line; NULL where the table says nothing. */
static const struct range *
oracle(const struct address *a)
{
	const struct range *best = NULL;

	for (size_t i = 0; i < range_count; i++)
		if (contains(&ranges[i], a) &&
		    (best == NULL || ranges[i].length > best->length))
			best = &ranges[i];
	return best;
}

static void
check(const struct address *a)
{
	const struct range *r = oracle(a);
	const char *want = r != NULL && r->refused ? r->name : NULL;
	const char *got = special_name(a);
	char text[ADDRESS_TEXT_MAX];

	ROW(unit_same(got, want), "%s: \"%s\", not \"%s\"",
	    address_format(a, text), unit_text(got), unit_text(want));
}

/* Goes one address up or down, round at the ends. */
static void
step(struct address *a, int by)
{
	for (unsigned int i = bits_of(a->family) / 8; i-- > 0;) {
		a->bytes[i] = (uint8_t)(a->bytes[i] + by);
		if (a->bytes[i] != (by > 0 ? 0x00 : 0xff))
			return;
	}
}

static void
test_edges(void **state)
{
	(void)state;
	for (size_t i = 0; i < range_count; i++) {
		const struct range *r = &ranges[i];
		struct address a = { .family = r->family };

		memcpy(a.bytes, r->first, sizeof a.bytes);
		check(&a);
		step(&a, -1);
		check(&a);
		memcpy(a.bytes, r->first, sizeof a.bytes);
		for (unsigned int j = r->length; j < bits_of(r->family); j++)
			a.bytes[j / 8] |= (uint8_t)(0x80 >> j % 8);
		check(&a);
		step(&a, 1);
		check(&a);
	}
	ROWS_END();
}

/* Addresses all over, and more of them where something is special. */
static void
test_anywhere(void **state)
{
	uint64_t seed = 20240229;

	(void)state;
	for (unsigned int n = 0; n < 40000; n++) {
		struct address a = { .family = n % 2 ? AF_INET : AF_INET6 };
		const struct range *near = &ranges[n / 2 % range_count];

		for (unsigned int i = 0; i < bits_of(a.family) / 8; i++) {
			seed =
			    seed * 6364136223846793005U + 1442695040888963407U;
			a.bytes[i] = (uint8_t)(seed >> 56);
		}
		if (near->family == a.family && n % 8 < 6)
			memcpy(a.bytes, near->first, near->length / 8);
		check(&a);
	}
	ROWS_END();
}

/* What a reader expects to see here, whatever the table says. */
static const struct {
	const char *address;
	bool refused;
} known[] = {
	{ "89.14.163.156", false },
	{ "1.1.1.1", false },
	{ "2a01:c22:b045:defc::8", false },
	{ "2000::", false },
	{ "127.0.0.1", true },
	{ "10.0.0.1", true },
	{ "169.254.169.254", true },
	{ "100.64.0.1", true },
	{ "224.0.0.1", true },
	{ "255.255.255.255", true },
	{ "::ffff:89.14.163.156", true },
	{ "::89.14.163.156", true },
	{ "64:ff9b::590e:a39c", true },
	{ "2002:590e:a39c::1", true },
	{ "fd00::1", true },
	{ "fe80::1", true },
	{ "4000::1", true },
	{ "1fff:ffff::", true },
};

/* A mapped address stays one, for here it is to be refused. */
static bool
parse(struct address *a, const char *text)
{
	return address_parse(a, AF_INET, text) ||
	    address_parse(a, AF_INET6, text);
}

static void
test_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		struct address a;

		assert_true(parse(&a, known[i].address));
		ROW((special_name(&a) != NULL) == known[i].refused, "%s: %s",
		    known[i].address, unit_text(special_name(&a)));
	}
	ROWS_END();
}

/* Prints what Python refuses: all edges of the table, and much in between. */
static const char python[] =
    "import ipaddress, random, sys\n"
    "r = random.Random(1)\n"
    "rows = [row.split('\\t') for row in open(sys.argv[1]) if row[0] in '46']\n"
    "for network in (ipaddress.ip_network(row[1]) for row in rows):\n"
    "    first, last = int(network[0]), int(network[-1])\n"
    "    size = 2 ** network.max_prefixlen\n"
    "    some = [r.randint(first, last) for i in range(20)]\n"
    "    for n in [first, last, first - 1, last + 1] + some:\n"
    "        a = network[0].__class__(n % size)\n"
    "        if (not a.is_global or a.is_multicast or a.is_reserved\n"
    "                or a.is_link_local or a.is_unspecified):\n"
    "            print(a)\n";

/* Never allow what another well-known implementation refuses. */
static void
test_python(void **state)
{
	const char *file = unit_write("refused.py", python, strlen(python));
	char *table = unit_source("tests/unit/special-purpose-ips.tsv");
	char command[8192], line[128];
	unsigned int count = 0;
	FILE *p;

	(void)state;
	snprintf(command, sizeof command, "python3 -B '%s' '%s'", file, table);
	free(table);
	if (system("python3 -c '' >/dev/null 2>&1") != 0) {
		unit_skipped("there is no python3");
		return;
	}
	assert_non_null(p = popen(command, "re"));
	while (fgets(line, sizeof line, p) != NULL) {
		struct address a;

		line[strcspn(line, "\n")] = '\0';
		assert_true(parse(&a, line));
		ROW(special_name(&a) != NULL, "%s: allowed", line);
		count++;
	}
	assert_int_equal(pclose(p), 0);
	assert_true(count > 500);
	ROWS_END();
}

/* The kernel is asked each time, and does not tell if there is no memory. */
static bool no_interfaces;

int __real_getifaddrs(struct ifaddrs **list);
int __wrap_getifaddrs(struct ifaddrs **list);
int __wrap_clock_left(int64_t deadline);

int
__wrap_getifaddrs(struct ifaddrs **list)
{
	return no_interfaces ? -1 : __real_getifaddrs(list);
}

int
__wrap_clock_left(int64_t deadline)
{
	(void)deadline;
	return 0;
}

static void
test_own(void **state)
{
	struct address a;

	(void)state;
	assert_true(address_parse_any(&a, "127.0.0.1"));
	assert_int_equal(special_own(&a), OWN_OURS);
	/* TEST-NET-1 belongs to no machine. */
	assert_true(address_parse_any(&a, "192.0.2.77"));
	assert_int_equal(special_own(&a), OWN_NOT);
	assert_true(address_parse_any(&a, "2001:db8::77"));
	assert_int_equal(special_own(&a), OWN_NOT);
	no_interfaces = true;
	assert_int_equal(special_own(&a), OWN_UNKNOWN);
	no_interfaces = false;
	assert_int_equal(special_own(&a), OWN_NOT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_anywhere),
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_python),
		cmocka_unit_test(test_own),
	};

	return cmocka_run_group_tests(tests, read_table, NULL);
}
