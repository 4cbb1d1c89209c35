/*
 * test_settings.c - one good configuration, and many that differ from it in
 * one place: each is refused with that place and the remedy.
 */
#include "unit.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "config/reader.h"
#include "config/settings.h"

#define HOST "/accounts/router/hosts/chaos-wg.net"
#define MAIL "/accounts/router/hosts/mail.chaos-wg.net"
#define BAD_URL                                  \
	"/url: must be https:// and a host, as " \
	"\"https://dns.example.org\""
#define BAD_MAIL                                                   \
	"/notify/me/mail: must be one address without a name, as " \
	"\"root@example.org\""
#define BAD_HOOK                                                             \
	"/notify/me/url: must be https://, a host, and what its owner gave " \
	"you, as \"https://ntfy.sh/TOPIC\""
#define BAD_ECHO "/proof/echo: must be a path from / on, without blanks"
#define BAD_SUFFIX                                   \
	"/ipv6/suffix: must be an IPv6 address, as " \
	"\"0:0:0:fc::8\", or a MAC address"
#define BAD_SUBNET "/ipv6/subnet: must be a hexadecimal number, as \"fc\""
#define BOTH_SUBNETS                                                  \
	"/ipv6/subnet: goes with a MAC address, or a suffix such as " \
	"\"::8\"; this suffix holds a subnet already"
#define NO_HOST                                                      \
	"/ipv6/suffix: names no host, but the subnet itself; write " \
	"the end of the host's address, as \"::8\""
#define LONG                               \
	"abcdefghijklmnopqrstuvwxyz012345" \
	"abcdefghijklmnopqrstuvwxyz012345"
#define URL64                                                                 \
	LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG \
	    LONG LONG
#define BAD_STATE                                     \
	"/state: must be a directory, from / on, or " \
	"postgresql://HOST/DATABASE"
#define NO_PASSWORD                                           \
	"must hold no password; put it into a file and name " \
	"that as \"password_file\", or into libpq's own ~/.pgpass"
#define PASSWORD "/state: " NO_PASSWORD
#define HEX64                              \
	"000102030405060708090a0b0c0d0e0f" \
	"101112131415161718191a1b1c1d1e1f"

static const char base[] =
    "{ \"workers\": 8,"
    "  \"listen\": { \"socket\": \"/run/ddnsgate/s\", \"mode\": \"0660\","
    "    \"group\": \"root\" },"
    "  \"peers\": [\"root\"],"
    "  \"log\": \"syslog\","
    "  \"ca\": \"/etc/ca.pem\","
    "  \"providers\": {"
    "    \"desec\": {},"
    "    \"home\": { \"description\": \"powerdns\","
    "      \"config\": { \"base\": \"https://api.example:8443\" },"
    "      \"addresses\": [\"192.0.2.53\", \"2001:db8::53\"],"
    "      \"ca\": \"/etc/other.pem\" } },"
    "  \"accounts\": {"
    "    \"router\": {"
    "      \"verifier\": \"$pbkdf2-sha256$i=1000$AAAA$AAAA\","
    "      \"provider\": \"home\","
    "      \"hosts\": {"
    "        \"chaos-wg.net\": {"
    "          \"ipv4\": true,"
    "          \"ipv6\": { \"prefix_length\": 56,"
    "            \"suffix\": \"0:0:0:fc::8\" },"
    "          \"zone\": \"chaos-wg.net\","
    "          \"ttl\": 60,"
    "          \"proof\": { \"kind\": \"certificate\", \"port\": 8443,"
    "            \"request\": \"tls\", \"ca\": \"/etc/own.pem\" },"
    "          \"allow\": [\"10.0.0.0/8\", \"fd00::/8\"],"
    "          \"partial\": true },"
    "        \"mail.chaos-wg.net\": {"
    "          \"ipv6\": \"router\","
    "          \"proof\": { \"kind\": \"pin\", \"pins\": [\"" HEX64 "\"] } },"
    "        \"*.chaos-wg.net\": { \"ipv4\": true,"
    "          \"proof\": { \"kind\": \"none\" } } } },"
    "    \"another\": {"
    "      \"verifier\": \"x\", \"provider\": \"desec\","
    "      \"hosts\": { \"M\xc3\xbcller.example.\": { \"ipv4\": true } } } }"
    "}";

static struct settings *
read_changed(const char *pointer, const char *value, struct error *why)
{
	why->text[0] = '\0';
	return settings_read(unit_write_changed("s.json", base, pointer, value),
	    why);
}

