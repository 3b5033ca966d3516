#include "audio/onnx.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/wire.h"

/* Field numbers of onnx.proto3, by message. */
enum { MODEL_GRAPH = 7 };
enum { GRAPH_NODE = 1, GRAPH_INITIALIZER = 5 };
enum { NODE_OP_TYPE = 4, NODE_ATTRIBUTE = 5 };
enum { ATTRIBUTE_NAME = 1, ATTRIBUTE_TENSOR = 5, ATTRIBUTE_GRAPH = 6 };
enum {
	TENSOR_DIMS = 1,
	TENSOR_DATA_TYPE = 2,
	TENSOR_SEGMENT = 3,
	TENSOR_FLOAT_DATA = 4,
	TENSOR_NAME = 8,
	TENSOR_RAW_DATA = 9,
	TENSOR_DATA_LOCATION = 14
};
enum { DATA_TYPE_FLOAT = 1 };

enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

/* A piece of the file; at NULL is "not there". */
struct span {
	const uint8_t *at;
	size_t len;
};

struct field {
	uint64_t number;
	bool is_bytes;
	uint64_t u64; /* of a varint; fixed numbers are stepped over and read as 0 */
	struct span bytes;
};

static bool span_is(struct span s, const char *text)
{
	return s.at && s.len == strlen(text) && !memcmp(s.at, text, s.len);
}

/* Steps over `len` bytes, which the reader must still have. */
static struct span take(struct wire_reader *r, uint64_t len)
{
	struct span s = { .at = r->at, .len = (size_t)len };

	if (r->err)
		return (struct span){ 0 };
	if (len > (uint64_t)(r->end - r->at)) {
		r->err = ERR_TRUNCATED;
		return (struct span){ 0 };
	}
	r->at += len;
	return s;
}

/* The next field of a message; false at its end or once r->err is set. wire_next() reads our own canonical subset, which
 * has no fixed numbers; ONNX has them. */
static bool field_next(struct wire_reader *r, struct field *f)
{
	uint64_t key;

	if (r->err || r->at == r->end)
		return false;
	key = wire_varint(r);
	*f = (struct field){ .number = key >> 3, .is_bytes = (key & 7) == WIRE_BYTES };
	switch (key & 7) {
	case WIRE_VARINT: f->u64 = wire_varint(r); break;
	case WIRE_FIXED64: take(r, 8); break;
	case WIRE_FIXED32: take(r, 4); break;
	case WIRE_BYTES: f->bytes = take(r, wire_varint(r)); break;
	default: r->err = r->err ? r->err : ERR_FORMAT; break;
	}
	if (!r->err && !f->number)
		r->err = ERR_FORMAT;
	return !r->err;
}

static struct wire_reader reader(struct span s)
{
	struct wire_reader r;

	wire_reader_init(&r, s.at, s.len);
	return r;
}

/* The last bytes field `number` of a message, as protobuf has it; at NULL when there is none. */
static enum err find_bytes(struct span message, uint64_t number, struct span *found)
{
	struct wire_reader r = reader(message);
	struct field f;

	*found = (struct span){ 0 };
	while (field_next(&r, &f))
		if (f.number == number && f.is_bytes)
			*found = f.bytes;
	return r.err;
}

/* The graph that the node's attribute `branch` holds. */
static enum err find_branch_of(struct span node, const char *branch, struct span *graph)
{
	struct wire_reader r = reader(node);
	struct span name;
	struct field f;
	enum err err;

	while (field_next(&r, &f)) {
		if (f.number != NODE_ATTRIBUTE || !f.is_bytes)
			continue;
		err = find_bytes(f.bytes, ATTRIBUTE_NAME, &name);
		if (err)
			return err;
		if (span_is(name, branch))
			return find_bytes(f.bytes, ATTRIBUTE_GRAPH, graph);
	}
	return r.err;
}

/* graph->at stays NULL when there is no such branch. */
static enum err find_branch(struct span top, const char *branch, struct span *graph)
{
	struct wire_reader r = reader(top);
	struct span op;
	struct field f;
	enum err err;

	*graph = (struct span){ 0 };
	while (field_next(&r, &f)) {
		if (f.number != GRAPH_NODE || !f.is_bytes)
			continue;
		err = find_bytes(f.bytes, NODE_OP_TYPE, &op);
		if (err)
			return err;
		if (span_is(op, "If"))
			return find_branch_of(f.bytes, branch, graph);
	}
	return r.err;
}

/* The tensor when it is called `name`; else leaves *tensor alone. */
static enum err match_tensor(struct span candidate, const char *name, struct span *tensor)
{
	struct span called;
	enum err err = find_bytes(candidate, TENSOR_NAME, &called);

	if (!err && span_is(called, name))
		*tensor = candidate;
	return err;
}

/* Looks at every tensor that is an attribute of the node (a Constant has one, its value). */
static enum err match_node(struct span node, const char *name, struct span *tensor)
{
	struct wire_reader r = reader(node);
	struct span value;
	struct field f;
	enum err err;

	while (!tensor->at && field_next(&r, &f)) {
		if (f.number != NODE_ATTRIBUTE || !f.is_bytes)
			continue;
		err = find_bytes(f.bytes, ATTRIBUTE_TENSOR, &value);
		if (!err && value.at)
			err = match_tensor(value, name, tensor);
		if (err)
			return err;
	}
	return r.err;
}

static enum err find_tensor(struct span graph, const char *name, struct span *tensor)
{
	struct wire_reader r = reader(graph);
	struct field f;
	enum err err = ERR_NONE;

