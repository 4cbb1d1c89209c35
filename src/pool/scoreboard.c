#include "config.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alive.h"
#include "base/fnv.h"
#include "base/shared.h"
#include "pool/scoreboard.h"

#define NAME_LEN_MAX 64

static size_t
size_of(size_t slots)
{
	return sizeof(struct scoreboard) + slots * sizeof(struct slot);
}

/* shm_open(3): a slash and no other.  The hash is of the file's full name. */
static void
make_name(const char *file, char name[static NAME_LEN_MAX])
{
	char full[PATH_MAX];

	if (realpath(file, full) == NULL)
		snprintf(full, sizeof full, "%s", file);
	snprintf(name, NAME_LEN_MAX, "/ddnsgate-%016llx",
	    (unsigned long long)fnv_hash(full, strlen(full)));
}

/* NULL if it cannot have its name; an older one of ours gives way. */
static struct scoreboard *
new_named(const char *file, size_t size)
{
	char name[NAME_LEN_MAX];
	void *b = MAP_FAILED;
	int fd;

	make_name(file, name);
	(void)shm_unlink(name);
	fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (fd == -1)
		return NULL;
	if (ftruncate(fd, (off_t)size) == 0)
		b = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (b != MAP_FAILED)
		return b;
	(void)shm_unlink(name);
	return NULL;
}

struct scoreboard *
scoreboard_new(const char *file, size_t slots)
{
	struct scoreboard *b = new_named(file, size_of(slots));

	if (b == NULL && (b = shared_new(size_of(slots))) == NULL)
		return NULL;
	b->began = time(NULL);
	b->count = slots;
	atomic_store(&b->supervisor, alive_mark());
	return b;
}

bool
scoreboard_narrow(struct scoreboard *b, struct slot *slot)
{
	if (sysconf(_SC_PAGESIZE) != SLOT_ALIGN)
		return true;
	return mprotect(b->slots, b->count * sizeof *slot, PROT_READ) == 0 &&
	    mprotect(slot, sizeof *slot, PROT_READ | PROT_WRITE) == 0;
}

void
scoreboard_take(struct scoreboard *b, const struct slot *slot)
{
	size_t taken = (size_t)(slot - b->slots) + 1;

	if (atomic_load(&b->used) < taken)
		atomic_store(&b->used, taken);
}

void
scoreboard_free(struct scoreboard *b, const char *file)
{
	char name[NAME_LEN_MAX];

	if (b == NULL)
		return;
	make_name(file, name);
	(void)shm_unlink(name);
	munmap(b, size_of(b->count));
}

/* Only what our own supervisor, or that of the file's owner, can have made. */
const struct scoreboard *
scoreboard_view(const char *file)
{
	struct scoreboard *b = MAP_FAILED;
	char name[NAME_LEN_MAX];
	struct stat st;
	int fd;

	make_name(file, name);
	if ((fd = shm_open(name, O_RDONLY, 0)) == -1)
		return NULL;
	if (fstat(fd, &st) == 0 && (size_t)st.st_size >= size_of(0))
		b = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd,
		    0);
	close(fd);
	if (b == MAP_FAILED)
		return NULL;
	if (b->count <=
		((size_t)st.st_size - size_of(0)) / sizeof(struct slot) &&
	    size_of(b->count) == (size_t)st.st_size &&
	    alive_check(atomic_load(&b->supervisor)))
		return b;
	munmap(b, (size_t)st.st_size);
	return NULL;
}

void
scoreboard_unview(const struct scoreboard *b)
{
	if (b != NULL)
		munmap((void *)(uintptr_t)b, size_of(b->count));
}

void
scoreboard_count(struct scoreboard *b, int status)
{
	atomic_fetch_add(&b->replies[status < 300 ? REPLIES_GOOD :
				 status < 500	  ? REPLIES_REFUSED :
						    REPLIES_BUSY],
	    1);
}

uint64_t
scoreboard_replies(const struct scoreboard *b)
{
	uint64_t n = 0;

	for (int i = 0; i < REPLIES__COUNT; i++)
		n += atomic_load(&b->replies[i]);
	return n;
}

void
scoreboard_workers(const struct scoreboard *b, unsigned int *all,
    unsigned int *busy)
{
	*all = *busy = 0;
	for (size_t i = 0; i < atomic_load(&b->used); i++) {
		if (atomic_load(&b->slots[i].worker) == 0)
			continue;
		++*all;
		*busy += atomic_load(&b->slots[i].busy_since) != 0;
	}
}
