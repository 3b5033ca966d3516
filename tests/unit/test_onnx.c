/* onnx.c: tensors found by branch and name in hand-made files, every kind that must be refused, and damage of every byte. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audio/onnx.h"
#include "base/buf.h"
#include "base/wire.h"

/* Field numbers of onnx.proto3, written out a second time. */
enum { F_GRAPH = 7, F_NODE = 1, F_INITIALIZER = 5, F_OP = 4, F_ATTRIBUTE = 5, F_NAME = 1, F_FLOAT = 2, F_T = 5, F_G = 6 };
enum { T_DIMS = 1, T_TYPE = 2, T_SEGMENT = 3, T_FLOATS = 4, T_NAME = 8, T_RAW = 9, T_LOCATION = 14 };

struct tensor {
	const char *name;
	uint64_t dims[12];
	size_t dims_count;
	uint64_t type;
	unsigned int data_field;
	const void *data;
	size_t len;
	int is_packed, has_segment;
	uint64_t location;
};

static const float six[6] = { 1.5f, -2.0f, 3.25f, 0.0f, 1e-30f, -7.0f };
static const float two[2] = { 42.0f, 43.0f };

static void put_tensor(struct buf *b, const struct tensor *t)
{
	size_t i, at;

	if (t->is_packed) {
		at = wire_open(b, T_DIMS);
		for (i = 0; i < t->dims_count; i++)
			wire_put_varint(b, t->dims[i]);
		wire_close(b, at);
	}
	for (i = 0; !t->is_packed && i < t->dims_count; i++) {
		wire_put_varint(b, T_DIMS << 3);
		wire_put_varint(b, t->dims[i]);
	}
	wire_put_u64(b, T_TYPE, t->type);
	if (t->has_segment)
		wire_close(b, wire_open(b, T_SEGMENT));
	wire_put_bytes(b, t->data_field, t->data, t->len);
	wire_put_text(b, T_NAME, t->name);
	wire_put_u64(b, T_LOCATION, t->location);
}

/* A node with one attribute that holds the tensor, and a fixed32 field that must be stepped over. */
static void put_constant(struct buf *b, const struct tensor *t)
{
	static const uint8_t fixed32[5] = { F_FLOAT << 3 | 5, 1, 2, 3, 4 };
	size_t node = wire_open(b, F_NODE), attribute, tensor;

	wire_put_text(b, F_OP, "Constant");
	attribute = wire_open(b, F_ATTRIBUTE);
	wire_put_text(b, F_NAME, "value");
	buf_append(b, fixed32, sizeof(fixed32));
	tensor = wire_open(b, F_T);
	put_tensor(b, t);
	wire_close(b, tensor);
	wire_close(b, attribute);
	wire_close(b, node);
}

static void put_branch(struct buf *b, const char *name, const struct tensor *constant, const struct tensor *initializer)
{
	size_t attribute = wire_open(b, F_ATTRIBUTE), graph, tensor;

	wire_put_text(b, F_NAME, name);
	graph = wire_open(b, F_G);
	if (constant)
		put_constant(b, constant);
	if (initializer) {
		tensor = wire_open(b, F_INITIALIZER);
		put_tensor(b, initializer);
		wire_close(b, tensor);
	}
	wire_close(b, graph);
	wire_close(b, attribute);
}

/* else_branch holds `constant` and `initializer`; then_branch a tensor "weights" of its own. */
static void put_model(struct buf *b, const struct tensor *constant, const struct tensor *initializer)
{
	static const uint8_t fixed64[9] = { 15 << 3 | 1, 9, 9, 9, 9, 9, 9, 9, 9 };
	const struct tensor other = { .name = "weights", .dims = { 2 }, .dims_count = 1, .type = 1, .data_field = T_RAW,
		.data = two, .len = sizeof(two) };
	size_t graph, node;

	wire_put_u64(b, 1, 8); /* the version of the format */
	graph = wire_open(b, F_GRAPH);
	put_constant(b, &other); /* not in any branch: must not be found */
	node = wire_open(b, F_NODE);
	wire_put_text(b, F_OP, "If");
	put_branch(b, "else_branch", constant, initializer);
	put_branch(b, "then_branch", &other, NULL);
	wire_close(b, node);
	wire_close(b, graph);
	buf_append(b, fixed64, sizeof(fixed64));
	assert_int_equal(b->err, ERR_NONE);
}

static const struct tensor good = { .name = "weights", .dims = { 2, 3 }, .dims_count = 2, .type = 1, .data_field = T_RAW,
	.data = six, .len = sizeof(six) };

