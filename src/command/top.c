#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "command/board.h"
#include "command/command.h"
#include "command/lookup.h"
#include "command/options.h"
#include "command/person.h"

#define ROWS_DEFAULT 24
#define SHOWN_MAX    64
#define EVENTS_MAX   1000 /* that are looked at for refusals */
#define REFUSED_S    86400

static const struct usage usage = {
	.synopsis = "usage: ddnsgate top [--config FILE]\n",
	.about = "Shows each second what the pool does, how many requests it "
		 "answers, and\n"
		 "what was refused last, until ^C; once, where there is no "
		 "terminal.\n",
	.takes = { { OPTION_CONFIG, NULL } },
};

static volatile sig_atomic_t ended;

static void
on_signal(int sig)
{
	(void)sig;
	ended = 1;
}

/* A refusal, short enough for one line. */
struct refusal {
	char text[PERSON_COLUMNS + 1];
};

struct refusals_seen {
	struct refusal list[SHOWN_MAX];
	unsigned int count, most, looked_at;
};

static bool
each_event(const struct state_event *e, void *data)
{
	struct refusals_seen *seen = data;
	char time[LOOKUP_TIME_MAX];

	if (e->reason != NULL)
		snprintf(seen->list[seen->count++].text,
		    sizeof seen->list[0].text, "%s %s %s %s: %s",
		    lookup_time(e->at, time), e->host, e->type, e->verdict,
		    e->reason);
	return seen->count < seen->most && ++seen->looked_at < EVENTS_MAX;
}

static unsigned int
rows(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 8)
		return size.ws_row;
	return ROWS_DEFAULT;
}

static void
print_refusals(struct store *st, unsigned int most)
{
	struct refusals_seen seen = { .most =
					  most < SHOWN_MAX ? most : SHOWN_MAX };
	const struct state_search day = { .since = time(NULL) - REFUSED_S };

	printf("\n%slast refused, within a day%s\n", person_paint(PAINT_STRONG),
	    person_paint(PAINT_PLAIN));
	if (store_history(st, &day, each_event, &seen) != ERR_OK)
		puts("  the state cannot be read now");
	else if (seen.count == 0)
		puts("  nothing");
	for (unsigned int i = 0; i < seen.count; i++)
		puts(seen.list[i].text);
}

/* The replies since the moment before, a second. */
struct rate {
	uint64_t replies;
	int64_t at;
};

static void
print_rate(const struct scoreboard *b, struct rate *before)
{
	struct rate now = { scoreboard_replies(b), clock_now() };

	if (before->at != 0 && now.at > before->at &&
	    now.replies >= before->replies)
		printf("  requests a second: %.1f\n",
		    (double)(now.replies - before->replies) * 1000 /
			(double)(now.at - before->at));
	*before = now;
}

static void
print(const char *file, struct store *st, struct rate *rate)
{
	const struct scoreboard *b = scoreboard_view(file);
	unsigned int room = rows();

	board_print(b, room / 3);
	if (b != NULL)
		print_rate(b, rate);
	scoreboard_unview(b);
	print_refusals(st, room / 3);
}

/*
 * The terminal keeps all of its modes, and only its page is written anew: so
 * nothing is to be restored, however this ends.
 */
static int
watch(const char *file, struct store *st)
{
	const struct timespec second = { .tv_sec = 1 };
	struct sigaction sa = { .sa_handler = on_signal };
	struct rate rate = { .at = 0 };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	while (!ended) {
		fputs("\033[H\033[J", stdout);
		print(file, st, &rate);
		if (fflush(stdout) != 0)
			return EXIT_FAILED;
		(void)nanosleep(&second, NULL);
	}
	fputs(person_paint(PAINT_PLAIN), stdout);
	return EXIT_OK;
}

int
command_top(int argc, char *argv[])
{
	struct rate rate = { .at = 0 };
	struct lookup l;
	struct options o;
	int status = options_read(&o, &usage, argc, argv);
	const char *file;

	if (status != -1 || o.operand_count > 0)
		return status != -1 ? status : options_wrong(&o);
	status = EXIT_FAILED;
	file = options_config(&o);
	if (lookup_begin(&l, file)) {
		status = EXIT_OK;
		if (person_has_terminal())
			status = watch(file, l.store);
		else
			print(file, l.store, &rate);
	}
	lookup_end(&l);
	return status;
}
