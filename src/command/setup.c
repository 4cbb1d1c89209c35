/*
 * setup.c - the few questions of a home user, tried at once, and all that
 * follows from them.
 */
#include "config.h"

#include <errno.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/secret.h"
#include "command/command.h"
#include "command/errand.h"
#include "command/identity.h"
#include "command/options.h"
#include "command/person.h"
#include "command/setup/setup.h"
#include "command/setup/site.h"

static const struct usage usage = {
	.synopsis = "usage: ddnsgate setup [OPTION...]\n",
	.about =
	    "Asks at a terminal for what no option says, tries token and "
	    "addresses,\n"
	    "then writes the configuration and the site of nginx, and prints "
	    "what to\n"
	    "type into the router.  Run again it changes what is asked, and "
	    "keeps the\n"
	    "rest.  Without a terminal the options are the answers, and the "
	    "token is\n"
	    "one line from standard input.\n",
	.takes = { { OPTION_ACCOUNT, "the user that the router logs in as" },
	    { OPTION_CERTIFICATE, NULL }, { OPTION_CONFIG, NULL },
	    { OPTION_DEVICE, NULL },
	    { OPTION_HOST, "the name that is to follow the address" },
	    { OPTION_IPV4, "its address now; or later, no, keep, if-public" },
	    { OPTION_IPV6, "its address now; or router, no, keep, if-public" },
	    { OPTION_KEY, NULL }, { OPTION_NO_TRIAL, NULL },
	    { OPTION_PREFIX_LENGTH, NULL }, { OPTION_PROOF, NULL },
	    { OPTION_PROVIDER, "where the host is published" },
	    { OPTION_SERVER, NULL }, { OPTION_SET, NULL },
	    { OPTION_SITE, NULL }, { OPTION_START, NULL },
	    { OPTION_SUFFIX, "the rest of it, instead of --ipv6, as ::8" },
	    { OPTION_TOKEN, NULL }, { OPTION_TOKEN_FILE, NULL },
	    { OPTION_TTL, NULL }, { OPTION_USER, NULL },
	    { OPTION_ZONE, NULL } },
};

/*
 * What the answers mean
 */

static bool
put_server(struct setup *s)
{
	char url[512];

	snprintf(url, sizeof url, "https://%s", s->server);
	return json_add_made(s->draft.after, "url",
	    json_object_new_string(url));
}

static bool
put_provider(struct setup *s)
{
	json_object *all = NULL, *one = NULL;

	if (!json_object_object_get_ex(s->draft.after, "providers", &all)) {
		all = json_object_new_object();
		if (!json_add_made(s->draft.after, "providers", all))
			return false;
	}
	if (!json_object_object_get_ex(all, s->provider, &one)) {
		one = json_object_new_object();
		if (!json_add_made(all, s->provider, one))
			return false;
	}
	return json_object_object_length(s->variables) == 0 ||
	    json_add_made(one, "config", json_object_get(s->variables));
}

/* The words of ddnsgate.json(5) for the answers about addresses. */
static bool
put_host(struct setup *s)
{
	const struct settings known = { .document = s->draft.after };
	bool no_ipv6 =
	    strcmp(s->ipv6, "no") == 0 || strcmp(s->ipv6, "false") == 0;
	json_object *hosts, *host;

	s->form.hosts[0] = s->host;
	s->form.host_count = 1;
	s->form.provider = s->provider;
	s->form.ipv4 = strcmp(s->ipv4, "keep") == 0		   ? NULL :
	    strcmp(s->ipv4, "no") == 0				   ? "false" :
	    s->now[0].family != 0 || strcmp(s->ipv4, "later") == 0 ? "true" :
								     s->ipv4;
	s->form.ipv6 =
	    no_ipv6 || strcmp(s->ipv6, "keep") == 0 || s->now[1].family != 0 ?
	    NULL :
	    s->ipv6;
	s->form.prefix_length = s->length;
	if (!account_form_apply(&s->form, s->draft.content, &known))
		return false;
	if (no_ipv6 &&
	    json_object_object_get_ex(s->draft.content, "hosts", &hosts) &&
	    json_object_object_get_ex(hosts, s->host, &host))
		json_object_object_del(host, "ipv6");
	return true;
}

