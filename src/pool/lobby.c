#include "config.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "pool/lobby.h"

struct seat {
	struct incoming *in; /* NULL: nothing was allocated for it yet */
	bool is_taken;
	bool waits;
};

struct lobby {
	int epoll;
	size_t count; /* of those that wait */
	struct seat seats[LOBBY_SEATS];
};

/* The first seat has its memory at once: it is that of nearly every request. */
struct lobby *
lobby_new(int epoll)
{
	struct lobby *l = calloc(1, sizeof *l);

	if (l == NULL ||
	    (l->seats->in = malloc(sizeof *l->seats->in)) == NULL) {
		free(l);
		return NULL;
	}
	l->epoll = epoll;
	return l;
}

void
lobby_free(struct lobby *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < LOBBY_SEATS; i++) {
		if (l->seats[i].is_taken)
			lobby_leave(l, l->seats[i].in, true);
		free(l->seats[i].in);
	}
	free(l);
}

static struct seat *
seat_of(struct lobby *l, const struct incoming *in)
{
	struct seat *s = l->seats;

	while (s->in != in)
		s++;
	return s;
}

/* Does a go before b?  Whoever is silent, then whoever came first. */
static bool
goes_before(const struct incoming *a, const struct incoming *b)
{
	return a->is_silent != b->is_silent ? a->is_silent :
					      a->since < b->since;
}

static struct seat *
free_seat(struct lobby *l)
{
	struct seat *first = l->seats;

	for (size_t i = 0; i < LOBBY_SEATS; i++)
		if (!l->seats[i].is_taken)
			return &l->seats[i];
	for (size_t i = 1; i < LOBBY_SEATS; i++)
		if (goes_before(l->seats[i].in, first->in))
			first = &l->seats[i];
	lobby_leave(l, first->in, true);
	return first;
}

struct incoming *
lobby_enter(struct lobby *l, int fd)
{
	struct seat *s = free_seat(l);

	if (s->in == NULL && (s->in = malloc(sizeof *s->in)) == NULL) {
		close(fd);
		return NULL;
	}
	s->is_taken = true;
	s->waits = false;
	incoming_begin(s->in, fd);
	return s->in;
}

bool
lobby_wait(struct lobby *l, struct incoming *in)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = in };
	struct seat *s = seat_of(l, in);

	if (!s->waits) {
		s->waits =
		    epoll_ctl(l->epoll, EPOLL_CTL_ADD, in->fd, &event) == 0;
		l->count += s->waits;
	}
	return s->waits;
}

/* The first seat keeps its memory. */
void
lobby_leave(struct lobby *l, struct incoming *in, bool closing)
{
	struct seat *s = seat_of(l, in);

	if (s->waits) {
		l->count--;
		(void)epoll_ctl(l->epoll, EPOLL_CTL_DEL, in->fd, NULL);
	}
	if (closing && in->fd != -1)
		close(in->fd);
	incoming_end(in);
	s->is_taken = s->waits = false;
	if (s == l->seats)
		return;
	free(in);
	s->in = NULL;
}

size_t
lobby_count(const struct lobby *l)
{
	return l->count;
}

struct incoming *
lobby_late(const struct lobby *l, int64_t before, int64_t silent_before)
{
	for (size_t i = 0; i < LOBBY_SEATS; i++) {
		const struct seat *s = &l->seats[i];

		if (s->waits &&
		    s->in->since < (s->in->is_silent ? silent_before : before))
			return s->in;
	}
	return NULL;
}
