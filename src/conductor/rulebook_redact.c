/* Personal data that the model sees as it was said: `redact.clear` of a rule-book (docs/redaction.md). */
#include "conductor/rulebook_state.h"

#include <string.h>

#include "redact/redact.h"

static const char may[] = "EMAIL, UPI, PHONE, CARD_EXPIRY, DOB, PAN, GSTIN, IFSC, IBAN, SSN, SSN_LAST4, ABA, BANK_ACCT, VOTER_ID, PASSPORT, VEHICLE, IP, ADDRESS, CARD_LAST4";

static void clear_read(struct reading *r, const struct yaml_item *item)
{
	uint64_t type;

	if (!sort_check(r, item, YAML_SORT_TEXT, "a type's name"))
		return;
	if (redact_clear_read(item->text, &type))
		mistake_value(r, item, may, redact_type_find(item->text) ? "this is always masked" : "no type of personal data has this name");
	else if (!type || type & (type - 1))
		mistake_value(r, item, may, "each item is one type");
	else if (r->book->clear & type)
		mistake_value(r, item, NULL, "it stands here twice");
	else
		r->book->clear |= type;
}

void redact_read(struct reading *r, const struct yaml_item *root)
{
	static const char *const keys[] = { "clear", NULL };
	const struct yaml_item *item = yaml_find(root, "redact"), *list, *entry;
	size_t up = path_down(r, "redact"), deeper;

	list = item && map_check(r, item, keys) ? map_need(r, item, "clear", "a list of types") : NULL;
	deeper = path_down(r, "clear");
	if (list && list_check(r, list, 0, REDACT_TYPE_COUNT)) {
		r->book->has_clear = true;
		for (entry = list->first; entry; entry = entry->next)
			clear_read(r, entry);
	}
	path_up(r, deeper);
	path_up(r, up);
}

uint64_t rulebook_clear(const struct rulebook *b, uint64_t otherwise)
{
	return b->has_clear ? b->clear : otherwise;
}
