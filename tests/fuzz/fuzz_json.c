/* Any bytes as JSON: what jansson takes, the scanner takes (unless it is too deep); what the scanner takes and jansson does not has a
 * number, a half surrogate, a NUL or bytes that are no UTF-8 in it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/json.h"
#include "base/json_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds)
		abort();
}

static int is_utf8(const uint8_t *data, size_t size)
{
	size_t n;

	for (; size; data += n, size -= n)
		if (!(n = utf8_length(data, size)))
			return 0;
	return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_error_t error;
	json_t *whole = json_loadb((const char *)data, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
	struct json_scan s;
	struct json_item item;
	char *plain = malloc(size + 1);
	int odd = 0;
	size_t len;

	json_scan_init(&s, data, size);
	while (json_scan_next(&s, &item)) {
		odd |= item.kind == JSON_SCAN_NUMBER;
		if (item.kind == JSON_SCAN_STRING)
			odd |= json_scan_text(&item, plain, size, &len) != ERR_NONE;
		odd |= item.key && memchr(item.key, '\\', item.key_len);
		must(!item.text || ((const uint8_t *)item.text >= data && (const uint8_t *)item.text + item.len <= data + size));
	}
	if (whole && !memchr(data, 0, size)) /* at a NUL jansson stops reading */
		must(!s.err || s.err == ERR_LIMIT);
	if (!whole && !s.err && !odd && is_utf8(data, size) && !memchr(data, 0, size))
		must(json_error_code(&error) == json_error_stack_overflow);
	json_decref(whole);
	free(plain);
	return 0;
}
