/* Check digits. `digits` are ASCII '0' to '9'. No state. */
#ifndef REDACT_CHECKSUM_H
#define REDACT_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>

bool checksum_luhn(const char *digits, size_t count);
bool checksum_verhoeff(const char *digits, size_t count);

#endif
