/* Check digits. `digits` are ASCII '0' to '9', `code` also capital letters. No state. */
#ifndef REDACT_CHECKSUM_H
#define REDACT_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>

bool checksum_luhn(const char *digits, size_t count);
bool checksum_verhoeff(const char *digits, size_t count);
bool checksum_gstin(const char *code);               /* 15 characters */
bool checksum_iban(const char *code, size_t count);
bool checksum_aba(const char *digits);               /* nine */

#endif