static enum err find_one(const struct tensor *t, struct onnx_tensor *found, struct err_detail *detail)
{
	static struct buf b;
	enum err err;

	buf_fini(&b);
	buf_init(&b, 1 << 20);
	put_model(&b, t, NULL);
	err = onnx_find(b.data, b.len, "else_branch", "weights", found, detail);
	return err;
}

static void finds_by_branch_and_name(void **state)
{
	const struct tensor bias = { .name = "bias", .dims = { 2 }, .dims_count = 1, .type = 1, .data_field = T_FLOATS, .data = two,
		.len = sizeof(two), .is_packed = 1 };
	struct onnx_tensor t;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 1 << 20);
	put_model(&b, &good, &bias);
	assert_int_equal(onnx_find(b.data, b.len, "else_branch", "weights", &t, NULL), ERR_NONE);
	assert_int_equal(t.count, 6);
	assert_int_equal(t.dims_count, 2);
	assert_int_equal(t.dims[0], 2);
	assert_int_equal(t.dims[1], 3);
	for (i = 0; i < 6; i++)
		assert_true(onnx_at(&t, i) == six[i]);
	assert_int_equal(onnx_find(b.data, b.len, "else_branch", "bias", &t, NULL), ERR_NONE);
	assert_int_equal(t.count, 2);
	assert_true(onnx_at(&t, 1) == 43.0f);
	assert_int_equal(onnx_find(b.data, b.len, "then_branch", "weights", &t, NULL), ERR_NONE);
	assert_int_equal(t.count, 2);
	assert_true(onnx_at(&t, 0) == 42.0f);
	buf_fini(&b);
}

static void says_what_is_not_there(void **state)
{
	struct err_detail detail;
	struct onnx_tensor t;
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 20);
	put_model(&b, &good, NULL);
	assert_int_equal(onnx_find(b.data, b.len, "else_branch", "weight", &t, &detail), ERR_NOTFOUND);
	assert_null(t.bytes);
	assert_string_equal(detail.where, "else_branch, tensor weight");
	assert_non_null(strstr(detail.message, "no such tensor"));
	assert_int_equal(onnx_find(b.data, b.len, "other_branch", "weights", &t, &detail), ERR_NOTFOUND);
	assert_int_equal(onnx_find(b.data, b.len, "then_branch", "bias", &t, &detail), ERR_NOTFOUND);
	assert_int_equal(onnx_find(b.data, 0, "then_branch", "weights", &t, &detail), ERR_NOTFOUND);
	assert_int_equal(onnx_find("", 0, "then_branch", "weights", &t, NULL), ERR_NOTFOUND);
	buf_fini(&b);
}

static void checks_the_shape(void **state)
{
	const uint64_t right[2] = { 2, 3 }, wrong[2] = { 3, 2 };
	struct err_detail detail;
	struct onnx_tensor t;
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 20);
	put_model(&b, &good, NULL);
	assert_int_equal(onnx_find_shaped(b.data, b.len, "else_branch", "weights", right, 2, &t, &detail), ERR_NONE);
	assert_int_equal(t.count, 6);
	assert_int_equal(onnx_find_shaped(b.data, b.len, "else_branch", "weights", wrong, 2, &t, &detail), ERR_FORMAT);
	assert_null(t.bytes);
	assert_non_null(strstr(detail.message, "shape"));
	assert_int_equal(onnx_find_shaped(b.data, b.len, "else_branch", "weights", right, 1, &t, &detail), ERR_FORMAT);
	assert_int_equal(onnx_find_shaped(b.data, b.len, "else_branch", "x", right, 2, &t, &detail), ERR_NOTFOUND);
	buf_fini(&b);
}

static void refuse(struct tensor t, enum err expected)
{
	struct err_detail detail;
	struct onnx_tensor found;

	assert_int_equal(find_one(&t, &found, &detail), expected);
	assert_null(found.bytes);
	assert_int_equal(found.count, 0);
	assert_true(detail.message[0] != '\0');
}