static bool
put_answers(struct setup *s)
{
	return put_server(s) && put_provider(s) && put_host(s);
}

/*
 * Asking and trying
 */

/* Asks again for addresses; what was answered is offered. */
static bool
ask_addresses_again(struct setup *s)
{
	free(s->last[0]);
	free(s->last[1]);
	s->last[0] = s->ipv4;
	s->last[1] = s->ipv6;
	free(s->length);
	s->ipv4 = s->ipv6 = s->length = NULL;
	if (s->form.suffix == s->suffix)
		s->form.suffix = NULL;
	return setup_ask_addresses(s) && put_answers(s);
}

/* Tries until all is good, or whoever is asked goes on without. */
static bool
try_until_good(struct setup *s)
{
	bool token = false, proof = false;

	for (;;) {
		if (!setup_try(s, &token, &proof))
			return false;
		if (token && proof)
			return true;
		if (!s->person) {
			fputs("ddnsgate: nothing was changed; --no-trial goes "
			      "on without that\n",
			    stderr);
			return false;
		}
		if (!token &&
		    setup_ask_whether(s, "Another token, or the same again?",
			true)) {
			s->new_token = true;
			if (!setup_ask_token(s))
				return false;
		} else if (!token) {
			s->token_tried = true;
		}
		if (!proof &&
		    setup_ask_whether(s, "Other addresses, or the same again?",
			true)) {
			if (!ask_addresses_again(s))
				return false;
		} else if (!proof) {
			s->proof_tried = true;
		}
	}
}

static bool
ask_all(struct setup *s)
{
	if (s->person)
		person_text(0, 0,
		    "Enter takes what is in brackets; Ctrl-C leaves everything "
		    "as it was.");
	return setup_ask_names(s) && setup_ask_addresses(s) &&
	    setup_ask_token(s) && put_answers(s) && try_until_good(s) &&
	    setup_ask_device(s) && setup_ask_site(s);
}

/*
 * Writing
 */

/* The directories that were made, to be taken away if it comes to nothing. */
struct directories {
	char *list[8];
	size_t count;
};

/* Makes the directory and those above it; theirs is root, mode 0755. */
static bool
make_directory(struct directories *made, const char *name,
    const struct ownership *o)
{
	const struct ownership above = { 0, 0, 0755 };
	char *copy;
	bool ok;

	if (access(name, F_OK) == 0)
		return true;
	copy = strdup(name);
	ok = copy != NULL && made->count < 8 &&
	    make_directory(made, dirname(copy), &above) &&
	    mkdir(name, o->mode) == 0;
	free(copy);
	if (ok) {
		made->list[made->count++] = strdup(name);
		ok = (geteuid() != 0 || chown(name, o->user, o->group) == 0) &&
		    chmod(name, o->mode) == 0;
	}
	if (!ok)
		fprintf(stderr, "ddnsgate: %s: %s\n", name, strerror(errno));
	return ok;
}

static void
end_directories(struct directories *made, bool keep)
{
	while (made->count > 0) {
		char *name = made->list[--made->count];

		if (!keep && name != NULL)
			(void)rmdir(name);
		free(name);
	}
}

/*
 * The user that serves; where it is the usual one and there is none yet, it is
 * made.  Whoever is not root writes for himself.
 */
