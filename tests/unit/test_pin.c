/*
 * test_pin.c - which texts are a pin.
 */
#include "unit.h"

#include "config/pin.h"

#define HEX64                              \
	"000102030405060708090a0b0c0d0e0f" \
	"101112131415161718191a1b1c1d1e1f"

static const struct {
	const char *in;
	bool good;
} pins[] = {
	{ HEX64, true },
	{ "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
	    true },
	{ "sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", true },
	{ "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", false },
	{ "sha256//" HEX64, false },
	{ "sha256//", false },
	{ "sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==", false },
	{ "sha256//!!!!", false },
	{ "sha1//AAECAwQFBgcICQoLDA0ODxAREhM=", false },
	{ HEX64 "00", false },
	{ "0001", false },
	{ "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1",
	    false },
	{ "g00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
	    false },
	{ "", false },
};

static void
test_pin(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(pins); i++) {
		uint8_t pin[PIN_LEN] = { 0xff };
		bool good = pin_parse(pin, pins[i].in);

		ROW(good == pins[i].good, "\"%s\"", pins[i].in);
		for (size_t j = 0; good && j < sizeof pin; j++)
			ROW(pin[j] == j, "\"%s\": byte %zu", pins[i].in, j);
	}
	ROWS_END();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
