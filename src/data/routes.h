/* The route table: which tenant and which rule-book a carrier's account and number belong to. Records, their keys and bytes; storing
 * them is documents.h, under tenant_house(). Pure; any thread.
 *
 * To find a route for a webhook: documents_list with route_prefix(number), then route_pick. The route gives a claim, not a tenant:
 * that comes with the signature (tenant_from_webhook).
 */
#ifndef DATA_ROUTES_H
#define DATA_ROUTES_H

#include "base/buf.h"
#include "base/err.h"
#include "base/tenant.h"
#include "data/documents.h"

enum { ROUTE_NUMBER_MAX = 24, ROUTE_ACCOUNT_MAX = 65, ROUTE_RULEBOOK_MAX = 64, ROUTE_CARRIER_MAX = 16 };

struct route {
	char number[ROUTE_NUMBER_MAX];     /* as route_number made it */
	char account[ROUTE_ACCOUNT_MAX];   /* the carrier's account; "" for any */
	char tenant[TENANT_NAME_MAX];
	char rulebook[ROUTE_RULEBOOK_MAX];
	char carrier[ROUTE_CARRIER_MAX];   /* that calls out from it go by, "exotel"; "": the house's first */
};

/* Digits with or without a plus; blanks, dashes, dots and brackets go. ERR_FORMAT: no number of 3 to 15 digits. */
enum err route_number(const char *text, char out[ROUTE_NUMBER_MAX]) MUST_USE;
/* Whether a carrier names a number so (ITU-T E.164): a plus, the country, 7 to 15 digits in all. `number` is as route_number made it. */
bool route_number_whole(const char *number);
bool route_account_ok(const char *account);   /* letters, digits, - and _, at most 64 */
bool route_rulebook_ok(const char *rulebook); /* a-z 0-9 . _ -, at most 63; not the .yaml or .yml of a file */

void route_prefix(const char *number, char out[DOCUMENT_KEY_MAX]);
void route_key(const struct route *r, char out[DOCUMENT_KEY_MAX]);
enum err route_encode(const struct route *r, struct buf *out) MUST_USE;
enum err route_decode(struct route *r, const struct document *d) MUST_USE; /* ERR_CORRUPT */

/* The route of this account, or else the one for any account. ERR_NOTFOUND. */
enum err route_pick(struct route *r, const struct documents_page *page, const char *account) MUST_USE;

#endif
