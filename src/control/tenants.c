#include "control/tenants.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

enum { RECORD_HEX_MAX = 2 * TENANT_RECORD_MAX_BYTES + 1 };

void tenant_info_begin(struct tenant_info *info, const char *name, int64_t now_s)
{
	*info = (struct tenant_info){ .made_s = now_s };
	snprintf(info->name, sizeof(info->name), "%s", name);
	info->record_len = tenant_record_begin(info->name, info->record);
}

void tenant_info_key(const char *name, char out[DOCUMENT_KEY_MAX])
{
	snprintf(out, DOCUMENT_KEY_MAX, TENANTS_PREFIX "%s", name);
}

enum err tenant_info_encode(const struct tenant_info *info, struct buf *out)
{
	char hex[RECORD_HEX_MAX];

	sodium_bin2hex(hex, sizeof(hex), info->record, info->record_len);
	json_open(out, '{');
	json_pair_string(out, "name", info->name);
	json_pair_i64(out, "made_s", info->made_s);
	json_pair_string(out, "record", hex);
	json_close(out, '}');
	return out->err;
}

enum err tenant_info_decode(struct tenant_info *info, const struct document *d)
{
	json_t *object = json_loadb((const char *)d->value, d->len, JSON_REJECT_DUPLICATES, NULL);
	const char *name = json_string_value(json_object_get(object, "name"));
	const char *record = json_string_value(json_object_get(object, "record"));
	const json_t *made = json_object_get(object, "made_s");
	bool good = name && tenant_name_ok(name) && json_is_integer(made) && record &&
		!sodium_hex2bin(info->record, sizeof(info->record), record, strlen(record), NULL, &info->record_len, NULL);

	if (good) {
		snprintf(info->name, sizeof(info->name), "%s", name);
		info->made_s = json_integer_value(made);
	}
	json_decref(object);
	return good ? ERR_NONE : ERR_CORRUPT;
}

enum err tenant_info_tenant(const struct tenant_info *info, struct tenant **tp)
{
	enum err err = tenant_from_record(tp, info->record, info->record_len);

	if (!err && strcmp(tenant_name(*tp), info->name) != 0) {
		tenant_drop(tp);
		err = ERR_CORRUPT;
	}
	return err;
}