static const struct {
	const char *pointer;
	const char *value; /* NULL: taken out */
	const char *why;   /* after "FILE: " */
} broken[] = {
	/* The top. */
	{ "/worker", "8",
	    "/worker: unknown; here may stand: workers, "
	    "listen, peers, log, metrics, state, refresh, history, url, ca, providers, "
	    "operators, notify, defaults, accounts, account_directory, "
	    "account_table" },
	{ "/account_table", "true",

	    "/account_table: needs a database, "
	    "\"state\": \"postgresql://...\"" },
	{ "/metrics", "[]", "/metrics: must be an object: { ... }" },
	{ "/metrics", "{\"allow\": [\"10.0.0.1/8\"]}",
	    "/metrics/allow/0: must be a network with no bit behind its "
	    "length, as \"10.0.0.0/8\"" },
	{ "/metrics", "{\"hosts\": 5}",
	    "/metrics/hosts: must be true or false" },
	{ "/metrics", "{\"hide\": true}",
	    "/metrics/hide: unknown; here may stand: allow, hosts" },
	{ "/operators", "{}",
	    "/operators: must be an object of 1 to 64 operators" },
	{ "/operators", "[]",
	    "/operators: must be an object of 1 to 64 operators" },
	{ "/operators", "{\"a:b\": {\"verifier\": \"x\"}}",
	    "/operators/a:b: the name of an account has "
	    "no blanks, no colon and no accents" },
	{ "/operators", "{\"anna\": {}}",
	    "/operators/anna/verifier: is missing" },
	{ "/operators", "{\"anna\": {\"verifier\": 1}}",
	    "/operators/anna/verifier: must be a string" },
	{ "/operators", "{\"anna\": {\"verifier\": \"x\", \"hosts\": {}}}",
	    "/operators/anna/hosts: unknown; here may stand: verifier" },
	{ "/operators", "{\"router\": {\"verifier\": \"x\"}}",
	    "/accounts/router: is the name of an operator; choose another" },
	{ "/operators", "{\"\": {\"verifier\": \"x\"}}",
	    "/operators/: the name of an account has 1 to 128 characters" },
	{ "/operators", "{\"" LONG LONG "x\": {\"verifier\": \"x\"}}",
	    "/operators/" LONG LONG
	    "x: the name of an account has 1 to 128 characters" },
	{ "/operators",
	    "{\"a\x7f"
	    "\": {\"verifier\": \"x\"}}",
	    "/operators/a\x7f: the name of an account has no blanks, no "
	    "colon and no accents" },
	{ "/notify", "{}", "/notify: must be an object of 1 to 8 receivers" },
	{ "/notify", "{\"" LONG "x\": {}}",
	    "/notify/" LONG "x: the name of a receiver has at most 64 letters "
	    "without accents, digits, dots, hyphens and underscores" },
	{ "/notify", "{\"me\": {\"url\": \"https://a.b/" URL64 URL64 "\"}}",
	    BAD_HOOK },
	{ "/notify", "{\"me\": {\"url\": \"https://a.b/#c\"}}",
	    "/notify/me/url: must have no blanks, no accents and no \"#\"; "
	    "write them as %20 and so on" },
	{ "/notify",
	    "{\"me\": {\"url\": \"https://a.b/\x7f"
	    "\"}}",
	    "/notify/me/url: must have no blanks, no accents and no \"#\"; "
	    "write them as %20 and so on" },
	{ "/notify", "{\"me\": {\"mail\": \"@example.org\"}}", BAD_MAIL },
	{ "/notify", "{\"me\": {\"mail\": \"root@" LONG LONG LONG LONG "\"}}",
	    BAD_MAIL },
	{ "/notify",
	    "{\"me\": {\"url\": \"https://a.b\", \"form\": \"uptime-kuma\", "
	    "\"every\": 1441}}",
	    "/notify/me/every: must be from 1 to 1440" },
	{ "/notify", "{\"me\": {\"url\": \"https://a.b\", \"addresses\": [7]}}",
	    "/notify/me/addresses/0: must be a string" },
	{ "/providers/home/addresses/0", "7",
	    "/providers/home/addresses/0: must be a string" },
	{ "/listen/mode", "\"1777\"",
	    "/listen/mode: must be octal digits, as \"0660\"" },
	{ HOST "/allow", "[7]", HOST "/allow/0: must be a string" },
	{ HOST "/proof", "{\"echo\": \"/" URL64 "\"}", HOST BAD_ECHO },
	{ HOST "/proof",
	    "{\"echo\": \"/\x7f"
	    "\"}",
	    HOST BAD_ECHO },
	{ "/notify", "{\"me\": {}}",
	    "/notify/me: must have either \"url\" or \"mail\"" },
	{ "/notify", "{\"a b\": {}}",
	    "/notify/a b: the name of a receiver has at most 64 letters "
	    "without accents, digits, dots, hyphens and underscores" },
	{ "/notify", "{\"me\": {\"url\": \"http://ntfy.sh/canary\"}}",
	    BAD_HOOK },
	{ "/notify", "{\"me\": {\"url\": \"https:///canary\"}}", BAD_HOOK },
	{ "/notify", "{\"me\": {\"url\": \"https://me:canary@ntfy.sh/\"}}",
	    "/notify/me/url: must name no user before its host; put a token "
	    "into \"secret_file\"" },
	{ "/notify", "{\"me\": {\"url\": \"https://ntfy.sh/a canary\"}}",
	    "/notify/me/url: must have no blanks, no accents and no \"#\"; "
	    "write them as %20 and so on" },
	{ "/notify", "{\"me\": {\"url\": \"https://ntfy.sh/{secret}\"}}",
	    "/notify/me/url: has {secret}, so \"secret_file\" must say where "
	    "that is" },
	{ "/notify", "{\"me\": {\"url\": \"https://a.b\", \"events\": []}}",
	    "/notify/me/events: name at least one event, or leave it out" },
	{ "/notify",
	    "{\"me\": {\"url\": \"https://a.b\", \"events\": [\"all\"]}}",
	    "/notify/me/events/0: must be one of \"changed\", \"refused\", "
	    "\"provider\", \"certificate\", \"silent\"" },
	{ "/notify", "{\"me\": {\"url\": \"https://a.b\", \"token\": \"x\"}}",
	    "/notify/me/token: unknown; here may stand: url, form, every, "
	    "secret_file, addresses, ca, mail, from, server, port, events, "
	    "provider_minutes, certificate_days, silent_hours" },
	{ "/notify", "{\"me\": {\"url\": \"https://a.b\", \"form\": \"x\"}}",
	    "/notify/me/form: must be one of \"json\", \"ntfy\", "
	    "\"home-assistant\", \"slack\", \"mattermost\", \"healthchecks\", "
	    "\"uptime-kuma\"" },
	{ "/notify", "{\"me\": {\"url\": \"https://a.b\", \"every\": 5}}",
	    "/notify/me/every: goes with the forms \"healthchecks\" and "
	    "\"uptime-kuma\"" },
	{ "/notify",
	    "{\"me\": {\"url\": \"https://a.b\", \"form\": \"healthchecks\", "
	    "\"every\": 0}}",
	    "/notify/me/every: must be from 1 to 1440" },
	{ "/notify",
	    "{\"me\": {\"url\": \"https://a.b\", \"addresses\": [\"a\"]}}",
	    "/notify/me/addresses/0: must be an IPv4 or IPv6 address" },
	{ "/notify", "{\"me\": {\"url\": \"https://a.b\", \"mail\": \"root\"}}",
	    "/notify/me: must have either \"url\" or \"mail\"" },
	{ "/notify", "{\"me\": {\"mail\": \"Root <root@a.b>\"}}", BAD_MAIL },
	{ "/notify", "{\"me\": {\"mail\": \"root@\"}}", BAD_MAIL },
	{ "/notify", "{\"me\": {\"mail\": \"a@b@c\"}}", BAD_MAIL },
	{ "/notify", "{\"me\": {\"mail\": \"root\", \"form\": \"json\"}}",
	    "/notify/me/form: goes with \"url\"" },
	{ "/notify", "{\"me\": {\"url\": \"https://a.b\", \"port\": 25}}",
	    "/notify/me/port: goes with \"mail\"" },
	{ "/notify",
	    "{\"me\": {\"mail\": \"root\", \"server\": \"localhost\"}}",
	    "/notify/me/server: must be the IPv4 or IPv6 address of a mail "
	    "server" },
	{ "/account_directory", "\"accounts.d\"",
	    "/account_directory: must be a full file name, from / on" },
	{ "/account_directory", "\"/nonexistent/accounts\"",
	    "/account_directory: /nonexistent/accounts: No such file or "
	    "directory" },
	{ "/defaults", "[]", "/defaults: must be an object: { ... }" },
	{ "/defaults", "{\"prefix_length\": 8}",
	    "/defaults/prefix_length: must be from 16 to 127" },
	{ "/defaults", "{\"provider\": \"nobody\"}",
	    "/defaults/provider: no such member of \"providers\"; there are: "
	    "desec, home (powerdns)" },
	{ "/defaults", "{\"proof\": {\"kind\": \"pin\"}}",
	    "/defaults/proof: \"kind\": \"pin\" needs \"pins\": [ ... ]" },
	{ "/defaults", "{\"zone\": \"example.org\"}",
	    "/defaults/zone: unknown; here may stand: provider, "
	    "from_connection, query_credentials, all_hosts, ipv4, prefix_length, ttl, "
	    "proof, allow, partial, removal, replace_set" },
	{ "/accounts/router/disabled", "\"yes\"",
	    "/accounts/router/disabled: must be true or false" },
	{ "/workers", "0", "/workers: must be from 1 to 256" },
	{ "/workers", "257", "/workers: must be from 1 to 256" },
	{ "/workers", "-1", "/workers: must be from 1 to 256" },
	{ "/workers", "1e2", "/workers: must be a whole number" },
	{ "/workers", "\"8\"", "/workers: must be a whole number" },
	{ "/workers", "null", "/workers: must be a whole number" },
	{ "/log", "\"ddnsgate.log\"",
	    "/log: must be \"stderr\", \"syslog\" "
	    "or a full file name" },
	{ "/log", "{\"to\": \"x\"}",
	    "/log/to: must be \"stderr\", \"syslog\" "
	    "or a full file name" },
	{ "/log", "{\"format\": \"xml\"}",
	    "/log/format: must be one of \"line\", \"json\"" },
	{ "/log", "{\"level\": \"debug\"}",
	    "/log/level: must be one of \"info\", \"warning\"" },
	{ "/log", "{\"file\": \"/x\"}",
	    "/log/file: unknown; here may stand: to, format, level" },
	{ "/log", "\"\"", "/log: must not be empty" },
	{ "/log", "true", "/log: must be a string" },
	{ "/state", "\"state\"", BAD_STATE },
	{ "/state", "\"mysql://db/ddns\"", BAD_STATE },
	{ "/state", "[]", "/state: must be a string" },
	{ "/state", "\"postgresql://ddns:geheim@db/ddns\"", PASSWORD },
	{ "/state", "\"postgresql://db/ddns?password=geheim\"", PASSWORD },
	{ "/state", "\"postgres://ddns:geheim@db/ddns\"", PASSWORD },
	{ "/state", "{}", "/state/url: is missing" },
	{ "/state", "{\"url\": \"postgresql://a:b@db/x\"}",
	    "/state/url: " NO_PASSWORD },
	{ "/state",
	    "{\"url\": \"postgresql://db/x\", \"password_file\": \"pw\"}",
	    "/state/password_file: must be a full file name, from / on" },
	{ "/state", "{\"url\": \"/var/lib/ddnsgate\", \"user\": \"x\"}",
	    "/state/user: unknown; here may stand: url, password_file" },
	{ "/refresh", "0", "/refresh: must be from 1 to 8760" },
	{ "/refresh", "\"25h\"", "/refresh: must be a whole number" },
	{ "/history", "3651", "/history: must be from 1 to 3650" },
	{ "/ca", "\"ca.pem\"", "/ca: must be a full file name, from / on" },
	{ "/ca", "[\"/ca.pem\"]", "/ca: must be a string" },
	{ "/url", "\"http://dns.example.org\"", BAD_URL },
	{ "/url", "\"https://\"", BAD_URL },
	{ "/url", "\"https://dns.example.org/\"", BAD_URL },
	{ "/url", "\"https://dns.example.org?x\"", BAD_URL },
	{ "/url", "\"dns.example.org\"", BAD_URL },
	{ "/url", "7", "/url: must be a string" },
	{ "/providers", NULL, "/providers: is missing" },
	{ "/providers", "{}",
	    "/providers: must be an object of 1 to 64 providers" },
	{ "/providers", "[]",
	    "/providers: must be an object of 1 to 64 providers" },
	{ "/providers", "null",
	    "/providers: must be an object of 1 to 64 providers" },
	{ "/accounts", NULL, "/accounts: is missing" },
	{ "/accounts", "{}",
	    "/accounts: must be an object of 1 to 1000000 accounts" },
	{ "/accounts", "[]",
	    "/accounts: must be an object of 1 to 1000000 accounts" },
	/* listen and peers. */
	{ "/listen", "\"/run/s\"", "/listen: must be an object: { ... }" },
	{ "/listen/port", "9000",
	    "/listen/port: unknown; here may stand: socket, mode, group" },
	{ "/listen/socket", NULL, "/listen/socket: is missing" },
	{ "/listen/socket", "\"run/s\"",
	    "/listen/socket: must be a full file name, from / on" },
	{ "/listen/mode", "660", "/listen/mode: must be a string" },
	{ "/listen/mode", "\"0668\"",
	    "/listen/mode: must be octal digits, as \"0660\"" },
	{ "/listen/mode", "\"01660\"",
	    "/listen/mode: must be octal digits, as \"0660\"" },
	{ "/listen/mode", "\"-1\"",
	    "/listen/mode: must be octal digits, as \"0660\"" },
	{ "/listen/mode", "\"37777777660\"",
	    "/listen/mode: must be octal digits, as \"0660\"" },
	{ "/listen/mode", "\"40000000660\"",
	    "/listen/mode: must be octal digits, as \"0660\"" },
	{ "/listen/mode", "\" 660\"",
	    "/listen/mode: must be octal digits, as \"0660\"" },
	{ "/listen/mode", "\"rw\"",
	    "/listen/mode: must be octal digits, as \"0660\"" },
	{ "/listen/group", "\"no-such-group\"",
	    "/listen/group: no such group on this machine" },
	{ "/listen/group", "0", "/listen/group: must be a string" },
	{ "/peers", "\"root\"", "/peers: must be a list: [ ... ]" },
	{ "/peers", "[\"root\", \"no-such-user\"]",
	    "/peers/1: no such user on this machine" },
	{ "/peers", "[0]", "/peers/0: must be a string" },
	{ "/peers", "[null]", "/peers/0: must be a string" },
	{ "/peers", "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]",
	    "/peers: has 17 elements, at most 16" },
	/* Providers. */
	{ "/providers/home/token", "\"geheim\"",
	    "/providers/home/token: "
	    "unknown; here may stand: description, config, addresses, ca" },
	{ "/providers/home", "\"powerdns\"",
	    "/providers/home: must be an object: { ... }" },
	{ "/providers/home/description", "\"../powerdns\"",
	    "/providers/home/description: must be the name of a provider's "
	    "file without .json, as \"desec\"" },
	{ "/providers/home/description", "\"/etc/passwd\"",
	    "/providers/home/description: must be the name of a provider's "
	    "file without .json, as \"desec\"" },
	{ "/providers/home/description", "\"..\"",
	    "/providers/home/description: must be the name of a provider's "
	    "file without .json, as \"desec\"" },
	{ "/providers/No-Such", "{}",
	    "/providers/No-Such/description: must be the name of a provider's "
	    "file without .json, as \"desec\"" },
	{ "/providers/home/config", "[]",
	    "/providers/home/config: must be an object: { ... }" },
	{ "/providers/home/config", "null",
	    "/providers/home/config: must be an object: { ... }" },
	{ "/providers/home/config/base", "7",
	    "/providers/home/config/base: must be a string" },
	{ "/providers/home/config/base", "null",
	    "/providers/home/config/base: must be a string" },
	{ "/providers/home/addresses", "[]",
	    "/providers/home/addresses: name at least one address, or leave "
	    "it out to ask the resolver" },
	{ "/providers/home/addresses", "[\"api.example\"]",
	    "/providers/home/addresses/0: must be an IPv4 or IPv6 address" },
	{ "/providers/home/addresses", "[\"192.0.2.1\", \"192.0.2.1:53\"]",
	    "/providers/home/addresses/1: must be an IPv4 or IPv6 address" },
	{ "/providers/home/addresses", "\"192.0.2.1\"",
	    "/providers/home/addresses: must be a list: [ ... ]" },
	{ "/providers/home/addresses", "[1,2,3,4,5,6,7,8,9]",
	    "/providers/home/addresses: has 9 elements, at most 8" },
	{ "/providers/home/ca", "\"other.pem\"",
	    "/providers/home/ca: must be a full file name, from / on" },
	/* Accounts. */
	{ "/accounts/router/password", "\"geheim\"",
	    "/accounts/router/password: unknown; here may stand: verifier, "
	    "provider, hosts, from_connection, query_credentials, "
	    "all_hosts, disabled" },
	{ "/accounts/router/from_connection", "\"yes\"",
	    "/accounts/router/from_connection: must be true or false" },
	{ "/accounts/router/all_hosts", "1",
	    "/accounts/router/all_hosts: must be true or false" },
	{ HOST "/ipv6/if_public", "\"if-public\"",
	    HOST "/ipv6/if_public: must be true or false" },
	{ "/accounts/router/query_credentials", "1",
	    "/accounts/router/query_credentials: must be true or false" },
	{ "/accounts/router", "\"x\"",
	    "/accounts/router: must be an object: { ... }" },
	{ "/accounts/", "{}",
	    "/accounts/: the name of an account has 1 to 128 characters" },
	{ "/accounts/a:b", "{}",
	    "/accounts/a:b: the name of an account has "
	    "no blanks, no colon and no accents" },
	{ "/accounts/a b", "{}",
	    "/accounts/a b: the name of an account has "
	    "no blanks, no colon and no accents" },
	{ "/accounts/m\xc3\xbcller", "{}",
	    "/accounts/m\xc3\xbcller: the name "
	    "of an account has no blanks, no colon and no accents" },
	{ "/accounts/router/verifier", NULL,
	    "/accounts/router/verifier: is missing" },
	{ "/accounts/router/verifier", "\"\"",
	    "/accounts/router/verifier: must not be empty" },
	{ "/accounts/router/verifier", "7",
	    "/accounts/router/verifier: must be a string" },
	{ "/accounts/router/provider", NULL,
	    "/accounts/router/provider: is missing" },
	{ "/accounts/router/provider", "\"powerdns\"",
	    "/accounts/router/provider: no such member of \"providers\"; "
	    "there are: desec, home (powerdns)" },
	{ "/accounts/router/provider", "null",
	    "/accounts/router/provider: must be a string" },
	{ "/accounts/router/hosts", NULL,
	    "/accounts/router/hosts: is missing" },
	{ "/accounts/router/hosts", "{}",
	    "/accounts/router/hosts: must be an object of 1 to 64 hosts" },
	{ "/accounts/router/hosts", "[\"chaos-wg.net\"]",
	    "/accounts/router/hosts: must be an object of 1 to 64 hosts" },
	/* Hosts. */
	{ HOST "/ip", "true",
	    HOST "/ip: unknown; here may stand: ipv4, ipv6, "
		 "zone, ttl, proof, allow, partial, removal, replace_set" },
	{ HOST, "true", HOST ": must be an object: { ... }" },
	{ HOST, "{}",
	    HOST ": has no address; add \"ipv4\": true, \"ipv6\", "
		 "or both" },
	{ HOST, "{\"ipv4\": false}",
	    HOST ": has no address; add \"ipv4\": "
		 "true, \"ipv6\", or both" },
	{ "/accounts/router/hosts/home", "{\"ipv4\": true}",
	    "/accounts/router/hosts/home: is not a host name; write it in "
	    "full, as \"home.example.org\"" },
	{ "/accounts/router/hosts/192.0.2.1", "{\"ipv4\": true}",
	    "/accounts/router/hosts/192.0.2.1: is not a host name; write it "
	    "in full, as \"home.example.org\"" },
	{ "/accounts/router/hosts/a b.net", "{\"ipv4\": true}",
	    "/accounts/router/hosts/a b.net: is not a host name; write it "
	    "in full, as \"home.example.org\"" },
	{ "/accounts/router/hosts/Chaos-WG.net.", "{\"ipv4\": true}",
	    "/accounts/router/hosts/Chaos-WG.net.: the same host stands here "
	    "twice" },
	{ "/accounts/router/hosts/*.wild.net", "{\"ipv4\": true}",
	    "/accounts/router/hosts/*.wild.net: no server can prove a "
	    "wildcard; write \"proof\": { \"kind\": \"none\" }" },
	{ HOST "/ipv4", "\"yes\"",
	    HOST "/ipv4: must be true, false or "
		 "\"if-public\"" },
	{ HOST "/ipv4", "1",
	    HOST "/ipv4: must be true, false or "
		 "\"if-public\"" },
	{ HOST "/ipv4", "null", HOST "/ipv4: must be true or false" },
	{ HOST "/ipv6", "true",
	    HOST "/ipv6: must be \"router\", \"if-public\", or "
		 "{ \"prefix_length\": 56, \"suffix\": \"0:0:0:fc::8\" }" },
	{ HOST "/ipv6", "\"prefix\"",
	    HOST "/ipv6: must be \"router\", \"if-public\", or "
		 "{ \"prefix_length\": 56, \"suffix\": \"0:0:0:fc::8\" }" },
	{ HOST "/ipv6", "null", HOST "/ipv6: must be an object: { ... }" },
	{ HOST "/ipv6/prefix", "56",
	    HOST "/ipv6/prefix: unknown; here may "
		 "stand: prefix_length, suffix, subnet, if_public" },
	{ HOST "/ipv6/prefix_length", NULL,
	    HOST "/ipv6/prefix_length: is missing" },
	{ HOST "/ipv6/suffix", NULL, HOST "/ipv6/suffix: is missing" },
	{ HOST "/ipv6/prefix_length", "15",
	    HOST "/ipv6/prefix_length: must be from 16 to 127" },
	{ HOST "/ipv6/prefix_length", "128",
	    HOST "/ipv6/prefix_length: must be from 16 to 127" },
	{ HOST "/ipv6/prefix_length", "null",
	    HOST "/ipv6/prefix_length: must be a whole number" },
	{ HOST "/ipv6/suffix", "\"::8/64\"", HOST BAD_SUFFIX },
	{ HOST "/ipv6/suffix", "\"0.0.0.8\"", HOST BAD_SUFFIX },
	{ HOST "/ipv6/suffix", "\"52:54:00:12:34\"", HOST BAD_SUFFIX },
	{ HOST "/ipv6/suffix", "\"52:54:00:12:34:5g\"", HOST BAD_SUFFIX },
	{ HOST "/ipv6/suffix", "\"52-54-00-12-34-56\"", HOST BAD_SUFFIX },
	{ HOST "/ipv6/suffix", "\"5:54:00:12:34:567\"", HOST BAD_SUFFIX },
	{ HOST "/ipv6/suffix", "\"52:54:00:12:34:56:78\"", HOST BAD_SUFFIX },
	{ HOST "/ipv6/subnet", "\"xy\"", HOST BAD_SUBNET },
	{ HOST "/ipv6/subnet", "\"0xfc\"", HOST BAD_SUBNET },
	{ HOST "/ipv6/subnet", "\"-1\"", HOST BAD_SUBNET },
	{ HOST "/ipv6/subnet", "\" fc\"", HOST BAD_SUBNET },
	{ HOST "/ipv6/subnet", "\"00000000000000001\"", HOST BAD_SUBNET },
	{ HOST "/ipv6/subnet", "252", HOST "/ipv6/subnet: must be a string" },
	{ HOST "/ipv6/subnet", "\"1fc\"",
	    HOST
	    "/ipv6/suffix: has bits inside "
	    "the /56 that the provider gives; they would change the prefix" },
	/* 1 | 2 is 3, and nobody meant that. */
	{ HOST "/ipv6/subnet", "\"fc\"", HOST BOTH_SUBNETS },
	{ HOST "/ipv6/subnet", "\"0\"", HOST BOTH_SUBNETS },
	{ HOST "/ipv6/subnet", "\"3\"", HOST BOTH_SUBNETS },
	{ HOST "/ipv6/suffix", "\"::\"", HOST NO_HOST },
	{ HOST "/ipv6/suffix", "\"0:0:0:fc::\"", HOST NO_HOST },
	{ HOST "/ipv6", "{\"prefix_length\": 72, \"suffix\": \"::\"}",
	    HOST NO_HOST },
	{ HOST "/ipv6/suffix", "null", HOST "/ipv6/suffix: must be a string" },
	{ HOST "/ipv6/suffix", "\"0:0:0:1fc::8\"",
	    HOST
	    "/ipv6/suffix: has "
	    "bits inside the /56 that the provider gives; they would change "
	    "the prefix" },
	{ HOST "/zone", "\"wg.net\"",
	    HOST "/zone: must be the name of the host or an end of it" },
	{ HOST "/zone", "\"www.chaos-wg.net\"",
	    HOST "/zone: must be the name of the host or an end of it" },
	{ HOST "/zone", "\"*.net\"",
	    HOST "/zone: must be the name of the host or an end of it" },
	{ HOST "/zone", "\".\"",
	    HOST "/zone: must be the name of the host or an end of it" },
	{ HOST "/zone", "\"Net.\"",
	    HOST "/zone: is a zone of one label, whose records are no "
		 "customer's; write your own zone, as \"example.org\"" },
	{ HOST "/zone", "false", HOST "/zone: must be a string" },
	{ HOST "/ttl", "0", HOST "/ttl: must be from 1 to 2147483647" },
	{ HOST "/ttl", "2147483648",
	    HOST "/ttl: must be from 1 to 2147483647" },
	{ HOST "/ttl", "\"60\"", HOST "/ttl: must be a whole number" },
	{ HOST "/removal", "\"true\"", HOST "/removal: must be true or false" },
	{ HOST "/partial", "\"true\"", HOST "/partial: must be true or false" },
	{ HOST "/allow", "\"10.0.0.0/8\"",
	    HOST "/allow: must be a list: [ ... ]" },
	{ HOST "/allow", "[\"10.0.0.0/8\", \"10.0.0.1/8\"]",
	    HOST "/allow/1: must be a network with no bit behind its length, "
		 "as \"10.0.0.0/8\"" },
	{ HOST "/allow", "[\"any\"]",
	    HOST "/allow/0: must be a network with no bit behind its length, "
		 "as \"10.0.0.0/8\"" },
	{ HOST "/allow", "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]",
	    HOST "/allow: has 17 elements, at most 16" },
	/* Proofs. */
	{ HOST "/proof", "\"none\"",
	    HOST "/proof: must be an object: "
		 "{ ... }" },
	{ HOST "/proof", "null", HOST "/proof: must be an object: { ... }" },
	{ HOST "/proof/name", "\"x\"",
	    HOST "/proof/name: unknown; here may "
		 "stand: kind, port, request, ca, pins, echo" },
	{ HOST "/proof/kind", "\"tofu\"",
	    HOST "/proof/kind: must be one of "
		 "\"certificate\", \"pin\", \"none\"" },
	{ HOST "/proof/kind", "null", HOST "/proof/kind: must be a string" },
	{ HOST "/proof/port", "0",
	    HOST "/proof/port: must be from 1 to "
		 "65535" },
	{ HOST "/proof/port", "65536",
	    HOST "/proof/port: must be from 1 to "
		 "65535" },
	{ HOST "/proof/request", "\"GET /\"",
	    HOST "/proof/request: must be "
		 "one of \"HEAD /\", \"tls\"" },
	{ HOST "/proof/ca", "\"own.pem\"",
	    HOST "/proof/ca: must be a full file name, from / on" },
	{ HOST "/proof/pins", "[\"" HEX64 "\"]",
	    HOST "/proof/pins: only \"kind\": \"pin\" looks at pins" },
	{ HOST "/proof/kind", "\"pin\"",
	    HOST "/proof: \"kind\": \"pin\" needs \"pins\": [ ... ]" },
	{ HOST "/proof/kind", "\"none\"",
	    HOST "/proof/ca: only \"kind\": \"certificate\" looks at a CA" },
	{ HOST "/proof", "{\"kind\": \"none\", \"port\": 443}",
	    HOST "/proof: \"kind\": \"none\" connects nowhere; remove port, "
		 "request and echo" },
	{ HOST "/proof", "{\"kind\": \"none\", \"request\": \"tls\"}",
	    HOST "/proof: \"kind\": \"none\" connects nowhere; remove port, "
		 "request and echo" },
	{ HOST "/proof", "{\"kind\": \"none\", \"echo\": \"/\"}",
	    HOST "/proof: \"kind\": \"none\" connects nowhere; remove port, "
		 "request and echo" },
	{ HOST "/proof/echo", "\"/addr\"",
	    HOST "/proof/echo: cannot be asked "
		 "for with \"request\": \"tls\"" },
	{ MAIL "/proof/echo", "\"addr\"", MAIL BAD_ECHO },
	{ MAIL "/proof/echo", "\"/a b\"", MAIL BAD_ECHO },
	{ MAIL "/proof/echo", "\"/a\\r\\nX: y\"", MAIL BAD_ECHO },
	{ MAIL "/proof/echo", "\"/m\xc3\xbcller\"", MAIL BAD_ECHO },
	{ MAIL "/proof/pins", "[]",
	    MAIL "/proof: \"kind\": \"pin\" needs \"pins\": [ ... ]" },
	{ MAIL "/proof/pins", "[\"" HEX64 "\", \"0011\"]",
	    MAIL "/proof/pins/1: must be \"sha256//\" and 44 characters of "
		 "base64, or 64 hex digits" },
	{ MAIL "/proof/pins", "[null]",
	    MAIL "/proof/pins/0: must be a string" },
	{ MAIL "/proof/pins", "[1,2,3,4,5,6,7,8,9]",
	    MAIL "/proof/pins: has 9 elements, at most 8" },
	{ MAIL "/proof/ca", "\"/ca.pem\"",
	    MAIL "/proof/ca: only \"kind\": \"certificate\" looks at a CA" },
};