static bool
find_user(const struct setup *s, struct identity *i, bool *made)
{
	struct error why;

	*made = false;

	*i = (struct identity){ .user = geteuid(), .group = getegid() };
	if (geteuid() != 0 ||
	    identity_find(s->user, s->config, i, &why) == ERR_OK)
		return true;
	if (s->user == NULL &&
	    errand_run(
		(const char *const[]){ "useradd", "--system", "--user-group",
		    "--no-create-home", "--home-dir", "/nonexistent", "--shell",
		    "/usr/sbin/nologin", IDENTITY_USER, NULL }) &&
	    identity_find(NULL, s->config, i, &why) == ERR_OK) {
		printf("made the user %s, as whom it serves\n", IDENTITY_USER);
		*made = true;
		return true;
	}
	fprintf(stderr, "ddnsgate: %s\n", why.text);
	return false;
}

static bool
make_directories(struct setup *s, struct directories *made,
    const struct identity *i)
{
	const struct ownership ours = { 0, i->group, 0750 },
			       theirs = { i->user, i->group, 0700 },
			       logs = { i->user, i->group, 0750 };
	const char *state = s->draft.there != NULL ?
	    s->draft.there->state.place :
	    SETTINGS_STATE_DEFAULT;
	const char *log = s->draft.there != NULL ? s->draft.there->log.to : "";
	char *copy = strdup(s->draft.file);
	bool ok = copy != NULL && make_directory(made, dirname(copy), &ours);

	free(copy);
	copy = strdup(log);
	if (ok && geteuid() == 0 && *log == '/')
		ok = copy != NULL && make_directory(made, dirname(copy), &logs);
	free(copy);
	/* Without a directory for the state it serves nevertheless. */
	if (ok && geteuid() == 0 && *state == '/' &&
	    strncmp(state, "/dev/", 5) != 0)
		(void)make_directory(made, state, &theirs);
	return ok;
}

static bool
is_interrupted(const sigset_t *signals)
{
	sigset_t pending;

	sigpending(&pending);
	for (int sig = 1; sig < NSIG; sig++)
		if (sigismember(signals, sig) == 1 &&
		    sigismember(&pending, sig) == 1)
			return true;
	return false;
}

/* Everything, or nothing. */
static bool
write_files(struct setup *s, struct site *site, const sigset_t *signals)
{
	struct directories made = { .count = 0 };
	struct identity i;
	bool has_site = strcmp(s->site, "none") != 0, ok, made_user;

	if (!find_user(s, &i, &made_user))
		return false;
	ok = make_directories(s, &made, &i) &&
	    draft_write(&s->draft, s->user,
		&(struct ownership){ geteuid(), i.group, 0640 });
	s->site_refused = ok && has_site && !site_write(site);
	ok = ok && !s->site_refused;
	if (ok && is_interrupted(signals))
		ok = false;
	if (ok)
		ok = draft_take_place(&s->draft);
	if (!ok && has_site)
		site_undo(site);
	/* A signal that waits may end us before all is released. */
	replacement_end(&s->draft.made);
	end_directories(&made, ok);
	if (!ok && made_user)
		(void)errand_run(
		    (const char *const[]){ "userdel", IDENTITY_USER, NULL });
	if (!ok)
		fputs("ddnsgate: nothing was changed\n", stderr);
	return ok;
}

/* A signal that would end us waits until all is written, or nothing is. */
static bool
write_all(struct setup *s, struct site *site)
{
	sigset_t signals, old;
	bool ok;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGQUIT);
	sigprocmask(SIG_BLOCK, &signals, &old);
	ok = write_files(s, site, &signals);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return ok;
}

/*
 * What comes then
 */

/* Starts the service, or lets it read the new configuration. */
static bool
start_service(bool has_site)
{
	bool ok = errand_run(
	    (const char *const[]){ "systemctl", "daemon-reload", NULL });

	if (errand_run((const char *const[]){ "systemctl", "--quiet",
		"is-active", "ddnsgate.service", NULL }))
		ok = errand_run((const char *const[]){ "systemctl", "reload",
			 "ddnsgate.service", NULL }) &&
		    ok;
	else
		ok = errand_run((const char *const[]){ "systemctl", "--quiet",
			 "enable", "--now", "ddnsgate.service", NULL }) &&
		    ok;
	if (has_site)
		ok = errand_run((const char *const[]){ "systemctl", "reload",
			 "nginx.service", NULL }) &&
		    ok;
	return ok;
}

