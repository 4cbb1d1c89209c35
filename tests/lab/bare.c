/*
 * bare.c - proofs as small as GnuTLS allows, to measure others against.
 * Arguments: the CA file, the host, how many, and its address.  Prints the
 * microseconds of CPU that one took, as a median, and how many there were in a
 * second.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <gnutls/gnutls.h>

#define PRIORITY "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

static double
microseconds(clockid_t of)
{
	struct timespec t;

	clock_gettime(of, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* A handshake, which verifies the chain, a HEAD, and the first bytes after. */
static int
prove(gnutls_session_t s, const char *host)
{
	char bytes[4096];
	int rc = gnutls_handshake(s);

	if (rc < 0)
		return rc;
	snprintf(bytes, sizeof bytes,
	    "HEAD / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", host);
	gnutls_record_send(s, bytes, strlen(bytes));
	do
		rc = (int)gnutls_record_recv(s, bytes, sizeof bytes);
	while (rc < 0 && !gnutls_error_is_fatal(rc));
	gnutls_bye(s, GNUTLS_SHUT_WR);
	return rc;
}

static int
connect_and_prove(gnutls_certificate_credentials_t trust,
    gnutls_priority_t priority, const char *host, const struct sockaddr_in *at)
{
	int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0), rc;
	gnutls_session_t s;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (connect(fd, (const struct sockaddr *)at, sizeof *at) == -1)
		return -1;
	gnutls_init(&s, GNUTLS_CLIENT | GNUTLS_NO_TICKETS);
	gnutls_priority_set(s, priority);
	gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, trust);
	gnutls_server_name_set(s, GNUTLS_NAME_DNS, host, strlen(host));
	gnutls_session_set_verify_cert(s, host, 0);
	gnutls_transport_set_int(s, fd);
	rc = prove(s, host);
	gnutls_deinit(s);
	close(fd);
	return rc;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int
main(int argc, char *argv[])
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons(443) };
	gnutls_certificate_credentials_t trust;
	gnutls_priority_t priority;
	int count = argc == 5 ? atoi(argv[3]) : 0;
	double *cpu, begin;

	if (count < 1 || inet_pton(AF_INET, argv[4], &at.sin_addr) != 1 ||
	    (cpu = calloc((size_t)count, sizeof *cpu)) == NULL)
		return 2;
	gnutls_certificate_allocate_credentials(&trust);
	gnutls_certificate_set_x509_trust_file(trust, argv[1],
	    GNUTLS_X509_FMT_PEM);
	gnutls_priority_init(&priority, PRIORITY, NULL);
	begin = microseconds(CLOCK_MONOTONIC);
	for (int i = 0; i < count; i++) {
		double c = microseconds(CLOCK_PROCESS_CPUTIME_ID);
		int rc = connect_and_prove(trust, priority, argv[2], &at);

		if (rc <= 0) {
			fprintf(stderr, "%s\n", gnutls_strerror(rc));
			return 1;
		}
		cpu[i] = microseconds(CLOCK_PROCESS_CPUTIME_ID) - c;
	}
	begin = microseconds(CLOCK_MONOTONIC) - begin;
	qsort(cpu, (size_t)count, sizeof *cpu, compare);
	printf("%.0f %.1f\n", cpu[count / 2], count / begin * 1e6);
	return 0;
}
