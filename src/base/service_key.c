#include "base/service_key.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/disk.h"
#include "base/json.h"
#include "base/jws.h"
#include "base/private_file.h"
#include "base/tenant.h"

struct service_key {
	struct jws_key *key;
	char service[JWS_SERVICE_MAX];
	char path[DISK_PATH_MAX];
};

enum err service_key_reload(struct service_key *k, struct err_detail *detail)
{
	struct jws_key *key = NULL;
	struct buf b;
	enum err err;

	buf_init(&b, JWS_MAX_BYTES);
	err = private_file_load(k->path, &b, detail);
	if (!err)
		err = jws_key_load(&key, b.data, b.len);
	private_buf_fini(&b);
	if (err) {
		if (detail && !detail->message[0])
			snprintf(detail->message, sizeof(detail->message), "the key of the service \"%s\": %s", k->service, err_name(err));
		if (detail && !detail->where[0])
			snprintf(detail->where, sizeof(detail->where), "%.150s", k->path);
		if (detail && !detail->hint[0] && err != ERR_NOTFOUND)
			snprintf(detail->hint, sizeof(detail->hint), "move the file away and start again: whoever makes the keys then makes another");
		return err;
	}
	jws_key_free(&k->key);
	k->key = key;
	return ERR_NONE;
}

enum err service_key_open(struct service_key **kp, const char *folder, const char *service, struct err_detail *detail)
{
	struct service_key *k = calloc(1, sizeof(*k));
	char name[JWS_SERVICE_MAX + 16];
	enum err err;

	*kp = NULL;
	if (!k)
		return ERR_NOMEM;
	snprintf(k->service, sizeof(k->service), "%s", service);
	snprintf(name, sizeof(name), "service-%s.json", k->service);
	err = disk_path(k->path, folder, name);
	if (!err)
		err = service_key_reload(k, detail);
	if (err)
		service_key_close(&k);
	*kp = k;
	return err;
}

void service_key_close(struct service_key **kp)
{
	if (*kp)
		jws_key_free(&(*kp)->key);
	free(*kp);
	*kp = NULL;
}

enum err service_key_assert(const struct service_key *k, const struct jws_policy *policy, const struct tenant *tenant, int64_t now_s, struct buf *out)
{
	char subject[JWS_SERVICE_MAX + 20];
	struct buf b;
	enum err err;

	snprintf(subject, sizeof(subject), "service-account-%s", k->service);
	buf_init(&b, JWS_MAX_BYTES);
	json_open(&b, '{');
	json_pair_string(&b, "iss", policy->issuer);
	json_pair_string(&b, "aud", policy->audience);
	json_pair_string(&b, "sub", subject);
	json_pair_string(&b, "preferred_username", subject);
	json_pair_i64(&b, "iat", now_s);
	json_pair_i64(&b, "exp", now_s + SERVICE_ASSERTION_S);
	if (tenant)
		json_pair_string(&b, policy->tenant_claim, tenant_name(tenant));
	json_close(&b, '}');
	err = b.err ? b.err : jws_sign(k->key, (const char *)b.data, b.len, out);
	buf_fini(&b);
	return err;
}