static void
print_certificate_step(const struct setup *s)
{
	printf("next: a certificate for this server, for instance\n"
	       "        certbot certonly --webroot --webroot-path "
	       "/var/www/html \\\n"
	       "            --domain %s\n"
	       "      then `ddnsgate setup' again, which enables the site\n",
	    s->name);
}

/* Starts it, or says how that is done. */
static bool
start(struct setup *s, const struct site *site)
{
	bool has_site = strcmp(s->site, "none") != 0 && site_is_enabled(site);
	bool systemd = geteuid() == 0 &&
	    access("/run/systemd/system", F_OK) == 0 &&
	    strcmp(s->config, COMMAND_CONFIG_FILE) == 0;

	if (strcmp(s->site, "none") != 0 && !has_site &&
	    strcmp(s->site, SITE_DEFAULT) == 0)
		print_certificate_step(s);
	if (systemd &&
	    (s->start || setup_ask_whether(s, "Start it now?", true))) {
		if (!start_service(has_site))
			return false;
		puts("it serves; `ddnsgate health' and `ddnsgate status' tell "
		     "how it does");
		return true;
	}
	if (systemd)
		puts("next: systemctl enable --now ddnsgate.service, or reload "
		     "it if it serves");
	else
		puts("next: start `ddnsgate serve', or send it HUP if it "
		     "serves");
	if (has_site)
		puts("      and let nginx read its site: nginx -s reload");
	return true;
}

static int
print_page(struct setup *s)
{
	static char command[] = "router", account[] = "--account",
		    config[] = "--config";
	char *words[] = { command, s->device, account, s->account, config,
		s->draft.file, NULL };

	if (strcmp(s->device, "none") == 0)
		return EXIT_OK;
	puts("");
	return command_router(6, words);
}

/* Could the configuration be written?  Better known before all questions. */
static bool
can_write(const struct setup *s)
{
	char *name = strdup(s->config), *at = name;

	while (at != NULL && access(at, F_OK) == -1)
		at = strcmp(at, "/") == 0 || strcmp(at, ".") == 0 ? NULL :
								    dirname(at);
	if (at != NULL && access(at, W_OK) == 0) {
		free(name);
		return true;
	}
	fprintf(stderr,
	    "ddnsgate: %s: %s; setup must be able to write it: call it as "
	    "root\n",
	    s->config, strerror(errno));
	free(name);
	return false;
}

static struct site
site_of(const struct setup *s)
{
	const struct settings *there = s->draft.there;

	return (struct site){ .file = s->site,
		.server = s->name,
		.certificate = s->certificate,
		.key = s->key,
		.socket = there != NULL ? there->listen.path : NULL };
}

/* Writes, and asks again for what nginx did not take. */
static bool
write_until_good(struct setup *s, struct site *site)
{
	for (;;) {
		*site = site_of(s);
		if (write_all(s, site))
			return true;
		if (!s->site_refused || !s->person ||
		    !setup_ask_whether(s, "Another certificate, or no site?",
			true))
			return false;
		site_end(site);
		free(s->site);
		free(s->certificate);
		free(s->key);
		s->site = s->certificate = s->key = NULL;
		if (!setup_ask_site(s))
			return false;
	}
}

static int
run(struct setup *s)
{
	struct site site = { .file = NULL };
	int status = EXIT_FAILED;

	if (!can_write(s) || !draft_read(&s->draft, s->config) || !ask_all(s))
		return status;
	if (write_until_good(s, &site)) {
		printf("%s: written\n", s->draft.file);
		if (site.placed)
			printf("%s: written%s\n", s->site,
			    site_is_enabled(&site) ? ", and enabled" : "");
		status = start(s, &site) ? print_page(s) : EXIT_FAILED;
	}
	site_end(&site);
	return status;
}

