/*
 * machine.c - loaded before the program (LD_PRELOAD): a machine whose memory is
 * short, and whose clock jumps.
 *
 * The Nth allocation of one process fails, in the program and in all of its
 * libraries.  The program has malloc() and calloc() of its own, which wipe what
 * they take back, and call glibc's by the names that are replaced here.  The
 * clock that people read is moved by some seconds; the others go on.
 *
 * The file that DDNSGATE_MACHINE names says what is to be done, and counts.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct page {
	_Atomic uint32_t pid;	/* of the process that counts; 0: none */
	_Atomic uint32_t count; /* its allocations since then */
	_Atomic uint32_t from;	/* the first one that fails; 0: none */
	_Atomic uint32_t to;	/* the last one */
	_Atomic int64_t later;	/* seconds that the clock is ahead */
};

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t number, size_t size);

static struct page *page;
static uint32_t self;
static void *(*real_malloc)(size_t);
static void *(*real_calloc)(size_t, size_t);
static int (*real_clock_gettime)(clockid_t, struct timespec *);

static void
remember_self(void)
{
	self = (uint32_t)getpid();
}

static void __attribute__((constructor)) start(void)
{
	const char *file = getenv("DDNSGATE_MACHINE");
	int fd = file != NULL ? open(file, O_RDWR | O_CLOEXEC) : -1;
	void *p = MAP_FAILED;

	if (fd != -1)
		p = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED,
		    fd, 0);
	if (p != MAP_FAILED)
		page = p;
	if (fd != -1)
		close(fd);
	remember_self();
	pthread_atfork(NULL, NULL, remember_self);
}

static int
fails(void)
{
	uint32_t n;

	if (page == NULL || page->pid != self)
		return 0;
	n = atomic_fetch_add(&page->count, 1) + 1;
	return page->from != 0 && n >= page->from && n <= page->to;
}

void *
__libc_malloc(size_t size)
{
	if (real_malloc == NULL)
		*(void **)&real_malloc = dlsym(RTLD_NEXT, "__libc_malloc");
	if (!fails())
		return real_malloc(size);
	errno = ENOMEM;
	return NULL;
}

void *
__libc_calloc(size_t number, size_t size)
{
	if (real_calloc == NULL)
		*(void **)&real_calloc = dlsym(RTLD_NEXT, "__libc_calloc");
	if (!fails())
		return real_calloc(number, size);
	errno = ENOMEM;
	return NULL;
}

int
clock_gettime(clockid_t which, struct timespec *t)
{
	int rc;

	if (real_clock_gettime == NULL)
		*(void **)&real_clock_gettime =
		    dlsym(RTLD_NEXT, "clock_gettime");
	rc = real_clock_gettime(which, t);
	if (rc == 0 && page != NULL &&
	    (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE))
		t->tv_sec += page->later;
	return rc;
}

time_t
time(time_t *to)
{
	struct timespec t = { 0, 0 };

	(void)clock_gettime(CLOCK_REALTIME, &t);
	if (to != NULL)
		*to = t.tv_sec;
	return t.tv_sec;
}

int
gettimeofday(struct timeval *to, void *zone)
{
	struct timespec t = { 0, 0 };

	(void)zone;
	(void)clock_gettime(CLOCK_REALTIME, &t);
	*to = (struct timeval){ t.tv_sec, t.tv_nsec / 1000 };
	return 0;
}
