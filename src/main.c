/*
 * main.c - finds the command and calls it.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "command/command.h"

static const struct {
	const char *name;
	int (*run)(int argc, char *argv[]);
	const char *summary;
} commands[] = {
	{ "serve", command_serve, "answer the requests of a web server" },
	{ "check", command_check, "say what a configuration means" },
	{ "hash", command_hash, "make the verifier of a credential" },
	{ "prove", command_prove, "try the proof of one address" },
	{ "provider", command_provider, "list, check or try providers" },
	{ "router", command_router, "say what to type into a router" },
};

#define COMMANDS (sizeof commands / sizeof *commands)

int
main(int argc, char *argv[])
{
	for (size_t i = 0; argc > 1 && i < COMMANDS; i++)
		if (strcmp(commands[i].name, argv[1]) == 0)
			return commands[i].run(argc - 1, argv + 1);
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts(PACKAGE_STRING);
		return EXIT_OK;
	}
	fprintf(stderr, "usage: ddnsgate COMMAND [OPTION...]\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(stderr, "  %-8s %s\n", commands[i].name,
		    commands[i].summary);
	fprintf(stderr, "\nddnsgate(8) tells more; ddnsgate --version.\n");
	return EXIT_USAGE;
}
