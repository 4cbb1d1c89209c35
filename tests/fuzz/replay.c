/*
 * replay.c - in the place of libFuzzer: runs a target on its seeds once, and
 * on any files that are named.  Speaks TAP.
 */
#include "fuzz.h"

#include <dirent.h>

static bool
replay(const char *file)
{
	FILE *f = fopen(file, "re");
	uint8_t *data = NULL;
	size_t size = 0, n;
	uint8_t block[4096];

	if (f == NULL)
		return false;
	while ((n = fread(block, 1, sizeof block, f)) > 0) {
		if ((data = realloc(data, size + n)) == NULL)
			abort();
		memcpy(data + size, block, n);
		size += n;
	}
	fclose(f);
	LLVMFuzzerTestOneInput(data != NULL ? data : block, size);
	free(data);
	return true;
}

static int
is_seed(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

int
main(int argc, char *argv[])
{
	const char *top = getenv("DDNSGATE_SOURCE");
	struct dirent **seeds = NULL;
	char folder[2048];
	int count = 0, test = 0;
	bool good = true;

	snprintf(folder, sizeof folder, "%s/tests/fuzz/seeds/%s",
	    top != NULL ? top : ".", fuzz_name);
	if (argc == 1 &&
	    (count = scandir(folder, &seeds, is_seed, alphasort)) <= 0) {
		printf("Bail out! %s: no seeds\n", folder);
		return EXIT_FAILURE;
	}
	printf("1..%d\n", count + argc - 1);
	for (int i = 1; i < argc; i++) {
		bool ok = replay(argv[i]);

		printf("%sok %d - %s\n", ok ? "" : "not ", ++test, argv[i]);
		good = good && ok;
	}
	for (int i = 0; i < count; i++) {
		char file[4096];
		bool ok;

		snprintf(file, sizeof file, "%s/%s", folder, seeds[i]->d_name);
		ok = replay(file);
		printf("%sok %d - %s\n", ok ? "" : "not ", ++test,
		    seeds[i]->d_name);
		good = good && ok;
		free(seeds[i]);
	}
	free(seeds);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