static void
test_broken(void **state)
{
	size_t skip = strlen(unit_directory()) + strlen("/s.json: ");

	(void)state;
	for (size_t i = 0; i < COUNT(broken); i++) {
		struct error why;
		struct settings *s =
		    read_changed(broken[i].pointer, broken[i].value, &why);

		ROW(s == NULL && why.code == ERR_CONFIG &&
			strlen(why.text) > skip &&
			strcmp(why.text + skip, broken[i].why) == 0,
		    "%s = %s: %s", broken[i].pointer,
		    unit_text(broken[i].value), why.text);
		settings_free(s);
	}
	ROWS_END();
}

/* Changes that are fine. */
static const struct {
	const char *pointer;
	const char *value;
} fine[] = {
	{ NULL, NULL },
	{ "/workers", "1" },
	{ "/workers", "256" },
	{ "/operators", "{\"anna\": {\"verifier\": \"x\"}}" },
	{ "/metrics",
	    "{\"allow\": [\"::1\", \"10.0.0.0/8\"], "
	    "\"hosts\": false}" },
	{ "/workers", NULL },
	{ "/state", "\"postgresql://db\"" },
	{ "/state", "\"postgres://ddns@db/ddns\"" },
	{ "/listen", NULL },
	{ "/listen/mode", "\"600\"" },
	{ "/listen/mode", "\"0\"" },
	{ "/listen/group", NULL },
	{ "/peers", "[]" },
	{ "/peers", NULL },
	{ "/log", "\"stderr\"" },
	{ "/log", "{}" },
	{ "/log",
	    "{\"to\": \"syslog\", \"format\": \"json\", "
	    "\"level\": \"warning\"}" },
	{ "/log", "\"/var/log/ddnsgate.log\"" },
	{ "/ca", NULL },
	{ "/state", "\"/srv/ddnsgate\"" },
	{ "/state", "\"postgresql://ddns@db.example:5433/ddns\"" },
	{ "/state", "\"postgresql:///ddns?host=/run/postgresql\"" },
	{ "/state", "\"postgresql://[2001:db8::1]:5432/ddns\"" },
	{ "/state",
	    "{\"url\": \"postgresql://db/x\", \"password_file\": \"/etc/pw\"}" },
	{ "/refresh", "1" },
	{ "/history", "3650" },
	{ "/providers/home/description", NULL },
	{ "/providers/home/config", NULL },
	{ "/providers/home/addresses", NULL },
	{ "/url", "\"https://dns.example.org:8443\"" },
	{ "/accounts/router/from_connection", "true" },
	{ "/accounts/router/all_hosts", "true" },
	{ HOST "/ipv6", "\"if-public\"" },
	{ HOST "/ipv6/if_public", "true" },
	{ "/accounts/router/query_credentials", "false" },
	{ HOST "/ipv4", "false" },
	{ HOST "/ipv4", "\"if-public\"" },
	{ HOST "/removal", "true" },
	{ MAIL "/proof/echo", "\"/addr?x=1\"" },
	{ HOST "/ipv6", "\"router\"" },
	{ HOST "/ipv6/prefix_length", "48" },
	{ HOST "/zone", "\"Chaos-WG.Net.\"" },
	{ HOST "/ttl", "2147483647" },
	{ HOST "/allow", "[]" },
	{ HOST "/allow", "[\"0.0.0.0/0\", \"::/0\", \"10.1.2.3\"]" },
	{ HOST "/proof", "{}" },
	{ HOST "/proof", "{\"kind\": \"none\"}" },
	{ HOST "/proof/port", "65535" },
	{ MAIL "/proof/pins",
	    "[\"sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
	    "GBkaGxwdHh8=\"]" },
};

