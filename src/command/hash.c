#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "account/account.h"
#include "account/verifier.h"
#include "base/secret.h"
#include "command/command.h"
#include "command/input.h"
#include "command/options.h"

static const struct usage usage = {
	.synopsis = "usage: ddnsgate hash [--iterations N]\n",
	.about = "The credential is read from the terminal, or as one line "
		 "user:token\n"
		 "from standard input.\n",
	.takes = { { OPTION_ITERATIONS, NULL } },
};

/* Asks for user and token, the token twice, and joins them. */
static bool
ask(char *credential, size_t size)
{
	size_t n;

	fputs("User: ", stderr);
	if (!input_line(credential, size - 2))
		return false;
	n = strlen(credential);
	credential[n++] = ':';
	return input_token(credential + n, size - n);
}

static int
hash(unsigned int iterations)
{
	char credential[CREDENTIAL_MAX + 2] = "", text[VERIFIER_TEXT_MAX];
	int status = EXIT_FAILED;
	struct error why;

	if (!(isatty(STDIN_FILENO) ? ask(credential, sizeof credential) :
				     input_line(credential, sizeof credential)))
		fputs("ddnsgate: no credential was given\n", stderr);
	else if (!credential_valid(credential, strlen(credential)))
		fprintf(stderr,
		    "ddnsgate: a credential is user:token, at most "
		    "%d printable characters, without blanks\n",
		    CREDENTIAL_MAX);
	else if (verifier_make(text, credential, strlen(credential), iterations,
		     &why) != ERR_OK)
		fprintf(stderr, "ddnsgate: %s\n", why.text);
	else {
		puts(text);
		status = EXIT_OK;
	}
	secret_wipe(credential, sizeof credential);
	return status;
}

int
command_hash(int argc, char *argv[])
{
	unsigned long iterations = VERIFIER_ITERATIONS;
	const char *text;
	char *end = NULL;
	struct options o;
	int status = options_read(&o, &usage, argc, argv);

	if (status != -1 || o.operand_count > 0)
		return status != -1 ? status : options_wrong(&o);
	if ((text = options_text(&o, OPTION_ITERATIONS, NULL)) != NULL) {
		errno = 0;
		iterations = strtoul(text, &end, 10);
		if (errno != 0 || *end != '\0' || *text < '0' ||
		    iterations < VERIFIER_ITERATIONS_MIN ||
		    iterations > VERIFIER_ITERATIONS_MAX) {
			fprintf(stderr,
			    "ddnsgate: --iterations takes a number "
			    "from %d to %d\n",
			    VERIFIER_ITERATIONS_MIN, VERIFIER_ITERATIONS_MAX);
			return EXIT_USAGE;
		}
	}
	return hash((unsigned int)iterations);
}