	*tensor = (struct span){ 0 };
	while (!err && !tensor->at && field_next(&r, &f)) {
		if (f.number == GRAPH_INITIALIZER && f.is_bytes)
			err = match_tensor(f.bytes, name, tensor);
		else if (f.number == GRAPH_NODE && f.is_bytes)
			err = match_node(f.bytes, name, tensor);
	}
	return err ? err : r.err;
}

static enum err push_dim(struct onnx_tensor *t, uint64_t dim)
{
	if (t->dims_count == ONNX_MAX_DIMS)
		return ERR_LIMIT;
	t->dims[t->dims_count++] = dim;
	return ERR_NONE;
}

/* Repeated numbers come one by one or packed into one bytes field. */
static enum err read_dims(struct onnx_tensor *t, const struct field *f)
{
	struct wire_reader r = reader(f->bytes);
	enum err err = ERR_NONE;

	if (!f->is_bytes)
		return push_dim(t, f->u64);
	while (!err && !r.err && r.at != r.end) {
		uint64_t dim = wire_varint(&r);

		err = r.err ? r.err : push_dim(t, dim);
	}
	return err ? err : r.err;
}

/* What else a tensor message says about where its numbers are. */
struct placement {
	uint64_t data_type;
	bool is_elsewhere; /* in another file, or a segment of a larger tensor */
	struct span bytes;
};

static enum err read_field(struct onnx_tensor *t, struct placement *p, const struct field *f)
{
	switch (f->number) {
	case TENSOR_DIMS: return read_dims(t, f);
	case TENSOR_DATA_TYPE: p->data_type = f->u64; break;
	case TENSOR_SEGMENT: p->is_elsewhere = true; break;
	case TENSOR_DATA_LOCATION: p->is_elsewhere |= f->u64 != 0; break;
	case TENSOR_FLOAT_DATA: /* packed, it has the bytes of raw_data */
	case TENSOR_RAW_DATA:
		if (!f->is_bytes)
			return ERR_FORMAT;
		p->bytes = f->bytes;
		break;
	default: break;
	}
	return ERR_NONE;
}

/* count = product of dims, at most ONNX_MAX_BYTES / 4. */
static enum err count_dims(struct onnx_tensor *t)
{
	unsigned int i;

	t->count = 1;
	for (i = 0; i < t->dims_count; i++) {
		if (t->dims[i] && t->count > ONNX_MAX_BYTES / sizeof(float) / t->dims[i])
			return ERR_LIMIT;
		t->count *= (size_t)t->dims[i];
	}
	return ERR_NONE;
}

static enum err read_tensor(struct span message, struct onnx_tensor *t)
{
	struct wire_reader r = reader(message);
	struct placement p = { 0 };
	struct field f;
	enum err err = ERR_NONE;

	while (!err && field_next(&r, &f))
		err = read_field(t, &p, &f);
	if (!err)
		err = r.err;
	if (!err)
		err = count_dims(t);
	if (err)
		return err;
	if (p.data_type != DATA_TYPE_FLOAT || p.is_elsewhere || p.bytes.len != t->count * sizeof(float))
		return ERR_FORMAT;
	t->bytes = p.bytes.at;
	return ERR_NONE;
}

static const char *reason(enum err err)
{
	switch (err) {
	case ERR_TRUNCATED: return "the file ends too early";
	case ERR_NOTFOUND: return "there is no such tensor";
	case ERR_LIMIT: return "larger than any model this program reads";
	default: return "not an ONNX file with float32 tensors inside";
	}
}

static void explain(struct err_detail *detail, enum err err, const char *branch, const char *name)
{
	if (!detail || !err)
		return;
	*detail = (struct err_detail){ 0 };
	snprintf(detail->message, sizeof(detail->message), "ONNX model: %s", reason(err));
	snprintf(detail->where, sizeof(detail->where), "%s, tensor %s", branch, name);
}

static enum err find(struct span file, const char *branch, const char *name, struct onnx_tensor *t)
{
	struct span graph, tensor;
	enum err err;

	if (file.len > ONNX_MAX_BYTES)
		return ERR_LIMIT;
	err = find_bytes(file, MODEL_GRAPH, &graph);
	if (!err)
		err = find_branch(graph, branch, &graph);
	if (!err && !graph.at)
		err = ERR_NOTFOUND;
	if (!err)
		err = find_tensor(graph, name, &tensor);
	if (!err && !tensor.at)
		err = ERR_NOTFOUND;
	return err ? err : read_tensor(tensor, t);
}

enum err onnx_find(const void *data, size_t len, const char *branch, const char *name, struct onnx_tensor *t,
	struct err_detail *detail)
{
	enum err err;

	*t = (struct onnx_tensor){ 0 };
	err = find((struct span){ .at = data, .len = len }, branch, name, t);
	if (err)
		*t = (struct onnx_tensor){ 0 };
	explain(detail, err, branch, name);
	return err;
}

enum err onnx_find_shaped(const void *data, size_t len, const char *branch, const char *name, const uint64_t *dims,
	unsigned int dims_count, struct onnx_tensor *t, struct err_detail *detail)
{
	enum err err = onnx_find(data, len, branch, name, t, detail);

	if (err || (t->dims_count == dims_count && !memcmp(t->dims, dims, dims_count * sizeof(*dims))))
		return err;
	*t = (struct onnx_tensor){ 0 };
	explain(detail, ERR_FORMAT, branch, name);
	if (detail)
		snprintf(detail->message, sizeof(detail->message), "ONNX model: a tensor has another shape than the network needs");
	return ERR_FORMAT;
}

float onnx_at(const struct onnx_tensor *t, size_t index)
{
	const uint8_t *p = t->bytes + index * sizeof(float);
	uint32_t bits = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
	float value;

	assert(index < t->count);
	memcpy(&value, &bits, sizeof(value));
	return value;
}
