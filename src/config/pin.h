/*
 * pin.h - a pin: the SHA-256 of a server's public key, as an operator writes
 * it.
 */
#ifndef CONFIG_PIN_H
#define CONFIG_PIN_H

#include <stdbool.h>
#include <stdint.h>

#define PIN_LEN 32 /* bytes: SHA-256 of a SubjectPublicKeyInfo in DER */

/*
 * Reads "sha256//" and 44 characters of base64 (as curl's
 * CURLOPT_PINNEDPUBLICKEY has it), or 64 hex digits.  False, with pin
 * untouched: text is neither.
 */
bool pin_parse(uint8_t pin[static PIN_LEN], const char *text);

#endif
