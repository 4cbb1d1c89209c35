/*
 * main.c - finds the command and calls it.
 */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/activity.h"
#include "base/environment.h"
#include "base/heap.h"
#include "command/command.h"
#include "command/outcome.h"

static const struct {
	const char *name;
	int (*run)(int argc, char *argv[]);
	const char *summary;
} commands[] = {
	{ "serve", command_serve, "answer the requests of a web server" },
	{ "check", command_check, "say what a configuration means" },
	{ "setup", command_setup, "ask what is needed, try it, and write it" },
	{ "hash", command_hash, "make the verifier of a credential" },
	{ "account", command_account, "add, change or show who may log in" },
	{ "prove", command_prove, "try the proof of one address" },
	{ "explain", command_explain, "walk through an update, without it" },
	{ "provider", command_provider, "list, check or try providers" },
	{ "router", command_router, "say what to type into a router" },
	{ "status", command_status, "say what is published" },
	{ "history", command_history,
	    "say what changed, and what was refused" },
	{ "forget", command_forget,
	    "let the next update of a host begin anew" },
	{ "notify", command_notify, "try the receivers of news" },
	{ "top", command_top, "watch what the service does" },
	{ "health", command_health, "ask whether the service is well" },
	{ "--version", command_version, "say what this build can do" },
};

#define COMMANDS (sizeof commands / sizeof *commands)

static void
print_commands(FILE *to)
{
	fputs("usage: ddnsgate COMMAND [OPTION...]\n\n", to);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-10s %s\n", commands[i].name,
		    commands[i].summary);
	fputs("\nddnsgate COMMAND --help tells the options of one; "
	      "ddnsgate(8) has all of it.\n",
	    to);
}

static int
run(int argc, char *argv[])
{
	for (size_t i = 0; argc > 1 && i < COMMANDS; i++)
		if (strcmp(commands[i].name, argv[1]) == 0) {
			int status = commands[i].run(argc - 1, argv + 1);

			/* What it lacked, it told, and went on. */
			if (commands[i].run == command_serve)
				heap_begin();
			return outcome_of(status);
		}
	if (argc == 2 &&
	    (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		print_commands(stdout);
		return outcome_of(EXIT_OK);
	}
	print_commands(stderr);
	return EXIT_USAGE;
}

int
main(int argc, char *argv[])
{
	/* Where a parent had it ignored, no child could be waited for. */
	(void)signal(SIGCHLD, SIG_DFL);
	environment_clean(argv);
	activity_setup(argc, argv, environ);
	return run(argc, argv);
}