static void
test_fine(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(fine); i++) {
		struct error why;
		struct settings *s =
		    read_changed(fine[i].pointer, fine[i].value, &why);

		ROW(s != NULL, "%s = %s: %s", unit_text(fine[i].pointer),
		    unit_text(fine[i].value), why.text);
		settings_free(s);
	}
	ROWS_END();
}

/* A name is the same with escapes, also where a text is taken apart by it. */
static void
test_escapes(void **state)
{
	static const char text[] =
	    "{ \"providers\": { \"desec\": {} },\n"
	    "  \"acc\\u006funts\" : { \"rout\\u0065r\": {\n"
	    "    \"provider\": \"desec\", \"verifier\": \"x\",\n"
	    "    \"hosts\": { \"a.example.org\": { \"ipv4\": true } } } } }";
	struct error why;
	struct settings *s =
	    settings_read(unit_write("escapes.json", text, sizeof text - 1),
		&why);

	(void)state;
	if (s == NULL)
		fail_msg("%s", why.text);
	assert_non_null(settings_account(s, "router"));
	settings_free(s);
}

static const struct host_settings *
host_of(const struct settings *s, const char *account, const char *name)
{
	const struct account_settings *a = settings_account(s, account);

	assert_non_null(a);
	for (size_t i = 0; i < a->host_count; i++)
		if (strcmp(a->hosts[i].name, name) == 0)
			return &a->hosts[i];
	return NULL;
}

