#include "unit.h"

#include "filled.h"

static int
find(const struct variables *v, const char *name)
{
	for (size_t i = 0; i < v->count; i++)
		if (strcmp(v->list[i].name, name) == 0)
			return (int)i;
	return -1;
}

int
filled_variable(const struct variables *v, const char *name)
{
	int n = find(v, name);

	assert_int_not_equal(n, -1);
	return n;
}

void
filled_values(struct values *to, const struct values *outer,
    const struct variables *v, const char *json)
{
	json_object *all = json_tokener_parse(json);
	struct error why;

	assert_non_null(all);
	assert_int_equal(values_start(to, outer, v->count, &why), ERR_OK);
	json_object_object_foreach (all, name, value) {
		int n = find(v, name);

		if (n != -1 && value != NULL)
			assert_int_equal(values_copy(to, n, value, &why),
			    ERR_OK);
	}
	json_object_put(all);
}
