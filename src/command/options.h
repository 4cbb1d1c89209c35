/*
 * options.h - the options of all commands, in one table, and how a command is
 * called.
 *
 * An option has the same name, and the same sort of value, wherever it is
 * taken; a command says which ones it takes.  --help, or -h, is taken by all.
 */
#ifndef COMMAND_OPTIONS_H
#define COMMAND_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/* In alphabetical order, as help lists them. */
enum option_name {
	OPTION__END, /* none: the end of a list */
	OPTION_ACCOUNT,
	OPTION_ALLOW,
	OPTION_CA,
	OPTION_CERTIFICATE,
	OPTION_CONFIG,
	OPTION_DEVICE,
	OPTION_DRY_RUN,
	OPTION_ECHO,
	OPTION_HOST,
	OPTION_IPV4,
	OPTION_IPV6,
	OPTION_ITERATIONS,
	OPTION_JSON,
	OPTION_KEY,
	OPTION_LIST,
	OPTION_NO_PROVIDER,
	OPTION_NO_TRIAL,
	OPTION_PIN,
	OPTION_POOL,
	OPTION_PORT,
	OPTION_PREFIX_LENGTH,
	OPTION_PROOF,
	OPTION_PROVIDER,
	OPTION_QUIET,
	OPTION_RECORD,
	OPTION_REQUEST,
	OPTION_RESOLVE,
	OPTION_SERVER,
	OPTION_SET,
	OPTION_SHOW,
	OPTION_SINCE,
	OPTION_SINGLE,
	OPTION_SITE,
	OPTION_SOCKET,
	OPTION_START,
	OPTION_SUFFIX,
	OPTION_TOKEN,
	OPTION_TOKEN_FILE,
	OPTION_TTL,
	OPTION_USER,
	OPTION_ZONE,
	OPTION__COUNT
};

/* One that a command takes; about, unless NULL, goes before the table's. */
struct option_use {
	enum option_name option;
	const char *about;
};

/* How a command is called; both texts end with a newline. */
struct usage {
	const char *synopsis; /* "usage: ddnsgate check [--quiet]\n" */
	const char *about;    /* what it does, or NULL */
	struct option_use takes[OPTION__COUNT]; /* ends with OPTION__END */
};

#define OPTIONS_GIVEN_MAX 160 /* of one command line */

struct options {
	const struct usage *usage;
	struct {
		enum option_name option;
		const char *value;  /* "" if it takes none */
	} given[OPTIONS_GIVEN_MAX]; /* in their order */
	size_t count;
	char **operands; /* ends with NULL */
	int operand_count;
};

/*
 * Reads a command line, of which argv[0] is the command.  -1: go on; otherwise
 * the exit status to end with, after help was asked for, or an option is wrong,
 * which was told.
 */
int options_read(struct options *o, const struct usage *u, int argc,
    char *argv[]);

/* The value of the option that was given last, or fallback. */
const char *options_text(const struct options *o, enum option_name option,
    const char *fallback);

bool options_has(const struct options *o, enum option_name option);

/* The value of the option after *index, which starts as 0; NULL: no more. */
const char *options_next(const struct options *o, enum option_name option,
    size_t *index);

/* --config, or the usual file. */
const char *options_config(const struct options *o);

/* Prints to standard error how it is called, and returns EXIT_USAGE. */
int options_wrong(const struct options *o);

#endif