static void
check_network(const struct network *n, const char *want)
{
	struct network expected;

	assert_true(network_parse(&expected, want));
	assert_int_equal(n->length, expected.length);
	assert_true(address_equal(&n->base, &expected.base));
}

/* Everything that the good configuration says arrives. */
static void
test_values(void **state)
{
	const struct host_settings *h;
	const struct provider_settings *p;
	const struct account_settings *a;
	char text[ADDRESS_TEXT_MAX];
	struct error why;
	struct settings *s = read_changed(NULL, NULL, &why);

	(void)state;
	assert_non_null(s);
	assert_int_equal(s->workers, 8);
	assert_string_equal(s->listen.path, "/run/ddnsgate/s");
	assert_int_equal(s->listen.mode, 0660);
	assert_int_equal(s->listen.group, 0);
	assert_int_equal(s->peer_count, 1);
	assert_int_equal(s->peers[0], 0);
	assert_string_equal(s->log.to, "syslog");
	assert_string_equal(s->state.place, SETTINGS_STATE_DEFAULT);
	assert_null(s->state.password_file);
	assert_int_equal(s->state.refresh_ms, 25 * 3600000);
	assert_int_equal(s->state.history_days, 400);
	assert_string_equal(s->ca, "/etc/ca.pem");
	assert_int_equal(s->provider_count, 2);
	assert_int_equal(s->account_count, 2);

	a = settings_account(s, "router");
	assert_non_null(a);
	assert_string_equal(a->name, "router");
	assert_string_equal(a->verifier, "$pbkdf2-sha256$i=1000$AAAA$AAAA");
	assert_int_equal(a->host_count, 3);
	p = &s->providers[a->provider];
	assert_string_equal(p->name, "home");
	assert_string_equal(p->description, "powerdns");
	assert_non_null(p->variables);
	assert_int_equal(p->address_count, 2);
	assert_string_equal(address_format(&p->addresses[0], text),
	    "192.0.2.53");
	assert_string_equal(address_format(&p->addresses[1], text),
	    "2001:db8::53");
	assert_string_equal(p->ca, "/etc/other.pem");

	h = host_of(s, "router", "chaos-wg.net");
	assert_non_null(h);
	assert_int_equal(h->ipv4, IPV4_ROUTER);
	assert_int_equal(h->ipv6, IPV6_PREFIX);
	assert_int_equal(h->prefix_length, 56);
	assert_string_equal(address_format(&h->suffix, text), "::fc:0:0:0:8");
	assert_string_equal(h->zone, "chaos-wg.net");
	assert_int_equal(h->ttl, 60);
	assert_true(h->partial);
	assert_int_equal(h->allow_count, 2);
	check_network(&h->allow[0], "10.0.0.0/8");
	check_network(&h->allow[1], "fd00::/8");
	assert_int_equal(h->proof.kind, PROOF_CERTIFICATE);
	assert_int_equal(h->proof.request, PROOF_TLS);
	assert_int_equal(h->proof.port, 8443);
	assert_string_equal(h->proof.ca, "/etc/own.pem");

	h = host_of(s, "router", "mail.chaos-wg.net");
	assert_non_null(h);
	assert_int_equal(h->ipv4, IPV4_NONE);
	assert_int_equal(h->ipv6, IPV6_ROUTER);
	assert_null(h->zone);
	assert_int_equal(h->proof.kind, PROOF_PIN);
	assert_int_equal(h->proof.pin_count, 1);
	for (size_t i = 0; i < PIN_LEN; i++)
		assert_int_equal(h->proof.pins[0][i], i);

	h = host_of(s, "router", "*.chaos-wg.net");
	assert_non_null(h);
	assert_int_equal(h->proof.kind, PROOF_NONE);
	settings_free(s);
}

