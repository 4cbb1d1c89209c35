/*
 * fuzz_request.c - what strangers write: path, query, form and header, as far
 * as the login and the plan.
 *
 * The input is text: "METHOD URI", the Authorization header, the address of
 * the client, and the body.
 */
#include "fuzz.h"

#include "account/account.h"
#include "gateway/plan.h"
#include "gateway/request.h"
#include "gateway/update.h"

#define VARIABLES_MAX 16

const char fuzz_name[] = "request";

static struct host_settings hosts[] = {
	{ .name = (char *)(uintptr_t) "chaos-wg.net",
	    .ipv4 = IPV4_ROUTER,
	    .ipv6 = IPV6_PREFIX,
	    .prefix_length = 56,
	    .suffix = { AF_INET6, { [7] = 0xfc, [15] = 8 } } },
	{ .name = (char *)(uintptr_t) "www.chaos-wg.net",
	    .ipv4 = IPV4_IF_PUBLIC,
	    .ipv6 = IPV6_ROUTER,
	    .removal = true },
	{ .name = (char *)(uintptr_t) "*.chaos-wg.net", .ipv4 = IPV4_ROUTER },
};
static struct account_settings account = {
	.name = "router",
	.hosts = hosts,
	.from_connection = true,
	.query_credentials = true,
	.host_count = sizeof hosts / sizeof *hosts,
	.verifier = "$pbkdf2-sha256$i=1000$c2FsdC1vZi1yb3V0ZXI"
		    "$8aVVxrwy9IrNvubLjZnvkXJBtXhjdfTV2jQm+J24CNQ",
};
static const struct settings settings = {
	.file = (char *)(uintptr_t) "ddnsgate.json",
	.accounts = &account,
	.account_count = 1,
};

static void
set(char *envp[], size_t *n, const char *name, const char *value)
{
	if (asprintf(&envp[(*n)++], "%s=%s", name, value) == -1)
		abort();
}

/* What is planned is of the account, and public unless it was refused. */
static void
plan(struct request *q, const struct claim_rules *rules)
{
	struct update u = { .request = q,
		.login.account = &account,
		.rules = *rules };
	struct error why;

	if (claim_read(&u.claim, q, &account, rules, &why) == ERR_OK &&
	    plan_make(&u) == ERR_OK) {
		assert(u.record_count > 0);
		assert(u.host_count <= account.host_count);
		for (size_t i = 0; i < u.record_count; i++)
			assert(u.records[i].host >= hosts &&
			    u.records[i].host < hosts + account.host_count);
	}
	free(u.records);
}

static void
log_in(const struct accounts *accounts, const struct request *q)
{
	const char *user, *token;
	struct login login;
	struct error why;

	if (account_authenticate(accounts, q->authorization, NULL, &login,
		&why) == ERR_OK)
		assert(strcmp(login.credential, "router:token") == 0);
	login_end(&login);
	if (claim_credential(q, &user, &token) &&
	    account_authenticate_query(accounts, user, token, NULL, &login,
		&why) == ERR_OK)
		assert(strcmp(login.credential, "router:token") == 0);
	login_end(&login);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct accounts *accounts;
	char *text = fuzz_text(data, size), *rest = text, *line, *query;
	char *envp[VARIABLES_MAX + 1] = { NULL };
	struct request q;
	struct error why;
	size_t n = 0;

	if (accounts == NULL &&
	    (accounts = accounts_new(&settings, &why)) == NULL)
		abort();
	line = fuzz_line(&rest);
	set(envp, &n, "REQUEST_METHOD", strsep(&line, " "));
	if (line == NULL)
		line = (char *)(uintptr_t) "";
	set(envp, &n, "REQUEST_URI", line);
	query = strchr(line, '?');
	set(envp, &n, "QUERY_STRING", query != NULL ? query + 1 : "");
	line = fuzz_line(&rest);
	if (*line != '\0')
		set(envp, &n, "HTTP_AUTHORIZATION", line);
	set(envp, &n, "REMOTE_ADDR", fuzz_line(&rest));
	set(envp, &n, "CONTENT_TYPE", "application/x-www-form-urlencoded");
	line = rest != NULL ? rest : text + size;

	request_read(&q, envp, -1, 0);
	if (q.why.code == ERR_OK && request_has_form(&q))
		request_read_form(&q, line);
	if (q.why.code == ERR_OK) {
		plan(&q, &(struct claim_rules){ CLAIM_NAMES_MAX, false });
		plan(&q, &(struct claim_rules){ 1, true });
		log_in(accounts, &q);
	}
	request_end(&q);
	while (n > 0)
		free(envp[--n]);
	free(text);
	return 0;
}
