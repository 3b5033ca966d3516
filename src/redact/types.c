/* Types by name, and which of them a tenant may leave in clear. */
#include "redact/redact.h"

#include <stddef.h>
#include <string.h>

static const char *const type_names[REDACT_TYPE_COUNT] = {
	[REDACT_EMAIL] = "EMAIL", [REDACT_UPI] = "UPI", [REDACT_PHONE] = "PHONE", [REDACT_CARD] = "CARD", [REDACT_AADHAAR] = "AADHAAR",
	[REDACT_ID_UNVERIFIED] = "ID_UNVERIFIED", [REDACT_NUMBER] = "NUMBER", [REDACT_OTP] = "OTP", [REDACT_CVV] = "CVV", [REDACT_PIN] = "PIN",
	[REDACT_CARD_EXPIRY] = "CARD_EXPIRY", [REDACT_DOB] = "DOB", [REDACT_PAN] = "PAN", [REDACT_GSTIN] = "GSTIN", [REDACT_IFSC] = "IFSC",
	[REDACT_IBAN] = "IBAN", [REDACT_SSN] = "SSN", [REDACT_SSN_LAST4] = "SSN_LAST4", [REDACT_ABA] = "ABA", [REDACT_BANK_ACCT] = "BANK_ACCT",
	[REDACT_VOTER_ID] = "VOTER_ID", [REDACT_PASSPORT] = "PASSPORT", [REDACT_VEHICLE] = "VEHICLE", [REDACT_IP] = "IP", [REDACT_PERSON] = "PERSON",
	[REDACT_ADDRESS] = "ADDRESS", [REDACT_CARD_LAST4] = "CARD_LAST4",
};

const char *redact_type_name(enum redact_type type)
{
	return (unsigned int)type < REDACT_TYPE_COUNT && type_names[type] ? type_names[type] : "NUMBER";
}

enum redact_type redact_type_find(const char *name)
{
	unsigned int i;

	for (i = REDACT_EMAIL; i < REDACT_TYPE_COUNT; i++)
		if (!strcmp(type_names[i], name))
			return (enum redact_type)i;
	return (enum redact_type)0;
}

/* In the order of their numbers. */
static const char *const may_be_clear[] = { "EMAIL", "UPI", "PHONE", "CARD_EXPIRY", "DOB", "PAN", "GSTIN", "IFSC", "IBAN", "SSN", "SSN_LAST4", "ABA",
	"BANK_ACCT", "VOTER_ID", "PASSPORT", "VEHICLE", "IP", "ADDRESS", "CARD_LAST4", NULL };

const struct option redact_options[] = {
	{ .name = "redact.clear", .type = OPTION_LIST, .text = "", .choices = may_be_clear,
		.fitting = "types that need not be masked (docs/redaction.md); never CARD, CVV, PIN, OTP, AADHAAR, ID_UNVERIFIED or NUMBER",
		.help = "Types of personal data that the model sees as they were said, for rule-books without a `redact.clear` of their own; empty: none.",
		.offset = offsetof(struct redact_options, clear) },
	{ .name = NULL },
};

enum err redact_clear_read(const char *names, uint64_t *clear)
{
	int i;

	*clear = 0;
	while ((i = option_list_next(redact_options, &names)) >= 0)
		*clear |= UINT64_C(1) << redact_type_find(may_be_clear[i]);
	return i == OPTION_LIST_END ? ERR_NONE : ERR_USAGE;
}