/* What is not said has the value that the manual names. */
static void
test_defaults(void **state)
{
	const struct host_settings *h;
	const struct passwd *pw = getpwnam("www-data");
	struct error why;
	struct settings *s;

	(void)state;
	s = read_changed("/ca", NULL, &why);
	assert_non_null(s);
	assert_string_equal(s->ca, SETTINGS_CA_DEFAULT);
	h = host_of(s, "another", "xn--mller-kva.example");
	assert_non_null(h);
	assert_int_equal(h->ipv6, IPV6_NONE);
	assert_int_equal(h->ttl, 0);
	assert_false(h->partial);
	assert_int_equal(h->allow_count, 0);
	assert_int_equal(h->proof.kind, PROOF_CERTIFICATE);
	assert_int_equal(h->proof.request, PROOF_HEAD);
	assert_int_equal(h->proof.port, 443);
	assert_string_equal(h->proof.ca, SETTINGS_CA_DEFAULT);
	/* desec is {}: its key is its description. */
	assert_string_equal(s->providers[0].description, "desec");
	assert_null(s->providers[0].variables);
	assert_int_equal(s->providers[0].address_count, 0);
	assert_string_equal(s->providers[0].ca, SETTINGS_CA_DEFAULT);
	settings_free(s);

	s = read_changed("/workers", NULL, &why);
	assert_int_equal(s->workers, 32);
	settings_free(s);
	s = read_changed("/log", NULL, &why);
	assert_string_equal(s->log.to, "stderr");
	settings_free(s);
	s = read_changed("/listen", NULL, &why);
	assert_null(s->listen.path);
	settings_free(s);
	s = read_changed("/listen/mode", NULL, &why);
	assert_int_equal(s->listen.mode, 0660);
	settings_free(s);
	s = read_changed("/listen/group", NULL, &why);
	assert_int_equal(s->listen.group, (gid_t)-1);
	settings_free(s);
	s = read_changed("/peers", NULL, &why);
	assert_int_equal(s->peer_count, pw != NULL ? 1 : 0);
	if (pw != NULL)
		assert_int_equal(s->peers[0], pw->pw_uid);
	settings_free(s);
}

