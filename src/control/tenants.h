/* The tenants that there are: records, keys and bytes; storing them is documents.h, under tenant_house(). Pure; any thread. */
#ifndef CONTROL_TENANTS_H
#define CONTROL_TENANTS_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/tenant.h"
#include "data/documents.h"

#define TENANTS_PREFIX "tenant/"

struct tenant_info {
	char name[TENANT_NAME_MAX];
	int64_t made_s; /* since 1970 */
	uint8_t record[TENANT_RECORD_MAX_BYTES];
	size_t record_len;
};

/* The document of a new tenant. `name` is a good one. */
void tenant_info_begin(struct tenant_info *info, const char *name, int64_t now_s);

void tenant_info_key(const char *name, char out[DOCUMENT_KEY_MAX]);
enum err tenant_info_encode(const struct tenant_info *info, struct buf *out) MUST_USE;
enum err tenant_info_decode(struct tenant_info *info, const struct document *d) MUST_USE; /* ERR_CORRUPT */

/* The tenant of a document that was read. */
enum err tenant_info_tenant(const struct tenant_info *info, struct tenant **tp) MUST_USE;

#endif
