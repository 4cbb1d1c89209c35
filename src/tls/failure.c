#include "config.h"

#include <stddef.h>

#include "tls/failure.h"

#define MUST_SPEAK "TLS 1.2 or 1.3 with ECDHE, and AES-GCM or ChaCha20-Poly1305"

#define REFUSES(alert) "the server refuses (alert " alert ")"
#define NO_CLIENTS     ": it must not want a client certificate"

static const struct {
	int alert;
	const char *text;
} alerts[] = {
	{ 0, "the server ended the session (alert close_notify)" },
	{ 10, REFUSES("unexpected_message") },
	{ 20, REFUSES("bad_record_mac") },
	{ 22, REFUSES("record_overflow") },
	{ 40,
	    REFUSES("handshake_failure") ": it must speak " MUST_SPEAK
					 ", and want no client certificate" },
	{ 42, REFUSES("bad_certificate") NO_CLIENTS },
	{ 43, REFUSES("unsupported_certificate") NO_CLIENTS },
	{ 44, REFUSES("certificate_revoked") NO_CLIENTS },
	{ 45, REFUSES("certificate_expired") NO_CLIENTS },
	{ 46, REFUSES("certificate_unknown") NO_CLIENTS },
	{ 47, REFUSES("illegal_parameter") },
	{ 48, REFUSES("unknown_ca") NO_CLIENTS },
	{ 49, REFUSES("access_denied") ": it must let us in" },
	{ 50, REFUSES("decode_error") },
	{ 51, REFUSES("decrypt_error") },
	{ 70, REFUSES("protocol_version") ": it must speak TLS 1.2 or 1.3" },
	{ 71, REFUSES("insufficient_security") ": it must speak " MUST_SPEAK },
	{ 80,
	    REFUSES("internal_error") ": see its own log; it may have no "
				      "certificate for this name" },
	{ 86, REFUSES("inappropriate_fallback") },
	{ 90, REFUSES("user_canceled") },
	{ 109, REFUSES("missing_extension") },
	{ 110, REFUSES("unsupported_extension") },
	{ 112, REFUSES("unrecognized_name") ": it must have a site so named" },
	{ 113, REFUSES("bad_certificate_status_response") },
	{ 116, REFUSES("certificate_required") NO_CLIENTS },
	{ 120,
	    REFUSES("no_application_protocol") ": it must speak HTTP/1.1, "
					       "beside HTTP/2" },
};

static const struct {
	int rc;
	const char *text;
} errors[] = {
	{ GNUTLS_E_PREMATURE_TERMINATION, "closed without an answer" },
	{ GNUTLS_E_PULL_ERROR, "the connection was reset" },
	{ GNUTLS_E_PUSH_ERROR, "the connection was reset" },
	{ GNUTLS_E_UNEXPECTED_PACKET_LENGTH, "the server's answer is not TLS" },
	{ GNUTLS_E_UNSUPPORTED_VERSION_PACKET,
	    "the server speaks another version: it must speak TLS 1.2 or 1.3" },
	{ GNUTLS_E_UNKNOWN_CIPHER_SUITE,
	    "the server chose an old cipher: it must speak " MUST_SPEAK },
	{ GNUTLS_E_NO_CIPHER_SUITES,
	    "no cipher in common: the server must speak " MUST_SPEAK },
	{ GNUTLS_E_DH_PRIME_UNACCEPTABLE,
	    "the Diffie-Hellman prime of the server is too small" },
	{ GNUTLS_E_PK_SIG_VERIFY_FAILED,
	    "the server has not the key of its certificate" },
	{ GNUTLS_E_KEY_USAGE_VIOLATION,
	    "the certificate forbids what its key is used for (keyUsage)" },
	{ GNUTLS_E_HANDSHAKE_TOO_LARGE,
	    "a handshake message is larger than 64 kB" },
	{ GNUTLS_E_TOO_MANY_HANDSHAKE_PACKETS,
	    "the server sends handshake messages without end" },
	{ GNUTLS_E_TOO_MANY_EMPTY_PACKETS,
	    "the server sends empty records without end" },
};

const char *
failure_text(gnutls_session_t session, int rc)
{
	int alert = (int)gnutls_alert_get(session);

	if (rc == GNUTLS_E_FATAL_ALERT_RECEIVED) {
		for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++)
			if (alerts[i].alert == alert)
				return alerts[i].text;
		return "the server refuses (an alert of no known name)";
	}
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
		if (errors[i].rc == rc)
			return errors[i].text;
	return gnutls_strerror(rc);
}