/* A MAC address stands for the suffix that SLAAC makes of it. */
static const struct {
	const char *ipv6;
	const char *suffix;
} suffixes[] = {
	{ "{\"prefix_length\": 64, \"suffix\": \"52:54:00:12:34:56\"}",
	    "::5054:ff:fe12:3456" },
	{ "{\"prefix_length\": 64, \"suffix\": \"00:1A:2b:3C:4d:5E\"}",
	    "::21a:2bff:fe3c:4d5e" },
	{ "{\"prefix_length\": 56, \"subnet\": \"fc\","
	  " \"suffix\": \"52:54:00:12:34:56\"}",
	    "::fc:5054:ff:fe12:3456" },
	{ "{\"prefix_length\": 48, \"subnet\": \"Ff0a\","
	  " \"suffix\": \"::8\"}",
	    "::ff0a:0:0:0:8" },
	{ "{\"prefix_length\": 64, \"subnet\": \"0\","
	  " \"suffix\": \"::8\"}",
	    "::8" },
};

static void
test_suffix(void **state)
{
	char text[ADDRESS_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(suffixes); i++) {
		struct error why;
		struct settings *s =
		    read_changed(HOST "/ipv6", suffixes[i].ipv6, &why);

		ROW(s != NULL &&
			unit_same(address_format(&host_of(s, "router",
						     "chaos-wg.net")
						      ->suffix,
				      text),
			    suffixes[i].suffix),
		    "%s: %s", suffixes[i].ipv6, s != NULL ? text : why.text);
		settings_free(s);
	}
	ROWS_END();
}

/* Accounts are found whatever their order, and only by their whole name. */
static void
test_account(void **state)
{
	struct error why;
	struct settings *s = read_changed(NULL, NULL, &why);

	(void)state;
	assert_non_null(s);
	assert_string_equal(settings_account(s, "another")->name, "another");
	assert_string_equal(settings_account(s, "router")->name, "router");
	assert_null(settings_account(s, "route"));
	assert_null(settings_account(s, "router1"));
	assert_null(settings_account(s, "Router"));
	assert_null(settings_account(s, ""));
	assert_null(settings_host(settings_account(s, ""), "chaos-wg.net"));
	assert_null(settings_host(settings_account(s, "router"), "a.net"));
	settings_free(s);
}

