/* Inside the Sarvam adapters: names, numbers and errors that the recogniser and the voice read alike. Pure, any thread. Nobody else includes this. */
#ifndef PROVIDERS_SARVAM_SARVAM_PARTS_H
#define PROVIDERS_SARVAM_SARVAM_PARTS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json_scan.h"
#include "providers/sarvam/sarvam.h"

enum {
	SARVAM_ID_MAX = 64,       /* of a code, a request's name */
	SARVAM_LANGUAGE_MAX = 36, /* RFC 5646: 35 letters are enough for a tag */
	SARVAM_HEADER_MAX = SARVAM_KEY_MAX + 32,
	SARVAM_TEXT_MAX_BYTES = 16 * 1024,
};

/* ---- options ---- */

/* A number that must lie in a range, or may be 0; `most` 0: nothing else. */
struct sarvam_number {
	const char *name;
	uint32_t value, least, most;
	bool may_be_none;
};

/* `err`, with the detail: `who` ("Sarvam's voice") cannot be set up, where, why. */
enum err sarvam_refuse(struct err_detail *detail, enum err err, const char *who, const char *where, const char *what) MUST_USE;
enum err sarvam_numbers_check(const struct sarvam_number *numbers, size_t count, const char *who, struct err_detail *detail) MUST_USE;

/* URL, key and languages, which both have. */
enum err sarvam_account_check(const char *url, const void *key, size_t key_len, const struct sarvam_language *languages, const char *who,
	struct err_detail *detail) MUST_USE;

/* Printable ASCII without blanks, SARVAM_NAME_MAX letters at most. */
bool sarvam_is_name(const char *text);

/* ---- what is sent ---- */

/* Holds the key: wipe it once it was used. */
void sarvam_header_make(char out[SARVAM_HEADER_MAX], const void *key, size_t key_len);

/* "&key=value", the value encoded. */
void sarvam_query_put(struct buf *b, const char *key, const char *value);

/* The entry of the whole tag, or else of its first part, or else of "*"; NULL: none fits. */
const struct sarvam_language *sarvam_language_find(const struct sarvam_language *list, const char *tag);

/* What Sarvam calls the tag: the entry's word or our own. ERR_NOTFOUND: it has no such language. */
enum err sarvam_language_name(char out[SARVAM_LANGUAGE_MAX], const struct sarvam_language *list, const char *tag, const char *odia) MUST_USE;

/* ---- what comes ---- */

bool sarvam_text_is(const struct json_item *item, const char *text);

/* A number, or a string that is one; false: neither. */
bool sarvam_number(const struct json_item *item, double *number);

/* A name that a machine gives: what is not one is left out, so that nothing that was said gets into a log. */
void sarvam_id_take(char out[SARVAM_ID_MAX], const struct json_item *item);

/* What an HTTP status stands for, of a handshake or inside an error; 0 is none: ERR_UNAVAILABLE. */
enum err sarvam_status_err(unsigned int status);

/* The same with the code's name, which is surer: nothing left to pay with has the status of too many requests. */
enum err sarvam_code_err(const char *code, unsigned int status);

#endif
