#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "pool/landlock.h"

/* The same numbers on every architecture that Linux 5.13 knows. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule	    445
#define SYS_landlock_restrict_self  446
#endif

#define CREATE_RULESET_VERSION 1U
#define RULE_PATH_BENEATH      1
#define RULE_NET_PORT	       2

#define LL_OF_A_FILE \
	(LL_EXECUTE | LL_WRITE_FILE | LL_READ_FILE | LL_TRUNCATE | LL_IOCTL_DEV)

/* As of Linux 6.12; an older kernel takes the part of it that it knows. */
struct ruleset_attr {
	uint64_t handled_access_fs;
	uint64_t handled_access_net;
	uint64_t scoped;
};

struct path_beneath_attr {
	uint64_t allowed_access;
	int32_t parent_fd;
} __attribute__((packed));

struct net_port_attr {
	uint64_t allowed_access;
	uint64_t port;
};

/* What this process has asked for, and the kernel knows. */
static uint64_t files_ruled, tcp_ruled;

/* What each version of the kernel's interface has added. */
static const struct {
	int since;
	uint64_t files, tcp, outside;
} versions[] = {
	{ 1, LL_REFER - 1, 0, 0 },
	{ 2, LL_REFER, 0, 0 },
	{ 3, LL_TRUNCATE, 0, 0 },
	{ 4, 0, LL_BIND_TCP | LL_CONNECT_TCP, 0 },
	{ 5, LL_IOCTL_DEV, 0, 0 },
	{ 6, 0, 0, LL_ABSTRACT_SOCKETS | LL_SIGNALS },
};

int
landlock_new(uint64_t files, uint64_t tcp, uint64_t outside)
{
	struct ruleset_attr known = { 0 };
	long version = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0,
	    CREATE_RULESET_VERSION);
	size_t size;

	if (version == -1)
		return -1;
	for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
		if (versions[i].since <= version) {
			known.handled_access_fs |= versions[i].files & files;
			known.handled_access_net |= versions[i].tcp & tcp;
			known.scoped |= versions[i].outside & outside;
		}
	files_ruled = known.handled_access_fs;
	tcp_ruled = known.handled_access_net;
	size = version >= 6 ? sizeof known :
	    version >= 4    ? offsetof(struct ruleset_attr, scoped) :
			      offsetof(struct ruleset_attr, handled_access_net);
	return (int)syscall(SYS_landlock_create_ruleset, &known, size, 0U);
}

bool
landlock_allow_path(int ruleset, const char *path, uint64_t files)
{
	struct path_beneath_attr rule = { files & files_ruled, -1 };
	struct stat st;
	bool done;

	if ((rule.parent_fd = open(path, O_PATH | O_CLOEXEC)) == -1)
		return errno == ENOENT || errno == ENOTDIR || errno == EACCES;
	if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed_access &= LL_OF_A_FILE;
	done = rule.allowed_access == 0 ||
	    syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule,
		0U) == 0;
	close(rule.parent_fd);
	return done;
}

bool
landlock_allow_port(int ruleset, uint16_t port)
{
	struct net_port_attr rule = { tcp_ruled & LL_CONNECT_TCP, port };

	return rule.allowed_access == 0 ||
	    syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &rule, 0U) ==
	    0;
}

bool
landlock_enter(int ruleset)
{
	bool done = syscall(SYS_landlock_restrict_self, ruleset, 0U) == 0;
	int saved = errno;

	close(ruleset);
	errno = saved;
	return done;
}