/*
 * What is no JSON is told as such, though the accounts are looked for in the
 * text before that is parsed.
 */
static const struct {
	const char *text, *why; /* the latter without the file's name */
} malformed[] = {
	{ "{}", "/providers: is missing" },
	{ "[]", "must be a JSON object: { ... }" },
	{ "{ accounts: {} }", "line 1: quoted object property name expected" },
	{ "{ \"accounts\" {} }",
	    "line 1: object property name separator ':' expected" },
	{ "{ \"accounts\": }", "line 1: unexpected character" },
	{ "{ \"accounts\": { \"a\": {}, b }",
	    "line 1: quoted object property name expected" },
	{ "{ \"accounts\": { \"a\": {} \"b\": {} } }",
	    "line 1: object value separator ',' expected" },
	{ "{ \"accounts\": { \"a\": { \"b\": 7",
	    "line 1: unexpected end of data" },
	{ "{ \"providers\": 7,\n \"accounts\": { \"a\": { x } } }",
	    "line 2: quoted object property name expected" },
	{ "{ \"x\": \"no end", "line 1: unexpected end of data" },
	{ "{ \"x\": \"no end\\", "line 1: unexpected end of data" },
	{ "{ \"x\": [1, \"{\\\"\", {}], \"accounts\": 7 }",
	    "/x: unknown; here may stand: workers, listen, peers, log, "
	    "metrics, state, refresh, history, url, ca, providers, operators, "
	    "notify, defaults, accounts, account_directory, account_table" },
	{ "{ \"providers\": {\"desec\": {}},\n\"accounts\": {\"a\": {}},\n"
	  "\"accounts\": {}}",
	    "/accounts: stands here twice, in lines 2 and 3; rename one, or "
	    "take it out" },
};

static void
test_malformed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(malformed); i++) {
		const char *text = malformed[i].text;
		const char *file = unit_write("bad.json", text, strlen(text));
		struct error why = { .code = ERR_OK };

		ROW(settings_read(file, &why) == NULL &&
			unit_same(why.text + strlen(file) + 2,
			    malformed[i].why),
		    "%s: %s", text, why.text);
	}
	ROWS_END();
}

#define TEN(x)                                                           \
	"\"" x "0\":1,\"" x "1\":1,\"" x "2\":1,\"" x "3\":1,\"" x       \
	"4\":1,\"" x "5\":1,\"" x "6\":1,\"" x "7\":1,\"" x "8\":1,\"" x \
	"9\":1,"

static void
nothing_more(const struct settings *s, struct faults *faults)
{
	(void)s;
	(void)faults;
}

/*
 * All faults are told, but none that only follows from another one; and more
 * than are kept are counted.
 */
static const struct {
	const char *text;
	size_t count;
	const char *places; /* of those that are kept */
} examined[] = {
	{ "{\"providers\": {\"desec\": {}}, \"accounts\": {\"a\": {}}}", 3,
	    "/accounts/a/verifier /accounts/a/provider /accounts/a/hosts " },
	{ "{\"providers\": {\"desec\": {}}, \"accounts\": {\"a\": {"
	  "\"verifier\": \"x\", \"provider\": \"desec\", \"hosts\": {"
	  "\"a.example\": {\"ipv4\": true, \"zone\": 7, \"ttl\": 0, "
	  "\"wrong\": 1}, \"b.example\": {\"ipv4\": true, \"proof\": "
	  "{\"kind\": \"pin\", \"port\": 0}}, \"c\": 1}}}}",
	    5,
	    "/accounts/a/hosts/a.example/zone /accounts/a/hosts/a.example/ttl "
	    "/accounts/a/hosts/a.example/wrong "
	    "/accounts/a/hosts/b.example/proof/port /accounts/a/hosts/c " },
	{ "{\"providers\": {\"desec\": {\"ca\": 1, \"config\": {\"x\": 7}}},"
	  " \"accounts\": {\"a:b\": {\"hosts\": 7}}, \"workers\": 0}",
	    7,
	    "/workers /providers/desec/config/x /providers/desec/ca "
	    "/accounts/a:b /accounts/a:b/verifier /accounts/a:b/provider "
	    "/accounts/a:b/hosts " },
	{ "{" TEN("a") TEN("b") TEN("c") TEN("d") "\"e\":1}", 43, "" },
	{ "{", 1, "- " },
};

static void
test_examine(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(examined); i++) {
		const char *text = examined[i].text;
		const char *file = unit_write("bad.json", text, strlen(text));
		static struct faults faults;
		char places[4096] = "";

		faults = (struct faults){ .count = 0 };
		settings_examine(file, &faults, nothing_more);
		for (size_t n = 0; n < faults.count && n < READER_FAULTS_MAX;
		     n++) {
			strcat(places, faults.places[n]);
			strcat(places, " ");
		}
		ROW(faults.count == examined[i].count &&
			(*examined[i].places == '\0' ||
			    strcmp(places, examined[i].places) == 0),
		    "%zu: %zu faults, %s", i, faults.count, places);
	}
	ROWS_END();
}

/* One entry more than there may be. */
static void
test_too_many_entries(void **state)
{
	char providers[4096] = "{";
	struct error why;

	(void)state;
	for (size_t i = 0; i <= SETTINGS_PROVIDERS_MAX; i++) {
		char one[16];

		snprintf(one, sizeof one, "%s\"p%zu\":{}", i == 0 ? "" : ",",
		    i);
		strcat(providers, one);
	}
	strcat(providers, "}");
	assert_null(read_changed("/providers", providers, &why));
	assert_non_null(strstr(why.text,
	    "/providers: must be an object of 1 to 64 providers"));
}

/* One account more than there may be is told before any of them is read. */
static void
test_too_many(void **state)
{
	static const char begin[] = "{\"providers\": {\"desec\": {}},"
				    " \"accounts\": {";
	size_t size = sizeof begin + 12 * (SETTINGS_ACCOUNTS_MAX + 1UL) + 8;
	char *text = malloc(size);
	struct error why;
	const char *file;
	size_t len;

	(void)state;
	assert_non_null(text);
	len = (size_t)snprintf(text, size, "%s", begin);
	for (size_t i = 0; i <= SETTINGS_ACCOUNTS_MAX; i++)
		len += (size_t)snprintf(text + len, size - len, "%s\"%zx\":0",
		    i == 0 ? "" : ",", i);
	len += (size_t)snprintf(text + len, size - len, "}}");
	file = unit_write("many.json", text, len);
	free(text);
	assert_null(settings_read(file, &why));
	assert_non_null(strstr(why.text,
	    ": /accounts: must be an object of 1 to 1000000 accounts"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_fine),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_suffix),
		cmocka_unit_test(test_account),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_examine),
		cmocka_unit_test(test_too_many_entries),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