static void
end(struct setup *s)
{
	char *const answers[] = { s->server, s->provider, s->account, s->host,
		s->ipv4, s->ipv6, s->length, s->device, s->site, s->certificate,
		s->key, s->name, s->last[0], s->last[1] };

	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
		free(answers[i]);
	json_object_put(s->variables);
	draft_end(&s->draft);
	secret_wipe(s->token, sizeof s->token);
}

/*
 * Options
 */

/* Names all that a script must say and does not; true: nothing is lacking. */
static bool
is_complete(const struct setup *s)
{
	const struct {
		const char *option;
		const char *answer;
	} needed[] = { { "server", s->server }, { "provider", s->provider },
		{ "host", s->host } };
	bool ok = true;

	if (s->person || access(s->config, F_OK) == 0)
		return true;
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
		if (needed[i].answer == NULL) {
			fprintf(stderr,
			    "ddnsgate: --%s is missing, and nobody is there to "
			    "ask\n",
			    needed[i].option);
			ok = false;
		}
	return ok;
}

static bool
add_set(struct setup *s, const char *text)
{
	const char *equals = strchr(text, '=');

	if (s->set_count == SETUP_SETS_MAX || equals == NULL ||
	    equals == text || equals - text > 48)
		return false;
	s->sets[s->set_count++] = text;
	return true;
}

/* Each option that is an answer, and where that goes. */
static bool
take_answers(struct setup *s, const struct options *o)
{
	const struct {
		enum option_name option;
		char **answer;
	} answers[] = {
		{ OPTION_ACCOUNT, &s->account },
		{ OPTION_CERTIFICATE, &s->certificate },
		{ OPTION_DEVICE, &s->device },
		{ OPTION_HOST, &s->host },
		{ OPTION_IPV4, &s->ipv4 },
		{ OPTION_IPV6, &s->ipv6 },
		{ OPTION_KEY, &s->key },
		{ OPTION_PREFIX_LENGTH, &s->length },
		{ OPTION_PROVIDER, &s->provider },
		{ OPTION_SERVER, &s->server },
		{ OPTION_SITE, &s->site },
	};

	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		const char *text = options_text(o, answers[i].option, NULL);

		if (text != NULL && (*answers[i].answer = strdup(text)) == NULL)
			return false;
	}
	return true;
}

static bool
take_options(struct setup *s, const struct options *o)
{
	const char *set;
	size_t index = 0;

	*s = (struct setup){ .config = options_config(o),
		.user = options_text(o, OPTION_USER, NULL),
		.token_file = options_text(o, OPTION_TOKEN_FILE, NULL),
		.new_token = options_has(o, OPTION_TOKEN),
		.no_trial = options_has(o, OPTION_NO_TRIAL),
		.start = options_has(o, OPTION_START),
		.person = isatty(STDIN_FILENO) == 1 };
	s->form = (struct account_form){ .suffix = options_text(o,
					     OPTION_SUFFIX, NULL),
		.zone = options_text(o, OPTION_ZONE, NULL),
		.ttl = options_text(o, OPTION_TTL, NULL),
		.proof = options_text(o, OPTION_PROOF, NULL) };
	while ((set = options_next(o, OPTION_SET, &index)) != NULL)
		if (!add_set(s, set))
			return false;
	return o->operand_count == 0 && take_answers(s, o);
}

int
command_setup(int argc, char *argv[])
{
	struct options o;
	struct setup s;
	int status = options_read(&o, &usage, argc, argv);

	if (status != -1)
		return status;
	if (!take_options(&s, &o))
		status = options_wrong(&o);
	else if (!is_complete(&s))
		status = EXIT_USAGE;
	else
		status = run(&s);
	end(&s);
	return status;
}
