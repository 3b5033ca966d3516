/* Whose data it is: a type, not a string.
 *
 * Functions that touch a tenant's data take a `struct tenant`. Its insides are known to tenant.c alone, so that no other file can
 * put one together, and tenant.c makes one from exactly three things:
 *   a verified token                       tenant_from_token    (struct jws_token: made by jws_verify alone)
 *   a verified webhook with its route      tenant_from_webhook  (the route's claim, and a check that tenant.c itself calls)
 *   a durable record that carried one      tenant_from_record   (what tenant_save wrote, from a store or a journal)
 * tests/system/test_identity.py holds the list of files that may call the last two, and what else is not for everybody.
 * A tenant is constant and counted: share it, drop it; any thread. Its id is made of its name and so the same everywhere; a name
 * is never given to somebody else later.
 */
#ifndef BASE_TENANT_H
#define BASE_TENANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct jws_token;
struct tenant;

enum { TENANT_NAME_MAX = 64, TENANT_ID_BYTES = 16, TENANT_RECORD_MAX_BYTES = 96 };

/* 1 to 63 of a-z 0-9 and '-', not at either end. */
bool tenant_name_ok(const char *name);

/* `wanted` is the tenant that a request is about, NULL when only the token says so. ERR_DENIED: the token names no tenant or
 * another one. */
enum err tenant_from_token(struct tenant **tp, const struct jws_token *token, const char *wanted, struct err_detail *detail) MUST_USE;

/* Who a webhook says it is for: opens the secret its signature is checked with, and nothing else (data/secrets.h). */
struct tenant_claim;

/* From a route of the route table. ERR_FORMAT: no tenant's name. */
enum err tenant_claim_from_route(struct tenant_claim **cp, const char *name) MUST_USE;
void tenant_claim_free(struct tenant_claim **cp);

/* `check` says whether the signature holds under the claimed tenant's secret; called once, from inside. ERR_DENIED: it does not. */
typedef bool tenant_check_h(void *arg);
enum err tenant_from_webhook(struct tenant **tp, const struct tenant_claim *claim, tenant_check_h *check, void *arg) MUST_USE;

/* A tenant as bytes of a durable record, and back. ERR_CORRUPT: these bytes are none. */
size_t tenant_save(const struct tenant *t, uint8_t out[TENANT_RECORD_MAX_BYTES]);
enum err tenant_from_record(struct tenant **tp, const void *record, size_t len) MUST_USE;

/* The record of a tenant that is made just now: the operator's act, for control/tenants.c alone. `name` is a good one. */
size_t tenant_record_begin(const char *name, uint8_t out[TENANT_RECORD_MAX_BYTES]);

/* The house itself: tenants, routes and keys are kept under it. Nobody's token names it and no data of a tenant is there. */
const struct tenant *tenant_house(void);

struct tenant *tenant_share(const struct tenant *t); /* one owner more */
void tenant_drop(struct tenant **tp);                /* NULL-safe */

const char *tenant_name(const struct tenant *t); /* "" for the house */
void tenant_id(const struct tenant *t, uint8_t out[TENANT_ID_BYTES]);
void tenant_id_text(const struct tenant *t, char out[2 * TENANT_ID_BYTES + 1]); /* lower-case hex: what paths are made of */
bool tenant_same(const struct tenant *a, const struct tenant *b);

/* For data/secrets.c, which turns a claim into the one secret it may open. */
void tenant_claim_id(const struct tenant_claim *c, uint8_t out[TENANT_ID_BYTES]);
const char *tenant_claim_name(const struct tenant_claim *c);

#endif