static void refuses_other_tensors(void **state)
{
	struct tensor t;

	(void)state;
	t = good, t.type = 10, refuse(t, ERR_FORMAT); /* float16 */
	t = good, t.type = 0, refuse(t, ERR_FORMAT);
	t = good, t.len -= 4, refuse(t, ERR_FORMAT);
	t = good, t.len -= 1, refuse(t, ERR_FORMAT);
	t = good, t.dims[1] = 2, refuse(t, ERR_FORMAT);
	t = good, t.dims_count = 1, refuse(t, ERR_FORMAT);
	t = good, t.location = 1, refuse(t, ERR_FORMAT); /* in another file */
	t = good, t.has_segment = 1, refuse(t, ERR_FORMAT);
	t = good, t.data_field = 5, refuse(t, ERR_FORMAT); /* int32_data */
	t = good, t.dims[0] = UINT64_MAX, refuse(t, ERR_LIMIT);
	t = good, t.dims[0] = (uint64_t)1 << 63, t.dims[1] = 2, refuse(t, ERR_LIMIT);
	t = good, t.dims[0] = 3000, t.dims[1] = 3000, refuse(t, ERR_LIMIT);
	t = good, t.dims_count = ONNX_MAX_DIMS + 1, refuse(t, ERR_LIMIT);
}

static void takes_scalars_and_empty_tensors(void **state)
{
	struct tensor t = { .name = "weights", .type = 1, .data_field = T_RAW, .data = six, .len = sizeof(float) };
	struct onnx_tensor found;

	(void)state;
	assert_int_equal(find_one(&t, &found, NULL), ERR_NONE);
	assert_int_equal(found.count, 1);
	assert_true(onnx_at(&found, 0) == 1.5f);
	t.dims_count = 2, t.dims[0] = 5, t.len = 0;
	assert_int_equal(find_one(&t, &found, NULL), ERR_NONE);
	assert_int_equal(found.count, 0);
}

/* Every prefix, in memory that ends where the prefix does: never found whole, never read past. */
static void survives_every_cut(void **state)
{
	struct onnx_tensor t;
	struct buf b;
	size_t len, found = 0;

	(void)state;
	buf_init(&b, 1 << 20);
	put_model(&b, NULL, &good);
	for (len = 0; len < b.len; len++) {
		uint8_t *cut = malloc(len + 1);
		enum err err;

		assert_non_null(cut);
		memmove(cut + 1, b.data, len);
		err = onnx_find(cut + 1, len, "then_branch", "weights", &t, NULL);
		assert_true(err == ERR_TRUNCATED || err == ERR_NOTFOUND || (!err && len >= b.len - 9));
		found += !err;
		free(cut);
	}
	assert_in_range(found, 1, 9); /* the graph was whole, what follows it was cut */
	buf_fini(&b);
}

static float touch(const struct onnx_tensor *t)
{
	float sum = 0.0f;
	size_t i;

	for (i = 0; i < t->count; i++)
		sum += onnx_at(t, i);
	return sum;
}

static void survives_every_flipped_bit(void **state)
{
	struct onnx_tensor t;
	struct buf b;
	size_t bit, refused = 0;

	(void)state;
	buf_init(&b, 1 << 20);
	put_model(&b, &good, NULL);
	for (bit = 0; bit < b.len * 8; bit++) {
		b.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (onnx_find(b.data, b.len, "else_branch", "weights", &t, NULL))
			refused++;
		else
			(void)touch(&t);
		b.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_in_range(refused, b.len, b.len * 8 - 1);
	buf_fini(&b);
}

static void refuses_large_files_and_odd_fields(void **state)
{
	static const uint8_t group[] = { 7 << 3 | 3, 0 }, zero[] = { 0, 0 }, long_varint[] = { 1 << 3, 255, 255, 255, 255, 255, 255, 255,
		255, 255, 255, 1 };
	uint8_t *large = calloc(1, ONNX_MAX_BYTES + 1);
	struct err_detail detail;
	struct onnx_tensor t;

	(void)state;
	assert_non_null(large);
	assert_int_equal(onnx_find(large, ONNX_MAX_BYTES + 1, "then_branch", "weights", &t, &detail), ERR_LIMIT);
	free(large);
	assert_int_equal(onnx_find(group, sizeof(group), "then_branch", "weights", &t, &detail), ERR_FORMAT);
	assert_int_equal(onnx_find(zero, sizeof(zero), "then_branch", "weights", &t, &detail), ERR_FORMAT);
	assert_int_equal(onnx_find(long_varint, sizeof(long_varint), "then_branch", "weights", &t, &detail), ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_by_branch_and_name),
		cmocka_unit_test(says_what_is_not_there),
		cmocka_unit_test(checks_the_shape),
		cmocka_unit_test(refuses_other_tensors),
		cmocka_unit_test(takes_scalars_and_empty_tensors),
		cmocka_unit_test(survives_every_cut),
		cmocka_unit_test(survives_every_flipped_bit),
		cmocka_unit_test(refuses_large_files_and_odd_fields),
	};

	return cmocka_run_group_tests_name("onnx", tests, NULL, NULL);
}
