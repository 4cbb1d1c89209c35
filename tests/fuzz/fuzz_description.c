/*
 * fuzz_description.c - any text as the description of a provider; one that is
 * taken is also rehearsed.
 */
#include "fuzz.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provider/rest/rehearse.h"

const char fuzz_name[] = "description";

static void
show(struct description *d)
{
	struct provider_settings settings = { .name = "home",
		.address_count = 1,
		.ca = "/ca.pem" };
	struct endpoint at = { .settings = &settings,
		.port = 443,
		.host = (char *)(uintptr_t) "api.example",
		.origin = (char *)(uintptr_t) "https://api.example",
		.path = (char *)(uintptr_t) "/v1" };
	const struct api api = { .description = d, .at = &at, .login = &at };
	struct publication records[3] = { { .name = "home.example.org",
					      .address = { AF_INET, { 192 } } },
		{ .name = "home.example.org",
		    .zone = "example.org",
		    .address = { AF_INET6, { 0x2a } } },
		{ .name = "*.example.org",
		    .address = { .family = AF_INET },
		    .remove = true } };
	struct publication *const list[] = { &records[0], &records[1],
		&records[2] };
	FILE *to = fopen("/dev/null", "we");

	if (to == NULL)
		abort();
	rehearse(&api, to, list, 3);
	fclose(to);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("description", MFD_CLOEXEC);
	struct description *d;
	struct error why;
	char file[64];

	if (fd == -1 || fchmod(fd, 0600) == -1 ||
	    write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(file, sizeof file, "/proc/self/fd/%d", fd);
	if ((d = description_read(file, &why)) != NULL)
		show(d);
	else
		assert(strncmp(why.text, file, strlen(file)) == 0);
	description_free(d);
	close(fd);
	return 0;
}
